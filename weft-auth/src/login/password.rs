//! Signing in with a password.

use super::conclude::Whom;
use super::outcome::{Outcome, Rehash};
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::Mailbox;
use crate::audit::Reason;
use crate::password::{NewPassword, Password, PasswordHash, Permit, RefusalKind};
use crate::session::{Assurance, Authenticated, Proof, Proofs, Session};
use crate::store::Account;

/// Whether single sign-on goes before a password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Road {
    Ordinary,
    BreakGlass,
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// Signs in with a password.
    ///
    /// # Errors
    /// When it is refused, or the store fails.
    pub async fn password(
        &self,
        mailbox: &Mailbox,
        password: Password,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        let checked = self
            .check_password(mailbox, password, Road::Ordinary, &visit)
            .await?;
        let (account, rehash) = checked;
        self.conclude(&account, (Proof::Password, None), rehash, visit)
            .await
    }

    /// Signs an owner in with a password where the domain has single sign-on: for when it is broken.
    /// `owns` says whether the mailbox's account owns, today, the organisation that requires it: a mark is
    /// left over from whoever did. Ask that before, and of every mailbox alike.
    ///
    /// # Errors
    /// When it is refused, as for every account that owns nothing, is not [marked](Account::break_glass) or
    /// has no second factor, or the store fails. Whether the password was right makes no difference then.
    pub async fn break_glass(
        &self,
        mailbox: &Mailbox,
        password: Password,
        owns: bool,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        let checked = self
            .check_password(mailbox, password, Road::BreakGlass, &visit)
            .await?;
        let (account, rehash) = checked;
        if !owns || !account.break_glass || !account.second_factor {
            return self
                .refuse(Reason::NoBreakGlass, Whom::account(&account), &visit)
                .await;
        }
        self.conclude(&account, (Proof::Password, None), rehash, visit)
            .await
    }

    /// Has the password given again in a session, as before something dangerous; it goes to
    /// [`Sessions::elevate`](crate::session::Sessions::elevate).
    ///
    /// # Errors
    /// When it is refused, or the store fails.
    pub async fn confirm_password<A: Assurance>(
        &self,
        session: &Session<A>,
        password: Password,
        visit: Visit<'_>,
    ) -> Result<Authenticated, S> {
        let account = self.account_of(session, &visit).await?;
        let mailbox = &account.mailbox;
        let checked = self
            .check_password(mailbox, password, Road::BreakGlass, &visit)
            .await?;
        let failures = self.limits.password_failures(mailbox).key;
        let cleared = self.store.clear_failures(&[failures]).await;
        cleared.map_err(Error::<S>::Store)?;
        Ok(Authenticated {
            account: checked.0.id,
            epoch: Some(checked.0.epoch),
            proofs: Proofs::of(Proof::Password, visit.now),
            connection: None,
        })
    }

    /// Makes a hash anew, once its password was right and the answer is sent.
    ///
    /// Whether it succeeds matters to nobody: the old hash is as good as it was. It says whether it did.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rehash(&self, rehash: Rehash) -> Result<bool, S> {
        let account = self.store.account_by_mailbox(&rehash.mailbox).await;
        let account = account.map_err(Error::<S>::Store)?;
        let same = account.filter(|account| account.id == rehash.account);
        let Some(old) = same.and_then(|account| account.password) else {
            return Ok(false);
        };
        let Ok(place) = self.hasher.enter() else {
            return Ok(false);
        };
        let (mut permit, stored) = (place.await, old.clone());
        let hash = self.offload.run(move || {
            let right = permit.verify(Some(&stored), &rehash.password).ok()?;
            permit.rehash(&right).ok()
        });
        let Some(new) = hash.await else {
            return Ok(false);
        };
        let replaced = self
            .store
            .rehash_password(rehash.account, &old, new.expose());
        replaced.await.map_err(Error::<S>::Store)
    }

    /// The account whose password it is. What is refused here has taken the same steps for every mailbox.
    async fn check_password(
        &self,
        mailbox: &Mailbox,
        password: Password,
        road: Road,
        visit: &Visit<'_>,
    ) -> Result<(Account, Option<Rehash>), S> {
        let whom = Whom::mailbox(mailbox);
        self.admit_network(whom, visit).await?;
        let elsewhere = self.store.requires_single_sign_on(mailbox.domain()).await;
        if elsewhere.map_err(Error::<S>::Store)? && road == Road::Ordinary {
            return self.refuse(Reason::SingleSignOn, whom, visit).await;
        }
        let mut permit = self.permit(whom, visit).await?;
        let charge = self.limits.password_failures(mailbox);
        let counted = self.store.count_failure(&charge, visit.now).await;
        let Some(failures) = counted.map_err(Error::<S>::Store)? else {
            return self.refuse(Reason::TooMany, whom, visit).await;
        };
        let account = self.store.account_by_mailbox(mailbox).await;
        let mut account = account.map_err(Error::<S>::Store)?;
        // Moved and not copied, since nobody has none to copy.
        let stored = account.as_mut().and_then(|account| account.password.take());
        let verify = self.offload.run(move || {
            let verified = permit.verify(stored.as_deref(), &password);
            let old = verified.map(|right| right.needs_rehash());
            (old.map_err(|refusal| refusal.kind()), password)
        });
        let (verified, password) = verify.await;
        let (account, refusal) = match (account, verified) {
            (Some(account), Ok(old)) => {
                let rehash = old.then(|| Rehash {
                    account: account.id,
                    mailbox: account.mailbox.clone(),
                    password,
                });
                return Ok((account, rehash));
            }
            (account, verified) => (account, verified.err()),
        };
        let reason = match refusal {
            _ if account.is_none() => Reason::UnknownMailbox,
            Some(RefusalKind::WrongPassword) => Reason::WrongPassword,
            Some(RefusalKind::Unreadable(_)) => Reason::UnreadableHash,
            _ => Reason::NoPassword,
        };
        if failures == charge.backoff.most() {
            self.mail_unlock(account, mailbox, visit).await?;
        }
        self.refuse(reason, whom, visit).await
    }

    /// The hash of a password that somebody chose.
    pub(super) async fn hash(
        &self,
        permit: Permit,
        password: NewPassword,
    ) -> Result<PasswordHash, S> {
        let mut permit = permit;
        let hash = self.offload.run(move || permit.hash(&password));
        hash.await.map_err(|_| Error::<S>::Randomness)
    }

    /// A place among those who hash, before anything is looked up.
    pub(super) async fn permit(&self, whom: Whom<'_>, visit: &Visit<'_>) -> Result<Permit, S> {
        match self.hasher.enter() {
            Ok(place) => Ok(place.await),
            Err(_) => self.refuse(Reason::Busy, whom, visit).await,
        }
    }

    pub(super) async fn admit_network(&self, whom: Whom<'_>, visit: &Visit<'_>) -> Result<(), S> {
        let charges = self.limits.network(visit.network);
        match self.store.take(&charges, visit.now).await {
            Ok(true) => Ok(()),
            Ok(false) => self.refuse(Reason::TooMany, whom, visit).await,
            Err(error) => Err(Error::<S>::Store(error)),
        }
    }
}
