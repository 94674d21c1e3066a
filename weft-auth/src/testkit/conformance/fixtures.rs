//! Rows to test with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::link::{self, Code, CodeDigest, Purpose};
use crate::pseudonym::{Pseudonym, PseudonymKey};
use crate::session::{self, Device, Proof, Proofs};
use crate::sso::{ConnectionId, Domain, IdentityKey, IdentityRecord, OrganizationId};
use crate::store::{Account, AccountState, Mail, MailKind};
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::{Browser, Link, Token, TokenDigest};
use crate::{AccountId, Mailbox, SessionId, random};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A whole second, since databases round times in their own ways.
pub(super) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_764_000_000)
}

/// So long ago that nothing of other tests is as old.
pub(super) fn long_ago() -> SystemTime {
    now() - 9_000 * DAY
}

/// What is purged at once, of all that is there.
pub(super) fn purged<E: std::fmt::Debug>(
    most: u32,
    purged: Result<u64, E>,
) -> Result<(), Violation> {
    let purged = purged.map_err(store_failed)?;
    holds("a purge is bounded", purged <= u64::from(most), true)
}

pub(super) fn mailbox() -> Result<Mailbox, Violation> {
    Mailbox::parse(&format!("{}@conformance.example", word()?)).map_err(store_failed)
}

pub(super) fn account() -> Result<Account, Violation> {
    Ok(Account {
        id: AccountId::generate().map_err(store_failed)?,
        mailbox: mailbox()?,
        password: Some("a hash".to_owned()),
        state: AccountState::Active,
        second_factor: false,
        break_glass: false,
        epoch: 0,
    })
}

pub(super) fn session(account: AccountId) -> Result<session::Record, Violation> {
    Ok(session::Record {
        id: SessionId::generate().map_err(store_failed)?,
        account,
        created_at: now(),
        rotated_at: now(),
        last_seen_at: now(),
        remembered: false,
        proofs: Proofs::of(Proof::Password, now()),
        connection: None,
        device: Device::new("a browser"),
    })
}

pub(super) fn token<K: crate::token::Kind>() -> Result<Token<K>, Violation> {
    Token::generate().map_err(store_failed)
}

pub(super) fn pseudonym() -> Result<Pseudonym, Violation> {
    let key = random::bytes::<32>().map_err(store_failed)?;
    Ok(PseudonymKey::new(&key).pseudonym("conformance", b""))
}

/// A link with all that goes with it.
pub(super) struct TestLink {
    pub(super) digest: TokenDigest<Link>,
    pub(super) browser: TokenDigest<Browser>,
    pub(super) code: CodeDigest,
    pub(super) record: link::Record,
    pub(super) mail: Mail,
}

impl TestLink {
    /// A bound link of that account, for 15 minutes from now.
    pub(super) fn of(account: &Account, purpose: Purpose) -> Result<TestLink, Violation> {
        let token = token::<Link>()?;
        let browser = self::token::<Browser>()?.digest();
        let code = Code::of(&token).digest(&browser);
        Ok(TestLink {
            digest: token.digest(),
            browser,
            code,
            record: link::Record {
                purpose,
                account: Some(account.id),
                mailbox: Some(account.mailbox.clone()),
                sent_to: account.mailbox.clone(),
                browser: Some((browser, code)),
                carries: None,
                issued_at: now(),
                expires_at: now() + 15 * MINUTE,
            },
            mail: Mail {
                kind: MailKind::Link(purpose),
                to: account.mailbox.clone(),
                token: Some(std::sync::Arc::new(token)),
                decoy: false,
            },
        })
    }
}

/// 32 hexadecimal digits that nobody had before.
pub(super) fn word() -> Result<String, Violation> {
    let bytes = random::bytes::<16>().map_err(store_failed)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn organization() -> Result<OrganizationId, Violation> {
    OrganizationId::new(format!("org_{}", word()?)).map_err(store_failed)
}

pub(super) fn connection_id() -> Result<ConnectionId, Violation> {
    ConnectionId::new(format!("conn_{}", word()?)).map_err(store_failed)
}

pub(super) fn domain() -> Result<Domain, Violation> {
    let domain = Domain::new(&format!("{}.example", word()?));
    domain.ok_or_else(|| Violation::new("a domain is one", ()))
}

/// Somebody of that organisation's connection, with an address that nobody else has.
pub(super) fn identity(
    connection: &ConnectionId,
    organization: &OrganizationId,
) -> Result<IdentityRecord, Violation> {
    let key = IdentityKey::new(connection.clone(), &word()?);
    Ok(IdentityRecord {
        key: key.ok_or_else(|| Violation::new("an id is one", ()))?,
        organization: organization.clone(),
        email: mailbox()?.as_str().to_owned(),
        since: now(),
    })
}
