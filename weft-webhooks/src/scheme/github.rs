use http::HeaderName;

use super::{Generic, Scheme};
use crate::Encoding;
use crate::limits::MIB;

impl Scheme {
    /// [GitHub]: `X-Hub-Signature-256: sha256=<hex>` over the body, which may have 25 MiB.
    ///
    /// # Security
    /// GitHub signs no time and no id: a request stays right for as long as its secret is in force,
    /// and only [`Verified::digest`](crate::Verified::digest), kept that long with the endpoint, tells
    /// a copy. The event's name and the delivery's id are [`Unsigned`](crate::Unsigned). The header
    /// with SHA-1 is never read.
    ///
    /// [GitHub]: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    pub fn github() -> Scheme {
        let header = HeaderName::from_static("x-hub-signature-256");
        Generic::new("github", header, Encoding::Hex)
            .with_prefix("sha256=")
            .into_scheme(25 * MIB, &["x-github-event", "x-github-delivery"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::vector;

    #[test]
    fn holds_the_published_vector() {
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let holds = |header, body| {
            let secret = "It's a Secret to Everybody";
            vector::holds(&Scheme::github(), &[(header, signature)], body, secret, 0)
        };
        assert_eq!(holds("x-hub-signature-256", "Hello, World!"), Ok(true));
        assert_eq!(holds("x-hub-signature-256", "Hello, World?"), Ok(false));
        assert!(holds("x-hub-signature", "Hello, World!").is_err());
    }
}
