use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use weft_storage::envelope::{KeyringError, MasterKeys};
use weft_storage::{Credentials, CredentialsError};
use zeroize::Zeroizing;

/// What a store is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// Where objects are kept; made if missing.
    pub folder: PathBuf,
    /// The port of `127.0.0.1`; 0 is any that is free.
    pub port: u16,
    /// The one bucket.
    pub bucket: String,
    /// The origin whose pages may upload.
    pub origin: String,
    /// The most bytes of an object.
    pub largest: u64,
    /// How long one object may take to come or to go.
    pub slowest: Duration,
    /// What the keys of the tenants are wrapped under.
    pub master: Master,
    /// Who may write new objects, and nothing else.
    pub writer: Login,
    /// Who may read objects, and nothing else.
    pub reader: Login,
    /// Who may look, list and delete.
    pub worker: Login,
}

/// An access key with its secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    access_key: String,
    secret: Zeroizing<String>,
}

/// Master keys, as [`MasterKeys`] are written.
#[derive(Clone, Serialize, Deserialize)]
pub struct Master(Zeroizing<String>);

/// The region that requests to an embedded store are signed for.
pub(super) const REGION: &str = "local";

impl Settings {
    /// What the bucket is called unless told.
    pub const BUCKET: &str = "attachments";

    /// Settings with random logins, for a bucket `attachments` of objects up to a GiB that take up to 50
    /// minutes, on any port.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new(
        folder: impl Into<PathBuf>,
        origin: impl Into<String>,
        master: Master,
    ) -> io::Result<Settings> {
        Ok(Settings {
            folder: folder.into(),
            port: 0,
            bucket: Settings::BUCKET.to_owned(),
            origin: origin.into(),
            largest: 1 << 30,
            slowest: Duration::from_secs(50 * 60),
            master,
            writer: Login::random()?,
            reader: Login::random()?,
            worker: Login::random()?,
        })
    }
}

impl Login {
    /// An access key of 128 random bits, with a secret of 256.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> io::Result<Login> {
        Ok(Login {
            access_key: Uuid::new_v4().simple().to_string().to_uppercase(),
            secret: random()?,
        })
    }

    /// What requests are signed with.
    ///
    /// # Errors
    /// When one of both is empty, or holds what none has.
    pub fn credentials(&self) -> Result<Credentials, CredentialsError> {
        Credentials::new(&self.access_key, &self.secret)
    }

    /// The access key, which is no secret.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The secret.
    pub fn expose(&self) -> &str {
        &self.secret
    }
}

impl Master {
    /// One random key, which is lost with this value.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> io::Result<Master> {
        Ok(Master(Zeroizing::new(format!("1:{}", *random()?))))
    }

    pub(super) fn keys(&self) -> Result<MasterKeys, KeyringError> {
        self.0.parse()
    }
}

impl FromStr for Master {
    type Err = KeyringError;

    fn from_str(text: &str) -> Result<Master, KeyringError> {
        let master = Master(Zeroizing::new(text.to_owned()));
        master.keys().map(|_| master)
    }
}

/// 256 random bits in base64.
fn random() -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 32]);
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes.as_mut_slice())
        .map_err(|_| io::Error::other("the system has no randomness to give"))?;
    Ok(Zeroizing::new(STANDARD.encode(bytes.as_slice())))
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Master(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let settings = Settings::new("/x", "https://localhost", Master::random().unwrap()).unwrap();
        let shown = format!("{settings:?}");
        for login in [&settings.writer, &settings.reader, &settings.worker] {
            assert!(shown.contains(login.access_key()) && !shown.contains(login.expose()));
        }
        assert!(!shown.contains(settings.master.0.as_str()), "{shown}");
    }

    #[test]
    fn no_key_is_an_error() {
        assert!("".parse::<Master>().is_err());
    }
}
