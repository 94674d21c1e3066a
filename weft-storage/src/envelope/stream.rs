//! The key of a stream, and how its segments are numbered.

use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{AES_256_GCM, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::EnvelopeError;
use super::data_key::{DataKey, random};

/// The bytes of plain text in a segment, but for the last one, which has up to as many.
pub const SEGMENT: usize = 64 * 1024;
/// The bytes before the first segment.
pub const HEADER: usize = 5 + 32 + 32;
/// The bytes that a segment is longer by when it is sealed.
pub const TAG: usize = 16;

const MAGIC: &[u8; 5] = b"WEFT\x01";

/// How long a stream of `plain` bytes is when it is sealed.
pub const fn sealed_length(plain: u64) -> u64 {
    let segments = match plain {
        0 => 1,
        _ => plain.div_ceil(SEGMENT as u64),
    };
    HEADER as u64 + plain + segments * TAG as u64
}

/// How many bytes of plain text are in a sealed stream of that length, if one can be as long.
pub const fn plain_length(sealed: u64) -> Option<u64> {
    let Some(body) = sealed.checked_sub(HEADER as u64) else {
        return None;
    };
    let tags = body.div_ceil((SEGMENT + TAG) as u64) * TAG as u64;
    match body.checked_sub(tags) {
        Some(plain) if sealed_length(plain) == sealed => Some(plain),
        _ => None,
    }
}

/// The key of one stream.
pub(super) struct Stream(LessSafeKey);

impl Stream {
    /// A new one, and the header that leads back to it.
    pub(super) fn new(
        key: &DataKey,
        object: &[u8],
    ) -> Result<(Stream, [u8; HEADER]), EnvelopeError> {
        let salt = random::<32>()?;
        let (stream, commitment) = Stream::derive(key, salt.as_slice(), object)?;
        let mut header = [0; HEADER];
        header[..5].copy_from_slice(MAGIC);
        header[5..37].copy_from_slice(salt.as_slice());
        header[37..].copy_from_slice(&commitment);
        Ok((stream, header))
    }

    /// The one that a header leads to.
    pub(super) fn of(
        header: &[u8; HEADER],
        key: &DataKey,
        object: &[u8],
    ) -> Result<Stream, EnvelopeError> {
        let (magic, rest) = header.split_at(5);
        if magic != MAGIC {
            return Err(EnvelopeError::NotAnEnvelope);
        }
        let (salt, commitment) = rest.split_at(32);
        let (stream, expected) = Stream::derive(key, salt, object)?;
        match bool::from(expected.ct_eq(commitment)) {
            true => Ok(stream),
            false => Err(EnvelopeError::OtherKey),
        }
    }

    /// HKDF-SHA-256 (RFC 5869): a key, and a commitment to it. AES-GCM alone commits to none.
    fn derive(
        key: &DataKey,
        salt: &[u8],
        object: &[u8],
    ) -> Result<(Stream, [u8; 32]), EnvelopeError> {
        let extracted = Zeroizing::new(mac(salt, &[key.expose().as_slice()]));
        let expand = |of: &[u8]| {
            mac(
                extracted.as_slice(),
                &[b"weft-storage stream\0", of, b"\0", object, &[1]],
            )
        };
        let secret = Zeroizing::new(expand(b"key"));
        let secret = UnboundKey::new(&AES_256_GCM, &*secret).map_err(|_| EnvelopeError::Corrupt)?;
        Ok((Stream(LessSafeKey::new(secret)), expand(b"commitment")))
    }

    /// Seals a segment in place, and returns its tag.
    pub(super) fn seal(
        &self,
        number: Number,
        plain: &mut [u8],
    ) -> Result<[u8; TAG], EnvelopeError> {
        let sealed =
            self.0
                .seal_in_place_separate_tag(number.nonce(), ring::aead::Aad::empty(), plain);
        let tag = sealed.map_err(|_| EnvelopeError::Corrupt)?;
        let mut bytes = [0; TAG];
        bytes.copy_from_slice(tag.as_ref());
        Ok(bytes)
    }

    /// Opens a segment in place, its tag behind it.
    pub(super) fn open<'s>(
        &self,
        number: Number,
        sealed: &'s mut [u8],
    ) -> Result<&'s [u8], EnvelopeError> {
        let opened = self
            .0
            .open_in_place(number.nonce(), ring::aead::Aad::empty(), sealed);
        opened
            .map(|plain| &*plain)
            .map_err(|_| EnvelopeError::Corrupt)
    }
}

/// Which segment of a stream it is, and whether it is the last one. The key is the stream's alone, so
/// that these make no nonce twice.
#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) at: u64,
    pub(super) last: bool,
}

impl Number {
    fn nonce(self) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[0] = u8::from(self.last);
        nonce[4..].copy_from_slice(&self.at.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }

    /// The one behind it.
    pub(super) fn next(self) -> Result<Number, EnvelopeError> {
        let at = self.at.checked_add(1).ok_or(EnvelopeError::TooLong)?;
        Ok(Number { at, ..self })
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = Zeroizing::new([0; 64]);
    // A salt and a pseudorandom key have 32 bytes: RFC 2104 fills them up with zeros.
    block[..32].copy_from_slice(&key[..32]);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_what_it_says() {
        const S: u64 = SEGMENT as u64;
        for (plain, segments) in [(0, 1), (1, 1), (S, 1), (S + 1, 2), (2 * S, 2)] {
            assert_eq!(sealed_length(plain), 69 + plain + 16 * segments);
            assert_eq!(plain_length(sealed_length(plain)), Some(plain));
        }
        for sealed in [0, 69, 84, sealed_length(S) + 1, sealed_length(S) + 16] {
            assert_eq!(plain_length(sealed), None, "{sealed}");
        }
    }
}
