/// What a request may cost before its signature is known to be right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of the body.
    pub(crate) body: usize,
    /// Bytes of each header that is read.
    pub(crate) header: usize,
    /// Signatures in the header, of versions that are compared.
    pub(crate) signatures: usize,
}

impl Limits {
    /// Room for one signature.
    pub(crate) const fn single(body: usize) -> Limits {
        Limits {
            body,
            header: 256,
            signatures: 1,
        }
    }
}

/// The most secrets one verifier holds: each costs a hash of the whole body.
pub(crate) const SECRETS: usize = 8;

pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * KIB;
