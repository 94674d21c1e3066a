mod accounts;
mod api_tokens;
mod audit;
mod counters;
mod directory;
mod flows;
mod identities;
mod links;
mod outbox;
mod second_factors;
mod sessions;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::AccountId;
use crate::audit::Entry;
use crate::link;
use crate::login::ChallengeRecord;
use crate::pseudonym::Pseudonym;
use crate::session;
use crate::sso::{Connection, Domain, IdentityRecord, OrganizationId, Pending};
use crate::store::{Account, AccountState, Mail, Store, StoredTotp};
use crate::throttle::Failures;
use crate::token::{Browser, Challenge, Link, Session, TokenDigest};
use crate::totp::RecoveryDigest;
use api_tokens::ApiTokenRow;
use directory::ClaimRow;

/// A store in memory, for tests: each method is one step under one lock. Clones are handles to the same.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    accounts: HashMap<AccountId, Account>,
    sessions: Vec<SessionRow>,
    links: Vec<LinkRow>,
    rates: HashMap<Pseudonym, SystemTime>,
    failures: HashMap<Pseudonym, Failures>,
    challenges: HashMap<TokenDigest<Challenge>, (ChallengeRecord, u32)>,
    totps: HashMap<AccountId, StoredTotp>,
    recovery_codes: HashMap<AccountId, Vec<RecoveryDigest>>,
    audit: Vec<Entry>,
    outbox: Vec<Mail>,
    flows: Vec<Pending>,
    identities: Vec<(IdentityRecord, AccountId)>,
    connections: Vec<Connection>,
    claims: HashMap<(OrganizationId, Domain), ClaimRow>,
    api_tokens: Vec<ApiTokenRow>,
}

struct SessionRow {
    digest: TokenDigest<Session>,
    epoch: u64,
    before: Option<TokenDigest<Session>>,
    record: session::Record,
}

struct LinkRow {
    digest: TokenDigest<Link>,
    record: link::Record,
    attempts: u32,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// All mails that were posted, decoys too.
    pub fn outbox(&self) -> Vec<Mail> {
        self.with(|tables| tables.outbox.clone())
    }

    /// Nothing that can panic runs under the lock, so what it holds is whole.
    fn with<T>(&self, step: impl FnOnce(&mut Tables) -> T) -> T {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        step(&mut tables)
    }

    fn step<T>(&self, step: impl FnOnce(&mut Tables) -> T) -> Ready<Result<T, Infallible>> {
        ready(Ok(self.with(step)))
    }
}

impl Store for Memory {
    type Error = Infallible;
}

impl Tables {
    fn account_with(&self, mailbox: &crate::Mailbox) -> Option<&Account> {
        let mut all = self.accounts.values();
        all.find(|account| account.mailbox == *mailbox)
    }

    /// The account, if it is not suspended and in that epoch, or in any.
    fn account_in(&self, id: AccountId, epoch: Option<u64>) -> Option<&Account> {
        let account = self.accounts.get(&id)?;
        let same = epoch.is_none_or(|epoch| epoch == account.epoch);
        (same && account.state != AccountState::Suspended).then_some(account)
    }

    /// Adds an account, if that is free and owes no factor that nobody enrolled.
    fn create(&mut self, account: &Account) -> bool {
        let free = self.account_with(&account.mailbox).is_none();
        let created = free && !self.accounts.contains_key(&account.id) && !account.second_factor;
        if created {
            self.accounts.insert(account.id, account.clone());
        }
        created
    }

    fn end_all_of(&mut self, account: AccountId, but: Option<crate::SessionId>) -> u64 {
        let before = self.sessions.len();
        self.sessions
            .retain(|row| row.record.account != account || Some(row.record.id) == but);
        (before - self.sessions.len()) as u64
    }
}

/// Whether there were any.
fn some(count: usize) -> bool {
    count > 0
}

/// Takes out what fits, and says how many that were.
fn take_out<T>(rows: &mut Vec<T>, fits: impl Fn(&T) -> bool) -> usize {
    take_some(rows, u32::MAX, fits)
}

/// The same of so many at most.
fn take_some<T>(rows: &mut Vec<T>, most: u32, fits: impl Fn(&T) -> bool) -> usize {
    let before = rows.len();
    rows.retain(up_to(most, fits));
    before - rows.len()
}

/// Whether a row is kept, of which so many are not that fit.
fn up_to<T>(most: u32, fits: impl Fn(&T) -> bool) -> impl FnMut(&T) -> bool {
    let mut left = most;
    move |row| {
        let goes = left > 0 && fits(row);
        left -= u32::from(goes);
        !goes
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory(..)")
    }
}

/// The browser of a row, where it has one.
fn browser_of(record: &link::Record) -> Option<&TokenDigest<Browser>> {
    record.browser.as_ref().map(|(browser, _)| browser)
}
