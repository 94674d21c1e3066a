use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::cookie::{Cookie, CookieRefusal};

/// Whose token it is: that of a session, or of a browser that has none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding([u8; 33]);

impl Binding {
    /// Of a browser without a session: for the forms that come before one, such as login and
    /// registration. Nothing is stored for it, the token's own randomness is all there is.
    pub const fn anonymous() -> Binding {
        Binding([0; 33])
    }

    /// Of the session with that digest, which is a new one after each sign-in.
    pub fn session(digest: &[u8; 32]) -> Binding {
        let mut bytes = [1; 33];
        bytes[1..].copy_from_slice(digest);
        Binding(bytes)
    }

    /// Of the session whose token is in that cookie, or anonymous without the cookie.
    ///
    /// Whether the session is still good does not matter here: its token is a secret of the browser.
    ///
    /// # Errors
    /// When the cookie is there twice or malformed.
    pub fn of(cookie: &Cookie, headers: &HeaderMap) -> Result<Binding, CookieRefusal> {
        Ok(match cookie.read(headers)? {
            Some(token) => Binding::session(&Sha256::digest(token).into()),
            None => Binding::anonymous(),
        })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
