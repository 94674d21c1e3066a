use std::fmt;

macro_rules! failures {
    ($($failure:ident, $name:literal, $message:literal, $sentence:literal;)*) => {
        /// Why an attempt brought no answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Failure {
            $(#[doc = $sentence] $failure,)*
        }

        impl Failure {
            /// Every failure there is.
            pub const ALL: &'static [Failure] = &[$(Failure::$failure,)*];

            /// The failure's stable name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(Failure::$failure => $name,)* }
            }
        }

        impl fmt::Display for Failure {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Failure::$failure => $message,)* })
            }
        }
    };
}

failures! {
    Unresolved, "unresolved", "the host's name has no address",
        "The host's name has no address.";
    RefusedAddress, "refused-address", "the host has an address that is not public",
        "The host has an address that a message must not be sent to; nothing was connected to.";
    Unreachable, "unreachable", "the connection failed or broke off",
        "The connection failed, or broke off before an answer.";
    Tls, "tls", "the receiver could not prove who it is",
        "The receiver's certificate is not right for its host, or no TLS came about.";
    Timeout, "timeout", "no answer came in time",
        "No answer came in time.";
    Malformed, "malformed", "the answer is not HTTP, or too long a head",
        "The answer is not HTTP, or its head is too long.";
}

impl std::error::Error for Failure {}
