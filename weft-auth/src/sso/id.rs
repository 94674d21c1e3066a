use std::fmt;

use serde::Deserialize;

/// A text that is not 1 to 255 letters, digits, `_` and `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdError;

macro_rules! id {
    ($name:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The id that is written so.
            ///
            /// # Errors
            /// When it could be none, or could stand for more than one segment of a path.
            pub fn new(text: impl Into<String>) -> Result<$name, IdError> {
                let text = text.into();
                let plain = |c: u8| c.is_ascii_alphanumeric() || b"_-".contains(&c);
                match (1..=255).contains(&text.len()) && text.bytes().all(plain) {
                    true => Ok($name(text)),
                    false => Err(IdError),
                }
            }

            /// As it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<$name, IdError> {
                $name::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(ConnectionId, "The id of a connection, `conn_…`.");
id!(
    OrganizationId,
    "The id that WorkOS has for an organisation, `org_…`."
);

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is not 1 to 255 letters, digits, _ and -")
    }
}

impl std::error::Error for IdError {}
