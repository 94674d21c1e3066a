use std::fmt;

use http::Method;

/// A request that may spend a link: a POST.
///
/// ```
/// use http::Method;
/// use weft_auth::link::{NotAPost, Post};
///
/// assert!(Post::check(&Method::POST).is_ok());
/// assert_eq!(Post::check(&Method::GET).unwrap_err(), NotAPost);
/// ```
#[derive(Debug)]
pub struct Post(());

/// The request has another method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPost;

impl Post {
    /// The proof that a request of that method may spend a link.
    ///
    /// # Errors
    /// When it is not POST: mail scanners follow links by GET and HEAD.
    pub fn check(method: &Method) -> Result<Post, NotAPost> {
        match *method {
            Method::POST => Ok(Post(())),
            _ => Err(NotAPost),
        }
    }
}

impl fmt::Display for NotAPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link is spent by POST")
    }
}

impl std::error::Error for NotAPost {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_post_spends() {
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "post"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert!(Post::check(&method).is_err(), "{method}");
        }
    }
}
