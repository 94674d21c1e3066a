use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};
use zeroize::Zeroizing;

use super::{Before, Claim, Format, Scheme, Signatures, Signed, SignedBy};
use crate::limits::{KIB, Limits, MIB};
use crate::mac::{Key, Signature};
use crate::secret::hmac_key;
use crate::signing_key::SigningKey;
use crate::{
    Encoding, Refusal, RefusalKind, SecretError, SignError, Unit, Window, encoding, headers,
};

const WINDOW: Window = Window::new(Duration::from_secs(300), Unit::Seconds);

/// `v1,<base64> v1a,<base64>…` over `<id>.<seconds>.<body>`.
#[derive(Debug, Clone)]
pub(super) struct Standard {
    id: HeaderName,
    timestamp: HeaderName,
    signature: HeaderName,
}

impl Scheme {
    /// [Standard Webhooks]: `webhook-signature: v1,<base64>` over the message's id, its time and the
    /// body, at most 5 minutes off; with the feature `ed25519` also `v1a`, checked with a public key `whpk_…` and made with a
    /// private one `whsk_…`.
    ///
    /// # Security
    /// An id with a dot is refused: the parts are joined with dots, so that part of such an id could
    /// pass for a time.
    ///
    /// [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    pub fn standard() -> Scheme {
        scheme(
            "standard",
            ["webhook-id", "webhook-timestamp", "webhook-signature"],
        )
    }

    /// [Standard Webhooks](Scheme::standard) with the header names of Svix, `svix-signature` and so on.
    pub fn svix() -> Scheme {
        scheme("svix", ["svix-id", "svix-timestamp", "svix-signature"])
    }
}

fn scheme(name: &'static str, headers: [&'static str; 3]) -> Scheme {
    let [id, timestamp, signature] = headers.map(HeaderName::from_static);
    Scheme {
        name: Cow::Borrowed(name),
        limits: Limits {
            body: MIB,
            header: 2 * KIB,
            signatures: 8,
        },
        format: Format::Standard(Standard {
            id,
            timestamp,
            signature,
        }),
        unsigned: &[],
    }
}

/// The key behind `whsec_` (which may be missing) or `whpk_`.
pub(super) fn key(text: &str) -> Result<Key, SecretError> {
    #[cfg(feature = "ed25519")]
    if let Some(public) = text.strip_prefix("whpk_") {
        return encoding::base64(public)
            .and_then(|bytes| Key::ed25519(&bytes))
            .ok_or(SecretError::Encoding);
    }
    hmac_key(&shared(text)?)
}

/// The key behind `whsec_` (which may be missing) or `whsk_`.
pub(super) fn signing_key(text: &str) -> Result<SigningKey, SecretError> {
    #[cfg(feature = "ed25519")]
    if let Some(private) = text.strip_prefix("whsk_") {
        return encoding::base64(private)
            .and_then(|bytes| SigningKey::ed25519(&Zeroizing::new(bytes)))
            .ok_or(SecretError::Encoding);
    }
    SigningKey::hmac(&shared(text)?)
}

/// The bytes that both sides of an HMAC know.
fn shared(text: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let secret = text.strip_prefix("whsec_").unwrap_or(text);
    let bytes = encoding::base64(secret).ok_or(SecretError::Encoding)?;
    Ok(Zeroizing::new(bytes))
}

impl Standard {
    pub(super) fn claim<'h>(
        &self,
        headers: &'h HeaderMap,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Claim<'h>, Refusal> {
        let id = headers::one(headers, &self.id, limits.header)?;
        if !is_id(id) {
            return Err(Refusal::new(RefusalKind::MessageId));
        }
        let time = headers::one(headers, &self.timestamp, limits.header)?;
        let list = headers::one(headers, &self.signature, limits.header)?;
        let mut signatures = Signatures::new(limits.signatures);
        for item in list.split(' ') {
            match item.split_once(',') {
                Some(("v1", text)) => {
                    signatures.add(Encoding::Base64.decode(text).map(Signature::Hmac))?;
                }
                #[cfg(feature = "ed25519")]
                Some(("v1a", text)) => {
                    let decoded = Encoding::Base64.decode(text).map(Box::new);
                    signatures.add(decoded.map(Signature::Ed25519))?;
                }
                _ => {}
            }
        }
        Ok(Claim {
            signatures: signatures.decoded,
            signed_at: Some(WINDOW.admit(time, now)?),
            before: before(id, time),
            message_id: Some(id),
        })
    }

    pub(super) fn sign(
        &self,
        id: &str,
        limits: Limits,
        now: SystemTime,
        by: SignedBy<'_>,
    ) -> Result<Signed, SignError> {
        // Whitespace around a header's value does not arrive.
        let arrives = id.bytes().all(|byte| byte.is_ascii_graphic()) && id.len() <= limits.header;
        if !is_id(id) || !arrives {
            return Err(SignError::MessageId);
        }
        let time = WINDOW.write(now).ok_or(SignError::Time)?;
        let items: Vec<_> = by(&before(id, &time)).iter().map(item).collect();
        Ok(vec![
            (self.id.clone(), id.to_owned()),
            (self.timestamp.clone(), time),
            (self.signature.clone(), items.join(" ")),
        ])
    }
}

/// Whether no part of the id can pass for a time.
fn is_id(id: &str) -> bool {
    !id.is_empty() && !id.contains('.')
}

/// What is signed in front of the body.
fn before<'h>(id: &'h str, time: &'h str) -> Before<'h> {
    [id, ".", time, "."]
}

/// A signature with its version.
fn item(signature: &Signature) -> String {
    let version = match signature {
        Signature::Hmac(_) => "v1",
        #[cfg(feature = "ed25519")]
        Signature::Ed25519(_) => "v1a",
    };
    let text = Encoding::Base64.encode(signature.as_bytes());
    format!("{version},{text}")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::{Secret, Verifier};

    fn headers(id: &str, seconds: u64, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", HeaderValue::from_str(id).unwrap());
        headers.insert("webhook-timestamp", HeaderValue::from(seconds));
        headers.insert(
            "webhook-signature",
            HeaderValue::from_str(signature).unwrap(),
        );
        headers
    }

    fn verify(secret: &str, headers: &HeaderMap, body: &str, now: u64) -> Option<RefusalKind> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        let secret = Secret::new("a", secret).unwrap();
        let verifier = Verifier::new(Scheme::standard(), [secret]).unwrap();
        let result = verifier.verify(headers, body.into(), now);
        result.err().map(|refusal| refusal.kind())
    }

    #[test]
    fn holds_the_published_vectors() {
        for (secret, id, time, body, signature) in [
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            let bare = secret.strip_prefix("whsec_").unwrap();
            let list = format!("v2,AAAA v1,AAAA {signature}");
            for signature in [signature, &list] {
                let headers = headers(id, time, signature);
                assert_eq!(verify(secret, &headers, body, time), None);
                assert_eq!(verify(bare, &headers, body, time), None);
                let other = verify(secret, &headers, &body.replace('t', "T"), time);
                assert_eq!(other, Some(RefusalKind::Mismatch));
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let refused = |text| {
            let secret = Secret::new("a", text).unwrap();
            Verifier::new(Scheme::standard(), [secret]).unwrap_err()
        };
        assert_eq!(refused("whsec_"), SecretError::TooShort);
        assert_eq!(refused("whsec_AA=="), SecretError::TooShort);
        assert_eq!(
            refused("whsec_not base64, by any means"),
            SecretError::Encoding
        );
        assert_eq!(refused("whpk_AA=="), SecretError::Encoding);
        assert_eq!(
            refused("whsk_4kq0yS1cVdZb7uWm2LxT9fGhJ3nR8pEa"),
            SecretError::Encoding
        );
    }

    #[cfg(feature = "ed25519")]
    mod ed25519 {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        use ed25519_dalek::{Signer, SigningKey};

        use super::*;

        fn signed(key: &SigningKey, message: &str) -> String {
            STANDARD.encode(key.sign(message.as_bytes()).to_bytes())
        }

        #[test]
        fn holds_a_signature_of_the_public_key() {
            let key = SigningKey::from_bytes(&[7; 32]);
            let public = format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes()));
            let right = signed(&key, "msg_1.1700000000.{}");
            let other = signed(&SigningKey::from_bytes(&[8; 32]), "msg_1.1700000000.{}");
            let kind = |list: &str, body| {
                let headers = headers("msg_1", 1_700_000_000, list);
                verify(&public, &headers, body, 1_700_000_000)
            };
            assert_eq!(kind(&format!("v1a,{right}"), "{}"), None);
            assert_eq!(kind(&format!("v1a,{other} v1a,{right}"), "{}"), None);
            assert_eq!(
                kind(&format!("v1a,{right}"), "[]"),
                Some(RefusalKind::Mismatch)
            );
            assert_eq!(
                kind(&format!("v1a,{other}"), "{}"),
                Some(RefusalKind::Mismatch)
            );
            assert_eq!(
                kind(&format!("v1,{right}"), "{}"),
                Some(RefusalKind::NoSignature)
            );
        }

        #[test]
        fn a_public_key_is_no_hmac_secret() {
            // Who knows the public key could sign with it, if its bytes were taken for a secret.
            let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
            let public = format!("whpk_{}", STANDARD.encode(key.as_bytes()));
            let forged =
                <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(key.as_bytes())
                    .map(|mac| hmac::Mac::chain_update(mac, "msg_1.1700000000.{}"))
                    .map(|mac| STANDARD.encode(hmac::Mac::finalize(mac).into_bytes()))
                    .unwrap();
            let headers = headers("msg_1", 1_700_000_000, &format!("v1,{forged}"));
            let refused = verify(&public, &headers, "{}", 1_700_000_000);
            assert_eq!(refused, Some(RefusalKind::Mismatch));
        }

        #[test]
        fn a_weak_public_key_is_refused() {
            let identity = [&[1][..], &[0; 31]].concat();
            let text = format!("whpk_{}", STANDARD.encode(identity));
            let secret = Secret::new("a", &text).unwrap();
            let refused = Verifier::new(Scheme::standard(), [secret]).unwrap_err();
            assert_eq!(refused, SecretError::Encoding);
        }
    }
}
