//! The certificate the server makes for itself, and the one provider of cryptography.

use std::{io, sync::Arc};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde::{Deserialize, Serialize};

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
    let certificate = CertificateDer::from_pem_slice(kept.certificate.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(kept.key.as_bytes());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.map_err(io::Error::other)?],
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
        std::fs::remove_dir_all(path).unwrap();
    }
}
