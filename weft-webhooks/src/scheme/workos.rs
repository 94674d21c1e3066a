use std::borrow::Cow;
use std::time::Duration;

use http::HeaderName;

use super::{Format, Scheme, TimedList};
use crate::limits::{KIB, Limits, MIB};
use crate::{Unit, Window};

impl Scheme {
    /// [WorkOS]: `WorkOS-Signature: t=<milliseconds>, v1=<hex>` over `<milliseconds>.<body>`, at most
    /// 3 minutes off.
    ///
    /// [WorkOS]: https://workos.com/docs/events/data-syncing/webhooks
    pub fn workos() -> Scheme {
        Scheme {
            name: Cow::Borrowed("workos"),
            limits: Limits {
                body: MIB,
                header: KIB,
                signatures: 4,
            },
            format: Format::TimedList(TimedList {
                header: HeaderName::from_static("workos-signature"),
                window: Window::new(Duration::from_secs(180), Unit::Milliseconds),
                spaced: true,
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

    const SIGNED: u64 = 1_626_125_972_272;
    const HEADERS: [&str; 2] = [
        "t=1626125972272, v1=9f34e0c9c2ab74b0de57eb68abcd46e828bff661e565f3a9e14f806dcedcdc63",
        "t=1626125972272,v1=9f34e0c9c2ab74b0de57eb68abcd46e828bff661e565f3a9e14f806dcedcdc63",
    ];

    fn holds(header: &'static str, now: u64) -> Result<bool, RefusalKind> {
        let headers = [("workos-signature", header)];
        vector::holds(
            &Scheme::workos(),
            &headers,
            r#"{"id":"wh_123"}"#,
            "wh_secret",
            now,
        )
    }

    #[test]
    fn holds_the_vector_with_and_without_a_space() {
        for header in HEADERS {
            assert_eq!(holds(header, SIGNED), Ok(true));
            assert_eq!(holds(header, SIGNED + 180_000), Ok(true));
            assert_eq!(holds(header, SIGNED + 180_001), Err(RefusalKind::TooOld));
            assert_eq!(holds(header, SIGNED - 180_001), Err(RefusalKind::TooNew));
        }
    }
}
