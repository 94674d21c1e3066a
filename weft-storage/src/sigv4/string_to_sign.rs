//! Step 2: what is signed.

use super::canonical_request::hex;
use super::signing_key::SigningKey;
use crate::stamp::Stamp;

/// The one algorithm.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Where and on which day a signature is good.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub(crate) at: &'s Stamp,
    pub(crate) region: &'s str,
}

impl Scope<'_> {
    /// The scope, its parts parted by `slash`.
    pub(crate) fn write(&self, slash: &str, out: &mut String) {
        for part in [self.at.day(), slash, self.region, slash, "s3", slash] {
            out.push_str(part);
        }
        out.push_str("aws4_request");
    }

    /// The signature of a canonical request with that hash, in digits.
    pub(crate) fn sign(&self, key: &SigningKey, request: &[u8; 32]) -> [u8; 64] {
        hex(&key.sign(&[
            ALGORITHM.as_bytes(),
            b"\n",
            self.at.as_str().as_bytes(),
            b"\n",
            self.at.day().as_bytes(),
            b"/",
            self.region.as_bytes(),
            b"/s3/aws4_request\n",
            &hex(request),
        ]))
    }
}
