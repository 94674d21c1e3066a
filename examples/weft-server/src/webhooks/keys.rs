//! The keys that secrets are sealed under, kept out of the database.

use std::{env, io};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;
use weft_webhooks::seal::Keyring;
use zeroize::Zeroizing;

use crate::state_folder::StateFolder;

/// The keys that the environment names in `WEFT_KEYS`, else those of the folder, made if missing.
///
/// # Errors
/// When what is there is no list of keys, the folder cannot be used, or the system has no randomness.
pub fn open(folder: &StateFolder) -> io::Result<Keyring> {
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
    text.parse().map_err(io::Error::other)
}

/// 256 random bits in base64.
pub(crate) fn random() -> io::Result<Zeroizing<String>> {
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom::new()
        .fill(key.as_mut_slice())
        .map_err(|_| io::Error::other("the system has no randomness to give"))?;
    Ok(Zeroizing::new(STANDARD.encode(key.as_slice())))
}

/// Where a secret is kept: what is sealed for one row does not open in another.
pub(crate) fn row(org: Uuid, holder: Uuid, secret: Uuid) -> [u8; 48] {
    let mut row = [0; 48];
    for (part, id) in row.chunks_exact_mut(16).zip([org, holder, secret]) {
        part.copy_from_slice(id.as_bytes());
    }
    row
}

const VARIABLE: &str = "WEFT_KEYS";
const FILE: &str = "keys";
