use std::fmt;
use std::time::SystemTime;

use super::code::CodeDigest;
use super::purpose::Purpose;
use crate::token::{Browser, TokenDigest};
use crate::{AccountId, Mailbox};

/// What a store keeps of a link, besides the digest of its token and the number of attempts at its code.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// The mailbox that the account has to have when it is spent.
    pub mailbox: Option<Mailbox>,
    /// Where it was mailed to.
    pub sent_to: Mailbox,
    /// The browser that asked, and the code that it may spend the link by.
    pub browser: Option<(TokenDigest<Browser>, CodeDigest)>,
    /// What it brings along: the hash of a password to register with, the mailbox to change to, or what
    /// an invitation is to.
    pub carries: Option<String>,
    /// When it was asked for.
    pub issued_at: SystemTime,
    /// From when on it is void.
    pub expires_at: SystemTime,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("purpose", &self.purpose)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
