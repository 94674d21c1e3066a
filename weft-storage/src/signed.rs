use std::fmt;

use zeroize::Zeroizing;

/// A URL that does what it was signed for, for whoever has it.
///
/// # Security
/// It is not shown by `Debug`, and there is no `Display`: keep it out of logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedUrl(pub(crate) Zeroizing<String>);

/// A request that is signed, for a client of one's own to send as it is; [`Answer`](crate::Answer) reads
/// what comes back.
#[derive(Clone)]
pub struct SignedRequest {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, Zeroizing<String>)>,
    pub(crate) body: Vec<u8>,
}

impl SignedUrl {
    /// The URL.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl SignedRequest {
    /// The method.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Where it goes. What proves it is in the headers, so this may be shown.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers that are signed, and the signature; `host` is in the URL.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, _) = self.0.split_once('?').unwrap_or((&self.0, ""));
        write!(f, "SignedUrl({address}?…)")
    }
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
