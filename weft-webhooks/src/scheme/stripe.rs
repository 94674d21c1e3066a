use std::borrow::Cow;
use std::time::Duration;

use http::HeaderName;

use super::{Format, Scheme, TimedList};
use crate::limits::{KIB, Limits, MIB};
use crate::{Unit, Window};

impl Scheme {
    /// [Stripe]: `Stripe-Signature: t=<seconds>,v1=<hex>` over `<seconds>.<body>`, at most 5 minutes
    /// off, with several `v1` while a secret is being rolled.
    ///
    /// [Stripe]: https://docs.stripe.com/webhooks/signature
    pub fn stripe() -> Scheme {
        Scheme {
            name: Cow::Borrowed("stripe"),
            limits: Limits {
                body: MIB,
                header: 4 * KIB,
                signatures: 16,
            },
            format: Format::TimedList(TimedList {
                header: HeaderName::from_static("stripe-signature"),
                window: Window::new(Duration::from_secs(300), Unit::Seconds),
                spaced: false,
            }),
            unsigned: &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefusalKind;
    use crate::scheme::vector;

    const RIGHT: &str = "v1=d95c6b7477fbd7e9f90b1b0ef5f9c7ac25abca5382460e0d988c2b2a5b71b990";
    const ROLLED: &str = "v1=7548122dce5e2b728b67327c07959ace6ce459f5ca13822932dac476fc4e0005";

    fn holds(header: &str) -> Result<bool, RefusalKind> {
        let header: &'static str = header.to_owned().leak();
        let body = r#"{"id":"evt_test_webhook","object":"event"}"#;
        let headers = [("stripe-signature", header)];
        vector::holds(
            &Scheme::stripe(),
            &headers,
            body,
            "whsec_test_secret",
            1_700_000_000_000,
        )
    }

    #[test]
    fn holds_the_vector_wherever_it_stands() {
        for list in [
            RIGHT.to_owned(),
            format!("{RIGHT},{ROLLED}"),
            format!("{ROLLED},{RIGHT}"),
            format!("v1=undecodable,{RIGHT}"),
            format!("v0=anything,{RIGHT}"),
        ] {
            assert_eq!(holds(&format!("t=1700000000,{list}")), Ok(true), "{list}");
            assert_eq!(holds(&format!("{list},t=1700000000")), Ok(true), "{list}");
        }
        assert_eq!(holds(&format!("t=1700000000,{ROLLED}")), Ok(false));
        assert_eq!(holds(&format!("t=1700000001,{RIGHT}")), Ok(false));
    }

    #[test]
    fn refuses_what_is_not_written_so() {
        for (header, kind) in [
            (String::new(), RefusalKind::MalformedHeader),
            ("v1,t=1".to_owned(), RefusalKind::MalformedHeader),
            (RIGHT.to_owned(), RefusalKind::Timestamp),
            (format!("t=,{RIGHT}"), RefusalKind::Timestamp),
            (format!("t=123abc,{RIGHT}"), RefusalKind::Timestamp),
            (
                format!("t=1700000000,t=1700000000,{RIGHT}"),
                RefusalKind::Timestamp,
            ),
            (format!("t=1700000000, {RIGHT}"), RefusalKind::NoSignature),
            ("t=1700000000".to_owned(), RefusalKind::NoSignature),
            (
                format!("t=1700000000,{}", RIGHT.replace("v1", "v0")),
                RefusalKind::NoSignature,
            ),
            (
                format!("t=1700000000,{}", RIGHT.to_uppercase()),
                RefusalKind::NoSignature,
            ),
            (format!("t=1699999699,{RIGHT}"), RefusalKind::TooOld),
            (format!("t=1700000301,{RIGHT}"), RefusalKind::TooNew),
        ] {
            assert_eq!(holds(&header), Err(kind), "{header}");
        }
    }

    #[test]
    fn sixteen_signatures_are_the_most() {
        let list = |count| format!("t=1700000000,{}", vec![RIGHT; count].join(","));
        assert_eq!(holds(&list(16)), Ok(true));
        assert_eq!(holds(&list(17)), Err(RefusalKind::TooManySignatures));
        assert_eq!(holds(&list(100_000)), Err(RefusalKind::HeaderTooLong));
    }
}
