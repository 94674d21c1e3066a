use std::fmt;

use zeroize::Zeroizing;

use super::EnvelopeError;

/// The key of a tenant, under which its streams are sealed. Stored wrapped alone.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<DataKey, EnvelopeError> {
        random().map(DataKey)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<DataKey> {
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        Some(DataKey(Zeroizing::new(bytes)))
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, EnvelopeError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| EnvelopeError::Randomness)?;
    Ok(bytes)
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}
