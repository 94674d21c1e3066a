//! What is sealed opens for its row, under its key, whole and unchanged, and not otherwise.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use weft_webhooks::seal::{Keyring, KeyringError, SealError};

const OLD: &str = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "new:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
const SECRET: &str = "whsec_4kq0yS1cVdZb7uWm2LxT9fGhJ3nR8pEa";
const ROW: &[u8] = b"endpoint 7, secret 1";

fn keys(text: &str) -> Keyring {
    text.parse().unwrap()
}

#[test]
fn what_was_sealed_opens_for_its_row() {
    for text in ["", SECRET, &"é".repeat(10_000)] {
        let sealed = keys(OLD).seal(text, ROW).unwrap();
        assert_eq!(*keys(OLD).open(&sealed, ROW).unwrap(), text);
    }
}

#[test]
fn it_does_not_open_for_another_row() {
    let sealed = keys(OLD).seal(SECRET, ROW).unwrap();
    for row in [
        &b""[..],
        b"endpoint 8, secret 1",
        b"endpoint 7, secret 10",
        &ROW[1..],
    ] {
        assert_eq!(keys(OLD).open(&sealed, row), Err(SealError::NotForThisRow));
    }
}

/// The id in front cannot lend a byte to the row, or take one.
#[test]
fn the_border_between_key_and_row_is_bound() {
    let (short, long) = (
        keys(&OLD.replace("old", "k")),
        keys(&OLD.replace("old", "kx")),
    );
    let sealed = short.seal(SECRET, b"x").unwrap();
    let mut shifted = sealed;
    shifted[1] = 2;
    shifted.insert(3, b'x');
    assert_eq!(long.open(&shifted, b""), Err(SealError::NotForThisRow));
}

#[test]
fn it_does_not_open_under_another_key() {
    let sealed = keys(OLD).seal(SECRET, ROW).unwrap();
    assert_eq!(keys(NEW).open(&sealed, ROW), Err(SealError::UnknownKey));
    // Another key that goes by the same id.
    let renamed = keys(&NEW.replace("new", "old"));
    assert_eq!(renamed.open(&sealed, ROW), Err(SealError::NotForThisRow));
}

#[test]
fn the_last_key_seals_and_all_open() {
    let before = keys(OLD).seal(SECRET, ROW).unwrap();
    let both = keys(&format!("{OLD},\n {NEW}\n"));
    assert_eq!(*both.open(&before, ROW).unwrap(), SECRET);
    assert!(!both.is_current(&before) && keys(OLD).is_current(&before));
    let after = both.seal(SECRET, ROW).unwrap();
    assert!(both.is_current(&after));
    assert_eq!(*keys(NEW).open(&after, ROW).unwrap(), SECRET);
    assert_eq!(keys(OLD).open(&after, ROW), Err(SealError::UnknownKey));
}

#[test]
fn it_opens_at_its_whole_length_only() {
    let sealed = keys(OLD).seal(SECRET, ROW).unwrap();
    for length in 0..sealed.len() {
        let error = keys(OLD).open(&sealed[..length], ROW).unwrap_err();
        assert_eq!(error, SealError::NotForThisRow, "{length}");
    }
    let longer = [&sealed[..], b"\0"].concat();
    assert_eq!(keys(OLD).open(&longer, ROW), Err(SealError::NotForThisRow));
}

#[test]
fn it_does_not_open_with_any_bit_changed() {
    let sealed = keys(OLD).seal(SECRET, ROW).unwrap();
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[place] ^= 1 << bit;
            assert!(keys(OLD).open(&changed, ROW).is_err(), "{place}, {bit}");
        }
    }
}

#[test]
fn no_two_sealings_are_alike() {
    let ring = keys(OLD);
    let sealed: HashSet<Vec<u8>> = (0..1000).map(|_| ring.seal("", ROW).unwrap()).collect();
    assert_eq!(sealed.len(), 1000);
}

#[test]
fn a_list_of_keys_says_at_which_place_it_is_none() {
    let error = |text: &str| text.parse::<Keyring>().unwrap_err();
    for text in ["", " ", ",\n,"] {
        assert_eq!(error(text), KeyringError::Empty);
    }
    for id in [
        "",
        ":",
        "é:",
        "a b:",
        &format!("{}:", "x".repeat(33)),
        "a/b:",
    ] {
        let text = format!("{OLD} {id}{}", &NEW[4..]);
        assert_eq!(error(&text), KeyringError::Id(2), "{id}");
    }
    assert_eq!(
        error(&format!("{OLD} {NEW} {OLD}")),
        KeyringError::DuplicateId(3)
    );
    let key = &OLD[4..];
    for key in [
        "",
        "AAAA",
        &key[1..],
        &key[..43],
        &format!("AAAA{key}"),
        &key.replace('A', "-"),
    ] {
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
