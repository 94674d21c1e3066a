use std::fmt;

use uuid::Uuid;

/// The value of one organisation or shop id.
///
/// Integers of 32 and 64 bits share a variant; the declaration says which of the two the column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(untagged)
)]
pub enum Key {
    /// An integer id: `int4` or `int8`.
    Int(i64),
    /// A `uuid` id.
    Uuid(Uuid),
}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Key {
        Key::Uuid(id)
    }
}

impl From<i64> for Key {
    fn from(id: i64) -> Key {
        Key::Int(id)
    }
}

impl From<i32> for Key {
    fn from(id: i32) -> Key {
        Key::Int(id.into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Int(id) => id.fmt(f),
            Key::Uuid(id) => id.fmt(f),
        }
    }
}

/// The SQL type of an organisation or shop column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// `int4`, an `i32` in Rust. Shop keys only.
    I32,
    /// `int8`, an `i64` in Rust.
    I64,
    /// `uuid`.
    Uuid,
}

impl KeyType {
    /// The type's name in SQL, as it stands in a cast.
    pub const fn sql_name(self) -> &'static str {
        match self {
            KeyType::I32 => "int4",
            KeyType::I64 => "int8",
            KeyType::Uuid => "uuid",
        }
    }

    /// The type's `pg_type` oid (stable built-in numbers).
    pub const fn oid(self) -> u32 {
        match self {
            KeyType::I32 => 23,
            KeyType::I64 => 20,
            KeyType::Uuid => 2950,
        }
    }

    /// The `pg_type` oid of an array of this type.
    pub const fn array_oid(self) -> u32 {
        match self {
            KeyType::I32 => 1007,
            KeyType::I64 => 1016,
            KeyType::Uuid => 2951,
        }
    }

    /// Whether a column of this type can hold `key`.
    pub fn holds(self, key: Key) -> bool {
        match (self, key) {
            (KeyType::I32, Key::Int(id)) => i32::try_from(id).is_ok(),
            (KeyType::I64, Key::Int(_)) | (KeyType::Uuid, Key::Uuid(_)) => true,
            _ => false,
        }
    }

    /// The key that Postgres would read from `text` as a value of this type, if `text` is one.
    ///
    /// Stricter than the server: only plain decimal integers and the spellings of a UUID that
    /// both sides agree on. What it does not accept is refused, never guessed.
    pub fn parse(self, text: &str) -> Option<Key> {
        match self {
            KeyType::Uuid => Uuid::try_parse(text).ok().map(Key::Uuid),
            KeyType::I32 | KeyType::I64 => text
                .parse::<i64>()
                .ok()
                .map(Key::Int)
                .filter(|key| self.holds(*key)),
        }
    }

    /// `key` in the binary format of this type, as a bound parameter carries it.
    #[cfg(feature = "diesel")]
    pub(crate) fn encode(self, key: Key) -> Option<Vec<u8>> {
        match (self, key) {
            (KeyType::I32, Key::Int(id)) => {
                i32::try_from(id).ok().map(|id| id.to_be_bytes().to_vec())
            }
            (KeyType::I64, Key::Int(id)) => Some(id.to_be_bytes().to_vec()),
            (KeyType::Uuid, Key::Uuid(id)) => Some(id.as_bytes().to_vec()),
            _ => None,
        }
    }

    /// A one-dimensional array of `keys` in the binary format.
    #[cfg(feature = "diesel")]
    pub(crate) fn encode_array(self, keys: &[Key]) -> Option<Vec<u8>> {
        let count = i32::try_from(keys.len()).ok()?;
        let mut bytes = Vec::with_capacity(20 + keys.len() * 20);
        let dimensions: i32 = if keys.is_empty() { 0 } else { 1 };
        bytes.extend(dimensions.to_be_bytes());
        bytes.extend(0_i32.to_be_bytes());
        bytes.extend(self.oid().to_be_bytes());
        if count > 0 {
            bytes.extend(count.to_be_bytes());
            bytes.extend(1_i32.to_be_bytes());
        }
        for key in keys {
            let element = self.encode(*key)?;
            bytes.extend(i32::try_from(element.len()).ok()?.to_be_bytes());
            bytes.extend(element);
        }
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_int4_column_does_not_hold_a_larger_number() {
        assert!(KeyType::I32.holds(Key::Int(7)));
        assert!(!KeyType::I32.holds(Key::Int(i64::from(i32::MAX) + 1)));
        #[cfg(feature = "diesel")]
        assert_eq!(KeyType::I32.encode(Key::Int(i64::MAX)), None);
    }

    #[cfg(feature = "diesel")]
    #[test]
    fn the_empty_array_has_no_dimension() {
        let bytes = KeyType::I64.encode_array(&[]).unwrap();
        assert_eq!(bytes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20]);
    }

    #[test]
    fn only_plain_spellings_are_read() {
        assert_eq!(KeyType::I64.parse("42"), Some(Key::Int(42)));
        assert_eq!(KeyType::I64.parse(" 42"), None);
        assert_eq!(KeyType::I64.parse("0x2a"), None);
        assert_eq!(KeyType::Uuid.parse("42"), None);
    }
}
