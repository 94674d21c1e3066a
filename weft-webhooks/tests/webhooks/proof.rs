//! What a `Verified` says, and what it keeps to itself.

use http::HeaderValue;
use weft_webhooks::{RefusalKind, Scheme, Secret, Verifier};

use crate::sender::{NOW, OTHER, SECRET, at, now_text, schemes, sent, standard, verify};

const BODY: &[u8] = br#"{"id":"evt_1"}"#;

#[test]
fn says_which_secret_made_the_signature() {
    let ring = |ids: [(&str, &str); 2]| {
        let secrets = ids.map(|(id, text)| Secret::new(id, text).unwrap());
        Verifier::new(Scheme::stripe(), secrets).unwrap()
    };
    let headers = sent(&Scheme::stripe(), BODY, &NOW.to_string());
    for ids in [
        [("old", OTHER), ("new", SECRET)],
        [("new", SECRET), ("old", OTHER)],
    ] {
        let verified = ring(ids).verify(&headers, BODY.to_vec(), at(NOW)).unwrap();
        assert_eq!(verified.secret_id(), "new");
    }
}

#[test]
fn refuses_a_signature_from_a_retired_secret() {
    let headers = sent(&Scheme::stripe(), BODY, &NOW.to_string());
    let kind = |secret: Secret| {
        let other = Secret::new("other", OTHER).unwrap();
        let verifier = Verifier::new(Scheme::stripe(), [secret, other]).unwrap();
        let result = verifier.verify(&headers, BODY.to_vec(), at(NOW));
        result.err().map(|refusal| refusal.kind())
    };
    let secret = || Secret::new("a", SECRET).unwrap();
    assert_eq!(kind(secret().with_not_after(at(NOW + 1))), None);
    assert_eq!(
        kind(secret().with_not_after(at(NOW))),
        Some(RefusalKind::Mismatch)
    );
    assert_eq!(kind(secret().with_not_before(at(NOW))), None);
    assert_eq!(
        kind(secret().with_not_before(at(NOW + 1))),
        Some(RefusalKind::Mismatch)
    );
}

#[test]
fn refuses_when_no_secret_is_in_force() {
    let secret = Secret::new("a", SECRET).unwrap().with_not_after(at(NOW));
    let verifier = Verifier::new(Scheme::github(), [secret]).unwrap();
    let headers = sent(&Scheme::github(), BODY, "");
    let refusal = verifier
        .verify(&headers, BODY.to_vec(), at(NOW))
        .unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::NoSecret);
}

#[test]
fn the_digest_is_of_what_was_signed_without_the_time() {
    let digest = |scheme: &Scheme, body: &[u8], time: u64| {
        let headers = sent(scheme, body, &time.to_string());
        verify(scheme, &headers, body).unwrap().digest()
    };
    let stripe = Scheme::stripe();
    assert_eq!(digest(&stripe, BODY, NOW), digest(&stripe, BODY, NOW + 7));
    assert_ne!(digest(&stripe, BODY, NOW), digest(&stripe, b"{}", NOW));
    assert_ne!(
        digest(&stripe, BODY, NOW),
        digest(&Scheme::slack(), BODY, NOW)
    );
}

#[test]
fn the_digest_tells_two_messages_of_one_body_where_the_id_is_signed() {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let verified = |id| {
        let headers = standard(names, id, &NOW.to_string(), BODY);
        verify(&Scheme::standard(), &headers, BODY).unwrap()
    };
    assert_eq!(verified("msg_1").message_id(), Some("msg_1"));
    assert_eq!(verified("msg_1").digest(), verified("msg_1").digest());
    assert_ne!(verified("msg_1").digest(), verified("msg_2").digest());
}

#[test]
fn what_was_not_signed_changes_neither_the_proof_nor_the_digest() {
    let scheme = Scheme::shopify();
    let verified = |shop: &'static str| {
        let mut headers = sent(&scheme, BODY, "");
        headers.insert("x-shopify-shop-domain", HeaderValue::from_static(shop));
        verify(&scheme, &headers, BODY).unwrap()
    };
    let (one, other) = (verified("one.example"), verified("other.example"));
    assert_eq!(
        one.unsigned().claim("x-shopify-shop-domain"),
        Some("one.example")
    );
    assert_eq!(one.unsigned().claim("x-shopify-topic"), None);
    assert_eq!(one.digest(), other.digest());
}

#[test]
fn an_unsigned_header_that_comes_twice_claims_nothing() {
    let mut headers = sent(&Scheme::github(), BODY, "");
    headers.append("x-github-event", HeaderValue::from_static("push"));
    headers.append("x-github-event", HeaderValue::from_static("ping"));
    let verified = verify(&Scheme::github(), &headers, BODY).unwrap();
    assert_eq!(verified.unsigned().claim("x-github-event"), None);
}

#[test]
fn a_parsed_value_keeps_its_proof() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        let verified = verify(&scheme, &headers, BODY).unwrap();
        let digest = verified.digest();
        let event = verified
            .parse(|body| serde_json::from_slice::<serde_json::Value>(body))
            .unwrap();
        assert_eq!(event.value()["id"], "evt_1");
        assert_eq!((event.body(), event.digest()), (BODY, digest));
    }
}

#[test]
fn a_proof_does_not_show_the_body() {
    let headers = sent(&Scheme::github(), BODY, "");
    let verified = verify(&Scheme::github(), &headers, BODY).unwrap();
    let shown = format!("{verified:?}");
    assert!(
        shown.contains("github") && !shown.contains("evt_1"),
        "{shown}"
    );
    assert!(!shown.contains("123"), "{shown}");
}
