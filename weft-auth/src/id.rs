use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $id(Uuid);

        impl $id {
            /// The id of those 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> $id {
                $id(Uuid::from_bytes(bytes))
            }

            /// Its bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// A new id of 122 random bits (RFC 9562, version 4).
            ///
            /// # Errors
            /// When the system has no randomness to give.
            pub fn generate() -> Result<$id, NoRandomness> {
                let random = random::bytes::<16>()?;
                Ok($id(uuid::Builder::from_random_bytes(*random).into_uuid()))
            }
        }

        impl From<Uuid> for $id {
            fn from(id: Uuid) -> $id {
                $id(id)
            }
        }

        impl From<$id> for Uuid {
            fn from(id: $id) -> Uuid {
                id.0
            }
        }
    )*};
}

use crate::NoRandomness;
use crate::random;

ids! {
    /// Whose it is.
    AccountId;
    /// A session as it is listed and revoked by its owner, which is the same after each rotation.
    SessionId;
    /// An API token as it is listed and revoked by its owner.
    ApiTokenId;
}
