use weft_webhooks::Scheme;

use crate::value::Provider;

impl Provider {
    /// Whether what it sends belongs to one shop, and not to the whole organisation.
    pub fn is_of_a_shop(self) -> bool {
        !matches!(self, Provider::Workos | Provider::Stalwart)
    }

    /// How it signs.
    pub(crate) fn scheme(self) -> Scheme {
        match self {
            Provider::Workos => Scheme::workos(),
            Provider::Stalwart => Scheme::stalwart(),
            Provider::Slack => Scheme::slack(),
            Provider::Stripe => Scheme::stripe(),
            Provider::Shopify => Scheme::shopify(),
        }
    }
}
