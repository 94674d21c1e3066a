//! What a request over a limit gets the verifier to allocate.

use allocation_counter::measure;
use http::HeaderMap;
use weft_webhooks::RefusalKind;

use crate::hostile::{changed, separator};
use crate::sender::{NOW, at, now_text, schemes, sent, verifier};

#[test]
fn a_request_over_a_limit_gets_a_kilobyte_at_most() {
    let body = vec![b'x'; 1000];
    for scheme in schemes() {
        let verifier = verifier(scheme.clone()).with_body_limit(body.len());
        let refuses = |headers: &HeaderMap, body: &[u8], kind| {
            let body = body.to_vec();
            let mut refused = None;
            let allocated = measure(|| refused = verifier.verify(headers, body, at(NOW)).err());
            assert_eq!(refused.map(|refusal| refusal.kind()), Some(kind));
            let bytes = allocated.bytes_total;
            assert!(bytes <= 1024, "{}, {kind:?}: {bytes} bytes", scheme.name());
        };
        let good = sent(&scheme, &body, &now_text(&scheme));
        // The last item of the list so many times more.
        let longer = |times| {
            changed(&good, |value| {
                let separator = separator(&scheme);
                let last = value.rsplit(separator).next().unwrap_or_default();
                format!("{value}{}", format!("{separator}{last}").repeat(times))
            })
        };
        refuses(&good, &vec![b'x'; 1001], RefusalKind::BodyTooLarge);
        refuses(&good, &vec![b'x'; 64 << 20], RefusalKind::BodyTooLarge);
        refuses(&longer(100_000), &body, RefusalKind::HeaderTooLong);
        match scheme.name() {
            "stripe" => refuses(&longer(16), &body, RefusalKind::TooManySignatures),
            "workos" => refuses(&longer(4), &body, RefusalKind::TooManySignatures),
            "standard" | "svix" => refuses(&longer(8), &body, RefusalKind::TooManySignatures),
            _ => refuses(&longer(1), &body, RefusalKind::MalformedHeader),
        }
    }
}
