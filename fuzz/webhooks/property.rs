//! What holds for a verifier whatever it is sent. The fuzzers look for a request that breaks it, and
//! the plain tests replay those that they have kept.

use http::HeaderValue;
use sha2::{Digest, Sha256};
use weft_webhooks::{RefusalKind, Verified};

use super::request::{Request, time};
use super::sender::{BODY, Claim, Sender, senders};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The input is no request.
    Unread,
    Refused,
    Accepted,
}

/// Panics where `input` breaks a promise of one of the target's endpoints.
pub(crate) fn outcome(target: &str, input: &[u8]) -> Outcome {
    let Some(request) = Request::read(input) else {
        return Outcome::Unread;
    };
    let senders = senders(target).into_iter();
    let accepted = senders.filter(|sender| is_accepted(sender, &request));
    if accepted.count() > 0 {
        Outcome::Accepted
    } else {
        Outcome::Refused
    }
}

fn is_accepted(sender: &Sender, request: &Request) -> bool {
    let verifier = sender.verifier();
    let mut headers = request.header_map();
    let verdict = verifier.verify(&headers, request.body.clone(), time(request.now));
    headers.append("x-of-no-meaning", HeaderValue::from_static("v1="));
    let again = verifier.verify(&headers, request.body.clone(), time(request.now));
    let kind = again.map(drop).map_err(|refusal| refusal.kind());
    let claim = sender.claim(request);
    let claim = claim.as_ref();
    let signed_with = claim.and_then(|claim| sender.signed_with(claim, request));
    match (verdict, claim, signed_with) {
        (Ok(verified), Some(claim), Some(secret)) => {
            assert_eq!(kind, Ok(()));
            assert_eq!(verified.secret_id(), secret);
            holds_what_was_sent(&verified, sender, claim, request);
            true
        }
        (Ok(_), ..) => panic!("accepted what no sender sends"),
        (Err(refusal), _, Some(secret)) => {
            panic!("{:?}, though {secret} signed it", refusal.kind())
        }
        (Err(refusal), claim, None) => {
            assert_eq!(kind, Err(refusal.kind()));
            assert_eq!(refusal.to_string(), "webhook refused");
            let too_large = refusal.kind() == RefusalKind::BodyTooLarge;
            assert_eq!(too_large, request.body.len() > BODY);
            if refusal.kind() == RefusalKind::Mismatch {
                let in_order = claim.is_some_and(|claim| sender.is_in_order(claim, request));
                assert!(in_order, "hashed before the limits were kept");
            }
            false
        }
    }
}

fn holds_what_was_sent(verified: &Verified, sender: &Sender, claim: &Claim<'_>, request: &Request) {
    assert_eq!(verified.body(), request.body);
    assert_eq!(verified.scheme(), sender.scheme.name());
    assert_eq!(verified.message_id(), claim.id);
    assert_eq!(verified.signed_at(), sender.signed_at(claim).map(time));
    let mut digest = Sha256::new();
    let id = claim.id.unwrap_or_default();
    for part in [
        sender.scheme.name().as_bytes(),
        id.as_bytes(),
        &request.body,
    ] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    assert_eq!(verified.digest().as_bytes()[..], digest.finalize()[..]);
    for (name, _) in &request.headers {
        if let Some(claimed) = verified.unsigned().claim(name.as_str()) {
            assert_eq!(request.values(name.as_str()), [claimed.as_bytes()]);
        }
    }
}
