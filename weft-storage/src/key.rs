//! Names of objects, made of parts that cannot be anything else.

use std::fmt;

use uuid::Uuid;

/// The name of one object: `tenant/kind/id` and maybe an extension.
///
/// ```
/// use uuid::Uuid;
/// use weft_storage::{Extension, Key, Kind};
///
/// let (tenant, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
/// let key = Key::new(tenant, Kind::new("attachments")?, id).with_extension(Extension::new("pdf")?);
/// assert_eq!(
///     key.to_string(),
///     "00000000-0000-0000-0000-000000000001/attachments/00000000-0000-0000-0000-000000000002.pdf",
/// );
/// assert!(Extension::new("pdf/../../x").is_err());
/// # Ok::<(), weft_storage::KeyError>(())
/// ```
///
/// # Security
/// No part can hold a slash, a dot, a percent sign or anything that a client or a store would read as
/// something else, so a key leads to its tenant's prefix whatever went in (CVE-2026-33195). Give it an
/// `id` that is random and used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    tenant: Uuid,
    kind: Kind,
    id: Uuid,
    extension: Option<Extension>,
}

/// What objects of one sort are kept under, such as `attachments`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(Word<32>);

/// The end of a name, without its dot. It tells nothing: what a file is, its bytes say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extension(Word<16>);

/// All objects of a tenant, or all of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Prefix {
    tenant: Uuid,
    kind: Option<Kind>,
}

/// Why something is no part of a key, or no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// A kind is 1 to 32 of `a` to `z`, `0` to `9` and `-`.
    Kind,
    /// An extension is 1 to 16 of `a` to `z` and `0` to `9`.
    Extension,
    /// The text is not how a key is written.
    Key,
    /// The key is another tenant's.
    OtherTenant,
}

impl Key {
    /// The object of that id.
    pub fn new(tenant: Uuid, kind: Kind, id: Uuid) -> Key {
        let extension = None;
        Key {
            tenant,
            kind,
            id,
            extension,
        }
    }

    /// The same with an extension.
    #[must_use]
    pub fn with_extension(self, extension: Extension) -> Key {
        let extension = Some(extension);
        Key { extension, ..self }
    }

    /// The key that a store listed, if it is one of `tenant`'s.
    ///
    /// # Errors
    /// When it is not exactly how such a key is written.
    pub fn parse(text: &str, tenant: Uuid) -> Result<Key, KeyError> {
        let mut parts = text.split('/');
        let mut part = || parts.next().ok_or(KeyError::Key);
        let (owner, kind, name) = (part()?, part()?, part()?);
        let id = |text: &str| Uuid::try_parse(text).map_err(|_| KeyError::Key);
        if id(owner)? != tenant {
            return Err(KeyError::OtherTenant);
        }
        let kind = Kind::new(kind).map_err(|_| KeyError::Key)?;
        let key = match name.split_once('.') {
            None => Key::new(tenant, kind, id(name)?),
            Some((name, extension)) => {
                let extension = Extension::new(extension).map_err(|_| KeyError::Key)?;
                Key::new(tenant, kind, id(name)?).with_extension(extension)
            }
        };
        // Ids have several spellings, and keys one.
        match key.to_string() == text {
            true => Ok(key),
            false => Err(KeyError::Key),
        }
    }

    /// Whose it is.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Writes it into a path or a policy. All of its characters stand for themselves in both.
    pub(crate) fn write(&self, out: &mut String) {
        let mut id = [0; 36];
        out.push_str(self.tenant.hyphenated().encode_lower(&mut id));
        out.push('/');
        out.push_str(self.kind.as_str());
        out.push('/');
        out.push_str(self.id.hyphenated().encode_lower(&mut id));
        if let Some(extension) = &self.extension {
            out.push('.');
            out.push_str(extension.as_str());
        }
    }

    /// How many bytes that takes at most.
    pub(crate) const LONGEST: usize = 36 + 1 + 32 + 1 + 36 + 1 + 16;
}

impl Kind {
    /// The kind of that name.
    ///
    /// # Errors
    /// When it is not 1 to 32 of `a` to `z`, `0` to `9` and `-`.
    pub const fn new(name: &str) -> Result<Kind, KeyError> {
        match Word::new(name, true) {
            Some(word) => Ok(Kind(word)),
            None => Err(KeyError::Kind),
        }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Extension {
    /// That extension.
    ///
    /// # Errors
    /// When it is not 1 to 16 of `a` to `z` and `0` to `9`.
    pub const fn new(text: &str) -> Result<Extension, KeyError> {
        match Word::new(text, false) {
            Some(word) => Ok(Extension(word)),
            None => Err(KeyError::Extension),
        }
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Prefix {
    /// All that is a tenant's.
    pub fn of(tenant: Uuid) -> Prefix {
        let kind = None;
        Prefix { tenant, kind }
    }

    /// Of those, the ones of a kind.
    #[must_use]
    pub fn with_kind(self, kind: Kind) -> Prefix {
        let kind = Some(kind);
        Prefix { kind, ..self }
    }

    /// Whose they are.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }
}

/// It ends with a slash, so that no other prefix begins with it (CVE-2026-33202).
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.tenant.hyphenated())?;
        match &self.kind {
            Some(kind) => write!(f, "{}/", kind.as_str()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(Key::LONGEST);
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Up to `MOST` letters and digits of a closed alphabet, in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Word<const MOST: usize> {
    bytes: [u8; MOST],
    length: u8,
}

impl<const MOST: usize> Word<MOST> {
    const fn new(text: &str, hyphens: bool) -> Option<Word<MOST>> {
        let text = text.as_bytes();
        if text.is_empty() || text.len() > MOST {
            return None;
        }
        let mut bytes = [0; MOST];
        let mut at = 0;
        while at < text.len() {
            match text[at] {
                byte @ (b'a'..=b'z' | b'0'..=b'9') => bytes[at] = byte,
                b'-' if hyphens => bytes[at] = b'-',
                _ => return None,
            }
            at += 1;
        }
        let length = text.len() as u8;
        Some(Word { bytes, length })
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyError::Kind => "a kind is not 1 to 32 of a to z, 0 to 9 and -",
            KeyError::Extension => "an extension is not 1 to 16 of a to z and 0 to 9",
            KeyError::Key => "the text is no key",
            KeyError::OtherTenant => "the key is another tenant's",
        })
    }
}

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: Uuid = Uuid::from_u128(7);

    fn key() -> Key {
        Key::new(
            TENANT,
            Kind::new("attachments").unwrap(),
            Uuid::from_u128(9),
        )
    }

    #[test]
    fn a_key_reads_back_and_is_one_tenants() {
        let pdf = key().with_extension(Extension::new("pdf").unwrap());
        for key in [key(), pdf] {
            assert_eq!(Key::parse(&key.to_string(), TENANT), Ok(key));
            let other = Key::parse(&key.to_string(), Uuid::from_u128(8));
            assert_eq!(other, Err(KeyError::OtherTenant));
            assert!(key.to_string().starts_with(&Prefix::of(TENANT).to_string()));
        }
    }

    #[test]
    fn cve_2026_33195_what_is_written_in_another_way_is_no_key() {
        let good = key().to_string();
        let nil = Uuid::nil();
        for text in [
            "",
            "/",
            "..",
            &good.to_uppercase(),
            &format!("/{good}"),
            &format!("{good}/"),
            &format!("{good}/x"),
            &format!("{good}."),
            &format!("{good}.."),
            &format!("{good}.p.d"),
            &good.replace("/attachments", "/../attachments"),
            &good.replace("attachments", "%2e%2e"),
            &good.replace('-', ""),
            &format!("{TENANT}/attachments/{{{nil}}}"),
            &format!("{TENANT}/attachments/urn:uuid:{nil}"),
        ] {
            assert!(Key::parse(text, TENANT).is_err(), "{text}");
        }
    }

    #[test]
    fn parts_are_of_their_alphabet() {
        for name in [
            "",
            "A",
            "a/b",
            "..",
            "a.b",
            "a%2fb",
            "a b",
            "é",
            "a\0",
            &"x".repeat(33),
        ] {
            assert_eq!(Kind::new(name), Err(KeyError::Kind), "{name}");
        }
        for name in ["", "PDF", "tar.gz", "a-b", "x/y", &"x".repeat(17)] {
            assert_eq!(Extension::new(name), Err(KeyError::Extension), "{name}");
        }
    }

    /// CVE-2026-33202: deleting by prefix took what only began alike.
    #[test]
    fn cve_2026_33202_no_prefix_begins_with_another() {
        let of = |kind| {
            Prefix::of(TENANT)
                .with_kind(Kind::new(kind).unwrap())
                .to_string()
        };
        assert!(!of("attachments-old").starts_with(&of("attachments")));
        assert!(of("attachments").starts_with(&Prefix::of(TENANT).to_string()));
    }
}
