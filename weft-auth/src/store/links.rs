use std::time::SystemTime;

use super::{Account, Answer, Mail, Store};
use crate::link::{CodeDigest, Purpose, Record};
use crate::token::{Browser, Link, TokenDigest};

/// A link that was used up, and the account that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentLink {
    /// What was kept of it.
    pub record: Record,
    /// The account as it is now, where the link is of one.
    pub account: Option<Account>,
}

/// Links, by the digest of their token, and of the secret of the browser that asked.
///
/// A link can be used up while all of this holds:
///
/// - the digest and the purpose are equal;
/// - `issued_at <= now + 60 s` and `now < expires_at`;
/// - the browser is that of the row, or the row has none and the purpose [is not
///   bound](Purpose::is_bound);
/// - where the row has an account, that account's mailbox is still the row's; where it has none, the
///   purpose [needs none](Purpose::needs_account).
pub trait LinkStore: Store {
    /// Adds a link, and the mail that brings it to the outbox, in one statement.
    fn issue_link(
        &self,
        digest: &TokenDigest<Link>,
        record: &Record,
        mail: &Mail,
    ) -> impl Future<Output = Answer<(), Self>> + Send;

    /// A link that could be used up, by whichever browser. Nothing is written.
    fn find_link(
        &self,
        digest: &TokenDigest<Link>,
        purpose: Purpose,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<Record>, Self>> + Send;

    /// Deletes a link that can be used up, and returns what it was with its account. Of N at once one
    /// gets it.
    fn consume_link(
        &self,
        digest: &TokenDigest<Link>,
        purpose: Purpose,
        browser: Option<&TokenDigest<Browser>>,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<SpentLink>, Self>> + Send;

    /// Counts an attempt at the code of each link that the browser asked for, up to one more than `most`.
    /// False if of none it is one of `most`, or there is no link.
    fn count_code_attempt(
        &self,
        browser: &TokenDigest<Browser>,
        purpose: Purpose,
        most: u32,
        now: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes the link of that browser and code, as [`consume_link`](LinkStore::consume_link) does, if no
    /// more than `most` attempts at it were counted: a link that was asked for later brings no new ones.
    fn consume_link_by_code(
        &self,
        browser: &TokenDigest<Browser>,
        code: &CodeDigest,
        purpose: Purpose,
        most: u32,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<SpentLink>, Self>> + Send;

    /// Deletes up to `most` links that expired, and says how many.
    fn purge_links(
        &self,
        now: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;
}
