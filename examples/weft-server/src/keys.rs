//! The keys that are kept out of the database, each use with one of its own.

use std::{env, fmt, io, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::{SecureRandom, SystemRandom},
};
use weft_auth::{
    PseudonymKey,
    password::{Pepper, Peppers},
};
use weft_webhooks::seal::Keyring;
use zeroize::Zeroizing;

use crate::state_folder::StateFolder;

/// Keys with ids: the last one makes what is new, all of them read what is there.
#[derive(Clone)]
pub struct Keys {
    keys: Vec<(String, Zeroizing<Vec<u8>>)>,
    webhooks: Keyring,
}

impl Keys {
    /// The keys that the environment names in `WEFT_KEYS`, else those of the folder, made if missing.
    ///
    /// # Errors
    /// When what is there is no list of keys, the folder cannot be used, or the system has no randomness.
    pub fn open(folder: &StateFolder) -> io::Result<Keys> {
        let named = env::var(VARIABLE).ok().filter(|text| !text.is_empty());
        let text = match named.map(Zeroizing::new) {
            Some(text) => text,
            None => match folder.read(FILE)?.map(Zeroizing::new) {
                Some(text) => text,
                None => {
                    let text = Zeroizing::new(format!("1:{}", *random()?));
                    folder.write(FILE, &text)?;
                    text
                }
            },
        };
        text.parse()
    }

    /// What secrets of webhooks are sealed under: the keys themselves.
    pub fn webhooks(&self) -> &Keyring {
        &self.webhooks
    }

    /// Keys derived from these for one use, under the same ids.
    ///
    /// # Errors
    /// When the use cannot have such keys.
    pub fn derived<K>(&self, of: &str) -> io::Result<K>
    where
        K: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let mut list = Zeroizing::new(String::new());
        for (id, key) in &self.keys {
            let key = derive(key, of)?;
            let key = Zeroizing::new(STANDARD.encode(key.as_slice()));
            list.extend([id, ":", &key, " "]);
        }
        list.parse().map_err(io::Error::other)
    }

    /// What goes into each password's hash. A key that is taken out takes the passwords with it that were
    /// hashed under it and not used since.
    ///
    /// # Errors
    /// When two ids cannot be told apart.
    pub fn peppers(&self) -> io::Result<Peppers> {
        let pepper = |(id, key): &(String, Zeroizing<Vec<u8>>)| {
            // Ids of peppers are short.
            let id = STANDARD.encode(&digest(&SHA256, id.as_bytes()).as_ref()[..6]);
            Pepper::new(&id, derive(key, "passwords")?.as_slice()).map_err(io::Error::other)
        };
        let peppers = self
            .keys
            .iter()
            .map(pepper)
            .collect::<io::Result<Vec<_>>>()?;
        Peppers::new(peppers).map_err(io::Error::other)
    }

    /// What people are called by in counters and the audit log, by the first key: another one would
    /// begin every count anew.
    ///
    /// # Errors
    /// Never, as long as there is a key.
    pub fn pseudonyms(&self) -> io::Result<PseudonymKey> {
        let (_, first) = self.keys.first().ok_or_else(unreadable)?;
        Ok(PseudonymKey::new(&*derive(first, "pseudonyms")?))
    }
}

impl FromStr for Keys {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Keys> {
        // It says what is wrong with the list as a whole.
        let webhooks = text.parse().map_err(io::Error::other)?;
        let words = text.split(|c: char| c == ',' || c.is_ascii_whitespace());
        let keys = words.filter(|word| !word.is_empty()).map(|word| {
            let (id, key) = word.split_once(':').ok_or_else(unreadable)?;
            let key = STANDARD.decode(key).map_err(|_| unreadable())?;
            Ok((id.to_owned(), Zeroizing::new(key)))
        });
        Ok(Keys {
            keys: keys.collect::<io::Result<_>>()?,
            webhooks,
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_struct("Keys")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

/// 256 random bits in base64.
pub(crate) fn random() -> io::Result<Zeroizing<String>> {
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom::new()
        .fill(key.as_mut_slice())
        .map_err(|_| io::Error::other("the system has no randomness to give"))?;
    Ok(Zeroizing::new(STANDARD.encode(key.as_slice())))
}

/// HKDF-SHA-256 (RFC 5869), so that what is made under one key tells nothing of another.
fn derive(key: &[u8], of: &str) -> io::Result<Zeroizing<[u8; 32]>> {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            32
        }
    }
    let mut derived = Zeroizing::new([0; 32]);
    let key = Salt::new(HKDF_SHA256, b"weft-server").extract(key);
    key.expand(&[of.as_bytes()], Length)
        .and_then(|key| key.fill(derived.as_mut_slice()))
        .map_err(|_| unreadable())?;
    Ok(derived)
}

fn unreadable() -> io::Error {
    io::Error::other("the list of keys cannot be read")
}

const VARIABLE: &str = "WEFT_KEYS";
const FILE: &str = "keys";

#[cfg(test)]
mod tests {
    use weft_auth::csrf;

    use super::*;

    const TWO: &str = "a:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=, b:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=";

    #[test]
    fn each_use_has_keys_of_its_own() {
        let keys: Keys = TWO.parse().unwrap();
        let (_, key) = &keys.keys[0];
        let derived = |of| *derive(key, of).unwrap();
        assert_ne!(derived("csrf"), derived("mail"));
        assert_ne!(derived("csrf").as_slice(), key.as_slice());
        assert!(keys.derived::<csrf::Keyring>("csrf").is_ok());
        assert!(keys.peppers().is_ok() && keys.pseudonyms().is_ok());
        assert_eq!(format!("{keys:?}"), r#"Keys { ids: ["a", "b"], .. }"#);
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused() {
        for text in ["", "a", "a:AAAA", "a:*"] {
            assert!(text.parse::<Keys>().is_err(), "{text}");
        }
    }
}
