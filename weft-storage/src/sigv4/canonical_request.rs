//! Step 1: the request in one spelling, and its hash.

use sha2::{Digest, Sha256};

/// What stands for the hash of a body that the signer does not know.
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// A request in the spelling that both sides hash. Nothing is copied.
pub(crate) struct CanonicalRequest<'r> {
    pub(crate) method: &'r str,
    /// Encoded.
    pub(crate) path: &'r str,
    /// Encoded, and sorted by name.
    pub(crate) query: &'r str,
    /// All that are signed: lower-case names, sorted, without space around the values.
    pub(crate) headers: &'r [(&'r str, &'r str)],
    pub(crate) payload: &'r str,
}

impl CanonicalRequest<'_> {
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut feed = |text: &str| hash.update(text.as_bytes());
        for line in [self.method, self.path, self.query] {
            feed(line);
            feed("\n");
        }
        for (name, value) in self.headers {
            feed(name);
            feed(":");
            feed(value);
            feed("\n");
        }
        feed("\n");
        for (at, (name, _)) in self.headers.iter().enumerate() {
            if at > 0 {
                feed(";");
            }
            feed(name);
        }
        feed("\n");
        feed(self.payload);
        hash.finalize().into()
    }
}

/// The hash of a body.
pub(crate) fn payload_hash(body: &[u8]) -> String {
    let digits = hex(&Sha256::digest(body).into());
    str::from_utf8(&digits).unwrap_or_default().to_owned()
}

/// Lower-case digits.
pub(crate) fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    let mut digits = [0; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    digits
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8; 32]) -> String {
        String::from_utf8(hex(bytes).to_vec()).unwrap()
    }

    /// AWS, "Authenticating Requests: Using Query Parameters".
    #[test]
    fn the_documented_presigned_get() {
        let request = CanonicalRequest {
            method: "GET",
            path: "/test.txt",
            query: "X-Amz-Algorithm=AWS4-HMAC-SHA256\
                    &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
                    &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host",
            headers: &[("host", "examplebucket.s3.amazonaws.com")],
            payload: UNSIGNED_PAYLOAD,
        };
        assert_eq!(
            text(&request.hash()),
            "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
        );
    }

    /// AWS, "Authenticating Requests: Using the Authorization Header".
    #[test]
    fn the_documented_get_with_a_range() {
        let empty = payload_hash(b"");
        let request = CanonicalRequest {
            method: "GET",
            path: "/test.txt",
            query: "",
            headers: &[
                ("host", "examplebucket.s3.amazonaws.com"),
                ("range", "bytes=0-9"),
                ("x-amz-content-sha256", &empty),
                ("x-amz-date", "20130524T000000Z"),
            ],
            payload: &empty,
        };
        assert_eq!(
            text(&request.hash()),
            "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972"
        );
    }
}
