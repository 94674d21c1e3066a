use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Binding;
use super::key::Key;
use crate::keys::is_id;

/// Random bytes in a token, of which OWASP asks for 16.
pub(crate) const RANDOM: usize = 16;

/// What the signature covers besides: that it is one of these.
const PURPOSE: &[u8] = b"weft-auth csrf 1\0";

/// A token: the id of a key, random bytes, and what that key makes of them and the binding.
///
/// Its text is made of letters, digits, `-`, `_` and dots, which stand unescaped in HTML and in forms.
#[derive(Clone)]
pub struct Token {
    text: Zeroizing<String>,
    id_length: usize,
    random: [u8; RANDOM],
    signature: [u8; 32],
}

impl Token {
    pub(crate) fn sign(key: &Key, binding: &Binding, random: &[u8; RANDOM]) -> Token {
        let signature: [u8; 32] = mac(key, binding, random).finalize().into_bytes().into();
        let [random_text, signature_text] =
            [&random[..], &signature].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let id = key.id();
        Token {
            text: Zeroizing::new(format!("{id}.{random_text}.{signature_text}")),
            id_length: id.len(),
            random: *random,
            signature,
        }
    }

    /// The token that is written so, by whomever.
    pub(crate) fn parse(text: &str) -> Option<Token> {
        let (id, rest) = text.split_once('.')?;
        let (random, signature) = rest.split_once('.')?;
        if !is_id(id) {
            return None;
        }
        Some(Token {
            text: Zeroizing::new(text.to_owned()),
            id_length: id.len(),
            random: decode(random)?,
            signature: decode(signature)?,
        })
    }

    /// The text, for a field, a header or the cookie.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.text[..self.id_length]
    }

    /// In constant time.
    pub(crate) fn is_signed(&self, key: &Key, binding: &Binding) -> bool {
        mac(key, binding, &self.random)
            .verify_slice(&self.signature)
            .is_ok()
    }
}

/// All parts have one length each, so that no two messages are the same bytes.
fn mac(key: &Key, binding: &Binding, random: &[u8; RANDOM]) -> Hmac<Sha256> {
    key.mac()
        .chain_update(PURPOSE)
        .chain_update(binding.as_bytes())
        .chain_update(random)
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == N).then_some(bytes)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("key", &self.key_id())
            .finish_non_exhaustive()
    }
}
