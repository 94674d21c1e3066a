//! Requests that other verifiers accepted, or fell over, as each of our schemes takes them.

use std::time::UNIX_EPOCH;

use http::{HeaderMap, HeaderName, HeaderValue};
use weft_webhooks::{RefusalKind, Scheme};

use crate::sender::{NOW, at, now_text, schemes, sent, standard, verifier, verify};

const BODY: &[u8] = br#"{"id":"evt_1","note":"caf\u00e9 \u2603"}"#;
const STANDARD: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

fn timed() -> impl Iterator<Item = Scheme> {
    let untimed = ["shopify", "github", "stalwart"];
    let signs_time = move |scheme: &Scheme| !untimed.contains(&scheme.name());
    schemes().into_iter().filter(signs_time)
}

fn is_signature(name: &HeaderName) -> bool {
    name.as_str().contains("signature") || name.as_str().contains("hmac")
}

/// The headers of a good request with every value that carries a signature changed.
pub(crate) fn changed(headers: &HeaderMap, change: impl Fn(&str) -> String) -> HeaderMap {
    let mut headers = headers.clone();
    for (name, value) in &mut headers {
        if is_signature(name) {
            *value = HeaderValue::from_str(&change(value.to_str().unwrap())).unwrap();
        }
    }
    headers
}

/// What stands between the signatures of a list.
pub(crate) fn separator(scheme: &Scheme) -> &'static str {
    match scheme.name() {
        "standard" | "svix" => " ",
        _ => ",",
    }
}

#[test]
fn accepts_what_each_sender_sends() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        let verified = verify(&scheme, &headers, BODY).unwrap();
        assert_eq!(verified.body(), BODY);
        assert_eq!(verified.scheme(), scheme.name());
        assert_eq!(verified.secret_id(), "only");
        let is_timed = timed().any(|timed| timed.name() == scheme.name());
        assert_eq!(verified.signed_at(), is_timed.then_some(at(NOW)));
    }
}

#[test]
fn refuses_an_ff_byte_for_a_signed_replacement_character() {
    for scheme in schemes() {
        let signed = "{\"note\":\"\u{fffd}\"}".as_bytes();
        let headers = sent(&scheme, signed, &now_text(&scheme));
        let shown: Vec<u8> = [&b"{\"note\":\""[..], b"\xff", b"\"}"].concat();
        assert_eq!(String::from_utf8_lossy(&shown).as_bytes(), signed);
        assert!(verify(&scheme, &headers, signed).is_ok());
        assert_eq!(
            verify(&scheme, &headers, &shown).unwrap_err(),
            RefusalKind::Mismatch
        );
    }
}

#[test]
fn accepts_a_signed_body_that_is_not_utf_8() {
    for scheme in schemes() {
        let headers = sent(&scheme, b"\xff\x00\xfe", &now_text(&scheme));
        assert!(verify(&scheme, &headers, b"\xff\x00\xfe").is_ok());
    }
}

#[test]
fn refuses_a_byte_order_mark_in_front() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        let marked = [b"\xef\xbb\xbf", BODY].concat();
        assert_eq!(
            verify(&scheme, &headers, &marked).unwrap_err(),
            RefusalKind::Mismatch
        );
    }
}

#[test]
fn whitespace_around_the_body_is_signed_like_everything_else() {
    for (before, after) in [("", "\n"), ("", "\r\n"), (" ", ""), ("\t", " "), ("", "\0")] {
        let spaced = [before.as_bytes(), BODY, after.as_bytes()].concat();
        for scheme in schemes() {
            for (signed, shown) in [(BODY, &spaced[..]), (&spaced, BODY)] {
                let headers = sent(&scheme, signed, &now_text(&scheme));
                assert_eq!(
                    verify(&scheme, &headers, shown).unwrap_err(),
                    RefusalKind::Mismatch
                );
                assert!(verify(&scheme, &headers, signed).is_ok());
            }
        }
    }
}

#[test]
fn refuses_json_that_was_parsed_and_written_again() {
    let value: serde_json::Value = serde_json::from_slice(BODY).unwrap();
    let again = serde_json::to_vec(&value).unwrap();
    assert_ne!(again, BODY);
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        assert_eq!(
            verify(&scheme, &headers, &again).unwrap_err(),
            RefusalKind::Mismatch
        );
    }
}

#[test]
fn refuses_each_flipped_bit_of_the_body() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        for bit in 0..BODY.len() * 8 {
            let mut flipped = BODY.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                verify(&scheme, &headers, &flipped).unwrap_err(),
                RefusalKind::Mismatch
            );
        }
    }
}

#[test]
fn refuses_a_time_outside_of_the_window_on_both_sides() {
    for scheme in timed() {
        let unit = if scheme.name() == "workos" { 1000 } else { 1 };
        let tolerance = if scheme.name() == "workos" { 180 } else { 300 };
        let kind = |time: u64| {
            let headers = sent(&scheme, BODY, &time.to_string());
            verify(&scheme, &headers, BODY).err()
        };
        assert_eq!(kind((NOW - tolerance) * unit), None);
        assert_eq!(
            kind((NOW - tolerance) * unit - 1),
            Some(RefusalKind::TooOld)
        );
        assert_eq!(kind((NOW + tolerance) * unit), None);
        assert_eq!(
            kind((NOW + tolerance) * unit + 1),
            Some(RefusalKind::TooNew)
        );
        let ten_years = 10 * 365 * 24 * 60 * 60;
        assert_eq!(kind((NOW + ten_years) * unit), Some(RefusalKind::TooNew));
    }
}

#[test]
fn refuses_a_signed_time_that_is_no_plain_number() {
    for scheme in timed() {
        for time in [
            "",
            "NaN",
            "abc",
            "123abc",
            "-1",
            "+1700000000",
            "01700000000",
            "1.7e9",
            "1700000000.0",
            "-9223372036854775808",
            "99999999999999999999999",
        ] {
            let headers = sent(&scheme, BODY, time);
            assert_eq!(
                verify(&scheme, &headers, BODY).unwrap_err(),
                RefusalKind::Timestamp,
                "{time}"
            );
        }
    }
}

#[test]
fn the_largest_times_are_refused_and_do_not_overflow() {
    for scheme in timed() {
        for time in [u64::MAX, i64::MAX as u64, i64::MAX as u64 / 1000] {
            let headers = sent(&scheme, BODY, &time.to_string());
            assert!(verify(&scheme, &headers, BODY).is_err());
        }
    }
}

#[test]
fn refuses_when_any_header_is_missing() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        for name in headers.keys() {
            let mut fewer = headers.clone();
            fewer.remove(name);
            assert_eq!(
                verify(&scheme, &fewer, BODY).unwrap_err(),
                RefusalKind::MissingHeader
            );
        }
    }
}

#[test]
fn refuses_when_any_header_comes_twice() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        for (name, value) in &headers {
            let mut twice = headers.clone();
            twice.append(name, value.clone());
            assert_eq!(
                verify(&scheme, &twice, BODY).unwrap_err(),
                RefusalKind::DuplicateHeader
            );
        }
    }
}

#[test]
fn refuses_a_header_that_is_not_ascii() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        for name in headers.keys() {
            let mut other = headers.clone();
            other.insert(name, HeaderValue::from_bytes(b"v1=\xff\xe9").unwrap());
            assert_eq!(
                verify(&scheme, &other, BODY).unwrap_err(),
                RefusalKind::MalformedHeader
            );
        }
    }
}

#[test]
fn refuses_a_signature_of_another_length() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        for cut in 1..40 {
            let short = changed(&headers, |value| value[..value.len() - cut].to_owned());
            assert!(
                verify(&scheme, &short, BODY).is_err(),
                "{} {cut}",
                scheme.name()
            );
            let long = changed(&headers, |value| format!("{value}{}", "0".repeat(cut)));
            assert!(
                verify(&scheme, &long, BODY).is_err(),
                "{} {cut}",
                scheme.name()
            );
        }
    }
}

#[test]
fn refuses_an_empty_signature() {
    for (name, rest) in [
        ("webhook-signature", "v1,"),
        ("webhook-signature", ""),
        ("webhook-signature", "v1"),
    ] {
        let mut headers = sent(&Scheme::standard(), BODY, &NOW.to_string());
        headers.insert(name, HeaderValue::from_static(rest));
        assert_eq!(
            verify(&Scheme::standard(), &headers, BODY).unwrap_err(),
            RefusalKind::NoSignature
        );
    }
    let mut headers = sent(&Scheme::github(), BODY, "");
    headers.insert("x-hub-signature-256", HeaderValue::from_static("sha256="));
    assert_eq!(
        verify(&Scheme::github(), &headers, BODY).unwrap_err(),
        RefusalKind::MalformedHeader
    );
}

#[test]
fn refuses_upper_case_hexadecimal() {
    for scheme in [
        Scheme::stripe(),
        Scheme::slack(),
        Scheme::github(),
        Scheme::workos(),
    ] {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        let upper = changed(&headers, |value| {
            let (front, digits) = value.rsplit_once('=').unwrap();
            format!("{front}={}", digits.to_uppercase())
        });
        assert_ne!(upper, headers);
        assert!(verify(&scheme, &upper, BODY).is_err(), "{}", scheme.name());
    }
}

#[test]
fn refuses_a_hundred_thousand_signatures() {
    for scheme in schemes() {
        let headers = sent(&scheme, BODY, &now_text(&scheme));
        let many = changed(&headers, |value| {
            vec![value; 100_000].join(separator(&scheme))
        });
        assert_eq!(
            verify(&scheme, &many, BODY).unwrap_err(),
            RefusalKind::HeaderTooLong
        );
    }
}

#[test]
fn refuses_more_signatures_than_the_scheme_has_room_for() {
    let headers = sent(&Scheme::standard(), BODY, &NOW.to_string());
    let list = |count| changed(&headers, |value| vec![value; count].join(" "));
    assert!(verify(&Scheme::standard(), &list(8), BODY).is_ok());
    let refused = verify(&Scheme::standard(), &list(9), BODY).unwrap_err();
    assert_eq!(refused, RefusalKind::TooManySignatures);
}

#[test]
fn refuses_a_dot_in_the_message_id() {
    // Signed as id `msg`, time `OLD`, body `NOW.{}`: the same bytes as id `msg.OLD`, time `NOW`.
    let old = (NOW - 1_000_000).to_string();
    let mut shifted = standard(STANDARD, "msg", &old, format!("{NOW}.{{}}").as_bytes());
    shifted.insert(
        "webhook-id",
        HeaderValue::from_str(&format!("msg.{old}")).unwrap(),
    );
    shifted.insert("webhook-timestamp", HeaderValue::from(NOW));
    assert_eq!(
        verify(&Scheme::standard(), &shifted, b"{}").unwrap_err(),
        RefusalKind::MessageId
    );
    let empty = standard(STANDARD, "", &NOW.to_string(), b"{}");
    assert_eq!(
        verify(&Scheme::standard(), &empty, b"{}").unwrap_err(),
        RefusalKind::MessageId
    );
}

#[test]
fn refuses_a_body_over_the_limit() {
    for scheme in schemes() {
        let body = vec![b'x'; 1000];
        let headers = sent(&scheme, &body, &now_text(&scheme));
        let result = |limit| {
            let verifier = verifier(scheme.clone()).with_body_limit(limit);
            verifier
                .verify(&headers, body.clone(), at(NOW))
                .map_err(|refusal| refusal.kind())
        };
        assert!(result(1000).is_ok());
        assert_eq!(result(999).unwrap_err(), RefusalKind::BodyTooLarge);
    }
}

#[test]
fn refuses_the_signature_of_another_scheme() {
    for scheme in schemes() {
        for other in schemes() {
            if scheme.name() != other.name() {
                let headers = sent(&other, BODY, &now_text(&other));
                assert!(verify(&scheme, &headers, BODY).is_err());
            }
        }
    }
}

#[test]
fn random_changes_of_the_headers_pass_only_with_the_right_signature() {
    let seed = std::env::var("WEFT_WEBHOOKS_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| UNIX_EPOCH.elapsed().unwrap().as_secs());
    println!("WEFT_WEBHOOKS_SEED={seed}");
    let mut random = Random(seed);
    for scheme in schemes() {
        let good = sent(&scheme, BODY, &now_text(&scheme));
        for _ in 0..2_000 {
            let mut headers = good.clone();
            for value in headers.values_mut() {
                *value = random.change(value);
            }
            let accepted = verify(&scheme, &headers, BODY).is_ok();
            assert!(accepted || headers != good, "{}", scheme.name());
            assert!(!accepted || signatures(&headers).contains(&signatures(&good)[..44]));
        }
    }
}

/// The headers with a signature, from its last character to its first.
fn signatures(headers: &HeaderMap) -> String {
    let signed = headers.iter().filter(|(name, _)| is_signature(name));
    signed
        .flat_map(|(_, value)| value.to_str().unwrap_or_default().chars().rev())
        .collect()
}

struct Random(u64);

impl Random {
    /// SplitMix64.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    fn change(&mut self, value: &HeaderValue) -> HeaderValue {
        let letters = b"t=v1,a.0 9\xff\t+-/sha256";
        let mut bytes = value.as_bytes().to_vec();
        for _ in 0..self.below(4) {
            let letter = letters[self.below(letters.len())];
            let place = self.below(bytes.len() + 1);
            match self.below(3) {
                0 => bytes.insert(place, letter),
                1 => bytes.truncate(place),
                _ => bytes
                    .splice(place.., letters.iter().copied())
                    .for_each(drop),
            }
        }
        HeaderValue::from_bytes(&bytes).unwrap()
    }
}
