//! What is sealed opens for its user, under its key, whole and unchanged, and not otherwise.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use weft_auth::totp::Secret;
use weft_auth::totp::seal::{Keyring, KeyringError, SealError};

const OLD: &str = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "new:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
const USER: &[u8] = b"user 7";

fn keys(text: &str) -> Keyring {
    text.parse().unwrap()
}

fn secret() -> Secret {
    Secret::from_bytes(b"12345678901234567890").unwrap()
}

/// Why it does not open.
fn error(keys: &Keyring, sealed: &[u8], user: &[u8]) -> SealError {
    keys.open(sealed, user).unwrap_err()
}

#[test]
fn what_was_sealed_opens_for_its_user_alone() {
    let sealed = keys(OLD).seal(&secret(), USER).unwrap();
    let opened = keys(OLD).open(&sealed, USER).unwrap();
    assert_eq!(opened.expose(), secret().expose());
    for user in [&b""[..], b"user 8", b"user 70", &USER[1..]] {
        assert_eq!(error(&keys(OLD), &sealed, user), SealError::NotForThisUser);
    }
}

/// The id in front cannot lend a byte to the user, or take one.
#[test]
fn the_border_between_key_and_user_is_bound() {
    let [short, long] = ["k", "kx"].map(|id| keys(&OLD.replace("old", id)));
    let mut shifted = short.seal(&secret(), b"x").unwrap();
    shifted[1] = 2;
    shifted.insert(3, b'x');
    assert_eq!(error(&long, &shifted, b""), SealError::NotForThisUser);
}

#[test]
fn the_last_key_seals_and_all_open() {
    let before = keys(OLD).seal(&secret(), USER).unwrap();
    let both = keys(&format!("{OLD},\n {NEW}\n"));
    assert!(both.open(&before, USER).is_ok());
    assert!(!both.is_current(&before) && keys(OLD).is_current(&before));
    let after = both.seal(&secret(), USER).unwrap();
    assert!(both.is_current(&after) && keys(NEW).open(&after, USER).is_ok());
    assert_eq!(error(&keys(OLD), &after, USER), SealError::UnknownKey);
    // Another key that goes by the same id.
    let renamed = keys(&NEW.replace("new", "old"));
    assert_eq!(error(&renamed, &before, USER), SealError::NotForThisUser);
}

#[test]
fn it_opens_at_its_whole_length_and_with_no_bit_changed() {
    let sealed = keys(OLD).seal(&secret(), USER).unwrap();
    for length in 0..sealed.len() {
        let refused = error(&keys(OLD), &sealed[..length], USER);
        assert_eq!(refused, SealError::NotForThisUser, "{length}");
    }
    let longer = [&sealed[..], b"\0"].concat();
    assert_eq!(error(&keys(OLD), &longer, USER), SealError::NotForThisUser);
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[place] ^= 1 << bit;
            assert!(keys(OLD).open(&changed, USER).is_err(), "{place}, {bit}");
        }
    }
}

/// CVE-2026-39324: what could not be decrypted was read in another way.
#[test]
fn cve_2026_39324_what_was_never_sealed_is_read_in_no_other_way() {
    let keys = keys("1:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=");
    for plain in [
        &b""[..],
        b"12345678901234567890",
        b"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        b"{\"secret\":\"12345678901234567890\"}",
    ] {
        assert!(keys.open(plain, b"user 7").is_err());
        let framed = [b"\x01\x011", plain].concat();
        assert_eq!(error(&keys, &framed, b"user 7"), SealError::NotForThisUser);
    }
}

#[test]
fn no_two_sealings_are_alike() {
    let ring = keys(OLD);
    let sealings = (0..1000).map(|_| ring.seal(&secret(), USER).unwrap());
    assert_eq!(sealings.collect::<HashSet<_>>().len(), 1000);
}

#[test]
fn a_list_of_keys_says_at_which_place_it_is_none() {
    let error = |text: &str| text.parse::<Keyring>().unwrap_err();
    for text in ["", " ", ",\n,"] {
        assert_eq!(error(text), KeyringError::Empty);
    }
    let long = format!("{}:", "x".repeat(33));
    for id in ["", ":", "é:", "a/b:", &long] {
        let text = format!("{OLD} {id}{}", &NEW[4..]);
        assert_eq!(error(&text), KeyringError::Id(2), "{id}");
    }
    let twice = format!("{OLD} {NEW} {OLD}");
    assert_eq!(error(&twice), KeyringError::DuplicateId(3));
    let key = &OLD[4..];
    let (longer, url) = (format!("AAAA{key}"), key.replace('A', "-"));
    for key in ["", "AAAA", &key[1..], &key[..43], &longer, &url] {
        assert_eq!(error(&format!("old:{key}")), KeyringError::Key(1), "{key}");
    }
}

#[test]
fn keys_are_never_shown() {
    let shown = format!("{:?} {:#?}", keys(OLD), keys(NEW));
    assert!(shown.contains("old") && shown.contains("new"));
    for key in [OLD, NEW] {
        let error = format!("{key}AAAA").parse::<Keyring>().unwrap_err();
        for part in [&key[4..12], &key[20..28]] {
            assert!(!shown.contains(part));
            assert!(!format!("{error} {error:?}").contains(part));
        }
    }
}
