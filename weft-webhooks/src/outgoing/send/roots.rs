use std::sync::Arc;
use std::{fmt, io};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use crate::outgoing::Failure;

/// The authorities whose certificates are trusted.
#[derive(Debug, Clone)]
pub struct Roots(RootCertStore);

/// Why a sender cannot speak TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsError {
    /// The platform has no certificates of authorities.
    NoPlatformRoots,
    /// A text has no certificate in PEM, or one that is not well formed.
    Certificate,
    /// No version of TLS can be spoken.
    Version,
}

impl Roots {
    /// Those that the platform trusts, with what its operator added and without what it withdrew. They
    /// are renewed with the system, where a list in this crate would be as old as the last build.
    ///
    /// # Errors
    /// When there are none: on Debian, the package `ca-certificates` is missing.
    pub fn platform() -> Result<Roots, TlsError> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            return Err(TlsError::NoPlatformRoots);
        }
        Ok(Roots(store))
    }

    /// No authorities, to which some can be added.
    pub fn none() -> Roots {
        Roots(RootCertStore::empty())
    }

    /// The same with the certificates in `pem`.
    ///
    /// # Errors
    /// When there is no certificate in it, or one that is not well formed.
    pub fn with_pem(mut self, pem: &[u8]) -> Result<Roots, TlsError> {
        let before = self.0.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| TlsError::Certificate)?;
            self.0.add(certificate).map_err(|_| TlsError::Certificate)?;
        }
        if self.0.len() == before {
            return Err(TlsError::Certificate);
        }
        Ok(self)
    }

    pub(super) fn connector(self) -> Result<TlsConnector, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsError::Version)?
            .with_root_certificates(self.0)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// What a handshake came to that failed.
pub(super) fn failure(error: &io::Error) -> Failure {
    let is_tls = error
        .get_ref()
        .is_some_and(|error| error.is::<rustls::Error>());
    if is_tls {
        Failure::Tls
    } else {
        Failure::Unreachable
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TlsError::NoPlatformRoots => "the platform has no certificates of authorities",
            TlsError::Certificate => "no certificate in PEM, or one that is not well formed",
            TlsError::Version => "no version of TLS can be spoken",
        })
    }
}

impl std::error::Error for TlsError {}
