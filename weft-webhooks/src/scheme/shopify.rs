use http::HeaderName;

use super::{Generic, Scheme};
use crate::Encoding;
use crate::limits::MIB;

impl Scheme {
    /// [Shopify]: `X-Shopify-Hmac-SHA256: <base64>` over the body, with the app's client secret.
    ///
    /// # Security
    /// Shopify signs no time and no id: a request stays right for as long as its secret is in force,
    /// and only [`Verified::digest`](crate::Verified::digest), kept that long with the endpoint, tells
    /// a copy. The topic and the shop are [`Unsigned`](crate::Unsigned): one secret signs for all
    /// shops of an app, so give each shop and topic an endpoint of its own.
    ///
    /// [Shopify]: https://shopify.dev/docs/apps/build/webhooks/subscribe/https
    pub fn shopify() -> Scheme {
        let header = HeaderName::from_static("x-shopify-hmac-sha256");
        Generic::new("shopify", header, Encoding::Base64).into_scheme(
            4 * MIB,
            &[
                "x-shopify-topic",
                "x-shopify-shop-domain",
                "x-shopify-webhook-id",
                "x-shopify-event-id",
                "x-shopify-api-version",
                "x-shopify-triggered-at",
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::vector;

    #[test]
    fn holds_the_vector() {
        let header = (
            "x-shopify-hmac-sha256",
            "D0UMXmhjwBRi4y66TmhJrDlhQABD7zI2fm3p6/QLMo8=",
        );
        let holds = |body| vector::holds(&Scheme::shopify(), &[header], body, "hush", 0);
        let body = r#"{"id":820982911946154508,"email":"jon@example.com"}"#;
        assert_eq!(holds(body), Ok(true));
        assert_eq!(holds(&body.replace(':', ": ")), Ok(false));
    }
}
