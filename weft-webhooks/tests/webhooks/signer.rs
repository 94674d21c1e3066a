//! What we sign is what the senders sign, and verifies.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName};
use weft_webhooks::{
    Encoding, Generic, Scheme, Secret, SecretError, SignError, SignedTime, Signer, Unit, Verifier,
    Window,
};

use crate::sender::{NOW, OTHER, SECRET, at, now_text, schemes, sent, verifier};

const BODY: &[u8] = b"{\"id\":\"evt_1\",\"note\":\"\xff\"}";

fn secret(id: &str, text: &str) -> Secret {
    Secret::new(id, text).unwrap()
}

fn signer(scheme: impl Into<Scheme>) -> Signer {
    Signer::new(scheme, [secret("only", SECRET)]).unwrap()
}

#[test]
fn signs_byte_for_byte_what_the_senders_sign() {
    for scheme in schemes() {
        let signed = signer(scheme.clone()).sign("msg_1", BODY, at(NOW)).unwrap();
        assert_eq!(signed, sent(&scheme, BODY, &now_text(&scheme)));
    }
}

#[test]
fn signs_the_published_vectors() {
    for (text, id, time, body, signature) in [
        (
            OTHER,
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        (
            SECRET,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ] {
        let signer = Signer::new(Scheme::standard(), [secret("a", text)]).unwrap();
        let headers = signer.sign(id, body.as_bytes(), at(time)).unwrap();
        assert_eq!(headers["webhook-id"], id);
        assert_eq!(headers["webhook-timestamp"], time.to_string().as_str());
        assert_eq!(headers["webhook-signature"], signature);
    }
    let github = Signer::new(
        Scheme::github(),
        [secret("a", "It's a Secret to Everybody")],
    )
    .unwrap();
    assert_eq!(
        github.sign("", b"Hello, World!", at(NOW)).unwrap()["x-hub-signature-256"],
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    );
}

#[test]
fn signs_slacks_published_vector() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
        &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
        &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
        %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let slack = [secret("a", "8f742231b10e8888abcd99yyyzzz85a5")];
    let slack = Signer::new(Scheme::slack(), slack).unwrap();
    let headers = slack.sign("", body.as_bytes(), at(1_531_420_618)).unwrap();
    assert_eq!(headers["x-slack-request-timestamp"], "1531420618");
    assert_eq!(
        headers["x-slack-signature"],
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    );
}

#[test]
fn a_generic_scheme_signs_what_it_verifies() {
    let header = HeaderName::from_static("x-acme-signature");
    let time = SignedTime::new(
        HeaderName::from_static("x-acme-time"),
        Window::new(Duration::from_secs(60), Unit::Milliseconds),
        ("v1:", ":"),
    );
    let plain = Generic::new("acme", header, Encoding::Base64);
    for scheme in [
        plain.clone(),
        plain.clone().with_prefix("v1="),
        plain.with_prefix("v1=").with_signed_time(time),
    ] {
        let headers = signer(scheme.clone()).sign("", BODY, at(NOW)).unwrap();
        let verifier = verifier(scheme.into());
        assert!(verifier.verify(&headers, BODY.to_vec(), at(NOW)).is_ok());
        assert!(verifier.verify(&headers, b"{}".to_vec(), at(NOW)).is_err());
    }
}

#[test]
fn a_time_of_any_fraction_of_a_second_verifies() {
    for scheme in schemes() {
        let now = at(NOW) + Duration::from_nanos(999_999_999);
        let headers = signer(scheme.clone()).sign("msg_1", BODY, now).unwrap();
        let verified = verifier(scheme).verify(&headers, BODY.to_vec(), now);
        assert!(verified.is_ok());
    }
}

#[test]
fn during_a_rotation_either_secret_verifies_where_the_scheme_has_room() {
    let single = ["shopify", "slack", "github", "stalwart"];
    for scheme in schemes() {
        let secrets = [secret("old", OTHER), secret("new", SECRET)];
        let signer = Signer::new(scheme.clone(), secrets).unwrap();
        let headers = signer.sign("msg_1", BODY, at(NOW)).unwrap();
        let verifies = |text| {
            let verifier = Verifier::new(scheme.clone(), [secret("a", text)]).unwrap();
            verifier.verify(&headers, BODY.to_vec(), at(NOW)).is_ok()
        };
        assert!(verifies(SECRET), "{}", scheme.name());
        let has_room = !single.contains(&scheme.name());
        assert_eq!(verifies(OTHER), has_room, "{}", scheme.name());
    }
}

#[test]
fn never_signs_with_a_secret_that_is_not_in_force() {
    let old = secret("old", OTHER).with_not_after(at(NOW));
    let new = secret("new", SECRET).with_not_before(at(NOW));
    let signer = Signer::new(Scheme::standard(), [new, old.clone()]).unwrap();
    for (time, id) in [(NOW - 1, "old"), (NOW, "new")] {
        let headers = signer.sign("msg_1", b"{}", at(time)).unwrap();
        assert!(!headers["webhook-signature"].to_str().unwrap().contains(' '));
        let both = [secret("old", OTHER), secret("new", SECRET)];
        let verifier = Verifier::new(Scheme::standard(), both).unwrap();
        let verified = verifier.verify(&headers, b"{}".to_vec(), at(time)).unwrap();
        assert_eq!(verified.secret_id(), id);
    }
    let signer = Signer::new(Scheme::standard(), [old]).unwrap();
    let refused = signer.sign("msg_1", b"{}", at(NOW)).unwrap_err();
    assert_eq!(refused, SignError::NoSecret);
}

#[test]
fn eight_secrets_never_make_more_signatures_than_a_verifier_takes() {
    let ids = ["1", "2", "3", "4", "5", "6", "7", "8"];
    let texts = ids.map(|id| OTHER.replace('C', id));
    for scheme in schemes() {
        let mut secrets: Vec<_> = ids
            .iter()
            .zip(&texts)
            .map(|(id, text)| secret(id, text))
            .collect();
        secrets.push(secret("newest", SECRET));
        secrets.remove(0);
        let signer = Signer::new(scheme.clone(), secrets).unwrap();
        let headers = signer.sign("msg_1", BODY, at(NOW)).unwrap();
        let verified = verifier(scheme).verify(&headers, BODY.to_vec(), at(NOW));
        assert!(verified.is_ok());
    }
}

#[test]
fn an_id_that_could_pass_for_a_time_or_does_not_arrive_is_refused() {
    for id in [
        "",
        ".",
        "msg.1",
        "msg_1.",
        " msg",
        "msg ",
        "m\tsg",
        "m\nsg",
        "m\0sg",
        "msg\u{e9}",
        &"m".repeat(2049),
    ] {
        for scheme in [Scheme::standard(), Scheme::svix()] {
            let refused = signer(scheme).sign(id, b"{}", at(NOW)).unwrap_err();
            assert_eq!(refused, SignError::MessageId, "{id:?}");
        }
        assert!(signer(Scheme::stripe()).sign(id, b"{}", at(NOW)).is_ok());
    }
}

#[test]
fn a_time_before_1970_is_refused() {
    let early = UNIX_EPOCH - Duration::from_secs(1);
    for scheme in schemes() {
        let result = signer(scheme.clone()).sign("msg_1", b"{}", early);
        let timed = !["shopify", "github", "stalwart"].contains(&scheme.name());
        assert_eq!(result.err(), timed.then_some(SignError::Time));
    }
}

#[test]
fn a_prefix_that_cannot_stand_in_a_header_is_refused() {
    let header = HeaderName::from_static("x-acme-signature");
    let scheme = Generic::new("acme", header, Encoding::Hex).with_prefix("v1\r\n");
    let refused = signer(scheme).sign("", b"{}", at(NOW)).unwrap_err();
    assert_eq!(refused, SignError::Header);
}

#[test]
fn what_is_no_secret_of_the_scheme_is_refused() {
    let refused = |text| Signer::new(Scheme::standard(), [secret("a", text)]).unwrap_err();
    assert_eq!(refused("whsec_AA=="), SecretError::TooShort);
    assert_eq!(
        refused("whsec_not base64, by any means"),
        SecretError::Encoding
    );
    assert_eq!(refused("whsk_AA=="), SecretError::Encoding);
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    assert_eq!(refused(public), SecretError::Encoding);
}

#[test]
fn neither_secrets_nor_signatures_are_shown() {
    for scheme in schemes() {
        let signer = signer(scheme);
        let headers: HeaderMap = signer.sign("msg_1", BODY, at(NOW)).unwrap();
        assert!(headers.values().all(|value| value.is_sensitive()));
        assert!(!format!("{signer:?}").contains(&SECRET[6..]));
    }
}

#[cfg(feature = "ed25519")]
mod ed25519 {
    use super::*;

    /// A pair that Svix publishes, in both ways to write the private half.
    const PRIVATE: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

    #[test]
    fn signs_the_published_vector() {
        let signer = Signer::new(Scheme::standard(), [secret("a", PRIVATE)]).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let headers = signer
            .sign("msg_p5jXN8AQM9LWM0D4loKWxJek", body, at(1_614_265_330))
            .unwrap();
        assert_eq!(
            headers["webhook-signature"],
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
        );
    }

    #[test]
    fn signs_for_holders_of_the_public_key_and_of_the_shared_secret() {
        let secrets = [secret("private", PRIVATE), secret("shared", SECRET)];
        let signer = Signer::new(Scheme::standard(), secrets).unwrap();
        let headers = signer.sign("msg_1", BODY, at(NOW)).unwrap();
        for text in [PUBLIC, SECRET] {
            let verifier = Verifier::new(Scheme::standard(), [secret("a", text)]).unwrap();
            assert!(verifier.verify(&headers, BODY.to_vec(), at(NOW)).is_ok());
        }
    }

    #[test]
    fn a_private_key_whose_public_half_is_another_is_refused() {
        let other = PRIVATE.replace("Kvg==", "Kug==");
        let refused = Signer::new(Scheme::standard(), [secret("a", &other)]).unwrap_err();
        assert_eq!(refused, SecretError::Encoding);
    }

    #[test]
    fn a_receiver_has_no_use_for_the_private_key() {
        let refused = Verifier::new(Scheme::standard(), [secret("a", PRIVATE)]).unwrap_err();
        assert_eq!(refused, SecretError::Encoding);
    }
}
