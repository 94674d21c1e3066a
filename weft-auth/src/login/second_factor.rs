//! The second factor: asked for at sign-in, enrolled and removed.

use super::conclude::Whom;
use super::outcome::SignedIn;
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::audit::{Event, Reason};
use crate::session::{
    Arrival, Assurance, Authenticated, Proof, Proofs, Recent, Session, TwoFactors,
};
use crate::store::{Account, AccountState, MailKind, StoredTotp};
use crate::token::{Challenge, Token};
use crate::totp::{Code, RecoveryCode, Secret, Step, Totp};

/// How many attempts there are at one challenge; the next one takes a first factor again.
const ATTEMPTS: u32 = 5;

/// After how many wrong ones in a row the owner is told.
const TOLD: u32 = 5;

/// What was given as the second factor.
#[derive(Debug)]
pub enum SecondFactor {
    /// A code of the app.
    Totp(Code),
    /// A recovery code.
    Recovery(RecoveryCode),
}

/// Who opens sealed secrets, such as the keyring of [`totp::seal`](crate::totp) (feature `seal`).
pub trait OpenSecret: Sync {
    /// The secret that was sealed for that account.
    fn open(&self, sealed: &[u8], account: &[u8]) -> Option<Secret>;
}

#[cfg(feature = "seal")]
impl OpenSecret for crate::totp::seal::Keyring {
    fn open(&self, sealed: &[u8], account: &[u8]) -> Option<Secret> {
        crate::totp::seal::Keyring::open(self, sealed, account).ok()
    }
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// Signs in with the second factor that is owed.
    ///
    /// # Errors
    /// When it is refused, or the store fails.
    ///
    /// # Security
    /// Where there is single sign-on, what comes out goes through
    /// [`still_vouched_for`](Login::still_vouched_for): the first factor's word may have been taken back.
    pub async fn second_factor(
        &self,
        challenge: &Token<Challenge>,
        given: SecondFactor,
        secrets: &impl OpenSecret,
        visit: Visit<'_>,
    ) -> Result<SignedIn, S> {
        let nobody = Whom::default();
        let digest = challenge.digest();
        let counted = self
            .store
            .count_challenge_attempt(&digest, ATTEMPTS, visit.now);
        let Some(record) = counted.await.map_err(Error::<S>::Store)? else {
            return self.refuse(Reason::Challenge, nobody, &visit).await;
        };
        let account = self.store.account(record.account).await;
        let account = account.map_err(Error::<S>::Store)?;
        let active = account.filter(|account| account.state == AccountState::Active);
        let Some(account) = active else {
            return self.refuse(Reason::Suspended, nobody, &visit).await;
        };
        let proof = self.check(&account, given, secrets, &visit).await?;
        let closed = self.store.close_challenge(&digest).await;
        if !closed.map_err(Error::<S>::Store)? {
            return self
                .refuse(Reason::Challenge, Whom::account(&account), &visit)
                .await;
        }
        let who = Authenticated {
            account: account.id,
            epoch: Some(record.epoch),
            proofs: record.proofs.with(proof, visit.now),
            connection: record.connection,
        };
        let visit = Visit {
            arrival: Arrival {
                remembered: record.remembered,
                ..visit.arrival
            },
            ..visit
        };
        let started = self.start(&account, who, proof, visit).await?;
        let rehash = None;
        Ok(SignedIn { started, rehash })
    }

    /// Has a second factor given in a session; it goes to
    /// [`Sessions::elevate`](crate::session::Sessions::elevate).
    ///
    /// # Errors
    /// When it is refused, or the store fails.
    pub async fn confirm_second_factor<A: Assurance>(
        &self,
        session: &Session<A>,
        given: SecondFactor,
        secrets: &impl OpenSecret,
        visit: &Visit<'_>,
    ) -> Result<Authenticated, S> {
        let account = self.account_of(session, visit).await?;
        let proof = self.check(&account, given, secrets, visit).await?;
        self.forgive_second_factor(&account).await?;
        Ok(Authenticated {
            account: account.id,
            epoch: Some(account.epoch),
            proofs: Proofs::of(proof, visit.now),
            connection: None,
        })
    }

    /// Enrols an app whose first code was typed in, and returns the recovery codes, to be shown once.
    /// `sealed` is the same secret, sealed for the bytes of the account's id.
    ///
    /// # Errors
    /// When the code is wrong, the account has an app, it was tried too often, or the store fails.
    pub async fn enrol<A: Assurance>(
        &self,
        recent: &Recent<'_, A>,
        (totp, sealed): (&Totp, Vec<u8>),
        code: &Code,
        visit: &Visit<'_>,
    ) -> Result<(Vec<RecoveryCode>, Authenticated), S> {
        let account = self.account_of(recent.session(), visit).await?;
        let whom = Whom::account(&account);
        self.count_second_factor(&account, visit).await?;
        let Some(last_step) = totp.check(code, visit.now, None) else {
            return self.refuse(Reason::WrongCode, whom, visit).await;
        };
        let codes = RecoveryCode::generate_set()?;
        let digests = codes.each_ref().map(RecoveryCode::digest);
        let stored = StoredTotp { sealed, last_step };
        let enrolled = self.store.enrol_totp(account.id, &stored, &digests).await;
        if !enrolled.map_err(Error::<S>::Store)? {
            return self.refuse(Reason::Taken, whom, visit).await;
        }
        self.forgive_second_factor(&account).await?;
        self.notify(MailKind::SecondFactorEnrolled, &account)
            .await?;
        self.log(Event::SecondFactorEnrolled, whom, visit).await?;
        let proved = Authenticated {
            account: account.id,
            epoch: Some(account.epoch),
            proofs: Proofs::of(Proof::Totp, visit.now),
            connection: None,
        };
        Ok((codes.into(), proved))
    }

    /// Removes the app and its recovery codes, which takes two factors proved just now.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub async fn remove_second_factor(
        &self,
        recent: &Recent<'_, TwoFactors>,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let account = self.account_of(recent.session(), visit).await?;
        let whom = Whom::account(&account);
        let removed = self.store.remove_totp(account.id).await;
        if !removed.map_err(Error::<S>::Store)? {
            return self.refuse(Reason::NoSecondFactor, whom, visit).await;
        }
        self.notify(MailKind::SecondFactorRemoved, &account).await?;
        self.log(Event::SecondFactorRemoved, whom, visit).await
    }

    /// Replaces the recovery codes, which takes two factors proved just now. Those before are good for
    /// nothing.
    ///
    /// # Errors
    /// When there is no app, the store fails, or the system has no randomness.
    pub async fn replace_recovery_codes(
        &self,
        recent: &Recent<'_, TwoFactors>,
        visit: &Visit<'_>,
    ) -> Result<Vec<RecoveryCode>, S> {
        let account = self.account_of(recent.session(), visit).await?;
        let whom = Whom::account(&account);
        let codes = RecoveryCode::generate_set()?;
        let digests = codes.each_ref().map(RecoveryCode::digest);
        let replaced = self
            .store
            .replace_recovery_codes(account.id, &digests)
            .await;
        if !replaced.map_err(Error::<S>::Store)? {
            return self.refuse(Reason::NoSecondFactor, whom, visit).await;
        }
        self.notify(MailKind::RecoveryCodesReplaced, &account)
            .await?;
        self.log(Event::RecoveryCodesReplaced, whom, visit).await?;
        Ok(codes.into())
    }

    /// Counts an attempt, before anything is compared, and says how many it is in a row.
    async fn count_second_factor(&self, account: &Account, visit: &Visit<'_>) -> Result<u32, S> {
        let charges = self.limits.second_factor(account.id);
        let taken = self.store.take(&charges, visit.now).await;
        if taken.map_err(Error::<S>::Store)? {
            let charge = self.limits.second_factor_failures(account.id);
            let counted = self.store.count_failure(&charge, visit.now).await;
            if let Some(failures) = counted.map_err(Error::<S>::Store)? {
                return Ok(failures);
            }
        }
        self.refuse(Reason::TooMany, Whom::account(account), visit)
            .await
    }

    async fn forgive_second_factor(&self, account: &Account) -> Result<(), S> {
        let failures = self.limits.second_factor_failures(account.id).key;
        let cleared = self.store.clear_failures(&[failures]).await;
        cleared.map_err(Error::<S>::Store)
    }

    /// What was proved, once.
    async fn check(
        &self,
        account: &Account,
        given: SecondFactor,
        secrets: &impl OpenSecret,
        visit: &Visit<'_>,
    ) -> Result<Proof, S> {
        let failures = self.count_second_factor(account, visit).await?;
        let accepted = match given {
            SecondFactor::Totp(code) => {
                let totp = self.store.totp(account.id).await;
                let totp = totp.map_err(Error::<S>::Store)?;
                let step = totp.and_then(|stored| right(&stored, &code, account, secrets, visit));
                match step {
                    Some(step) => {
                        let accepted = self.store.accept_step(account.id, step).await;
                        accepted.map(|accepted| accepted.then_some(Proof::Totp))
                    }
                    None => Ok(None),
                }
            }
            SecondFactor::Recovery(code) => {
                let digest = code.digest();
                let consumed = self.store.consume_recovery_code(account.id, &digest).await;
                consumed.map(|consumed| consumed.then_some(Proof::RecoveryCode))
            }
        };
        let Some(proof) = accepted.map_err(Error::<S>::Store)? else {
            if failures == TOLD {
                self.notify(MailKind::SecondFactorFailing, account).await?;
            }
            if failures
                == self
                    .limits
                    .second_factor_failures(account.id)
                    .backoff
                    .most()
            {
                let locked = Some(account.clone());
                self.mail_unlock(locked, &account.mailbox, visit).await?;
            }
            return self
                .refuse(Reason::WrongCode, Whom::account(account), visit)
                .await;
        };
        if proof == Proof::RecoveryCode {
            self.notify(MailKind::RecoveryCodeUsed, account).await?;
        }
        Ok(proof)
    }
}

fn right(
    stored: &StoredTotp,
    code: &Code,
    account: &Account,
    secrets: &impl OpenSecret,
    visit: &Visit<'_>,
) -> Option<Step> {
    let secret = secrets.open(&stored.sealed, account.id.as_bytes())?;
    Totp::new(secret).check(code, visit.now, Some(stored.last_step))
}
