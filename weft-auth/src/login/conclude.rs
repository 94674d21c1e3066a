//! How every sign-in ends.

use std::time::Duration;

use super::outcome::{ChallengeRecord, Outcome, Rehash, SecondFactorNeeded, SignedIn};
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::audit::{Event, Reason, Record};
use crate::session::{Authenticated, Proof, Proofs, Started};
use crate::store::{Account, AccountState};
use crate::token::Token;
use crate::{AccountId, Mailbox};

/// For how long a second factor is waited for (ASVS 6.5.5).
const CHALLENGE: Duration = Duration::from_secs(10 * 60);

/// Whom an entry of the audit log is about.
#[derive(Clone, Copy, Default)]
pub(super) struct Whom<'a> {
    pub(super) mailbox: Option<&'a Mailbox>,
    pub(super) account: Option<AccountId>,
}

impl<'a> Whom<'a> {
    pub(super) fn mailbox(mailbox: &'a Mailbox) -> Whom<'a> {
        let mailbox = Some(mailbox);
        Whom {
            mailbox,
            account: None,
        }
    }

    pub(super) fn account(account: &'a Account) -> Whom<'a> {
        Whom {
            mailbox: Some(&account.mailbox),
            account: Some(account.id),
        }
    }
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// From what was proved to a session, or to a second factor that is owed.
    pub(super) async fn conclude(
        &self,
        account: &Account,
        (proof, connection): (Proof, Option<String>),
        rehash: Option<Rehash>,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        match account.state {
            AccountState::Active => {}
            AccountState::Unverified if proof == Proof::Mailbox => {
                let verified = self.store.verify_mailbox(account.id, &account.mailbox);
                if !verified.await.map_err(Error::<S>::Store)? {
                    return self
                        .refuse(Reason::Unverified, Whom::account(account), &visit)
                        .await;
                }
            }
            AccountState::Unverified => {
                return self
                    .refuse(Reason::Unverified, Whom::account(account), &visit)
                    .await;
            }
            AccountState::Suspended => {
                return self
                    .refuse(Reason::Suspended, Whom::account(account), &visit)
                    .await;
            }
        }
        let who = Authenticated {
            account: account.id,
            epoch: Some(account.epoch),
            proofs: Proofs::of(proof, visit.now),
            connection,
        };
        if !account.second_factor {
            let started = self.start(account, who, proof, visit).await?;
            return Ok(Outcome::SignedIn(SignedIn { started, rehash }));
        }
        let challenge = Token::generate()?;
        let expires_at = visit.now + CHALLENGE;
        let record = ChallengeRecord {
            account: account.id,
            epoch: account.epoch,
            proofs: who.proofs,
            connection: who.connection,
            remembered: visit.arrival.remembered,
            opened_at: visit.now,
            expires_at,
        };
        let opened = self
            .store
            .open_challenge(&challenge.digest(), &record)
            .await;
        if !opened.map_err(Error::<S>::Store)? {
            return self
                .refuse(Reason::Overtaken, Whom::account(account), &visit)
                .await;
        }
        let event = Event::SecondFactorOwed(proof);
        self.log(event, Whom::account(account), &visit).await?;
        Ok(Outcome::SecondFactorNeeded(SecondFactorNeeded {
            challenge,
            expires_at,
            rehash,
        }))
    }

    /// A session for somebody of whom all was proved that has to be. Only now are failures forgotten.
    pub(super) async fn start(
        &self,
        account: &Account,
        who: Authenticated,
        last: Proof,
        visit: Visit<'_>,
    ) -> Result<Started, S> {
        self.forgive(account).await?;
        let Visit {
            network,
            arrival,
            now,
        } = visit;
        let started = self.sessions.start(who, arrival, now).await;
        let visit = Visit::from(network, now);
        let started = match started {
            Ok(started) => started,
            Err(crate::Error::Refused(_)) => {
                return self
                    .refuse(Reason::Overtaken, Whom::account(account), &visit)
                    .await;
            }
            Err(crate::Error::Store(error)) => return Err(Error::<S>::Store(error)),
            Err(crate::Error::Randomness) => return Err(Error::<S>::Randomness),
        };
        self.log(Event::SignedIn(last), Whom::account(account), &visit)
            .await?;
        Ok(started)
    }

    /// Forgets the failures of an account, of both kinds.
    pub(super) async fn forgive(&self, account: &Account) -> Result<(), S> {
        let failures = [
            self.limits.password_failures(&account.mailbox).key,
            self.limits.second_factor_failures(account.id).key,
        ];
        let cleared = self.store.clear_failures(&failures).await;
        cleared.map_err(Error::<S>::Store)
    }

    /// A refusal, with its reason in the audit log.
    pub(super) async fn refuse<T>(
        &self,
        reason: Reason,
        whom: Whom<'_>,
        visit: &Visit<'_>,
    ) -> Result<T, S> {
        self.log(Event::Refused(reason), whom, visit).await?;
        Err(Error::<S>::Refused(Refusal::new(reason)))
    }

    pub(super) async fn log(
        &self,
        event: Event,
        whom: Whom<'_>,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let pseudonym = |of, bytes: Option<&[u8]>| {
            // Computed for nobody as well, so that it takes as long.
            let pseudonym = self.pseudonyms.pseudonym(of, bytes.unwrap_or_default());
            bytes.is_some().then_some(pseudonym)
        };
        let mailbox = whom.mailbox.map(|mailbox| mailbox.as_str().as_bytes());
        let account = whom.account.as_ref().map(|id| &id.as_bytes()[..]);
        let record = Record {
            at: visit.now,
            event,
            mailbox: pseudonym("audited mailbox", mailbox),
            account: pseudonym("audited account", account),
            network: pseudonym("audited network", Some(&visit.network.bytes())),
        };
        let appended = self.store.append(&record.to_bytes()).await;
        appended.map(drop).map_err(Error::<S>::Store)
    }
}
