//! The certificate, which the server makes for itself unless it is given one, and the one provider of
//! cryptography.

use std::{fs, io, path::Path, sync::Arc};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::state_folder::StateFolder;

/// TLS with the certificate in `folder`, made at `now` if it is missing or about to end.
///
/// # Errors
/// When the folder cannot be read or written, or what it holds is no certificate.
pub fn config(folder: &StateFolder, now: DateTime<Utc>) -> io::Result<Arc<ServerConfig>> {
    let kept = match folder.read(FILE)? {
        Some(text) => serde_json::from_str::<Kept>(&text).ok(),
        None => None,
    };
    let kept = match kept.filter(|kept| kept.until - now > TimeDelta::days(14)) {
        Some(kept) => kept,
        None => {
            let kept = make(now).map_err(io::Error::other)?;
            folder.write(FILE, &serde_json::to_string(&kept)?)?;
            kept
        }
    };
    folder.write(CERTIFICATE, &kept.certificate)?;
    with(kept.certificate.as_bytes(), kept.key.as_bytes())
}

/// TLS with a certificate and its key from files in PEM, the server's own certificate first.
///
/// # Errors
/// When one of them cannot be read, holds no certificate or key, or the two do not belong together.
pub fn from_files(certificate: &Path, key: &Path) -> io::Result<Arc<ServerConfig>> {
    let read = |path: &Path| fs::read(path).map_err(|error| of(path, &error));
    let (chain, secret) = (read(certificate)?, Zeroizing::new(read(key)?));
    with(&chain, &secret).map_err(|error| of(certificate, &error))
}

fn of(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn with(certificate: &[u8], key: &[u8]) -> io::Result<Arc<ServerConfig>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let key = PrivateKeyDer::from_pem_slice(key);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(
            chain.map_err(io::Error::other)?,
            key.map_err(io::Error::other)?,
        )
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The name of the file that clients may trust, within the private folder.
pub const CERTIFICATE: &str = "certificate.pem";

const FILE: &str = "tls.json";

/// Key and certificate in one file, so that one is never without the other.
#[derive(Serialize, Deserialize)]
struct Kept {
    certificate: String,
    key: String,
    until: DateTime<Utc>,
}

// A macro, because the type is of a crate that rcgen does not show.
macro_rules! day {
    ($at:expr) => {{
        let (at, of) = ($at, |part: u32| u8::try_from(part).unwrap_or(1));
        rcgen::date_time_ymd(at.year(), of(at.month()), of(at.day()))
    }};
}

fn make(now: DateTime<Utc>) -> Result<Kept, rcgen::Error> {
    let mut params = CertificateParams::new(
        ["localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec(),
    )?;
    params
        .distinguished_name
        .push(DnType::CommonName, "weft-server on localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day early, for clocks that are behind.
    params.not_before = day!(now - TimeDelta::days(1));
    let until = now + TimeDelta::days(390);
    params.not_after = day!(until);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Kept {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_kept_until_it_is_about_to_end() {
        let path = std::env::temp_dir().join(format!("weft-server-tls-{}", std::process::id()));
        let folder = StateFolder::open(Some(path.clone())).unwrap();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let made = |at| {
            config(&folder, at).unwrap();
            folder.read(CERTIFICATE).unwrap().unwrap()
        };
        let first = made(now);
        assert_eq!(first, made(now + TimeDelta::days(300)));
        assert_ne!(first, made(now + TimeDelta::days(380)));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_certificate_is_taken_with_its_own_key_alone() {
        let path = std::env::temp_dir().join(format!("weft-server-files-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let file = |name: &str, text: &str| {
            fs::write(path.join(name), text).unwrap();
            path.join(name)
        };
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (ours, other) = (make(now).unwrap(), make(now).unwrap());
        let chain = ours.certificate.clone() + &other.certificate;
        let (chain, key) = (file("chain.pem", &chain), file("key.pem", &ours.key));
        assert!(from_files(&chain, &key).is_ok());
        let others = file("other.pem", &other.key);
        for (certificate, key) in [(&chain, &others), (&key, &key), (&chain, &chain)] {
            let refused = from_files(certificate, key).unwrap_err().to_string();
            assert!(
                refused.starts_with(certificate.to_str().unwrap()),
                "{refused}"
            );
            assert!(!refused.contains("PRIVATE"), "{refused}");
        }
        let missing = from_files(&chain, &path.join("none")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        fs::remove_dir_all(path).unwrap();
    }
}
