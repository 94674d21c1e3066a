//! The text in which a hash is stored, and the bounds within which a stored one is obeyed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::params::Params;

/// The most passes that a stored hash may ask for.
pub(super) const PASSES: u32 = 16;
/// The most lanes that a stored hash may ask for.
pub(super) const LANES: u32 = 4;
/// A hash with the longest salt, tag and key id takes 241 characters.
const LONGEST: usize = 256;
/// The bytes of a pepper's id, as Argon2 allows them.
const KEY_ID: usize = 8;

const ALGORITHM: &str = "argon2id";
const VERSION: &str = "v=19";

/// A stored hash, read.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Phc {
    pub(super) params: Params,
    pub(super) key_id: Option<String>,
    pub(super) salt: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// Why a stored hash is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoredError {
    /// It is not a PHC string as Argon2 writes it.
    Format,
    /// It was not made by Argon2id, version 19.
    Algorithm,
    /// It asks for more memory, passes or lanes than is allowed, or for fewer than there can be.
    Params,
    /// Its salt has not 8 to 64 bytes, or its tag not 16 to 64.
    Length,
    /// It was made with a pepper that is not here.
    UnknownPepper,
    /// It was made without a pepper, and that is not accepted.
    NoPepper,
}

impl Phc {
    /// Reads `text`, which may ask for as much as `most` KiB.
    ///
    /// Nothing is believed before it is compared with its bound: whoever can write a row would otherwise
    /// decide how much memory and time a sign-in takes.
    pub(super) fn parse(text: &str, most: u32) -> Result<Phc, StoredError> {
        if text.len() > LONGEST {
            return Err(StoredError::Format);
        }
        let mut fields = text.split('$');
        let mut next = || fields.next().ok_or(StoredError::Format);
        if !next()?.is_empty() {
            return Err(StoredError::Format);
        }
        if next()? != ALGORITHM || next()? != VERSION {
            return Err(StoredError::Algorithm);
        }
        let (params, key_id) = cost(next()?, most)?;
        let (salt, tag) = (decode(next()?)?, decode(next()?)?);
        if fields.next().is_some() {
            return Err(StoredError::Format);
        }
        if !(8..=64).contains(&salt.len()) || !(16..=64).contains(&tag.len()) {
            return Err(StoredError::Length);
        }
        Ok(Phc {
            params,
            key_id,
            salt,
            tag,
        })
    }
}

impl fmt::Display for Phc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Params {
            memory,
            passes,
            lanes,
        } = self.params;
        write!(f, "${ALGORITHM}${VERSION}$m={memory},t={passes},p={lanes}")?;
        if let Some(id) = &self.key_id {
            write!(f, ",keyid={}", STANDARD_NO_PAD.encode(id))?;
        }
        let [salt, tag] = [&self.salt, &self.tag].map(|bytes| STANDARD_NO_PAD.encode(bytes));
        write!(f, "${salt}${tag}")
    }
}

/// Reads `m=…,t=…,p=…` and a key id, in the order in which Argon2 writes them.
fn cost(text: &str, most: u32) -> Result<(Params, Option<String>), StoredError> {
    let mut fields = text.split(',');
    let mut value = |name: &str| {
        let field = fields.next().and_then(|field| field.strip_prefix(name));
        field.and_then(number).ok_or(StoredError::Format)
    };
    let params = Params {
        memory: value("m=")?,
        passes: value("t=")?,
        lanes: value("p=")?,
    };
    let key_id = fields.next().map(|field| {
        let id = field.strip_prefix("keyid=").ok_or(StoredError::Format)?;
        let id = String::from_utf8(decode(id)?).map_err(|_| StoredError::Format)?;
        match is_key_id(&id) {
            true => Ok(id),
            false => Err(StoredError::Format),
        }
    });
    if fields.next().is_some() {
        return Err(StoredError::Format);
    }
    let bounded = (1..=PASSES).contains(&params.passes)
        && (1..=LANES).contains(&params.lanes)
        && (8 * params.lanes..=most).contains(&params.memory);
    match bounded {
        true => Ok((params, key_id.transpose()?)),
        false => Err(StoredError::Params),
    }
}

/// Whether that may name a pepper: 1 to 8 characters of visible ASCII.
pub(super) fn is_key_id(id: &str) -> bool {
    (1..=KEY_ID).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_graphic())
}

/// A number in its one spelling.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    let plain = digits && (text.len() == 1 || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}

fn decode(text: &str) -> Result<Vec<u8>, StoredError> {
    let decoded = STANDARD_NO_PAD.decode(text);
    decoded.map_err(|_| StoredError::Format)
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoredError::Format => "the stored hash is not a PHC string of argon2",
            StoredError::Algorithm => "the stored hash is not of argon2id, version 19",
            StoredError::Params => "the stored hash has parameters out of bounds",
            StoredError::Length => "the stored hash has a salt or tag of a length out of bounds",
            StoredError::UnknownPepper => "the stored hash was made with an unknown pepper",
            StoredError::NoPepper => "the stored hash was made without a pepper",
        })
    }
}

impl std::error::Error for StoredError {}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u32 = 2 * 19_456;
    const SALT: &str = "AAECAwQFBgcICQoLDA0ODw";
    const TAG: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn error(text: &str) -> Option<StoredError> {
        Phc::parse(text, MOST).err()
    }

    fn with_cost(cost: &str) -> String {
        format!("$argon2id$v=19${cost}${SALT}${TAG}")
    }

    #[test]
    fn what_is_written_is_read() {
        for cost in [
            "m=19456,t=2,p=1",
            "m=8,t=1,p=1",
            "m=38912,t=16,p=4",
            "m=19456,t=2,p=1,keyid=MjAyNi0xMQ",
        ] {
            let text = with_cost(cost);
            let read = Phc::parse(&text, MOST).unwrap_or_else(|error| panic!("{cost}: {error}"));
            assert_eq!(read.to_string(), text);
        }
        let read = Phc::parse(&with_cost("m=8,t=1,p=1,keyid=MjAyNi0xMQ"), MOST).unwrap();
        assert_eq!(read.key_id.as_deref(), Some("2026-11"));
    }

    #[test]
    fn absurd_parameters_are_refused_before_memory_is_taken() {
        for cost in [
            "m=4294967295,t=2,p=1",
            "m=38913,t=2,p=1",
            "m=0,t=2,p=1",
            "m=7,t=1,p=1",
            "m=31,t=1,p=4",
            "m=19456,t=17,p=1",
            "m=19456,t=4294967295,p=1",
            "m=19456,t=0,p=1",
            "m=19456,t=2,p=5",
            "m=19456,t=2,p=16777215",
            "m=19456,t=2,p=4294967295",
            "m=19456,t=2,p=0",
        ] {
            let refused = error(&with_cost(cost));
            assert_eq!(refused, Some(StoredError::Params), "{cost}");
        }
    }

    #[test]
    fn a_cost_has_one_spelling() {
        for cost in [
            "",
            "m=19456",
            "m=19456,t=2",
            "t=2,m=19456,p=1",
            "m=019456,t=2,p=1",
            "m=+19456,t=2,p=1",
            "m=-1,t=2,p=1",
            "m= 19456,t=2,p=1",
            "m=19456 ,t=2,p=1",
            "m=0x4C00,t=2,p=1",
            "m=1e4,t=2,p=1",
            "m=,t=2,p=1",
            "m=4294967296,t=2,p=1",
            "m=99999999999999999999,t=2,p=1",
            "m=١٩,t=2,p=1",
            "m=19456,t=2,p=1,",
            "m=19456,t=2,p=1,keyid=",
            "m=19456,t=2,p=1,keyid=AA",
            "m=19456,t=2,p=1,keyid=wqM",
            "m=19456,t=2,p=1,keyid=////",
            "m=19456,t=2,p=1,keyid=MTIzNDU2Nzg5",
            "m=19456,t=2,p=1,data=MTIz",
            "m=19456,t=2,p=1,keyid=MQ,data=MTIz",
            "m=19456,t=2,p=1,m=8",
        ] {
            let refused = error(&with_cost(cost));
            assert_eq!(refused, Some(StoredError::Format), "{cost}");
        }
    }

    #[test]
    fn other_algorithms_and_versions_are_refused() {
        for head in [
            "$argon2i$v=19",
            "$argon2d$v=19",
            "$argon2ID$v=19",
            "$argon2id$v=16",
            "$argon2id$v=20",
            "$argon2id",
            "$scrypt$v=19",
            "$2b$12",
        ] {
            let text = format!("{head}$m=19456,t=2,p=1${SALT}${TAG}");
            assert_eq!(error(&text), Some(StoredError::Algorithm), "{head}");
        }
    }

    #[test]
    fn what_is_longer_than_any_hash_is_not_read() {
        let salt = "A".repeat(1 << 20);
        let text = format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${TAG}");
        assert_eq!(error(&text), Some(StoredError::Format));
    }

    /// RUSTSEC-2026-0199: one tampered row made each sign-in panic.
    #[test]
    fn rustsec_2026_0199_what_is_no_hash_is_an_error_and_no_panic() {
        let right = with_cost("m=19456,t=2,p=1");
        for text in [
            "",
            "$",
            "password",
            "!",
            "*",
            "é",
            "$argon2id$v=19$m=19456,t=2,p=1",
            &right[1..],
            &format!(" {right}"),
            &format!("{right} "),
            &format!("{right}\n"),
            &format!("{right}\0"),
            &format!("{right}é"),
            &format!("{right}="),
            &format!("{right}$"),
            &format!("{right}$AAAA"),
            &right.replace("AAEC", "AA-_"),
            &right.replace("AAEC", "éé"),
            &"$".repeat(256),
            &"A".repeat(1 << 20),
        ] {
            assert!(error(text).is_some(), "{text}");
        }
        // Cut off later it has a shorter tag, which no password has.
        for end in 0..right.len() - TAG.len() + 22 {
            assert!(error(&right[..end]).is_some(), "{end}");
        }
        for place in 0..right.len() {
            let mut bytes = right.clone().into_bytes();
            for byte in 0..128 {
                bytes[place] = byte;
                let _ = Phc::parse(str::from_utf8(&bytes).unwrap(), MOST);
            }
        }
    }

    #[test]
    fn a_base64_text_with_bits_to_spare_is_refused() {
        let text = with_cost("m=19456,t=2,p=1").replace("ODw$", "ODx$");
        assert_eq!(error(&text), Some(StoredError::Format));
    }

    #[test]
    fn salt_and_tag_have_bounded_lengths() {
        let text = |salt: usize, tag: usize| {
            let [salt, tag] = [salt, tag].map(|bytes| STANDARD_NO_PAD.encode(vec![7; bytes]));
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${tag}")
        };
        for (salt, tag) in [(8, 16), (16, 32), (64, 64)] {
            assert_eq!(error(&text(salt, tag)), None, "{salt} {tag}");
        }
        for (salt, tag) in [(0, 32), (7, 32), (65, 32), (16, 0), (16, 15), (16, 65)] {
            let refused = error(&text(salt, tag));
            assert_eq!(refused, Some(StoredError::Length), "{salt} {tag}");
        }
    }
}
