use std::fmt;

macro_rules! errors {
    ($($error:ident, $name:literal, $message:literal;)*) => {
        /// Why a URL is no destination.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum DestinationError {
            $(#[doc = concat!("Reads: ", $message, ".")] $error,)*
        }

        impl DestinationError {
            /// Every error there is.
            pub const ALL: &'static [DestinationError] = &[$(DestinationError::$error,)*];

            /// The error's stable name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(DestinationError::$error => $name,)* }
            }
        }

        impl fmt::Display for DestinationError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(DestinationError::$error => $message,)* })
            }
        }
    };
}

errors! {
    TooLong, "too-long", "the URL has more than 2048 bytes";
    Scheme, "scheme", "the URL does not begin with https://";
    User, "user", "the URL names a user";
    Fragment, "fragment", "the URL has a fragment";
    Host, "host", "the URL's host is neither a name in ASCII nor an address in its usual form";
    Port, "port", "the URL's port is not a number from 1 to 65535";
    Target, "target", "the URL's path or query has a character that must be percent-encoded";
    Address, "address", "the host has an address that is not public";
    NoAddress, "no-address", "the host has no address";
}

impl std::error::Error for DestinationError {}
