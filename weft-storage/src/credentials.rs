use std::fmt;

use zeroize::Zeroizing;

/// The most characters of each part.
const LONGEST: usize = 4096;

/// An access key with its secret, and the token of a session where there is one.
///
/// Give each of [`Downloads`](crate::Downloads), [`Uploads`](crate::Uploads) and
/// [`Worker`](crate::Worker) credentials of its own, with no more rights than it has methods.
#[derive(Clone)]
pub struct Credentials {
    access_key: String,
    secret: Zeroizing<String>,
    session: Option<Zeroizing<String>>,
}

/// Why credentials cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialsError {
    /// An access key is 1 to 128 letters, digits, `-` and `_`.
    AccessKey,
    /// The secret is empty, too long, or has space or control characters in or around it, as one that was
    /// read with the end of its line has.
    Secret,
    /// The same of the session's token.
    Session,
}

impl Credentials {
    /// Those of an access key.
    ///
    /// # Errors
    /// When one of them is empty, or holds what none of them has.
    pub fn new(access_key: &str, secret: &str) -> Result<Credentials, CredentialsError> {
        let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        if !(1..=128).contains(&access_key.len()) || !access_key.bytes().all(plain) {
            return Err(CredentialsError::AccessKey);
        }
        if !is_secret(secret) {
            return Err(CredentialsError::Secret);
        }
        Ok(Credentials {
            access_key: access_key.to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
            session: None,
        })
    }

    /// The same with the token of a session, which is signed along.
    ///
    /// # Errors
    /// When it is empty, or holds what none has.
    pub fn with_session(self, token: &str) -> Result<Credentials, CredentialsError> {
        if !is_secret(token) {
            return Err(CredentialsError::Session);
        }
        let session = Some(Zeroizing::new(token.to_owned()));
        Ok(Credentials { session, ..self })
    }

    /// The access key, which is no secret.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.session.as_ref().map(|token| token.as_str())
    }
}

fn is_secret(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic())
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CredentialsError::AccessKey => {
                "the access key is not 1 to 128 letters, digits, - and _"
            }
            CredentialsError::Secret => "the secret is empty, or has space in it or around it",
            CredentialsError::Session => {
                "the session's token is empty, or has space in it or around it"
            }
        })
    }
}

impl std::error::Error for CredentialsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_ones_and_those_with_the_end_of_their_line_are_refused() {
        let new = |access, secret| Credentials::new(access, secret).map(drop);
        assert_eq!(new("AKIA", "secret"), Ok(()));
        for access in ["", " AKIA", "AKIA\n", "AK/IA"] {
            assert_eq!(new(access, "secret"), Err(CredentialsError::AccessKey));
        }
        for secret in ["", "secret\n", " secret", "sec ret", "sécret"] {
            assert_eq!(new("AKIA", secret), Err(CredentialsError::Secret));
        }
        let session = Credentials::new("AKIA", "secret").unwrap().with_session("");
        assert_eq!(session.unwrap_err(), CredentialsError::Session);
    }

    /// CVE-2023-30610, RUSTSEC-2024-0358: credentials in debug output and logs.
    #[test]
    fn cve_2023_30610_they_are_not_shown() {
        let credentials = Credentials::new("AKIA", "s3cr3t")
            .unwrap()
            .with_session("t0k3n")
            .unwrap();
        let shown = format!("{credentials:?}");
        assert!(shown.contains("AKIA") && !shown.contains("s3cr3t") && !shown.contains("t0k3n"));
    }
}
