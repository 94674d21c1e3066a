use http::HeaderName;

use super::{Generic, Scheme};
use crate::Encoding;
use crate::limits::MIB;

impl Scheme {
    /// [Stalwart] mail server: `X-Signature: <base64>` over the body, a batch of events.
    ///
    /// # Security
    /// Stalwart signs no time: a request stays right for as long as its secret is in force, and only
    /// [`Verified::digest`](crate::Verified::digest), kept that long with the endpoint, tells a copy.
    /// Without a key Stalwart sends no header, which is a refusal here.
    ///
    /// [Stalwart]: https://stalw.art/docs/telemetry/webhooks
    pub fn stalwart() -> Scheme {
        let header = HeaderName::from_static("x-signature");
        Generic::new("stalwart", header, Encoding::Base64).into_scheme(MIB, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::vector;

    #[test]
    fn holds_the_vector() {
        let header = (
            "x-signature",
            "OjsOjFMMXaC9wCstcABHejvJdUPZnVfGLL7cldFPGYA=",
        );
        let holds = |body| vector::holds(&Scheme::stalwart(), &[header], body, "secret-key", 0);
        assert_eq!(holds(r#"{"events":[]}"#), Ok(true));
        assert_eq!(holds(r#"{"events":[1]}"#), Ok(false));
    }
}
