//! Stores with the flaws that others had, each of which the suite has to find.

mod federation;
mod programs;

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::SystemTime;

use super::conformance::{self, RACERS, Subject};
use super::forward::forward;
use super::{Memory, Threads, Violation};
use crate::audit::{Entry, Head};
use crate::link::{self, CodeDigest, Purpose};
use crate::login::ChallengeRecord;
use crate::pseudonym::Pseudonym;
use crate::session::{self, Proofs};
use crate::store::{
    Account, AccountStore, Answer, AuditStore, CounterStore, LinkStore, Mail, SecondFactorStore,
    SessionStore, SpentLink, Store, StoredTotp,
};
use crate::throttle::{Charge, FailureCharge};
use crate::token::{Browser, Challenge, Link, Session, TokenDigest};
use crate::totp::{RecoveryDigest, Step};
use crate::{AccountId, Mailbox, SessionId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    LinkIsLookedAtAndThenDeleted,
    LinkOfNoBrowserIsAnybodys,
    CodeIsTriedAtTheCostOfAnotherLink,
    StepIsComparedAndThenWritten,
    RecoveryCodeIsAnyAccounts,
    TouchSavesTheWholeRow,
    RotationForgetsTheTokenBefore,
    CountersAreRolledBack,
    FailuresAreReadAndThenWritten,
    BlankConnectionIsNone,
    PasswordLeavesSessions,
    SessionIsOfAnyEpoch,
    MailboxIsLookedUpAndThenTaken,
    LogIsReadAndThenWritten,
    SecondFactorIsForgotten,
    BoundLinkOfAnUnboundPurposeIsAnybodys,
    FlowStaysThere,
    PersonIsKnownByAddress,
    AccountIsMadeAndThenIdentified,
    MailboxIsReadAgain,
    NobodyIsEverybody,
    RevocationLeavesChallenges,
    LastStateIsKept,
    DeletedConnectionIsInactive,
    DomainIsTaken,
    DomainIsEnforcedByAnybody,
    ClaimIsBelieved,
    OrganizationLeavesDomains,
    IdentitiesOutliveTheMember,
    ForgottenIsDeleted,
    EnforcedSparesNobody,
    TokenIsReadAndThenRotated,
    EveryUseIsRecorded,
    TokenIsAnybodysToRevoke,
    NoAudienceIsEvery,
    EndedSessionMakesTokens,
    TokensAreCountedAndThenIssued,
    PeopleAreForgotten,
    PurgeIsUnbounded,
}

/// A store of whose transaction the counters are, and which looks before it takes.
struct Flawed<S> {
    inner: S,
    flaw: Flaw,
    /// What is not committed.
    pending: Arc<Memory>,
    meeting: Arc<Barrier>,
}

impl<S: Store> Store for Flawed<S> {
    type Error = S::Error;
}

impl<S> Flawed<S> {
    fn inner(&self) -> &S {
        &self.inner
    }

    async fn around<T>(&self, _: &str, _: usize, call: impl Future<Output = T>) -> T {
        call.await
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// Whether it is that flaw. If so, all racers have looked now, and none has taken.
    fn looked(&self, flaw: Flaw) -> bool {
        // Racers' threads have no name, and a test's has.
        if self.is(flaw) && thread::current().name().is_none() {
            self.meeting.wait();
        }
        self.is(flaw)
    }
}

forward! { Flawed:
    AccountStore {
        account_by_mailbox(mailbox: &Mailbox) -> Option<Account>;
        account(id: AccountId) -> Option<Account>;
        requires_single_sign_on(domain: &str) -> bool;
        rehash_password(id: AccountId, old: &str, new: &str) -> bool;
        change_mailbox(id: AccountId, from: &Mailbox, to: &Mailbox) -> bool;
        verify_mailbox(id: AccountId, mailbox: &Mailbox) -> bool;
        suspend_account(id: AccountId) -> bool;
        delete_account(id: AccountId) -> bool;
    } {
        async fn create_account(&self, account: &Account) -> Answer<bool, Self> {
            let account = &match self.is(Flaw::SecondFactorIsForgotten) {
                true => Account { second_factor: false, ..account.clone() },
                false => account.clone(),
            };
            let free = self.inner.account_by_mailbox(&account.mailbox).await?.is_none();
            let is = self.looked(Flaw::MailboxIsLookedUpAndThenTaken);
            Ok(self.inner.create_account(account).await? || is && free)
        }

        async fn replace_password(
            &self,
            id: AccountId,
            hash: &str,
            but: Option<SessionId>,
        ) -> Answer<Option<u64>, Self> {
            match self.is(Flaw::PasswordLeavesSessions) {
                true => Ok(self.inner.account(id).await?.map(|account| account.epoch + 1)),
                false => self.inner.replace_password(id, hash, but).await,
            }
        }
    }
    SessionStore {
        find_session(digest: &TokenDigest<Session>) -> Option<session::Record>;
        rotate_session(
            old: &TokenDigest<Session>,
            new: &TokenDigest<Session>,
            proofs: &Proofs,
            now: SystemTime
        ) -> bool;
        revoke_session(account: AccountId, id: SessionId) -> bool;
        revoke_sessions(account: AccountId, but: Option<SessionId>) -> u64;
        sessions_of(account: AccountId) -> Vec<session::Record>;
        purge_sessions(created_before: SystemTime, seen_before: SystemTime, most: u32) -> u64;
    } {
        async fn begin_session(
            &self,
            digest: &TokenDigest<Session>,
            record: &session::Record,
            epoch: Option<u64>,
            before: Option<&TokenDigest<Session>>,
        ) -> Answer<bool, Self> {
            let epoch = epoch.filter(|_| !self.is(Flaw::SessionIsOfAnyEpoch));
            self.inner.begin_session(digest, record, epoch, before).await
        }

        async fn touch_session(
            &self,
            id: SessionId,
            now: SystemTime,
            before: SystemTime,
        ) -> Answer<bool, Self> {
            let touched = self.inner.touch_session(id, now, before).await?;
            Ok(touched || self.is(Flaw::TouchSavesTheWholeRow))
        }

        async fn end_session(&self, digest: &TokenDigest<Session>) -> Answer<bool, Self> {
            let there = self.inner.find_session(digest).await?.is_some();
            match self.is(Flaw::RotationForgetsTheTokenBefore) && !there {
                true => Ok(false),
                false => self.inner.end_session(digest).await,
            }
        }

        async fn revoke_connection(&self, connection: &str) -> Answer<u64, Self> {
            let blank = self.is(Flaw::BlankConnectionIsNone) && connection.is_empty();
            Ok(self.inner.revoke_connection(connection).await? + u64::from(blank))
        }
    }
    LinkStore {
        issue_link(digest: &TokenDigest<Link>, record: &link::Record, mail: &Mail) -> ();
        find_link(
            digest: &TokenDigest<Link>,
            purpose: Purpose,
            now: SystemTime
        ) -> Option<link::Record>;
        count_code_attempt(
            browser: &TokenDigest<Browser>,
            purpose: Purpose,
            most: u32,
            now: SystemTime
        ) -> bool;
        purge_links(now: SystemTime, most: u32) -> u64;
    } {
        async fn consume_link(
            &self,
            digest: &TokenDigest<Link>,
            purpose: Purpose,
            browser: Option<&TokenDigest<Browser>>,
            now: SystemTime,
        ) -> Answer<Option<SpentLink>, Self> {
            let found = self.inner.find_link(digest, purpose, now).await?;
            let looked = self.looked(Flaw::LinkIsLookedAtAndThenDeleted)
                || self.is(Flaw::LinkOfNoBrowserIsAnybodys) && browser.is_none() && purpose.is_bound()
                || self.is(Flaw::BoundLinkOfAnUnboundPurposeIsAnybodys) && !purpose.is_bound();
            let spent = self.inner.consume_link(digest, purpose, browser, now).await?;
            let any = found.map(|record| SpentLink { record, account: None });
            Ok(spent.or(any.filter(|_| looked)))
        }

        async fn consume_link_by_code(
            &self,
            browser: &TokenDigest<Browser>,
            code: &CodeDigest,
            purpose: Purpose,
            most: u32,
            now: SystemTime,
        ) -> Answer<Option<SpentLink>, Self> {
            self.looked(Flaw::LinkIsLookedAtAndThenDeleted);
            let most = match self.is(Flaw::CodeIsTriedAtTheCostOfAnotherLink) {
                true => u32::MAX,
                false => most,
            };
            self.inner.consume_link_by_code(browser, code, purpose, most, now).await
        }
    }
    CounterStore {
        clear_failures(keys: &[Pseudonym]) -> ();
        purge_counters(before: SystemTime, most: u32) -> u64;
    } {
        async fn take(&self, charges: &[Charge], now: SystemTime) -> Answer<bool, Self> {
            match self.is(Flaw::CountersAreRolledBack) {
                true => Ok(self.pending.take(charges, now).await.unwrap_or(false)),
                false => self.inner.take(charges, now).await,
            }
        }

        async fn count_failure(
            &self,
            charge: &FailureCharge,
            now: SystemTime,
        ) -> Answer<Option<u32>, Self> {
            if self.is(Flaw::CountersAreRolledBack) {
                return Ok(self.pending.count_failure(charge, now).await.unwrap_or(None));
            }
            let counted = self.inner.count_failure(charge, now).await?;
            let again = self.is(Flaw::FailuresAreReadAndThenWritten);
            Ok(counted.or(again.then_some(1)))
        }
    }
    SecondFactorStore {
        open_challenge(digest: &TokenDigest<Challenge>, record: &ChallengeRecord) -> bool;
        count_challenge_attempt(
            digest: &TokenDigest<Challenge>,
            most: u32,
            now: SystemTime
        ) -> Option<ChallengeRecord>;
        close_challenge(digest: &TokenDigest<Challenge>) -> bool;
        purge_challenges(now: SystemTime, most: u32) -> u64;
        totp(account: AccountId) -> Option<StoredTotp>;
        enrol_totp(account: AccountId, totp: &StoredTotp, codes: &[RecoveryDigest]) -> bool;
        remove_totp(account: AccountId) -> bool;
        replace_recovery_codes(account: AccountId, codes: &[RecoveryDigest]) -> bool;
    } {
        async fn accept_step(&self, account: AccountId, step: Step) -> Answer<bool, Self> {
            let totp = self.inner.totp(account).await?;
            let later = totp.is_some_and(|totp| totp.last_step < step);
            let is = self.looked(Flaw::StepIsComparedAndThenWritten);
            Ok(self.inner.accept_step(account, step).await? || is && later)
        }

        async fn consume_recovery_code(
            &self,
            account: AccountId,
            code: &RecoveryDigest,
        ) -> Answer<bool, Self> {
            let any = self.is(Flaw::RecoveryCodeIsAnyAccounts);
            Ok(self.inner.consume_recovery_code(account, code).await? || any)
        }
    }
    AuditStore {
        entries_after(number: u64, most: u32) -> Vec<Entry>;
    } {
        async fn append(&self, body: &[u8]) -> Answer<Head, Self> {
            if !self.is(Flaw::LogIsReadAndThenWritten) {
                return self.inner.append(body).await;
            }
            let entries = self.inner.entries_after(0, u32::MAX).await?;
            match entries.last() {
                // Somebody else writes behind the same one, and over it.
                Some(last) => Ok(last.head.next(body)),
                None => self.inner.append(body).await,
            }
        }
    }
}

/// A store, its flaw, and what its requests have not committed.
struct Subjected(Memory, Flaw, Mutex<Arc<Memory>>, Arc<Barrier>);

impl Subject for Subjected {
    type Store = Flawed<Memory>;

    fn connect(&self) -> Flawed<Memory> {
        Flawed {
            inner: self.0.clone(),
            flaw: self.1,
            pending: Arc::clone(&self.2.lock().unwrap()),
            meeting: Arc::clone(&self.3),
        }
    }

    fn abandon(&self, _: Flawed<Memory>) {
        *self.2.lock().unwrap() = Arc::default();
    }
}

/// What the suites say of a store with that flaw.
fn rules(flaw: Flaw) -> Vec<String> {
    let meeting = Arc::new(Barrier::new(RACERS));
    let subject = Subjected(Memory::new(), flaw, Mutex::default(), meeting);
    let found: [Result<(), Violation>; 10] = [
        Threads::block_on(conformance::accounts(&subject, &Threads)),
        Threads::block_on(conformance::sessions(&subject, &Threads)),
        Threads::block_on(conformance::links(&subject, &Threads)),
        Threads::block_on(conformance::counters(&subject, &Threads)),
        Threads::block_on(conformance::second_factors(&subject, &Threads)),
        Threads::block_on(conformance::audit(&subject, &Threads)),
        Threads::block_on(conformance::flows(&subject, &Threads)),
        Threads::block_on(conformance::identities(&subject, &Threads)),
        Threads::block_on(conformance::directory(&subject, &Threads)),
        Threads::block_on(conformance::api_tokens(&subject, &Threads)),
    ];
    let broken = found.into_iter().filter_map(Result::err);
    broken
        .map(|violation| violation.rule().to_owned())
        .collect()
}

#[test]
fn the_suite_finds_each_flaw_by_its_rule() {
    for (flaw, rule) in [
        (
            Flaw::LinkIsLookedAtAndThenDeleted,
            "of all who spend a link at once one wins",
        ),
        (
            Flaw::LinkOfNoBrowserIsAnybodys,
            "no browser is not the one that asked",
        ),
        (
            Flaw::CodeIsTriedAtTheCostOfAnotherLink,
            "a code is tried as often as may be, whatever else its browser asks for",
        ),
        (
            Flaw::StepIsComparedAndThenWritten,
            "of all who bring one code at once one wins",
        ),
        (
            Flaw::RecoveryCodeIsAnyAccounts,
            "a recovery code is of one account",
        ),
        (
            Flaw::TouchSavesTheWholeRow,
            "a sign-out beats a request in flight",
        ),
        (
            Flaw::RotationForgetsTheTokenBefore,
            "a sign-out with the token before ends a session that was rotated meanwhile",
        ),
        (
            Flaw::CountersAreRolledBack,
            "a failure is counted though its request is rolled back",
        ),
        (
            Flaw::FailuresAreReadAndThenWritten,
            "of all at once as many attempts are admitted as are free",
        ),
        (
            Flaw::BlankConnectionIsNone,
            "a session without a connection is of none, not of the blank one",
        ),
        (
            Flaw::MailboxIsLookedUpAndThenTaken,
            "of all who register a mailbox at once one wins",
        ),
        (Flaw::LogIsReadAndThenWritten, "no entry is lost"),
        (
            Flaw::SecondFactorIsForgotten,
            "an account is not made with a second factor that nobody enrolled",
        ),
        (
            Flaw::BoundLinkOfAnUnboundPurposeIsAnybodys,
            "a link that has a browser is of that one, whatever its purpose",
        ),
        (
            Flaw::FlowStaysThere,
            "of all who come back to a flow at once one goes on, with what was kept",
        ),
        (
            Flaw::PersonIsKnownByAddress,
            "nobody is known by an address",
        ),
        (
            Flaw::AccountIsMadeAndThenIdentified,
            "an identity that has an account makes none",
        ),
        (
            Flaw::MailboxIsReadAgain,
            "an identity is linked to the mailbox that was decided on",
        ),
        (Flaw::NobodyIsEverybody, "who is not said is nobody"),
        (
            Flaw::RevocationLeavesChallenges,
            "a challenge ends with the sessions",
        ),
        (
            Flaw::LastStateIsKept,
            "the latest state of a connection is kept",
        ),
        (
            Flaw::DeletedConnectionIsInactive,
            "a connection that was deleted stays so",
        ),
        (
            Flaw::DomainIsTaken,
            "of all organisations that a domain is verified for at once one has it",
        ),
        (
            Flaw::DomainIsEnforcedByAnybody,
            "a domain is enforced by the organisation that has proved it",
        ),
        (
            Flaw::ClaimIsBelieved,
            "a claim is pending until it is verified, and stays verified",
        ),
        (
            Flaw::OrganizationLeavesDomains,
            "an organisation is deleted with its connections and domains, and no other",
        ),
        (
            Flaw::IdentitiesOutliveTheMember,
            "identities of an organisation are unlinked with what came over them",
        ),
        (
            Flaw::ForgottenIsDeleted,
            "what is said of a forgotten organisation is the first that is",
        ),
        (
            Flaw::EnforcedSparesNobody,
            "a domain that is enforced leaves what came over a connection, and that session",
        ),
        (
            Flaw::TokenIsReadAndThenRotated,
            "of all rotations of a token at once one wins",
        ),
        (Flaw::EveryUseIsRecorded, "a use is recorded once a minute"),
        (
            Flaw::TokenIsAnybodysToRevoke,
            "a token is revoked by its owner alone, and once",
        ),
        (
            Flaw::NoAudienceIsEvery,
            "a token without an audience is of none",
        ),
        (
            Flaw::EndedSessionMakesTokens,
            "a session that was ended makes no token",
        ),
        (
            Flaw::TokensAreCountedAndThenIssued,
            "of all tokens that are issued at once as many are as may be",
        ),
        (
            Flaw::PeopleAreForgotten,
            "a revocation is about the people whose sessions end",
        ),
        (Flaw::PurgeIsUnbounded, "a purge is bounded"),
    ] {
        assert_eq!(rules(flaw), [rule], "{flaw:?}");
    }
    for (flaw, each) in [
        // What it opened was a session, a challenge, and what was made in one.
        (
            Flaw::PasswordLeavesSessions,
            &[
                "a new password ends sessions and links",
                "a challenge of a former password is void",
                "a new password that is set outside of a session ends API tokens",
            ][..],
        ),
        // What overtakes a sign-in is a password, and an organisation.
        (
            Flaw::SessionIsOfAnyEpoch,
            &[
                "a sign-in that a new password overtook begins no session",
                "a sign-in that a domain's enforcement overtook begins no session",
            ],
        ),
    ] {
        assert_eq!(rules(flaw), each, "{flaw:?}");
    }
}
