//! Links that are mailed: to sign in, to reset a password, to prove a mailbox, to invite.
//!
//! All are one mechanism:
//!
//! - The token is in the link and its digest in the store, with one [`Purpose`] and an end.
//! - A GET shows and a POST spends: spending takes a [`Post`], which a GET cannot be made into. Scanners
//!   that follow links use nothing up, and get no session.
//! - The browser that asked has a secret in a cookie, and only there is the link a button. Anywhere else it
//!   shows a [`Code`] to be typed in where it was asked for: a link that was forwarded, or asked for by
//!   somebody else, signs nobody in. Say with the code that nobody will ever ask for it by phone.
//! - It is void when the account has another mailbox by then.
//! - Spending is one statement that deletes it: of N at once one gets it.
//!
//! [`Login`](crate::login::Login) has the flows.

mod code;
mod policy;
mod post;
mod purpose;
mod record;

pub use code::{Code, CodeDigest, NotACode};
pub use policy::{Policy, TooLong};
pub use post::{NotAPost, Post};
pub use purpose::Purpose;
pub use record::Record;
