//! The secret that is not in the database.

use std::fmt;

use zeroize::Zeroizing;

use super::phc::{StoredError, is_key_id};

/// A key that goes into each hash and is stored apart from all of them.
#[derive(Clone)]
pub struct Pepper {
    id: String,
    key: Zeroizing<Vec<u8>>,
}

/// Peppers with ids: the last one hashes, all of them verify.
///
/// To exchange one, write a new one behind it. Each sign-in then says that the hash is to be made anew
/// ([`Match::needs_rehash`](super::Match::needs_rehash)); an old pepper can go when no stored hash bears
/// its id any more.
///
/// ```
/// use weft_auth::password::{Pepper, Peppers};
///
/// let old = Pepper::new("2026-05", [1; 32])?;
/// let new = Pepper::new("2026-11", [2; 32])?;
/// let peppers = Peppers::new([old, new])?;
/// assert_eq!(format!("{peppers:?}"), r#"["2026-05", "2026-11"]"#);
/// # Ok::<(), weft_auth::password::PepperError>(())
/// ```
///
/// # Security
/// Whoever has the database alone can test no password, and can write no hash that is accepted: where
/// there are peppers, a hash without one is refused unless [`accepting_unpeppered`] says otherwise.
/// Somebody who can write rows can still give one account the hash of another.
///
/// [`accepting_unpeppered`]: Peppers::accepting_unpeppered
#[derive(Clone)]
pub struct Peppers {
    ring: Vec<Pepper>,
    unpeppered: bool,
}

/// Why a pepper, or a set of them, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PepperError {
    /// The id is not 1 to 8 characters of visible ASCII.
    Id,
    /// Two peppers have the same id.
    DuplicateId,
    /// The key has fewer than 32 bytes, or more than 64.
    Key,
    /// There is no pepper.
    Empty,
}

impl Pepper {
    /// The pepper of that id, which stands in each hash that it makes.
    ///
    /// # Errors
    /// When the id or the key is none that a pepper can have: 32 to 64 bytes, from a source of randomness.
    pub fn new(id: &str, key: impl AsRef<[u8]>) -> Result<Pepper, PepperError> {
        let key = key.as_ref();
        if !is_key_id(id) {
            return Err(PepperError::Id);
        }
        if !(32..=64).contains(&key.len()) {
            return Err(PepperError::Key);
        }
        Ok(Pepper {
            id: id.to_owned(),
            key: Zeroizing::new(key.to_vec()),
        })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }
}

impl Peppers {
    /// No pepper: hashes are made and verified without one.
    pub fn none() -> Peppers {
        Peppers {
            ring: Vec::new(),
            unpeppered: true,
        }
    }

    /// Those peppers, of which the last one hashes.
    ///
    /// # Errors
    /// When there is none, or two have the same id.
    pub fn new(peppers: impl IntoIterator<Item = Pepper>) -> Result<Peppers, PepperError> {
        let mut ring: Vec<Pepper> = Vec::new();
        for pepper in peppers {
            if ring.iter().any(|other| other.id == pepper.id) {
                return Err(PepperError::DuplicateId);
            }
            ring.push(pepper);
        }
        match ring.is_empty() {
            true => Err(PepperError::Empty),
            false => Ok(Peppers {
                ring,
                unpeppered: false,
            }),
        }
    }

    /// The same, with hashes from before there was a pepper verified as well.
    ///
    /// # Security
    /// While this is on, whoever can write rows can write a hash of his own. Turn it off when no row is
    /// left without a key id.
    #[must_use]
    pub fn accepting_unpeppered(mut self) -> Peppers {
        self.unpeppered = true;
        self
    }

    /// The one that hashes.
    pub(super) fn current(&self) -> Option<&Pepper> {
        self.ring.last()
    }

    /// The key that a stored hash was made with, which is empty if it bears no id.
    pub(super) fn key(&self, id: Option<&str>) -> Result<&[u8], StoredError> {
        let Some(id) = id else {
            return match self.unpeppered {
                true => Ok(&[]),
                false => Err(StoredError::NoPepper),
            };
        };
        let pepper = self.ring.iter().find(|pepper| pepper.id == id);
        pepper.map(Pepper::key).ok_or(StoredError::UnknownPepper)
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pepper")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.ring.iter().map(Pepper::id))
            .finish()
    }
}

impl fmt::Display for PepperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PepperError::Id => "the pepper's id is not 1 to 8 characters of visible ASCII",
            PepperError::DuplicateId => "two peppers have the same id",
            PepperError::Key => "the pepper's key has not 32 to 64 bytes",
            PepperError::Empty => "there is no pepper",
        })
    }
}

impl std::error::Error for PepperError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pepper_is_refused() {
        for id in ["", "a b", "a\n", "é", "123456789"] {
            let refused = Pepper::new(id, [0; 32]).unwrap_err();
            assert_eq!(refused, PepperError::Id, "{id:?}");
        }
        for length in [0, 16, 31, 65] {
            let refused = Pepper::new("a", vec![0; length]).unwrap_err();
            assert_eq!(refused, PepperError::Key, "{length}");
        }
        let a = || Pepper::new("a", [0; 32]).unwrap();
        assert_eq!(
            Peppers::new([a(), a()]).unwrap_err(),
            PepperError::DuplicateId
        );
        assert_eq!(Peppers::new([]).unwrap_err(), PepperError::Empty);
    }

    #[test]
    fn a_pepper_is_never_shown() {
        let pepper = Pepper::new("a", *b"0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(format!("{pepper:?}"), "Pepper { id: \"a\", .. }");
        assert_eq!(format!("{:?}", Peppers::new([pepper])), "Ok([\"a\"])");
    }
}
