//! Cookies whose names keep their promise, read by their exact bytes.
//!
//! ```
//! use http::{HeaderMap, HeaderValue, header::COOKIE};
//! use weft_auth::cookie::Cookie;
//!
//! let session = Cookie::new("__Host-session")?; // once, when the program starts
//! assert_eq!(
//!     session.set("4kq0yS1c")?,
//!     "__Host-session=4kq0yS1c; Path=/; Secure; HttpOnly; SameSite=Lax",
//! );
//! let mut headers = HeaderMap::new();
//! headers.insert(COOKIE, HeaderValue::from_static("__Host-session=4kq0yS1c; theme=dark"));
//! assert_eq!(session.read(&headers)?, Some("4kq0yS1c"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The longest that browsers keep a cookie: 400 days (RFC 6265bis, section 5.5).
pub const LONGEST_AGE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The most bytes of name and value together that browsers keep (RFC 6265bis, section 5.6).
pub const LONGEST: usize = 4096;

/// A cookie as it is defined once: its name and its attributes, for setting and for reading.
///
/// # Security
/// `Secure` and `HttpOnly` are always there, and `SameSite` is Lax or Strict. A `__Host-` cookie has
/// no `Domain` and the path `/`, so that no other host sets it, above or beside this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    path: String,
    same_site: SameSite,
    max_age: Option<Duration>,
}

/// On which requests from other sites a browser sends a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// When a link is followed.
    Lax,
    /// On none.
    Strict,
}

/// Why a cookie cannot be defined or set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieError {
    /// The name does not begin with `__Host-` or `__Secure-`, in this spelling.
    Prefix,
    /// The name is nothing but a prefix, or holds other characters than RFC 6265's.
    Name,
    /// The path is not one, or not `/` for a `__Host-` cookie.
    Path,
    /// The age is over [`LONGEST_AGE`], or under a second.
    MaxAge,
    /// The value holds other characters than RFC 6265's.
    Value,
    /// Name and value are longer than [`LONGEST`].
    TooLong,
}

/// Why a request's cookie is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieRefusal {
    /// There are two of that name.
    Duplicate,
    /// Its value is none that [`Cookie::set`] writes.
    Malformed,
}

impl Cookie {
    /// A cookie of exactly that name, which lasts for as long as the browser runs.
    ///
    /// # Errors
    /// When the name does not begin with `__Host-` or `__Secure-`, or is not RFC 6265's.
    pub fn new(name: impl Into<String>) -> Result<Cookie, CookieError> {
        let name = name.into();
        let rest = ["__Host-", "__Secure-"]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .ok_or(CookieError::Prefix)?;
        if rest.is_empty() || !rest.bytes().all(is_token) {
            return Err(CookieError::Name);
        }
        Ok(Cookie {
            name,
            path: "/".to_owned(),
            same_site: SameSite::Lax,
            max_age: None,
        })
    }

    /// The same with another `SameSite`.
    #[must_use]
    pub fn with_same_site(self, same_site: SameSite) -> Cookie {
        Cookie { same_site, ..self }
    }

    /// The same, kept for that long.
    ///
    /// # Errors
    /// When it is over [`LONGEST_AGE`] or under a second.
    pub fn with_max_age(self, age: Duration) -> Result<Cookie, CookieError> {
        if age > LONGEST_AGE || age < Duration::from_secs(1) {
            return Err(CookieError::MaxAge);
        }
        let max_age = Some(age);
        Ok(Cookie { max_age, ..self })
    }

    /// The same for that path and those below it: for a `__Secure-` cookie.
    ///
    /// # Errors
    /// When the path does not begin with `/` or could end the attribute, or the cookie is a `__Host-`
    /// one.
    pub fn with_path(self, path: &str) -> Result<Cookie, CookieError> {
        let plain = path.bytes().all(|c| c.is_ascii_graphic() && c != b';');
        if !path.starts_with('/') || !plain || self.name.starts_with("__Host-") {
            return Err(CookieError::Path);
        }
        let path = path.to_owned();
        Ok(Cookie { path, ..self })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A `Set-Cookie` with that value.
    ///
    /// # Errors
    /// When the value holds what a cookie cannot hold, or is too long.
    pub fn set(&self, value: &str) -> Result<HeaderValue, CookieError> {
        if !value.bytes().all(is_octet) {
            return Err(CookieError::Value);
        }
        self.header(value, self.max_age.map(|age| age.as_secs()))
    }

    /// A `Set-Cookie` that makes the browser forget it.
    ///
    /// # Errors
    /// When the name alone is too long.
    pub fn unset(&self) -> Result<HeaderValue, CookieError> {
        self.header("", Some(0))
    }

    /// Its value in a request, if it is there.
    ///
    /// Names are compared by their bytes: nothing is trimmed, decoded or folded, a pair without a name
    /// has none, and what stands in quotes is not looked into.
    ///
    /// # Errors
    /// When there are two of them, or the value is not one that [`Cookie::set`] writes.
    pub fn read<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, CookieRefusal> {
        let mut values = pairs(headers)
            .filter_map(|(name, value)| (name == self.name.as_bytes()).then_some(value));
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(CookieRefusal::Duplicate);
        }
        if value.len() + self.name.len() > LONGEST || !value.iter().copied().all(is_octet) {
            return Err(CookieRefusal::Malformed);
        }
        str::from_utf8(value)
            .map(Some)
            .map_err(|_| CookieRefusal::Malformed)
    }

    fn header(&self, value: &str, max_age: Option<u64>) -> Result<HeaderValue, CookieError> {
        if self.name.len() + value.len() > LONGEST {
            return Err(CookieError::TooLong);
        }
        let same_site = match self.same_site {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
        };
        let Cookie { name, path, .. } = self;
        let mut text =
            format!("{name}={value}; Path={path}; Secure; HttpOnly; SameSite={same_site}");
        if let Some(seconds) = max_age {
            text += &format!("; Max-Age={seconds}");
        }
        let mut header = HeaderValue::try_from(text).map_err(|_| CookieError::Value)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// Names and values of all cookies of a request. HTTP/2 may bring them in several fields.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    headers.get_all(COOKIE).iter().flat_map(|field| {
        let parts = field.as_bytes().split(|&c| c == b';').enumerate();
        parts.filter_map(|(place, pair)| {
            let pair = match (place, pair) {
                // The one space that belongs to the separator.
                (1.., [b' ', rest @ ..]) => rest,
                _ => pair,
            };
            let equals = pair.iter().position(|&c| c == b'=')?;
            Some((&pair[..equals], &pair[equals + 1..]))
        })
    })
}

/// A character of a name: RFC 9110's `token`.
fn is_token(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c)
}

/// A character of a value: RFC 6265's `cookie-octet`.
fn is_octet(c: u8) -> bool {
    c.is_ascii_graphic() && !b"\",;\\".contains(&c)
}

impl fmt::Display for CookieError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CookieError::Prefix => "the cookie's name begins with neither __Host- nor __Secure-",
            CookieError::Name => "the cookie's name is not one of RFC 6265",
            CookieError::Path => "the cookie's path is none that it can have",
            CookieError::MaxAge => "the cookie's age is not between a second and 400 days",
            CookieError::Value => "the cookie's value is not one of RFC 6265",
            CookieError::TooLong => "the cookie's name and value are longer than 4096 bytes",
        })
    }
}

impl std::error::Error for CookieError {}

impl fmt::Display for CookieRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CookieRefusal::Duplicate => "a cookie is there twice",
            CookieRefusal::Malformed => "a cookie has a malformed value",
        })
    }
}

impl std::error::Error for CookieRefusal {}
