//! The one door through which signatures are compared.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// What a signature is checked with.
#[derive(Clone)]
pub(crate) enum Key {
    /// The state after the padded key, which saves hashing it for each request.
    Hmac(Hmac<Sha256>),
    #[cfg(feature = "ed25519")]
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// A well-formed signature that nobody has checked.
pub(crate) enum Signature {
    Hmac([u8; 32]),
    #[cfg(feature = "ed25519")]
    Ed25519(Box<[u8; 64]>),
}

impl Signature {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Signature::Hmac(bytes) => bytes,
            #[cfg(feature = "ed25519")]
            Signature::Ed25519(bytes) => &**bytes,
        }
    }
}

impl Key {
    pub(crate) fn hmac(secret: &[u8]) -> Option<Key> {
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret)
            .ok()
            .map(Key::Hmac)
    }

    #[cfg(feature = "ed25519")]
    pub(crate) fn ed25519(public: &[u8]) -> Option<Key> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(public.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Key::Ed25519(key))
    }

    /// Whether this key made any of the signatures of the texts `before`, followed by `body`.
    fn made(&self, signatures: &[Signature], before: &[&str], body: &[u8]) -> Choice {
        #[cfg(test)]
        work::count(|work| work.keys += 1);
        match self {
            Key::Hmac(state) => {
                let mut mac = state.clone();
                before.iter().for_each(|part| mac.update(part.as_bytes()));
                mac.update(body);
                let expected = mac.finalize().into_bytes().into();
                any(signatures.iter().map(|signature| match signature {
                    Signature::Hmac(bytes) => equal(&expected, bytes),
                    #[cfg(feature = "ed25519")]
                    Signature::Ed25519(_) => Choice::from(0),
                }))
            }
            #[cfg(feature = "ed25519")]
            Key::Ed25519(key) => {
                let message = [before.concat().as_bytes(), body].concat();
                any(signatures.iter().map(|signature| match signature {
                    Signature::Hmac(_) => Choice::from(0),
                    Signature::Ed25519(bytes) => {
                        let signature = ed25519_dalek::Signature::from_bytes(bytes);
                        Choice::from(u8::from(key.verify_strict(&message, &signature).is_ok()))
                    }
                }))
            }
        }
    }
}

/// The place of the last key that made any of the signatures.
///
/// # Security
/// Every key meets every signature, so the time tells neither which key nor which signature was right.
/// It has a place of its own in the program, at which `tests/constant_time.rs` counts instructions.
#[inline(never)]
pub(crate) fn matching<'k>(
    keys: impl IntoIterator<Item = &'k Key>,
    signatures: &[Signature],
    before: &[&str],
    body: &[u8],
) -> Option<usize> {
    let mut place = 0;
    let mut found = Choice::from(0);
    for (this, key) in (0_u8..).zip(keys) {
        let made = key.made(signatures, before, body);
        place.conditional_assign(&this, made);
        found |= made;
    }
    bool::from(found).then_some(usize::from(place))
}

/// Equality by the word, in an eighth of the steps that it takes by the byte.
fn equal(a: &[u8; 32], b: &[u8; 32]) -> Choice {
    let words = |bytes: &[u8; 32]| {
        let (words, _) = bytes.as_chunks();
        [0, 1, 2, 3].map(|place| u64::from_ne_bytes(words[place]))
    };
    words(a).ct_eq(&words(b))
}

fn any(choices: impl Iterator<Item = Choice>) -> Choice {
    choices.fold(Choice::from(0), |any, choice| {
        #[cfg(test)]
        work::count(|work| work.comparisons += 1);
        any | choice
    })
}

/// How often this thread hashed and compared, for tests that say how often it must.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub(crate) struct Work {
        pub(crate) keys: usize,
        pub(crate) comparisons: usize,
    }

    thread_local! {
        static WORK: Cell<Work> = const { Cell::new(Work { keys: 0, comparisons: 0 }) };
    }

    pub(super) fn count(add: impl FnOnce(&mut Work)) {
        let mut work = WORK.get();
        add(&mut work);
        WORK.set(work);
    }

    pub(crate) fn of<T>(run: impl FnOnce() -> T) -> (T, Work) {
        WORK.set(Work::default());
        let result = run();
        (result, WORK.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(secret: &[u8], body: &[u8]) -> [u8; 32] {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).unwrap();
        mac.chain_update(body).finalize().into_bytes().into()
    }

    fn signature(secret: &[u8], body: &[u8]) -> Signature {
        Signature::Hmac(mac(secret, body))
    }

    #[test]
    fn every_key_meets_every_signature() {
        let keys = [b"a", b"b", b"c"].map(|secret| Key::hmac(secret).unwrap());
        let wrong = || signature(b"d", b"body");
        for right in [b"a", b"b", b"c", b"d"] {
            for signatures in [
                [signature(right, b"body"), wrong(), wrong()],
                [wrong(), wrong(), signature(right, b"body")],
            ] {
                let (_, work) = work::of(|| matching(&keys, &signatures, &[], b"body"));
                assert_eq!((work.keys, work.comparisons), (3, 9));
            }
        }
    }

    #[test]
    fn the_last_key_that_matches_is_named() {
        let keys = [b"a", b"b", b"b", b"c"].map(|secret| Key::hmac(secret).unwrap());
        let place = |secret| matching(&keys, &[signature(secret, b"body")], &["b", "o"], b"dy");
        assert_eq!(place(b"a"), Some(0));
        assert_eq!(place(b"b"), Some(2));
        assert_eq!(place(b"c"), Some(3));
        assert_eq!(place(b"d"), None);
        assert_eq!(matching(&keys, &[], &[], b""), None);
        assert_eq!(matching(&[], &[signature(b"a", b"")], &[], b""), None);
    }

    #[test]
    fn each_bit_of_a_signature_counts() {
        let key = Key::hmac(b"a").unwrap();
        for bit in 0..256 {
            let mut bytes = mac(b"a", b"body");
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                matching([&key], &[Signature::Hmac(bytes)], &[], b"body"),
                None
            );
        }
    }

    #[test]
    fn the_states_of_a_key_are_wiped_when_dropped() {
        // HMAC holds nothing but two of these.
        fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<Sha256>();
    }
}
