use std::fmt;

/// A request that was not verified.
///
/// ```
/// use std::time::SystemTime;
/// use weft_webhooks::{RefusalKind, Scheme, Secret, Verifier};
///
/// let secret = Secret::new("2026-11", "a secret of 24 bytes or more")?;
/// let verifier = Verifier::new(Scheme::github(), [secret])?;
/// let refusal = verifier
///     .verify(&http::HeaderMap::new(), Vec::new(), SystemTime::now())
///     .unwrap_err();
/// assert_eq!(refusal.to_string(), "webhook refused");
/// assert_eq!(refusal.kind(), RefusalKind::MissingHeader);
/// # Ok::<(), weft_webhooks::SecretError>(())
/// ```
///
/// # Security
/// The message is the same whatever was wrong; answer with it, and keep [`kind`](Refusal::kind) for
/// metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    kind: RefusalKind,
}

impl Refusal {
    /// All that is said of it outside.
    pub(crate) const MESSAGE: &str = "webhook refused";

    pub(crate) fn new(kind: RefusalKind) -> Refusal {
        Refusal { kind }
    }

    /// The rule that was broken; stable, for metrics.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Refusal::MESSAGE)
    }
}

impl std::error::Error for Refusal {}

macro_rules! kinds {
    ($($kind:ident, $name:literal, $sentence:literal;)*) => {
        /// The rules a request can break.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalKind {
            $(#[doc = $sentence] $kind,)*
        }

        impl RefusalKind {
            /// Every kind there is.
            pub const ALL: &'static [RefusalKind] = &[$(RefusalKind::$kind,)*];

            /// The kind's stable name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(RefusalKind::$kind => $name,)* }
            }

            /// What is wrong, in a sentence for those who operate the endpoint.
            pub const fn sentence(self) -> &'static str {
                match self { $(RefusalKind::$kind => $sentence,)* }
            }
        }
    };
}

kinds! {
    BodyTooLarge, "body-too-large", "The body is longer than the limit.";
    MissingHeader, "missing-header", "A header that the scheme needs is not there.";
    DuplicateHeader, "duplicate-header", "A header is there more than once.";
    HeaderTooLong, "header-too-long", "A header is longer than the limit.";
    MalformedHeader, "malformed-header", "A header is not written as the sender writes it.";
    TooManySignatures, "too-many-signatures", "There are more signatures than the limit.";
    NoSignature, "no-signature", "No signature is of a version that is compared, and well formed.";
    Timestamp, "timestamp", "The timestamp is not a plain decimal number, or no time.";
    TooOld, "too-old", "The request was signed longer ago than the window allows.";
    TooNew, "too-new", "The request was signed further in the future than the window allows.";
    MessageId, "message-id", "The message id is empty, or holds a dot.";
    NoSecret, "no-secret", "No secret is in force at this time.";
    Mismatch, "mismatch", "No secret in force made any of the signatures.";
    BodyTimeout, "body-timeout", "The body took longer to arrive than the limit.";
    BodyIncomplete, "body-incomplete", "The connection broke before the body was whole.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_unique() {
        let names: std::collections::HashSet<_> =
            RefusalKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), RefusalKind::ALL.len());
        for name in names {
            assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c == b'-'));
        }
    }

    #[test]
    fn the_message_never_says_why() {
        for kind in RefusalKind::ALL {
            assert_eq!(Refusal::new(*kind).to_string(), "webhook refused");
        }
    }
}
