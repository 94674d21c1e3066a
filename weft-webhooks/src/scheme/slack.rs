use std::time::Duration;

use http::HeaderName;

use super::{Generic, Scheme, SignedTime};
use crate::limits::MIB;
use crate::{Encoding, Unit, Window};

impl Scheme {
    /// [Slack]: `X-Slack-Signature: v0=<hex>` over `v0:<seconds>:<body>`, at most 5 minutes off.
    ///
    /// [Slack]: https://docs.slack.dev/authentication/verifying-requests-from-slack
    pub fn slack() -> Scheme {
        let header = HeaderName::from_static("x-slack-signature");
        Generic::new("slack", header, Encoding::Hex)
            .with_prefix("v0=")
            .with_signed_time(SignedTime::new(
                HeaderName::from_static("x-slack-request-timestamp"),
                Window::new(Duration::from_secs(300), Unit::Seconds),
                ("v0:", ":"),
            ))
            .into_scheme(MIB, &["x-slack-retry-num", "x-slack-retry-reason"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefusalKind;
    use crate::scheme::vector;

    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
        &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
        &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
        %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

    #[test]
    fn holds_the_published_vector() {
        let headers = [
            (
                "x-slack-signature",
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
            ("x-slack-request-timestamp", "1531420618"),
        ];
        let holds = |body, now: u64| {
            let secret = "8f742231b10e8888abcd99yyyzzz85a5";
            vector::holds(&Scheme::slack(), &headers, body, secret, now * 1000)
        };
        assert_eq!(holds(BODY, 1_531_420_618), Ok(true));
        assert_eq!(holds("token=", 1_531_420_618), Ok(false));
        assert_eq!(holds(BODY, 1_531_420_618 + 301), Err(RefusalKind::TooOld));
        assert_eq!(holds(BODY, 1_531_420_618 - 301), Err(RefusalKind::TooNew));
    }
}
