//! Requests that a page of another origin made a browser send, refused.
//!
//! Two guards, both of which have to let a request pass: where the browser says it comes from, and a
//! token that only a page of this origin can know, bound to the session (a signed double submit).
//!
//! ```
//! use http::{HeaderMap, HeaderValue, Method, header::COOKIE};
//! use weft_auth::Origin;
//! use weft_auth::csrf::{Binding, Csrf, Keyring};
//!
//! let keys: Keyring = "2026-11:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=".parse()?;
//! let csrf = Csrf::new(Origin::parse("https://app.example.com")?, keys)?;
//!
//! let session = Binding::session(&[7; 32]); // the session's digest
//! let token = csrf.token(&session)?;
//! let mut headers = HeaderMap::new();
//! headers.insert(COOKIE, HeaderValue::try_from(format!("__Host-csrf={}", token.as_str()))?);
//!
//! assert!(csrf.check(&Method::POST, &headers, &session, Some(token.as_str())).is_ok());
//! let other = Binding::session(&[8; 32]);
//! let refused = csrf.check(&Method::POST, &headers, &other, Some(token.as_str()));
//! assert_eq!(refused.unwrap_err().to_string(), "request refused");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "axum")]
pub mod axum;
mod binding;
mod form;
mod key;
mod provenance;
mod refusal;
mod token;
#[cfg(feature = "tower")]
pub mod tower;

use http::{HeaderMap, HeaderValue, Method};
use subtle::ConstantTimeEq;

use crate::Origin;
use crate::cookie::{Cookie, CookieError, CookieRefusal};
use crate::random::{self, NoRandomness};

pub use crate::keys::KeyringError;
pub use binding::Binding;
pub use form::submitted_in;
pub use key::Keyring;
pub use refusal::{Refusal, RefusalKind};
pub use token::Token;

/// The cookie that holds one copy of the token.
pub const COOKIE: &str = "__Host-csrf";
/// The field of a form that holds the other.
pub const FIELD: &str = "csrf_token";
/// The header that holds the other where a script makes the request.
pub const HEADER: &str = "x-csrf-token";

/// What a request has to pass: its origin, and the keys that tokens are signed with.
///
/// # Security
/// Forms that nobody has signed in for need tokens as well, the login form before all: theirs are bound
/// to [`Binding::anonymous`]. A token ends with its binding, so one that was handed out before a sign-in
/// is worth nothing after it.
///
/// It cannot help where a script of another runs in a page of this origin.
#[derive(Debug, Clone)]
pub struct Csrf {
    origins: Vec<Origin>,
    keys: Keyring,
    cookie: Cookie,
}

/// Proof that a request passed, or is of a method that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked(());

impl Csrf {
    /// For the pages of that origin.
    ///
    /// # Errors
    /// Never, as long as [`COOKIE`] is the name of a cookie.
    pub fn new(own: Origin, keys: Keyring) -> Result<Csrf, CookieError> {
        Ok(Csrf {
            origins: vec![own],
            keys,
            cookie: Cookie::new(COOKIE)?,
        })
    }

    /// The same, which lets pages of another origin make requests too. They need the token all the same.
    #[must_use]
    pub fn with_trusted_origin(mut self, origin: Origin) -> Csrf {
        self.origins.push(origin);
        self
    }

    /// A new token, signed with the newest key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn token(&self, binding: &Binding) -> Result<Token, NoRandomness> {
        let random = random::bytes()?;
        Ok(self.token_with(binding, &random))
    }

    /// The token with those random bytes.
    pub fn token_with(&self, binding: &Binding, random: &[u8; token::RANDOM]) -> Token {
        Token::sign(self.keys.newest(), binding, random)
    }

    /// The token in the request's cookie, if it is good for that binding: what the next form may hold,
    /// so that forms in several tabs are good at once.
    pub fn held(&self, headers: &HeaderMap, binding: &Binding) -> Option<Token> {
        let text = self.cookie.read(headers).ok()??;
        let token = Token::parse(text)?;
        self.signed(&token, binding).is_ok().then_some(token)
    }

    /// The `Set-Cookie` for that token.
    ///
    /// # Errors
    /// Never, as long as tokens are values of cookies.
    pub fn set(&self, token: &Token) -> Result<HeaderValue, CookieError> {
        self.cookie.set(token.as_str())
    }

    /// Judges a request by its method, its origin, its cookie and the token that was submitted with it,
    /// as a field or in a header.
    ///
    /// # Errors
    /// When the method may change something and the request comes from a page of another origin, or
    /// without the token, or with one of another binding.
    pub fn check(
        &self,
        method: &Method,
        headers: &HeaderMap,
        binding: &Binding,
        submitted: Option<&str>,
    ) -> Result<Checked, Refusal> {
        if !changes_something(method) {
            return Ok(Checked(()));
        }
        self.check_origin(headers)?;
        self.check_token(headers, binding, submitted)
    }

    /// The first half of [`check`](Csrf::check), whatever the method: for a WebSocket, which begins with
    /// a GET and has no form.
    ///
    /// # Errors
    /// When the request comes from a page of another origin.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        provenance::judge(headers, &self.origins).map_err(Refusal::new)
    }

    /// The second half.
    pub(crate) fn check_token(
        &self,
        headers: &HeaderMap,
        binding: &Binding,
        submitted: Option<&str>,
    ) -> Result<Checked, Refusal> {
        let kept = match self.cookie.read(headers) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(Refusal::new(RefusalKind::MissingCookie)),
            Err(CookieRefusal::Duplicate) => {
                return Err(Refusal::new(RefusalKind::DuplicateCookie));
            }
            Err(CookieRefusal::Malformed) => return Err(Refusal::new(RefusalKind::MalformedToken)),
        };
        let submitted = submitted.ok_or(Refusal::new(RefusalKind::MissingToken))?;
        if !bool::from(kept.as_bytes().ct_eq(submitted.as_bytes())) {
            return Err(Refusal::new(RefusalKind::Mismatch));
        }
        let token = Token::parse(kept).ok_or(Refusal::new(RefusalKind::MalformedToken))?;
        self.signed(&token, binding)
            .map(Checked)
            .map_err(Refusal::new)
    }

    fn signed(&self, token: &Token, binding: &Binding) -> Result<(), RefusalKind> {
        let key = self.keys.of(token).ok_or(RefusalKind::UnknownKey)?;
        if !token.is_signed(key, binding) {
            return Err(RefusalKind::OtherBinding);
        }
        Ok(())
    }
}

/// Whether a method is not one of RFC 9110's safe ones.
pub(crate) fn changes_something(method: &Method) -> bool {
    ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}
