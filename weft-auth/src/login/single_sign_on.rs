//! Signing in as an identity that was admitted.

use super::conclude::Whom;
use super::outcome::{Outcome, SignedIn};
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::audit::{Event, Reason};
use crate::session::{Assurance, Proof, Recent};
use crate::sso::{
    Domain, DomainOwner, Identity, IdentityKey, IdentityRecord, Linking, OrganizationId, Revocation,
};
use crate::store::{Account, AccountState, MailKind, SsoStore};
use crate::{AccountId, Mailbox, SessionId};

/// An identity that signs in to an account.
#[derive(Debug)]
#[must_use = "the token has to get to the browser"]
pub struct Admission {
    /// Whose account it is.
    pub account: AccountId,
    /// The organisation that vouched: whether the account is a member of it, and what it may do there, is
    /// yours to say.
    pub organization: OrganizationId,
    /// How the identity came to the account.
    pub by: Acquaintance,
    /// How the sign-in ended.
    pub outcome: Outcome,
}

/// How an identity came to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Acquaintance {
    /// It signed in before.
    Known,
    /// The account was made for it, just now.
    Created,
    /// It was linked to the account that has its address, just now.
    Linked,
}

impl<S: LoginStore + SsoStore, O: Offload> Login<S, O> {
    /// Signs in an identity: to its account, or at the first time to one that is made for it or linked to it
    /// as [`Linking`] decides. Its connection is kept; that it is still active, and the identity still the
    /// account's, is looked for once more when there is a session, so that what came meanwhile ends that as
    /// well.
    ///
    /// An account that the identity is linked to is signed in to as long as its mailbox is in a domain that
    /// the store has as verified for the organisation: what is vouched for is an address, and the account may
    /// have got another one.
    ///
    /// `None`: the address is that of an account of which nobody has shown to read the mailbox, and which
    /// somebody may have made to wait for its owner. Whoever signs in to that by another way may link the
    /// identity, by [`link_identity`](Login::link_identity). Where the organisation leaves its people no other
    /// way, an account that nobody can have used, without a password and a second factor, is theirs at once.
    ///
    /// # Errors
    /// When it is refused, or the store fails.
    pub async fn single_sign_on(
        &self,
        identity: &Identity,
        visit: Visit<'_>,
    ) -> Result<Option<Admission>, S> {
        self.admit_network(Whom::default(), &visit).await?;
        let record = IdentityRecord::new(identity, visit.now);
        let kept = self.store.keep_connection(identity.connection()).await;
        kept.map_err(Error::<S>::Store)?;
        let found = match self.recognize(&record, &visit).await? {
            Some(known) => Some((known, Acquaintance::Known)),
            None => self.acquaint(identity, &record, &visit).await?,
        };
        let Some((account, by)) = found else {
            return Ok(None);
        };
        let later = Visit::from(visit.network, visit.now);
        let id = record.key.connection();
        let proved = (Proof::Federation, Some(id.as_str().to_owned()));
        let outcome = self.conclude(&account, proved, None, visit).await?;
        let connection = self.store.connection(id).await;
        let connection = connection.map_err(Error::<S>::Store)?;
        if !connection.is_some_and(|kept| kept.is_active_for(&record.organization)) {
            let revocation = Revocation::Connection(id.clone());
            let revoked = self.store.revoke_federated(&revocation).await;
            revoked.map_err(Error::<S>::Store)?;
            return self
                .refuse(Reason::Connection, Whom::account(&account), &later)
                .await;
        }
        let known = self.store.recognize_identity(&record).await;
        if known.map_err(Error::<S>::Store)? != Some(account.id) {
            self.take_back(&account, &outcome).await?;
            return self
                .refuse(Reason::UnknownIdentity, Whom::account(&account), &later)
                .await;
        }
        if !self.is_vouched_for(&account, &record).await? {
            self.take_back(&account, &outcome).await?;
            return self
                .refuse(Reason::OtherDomain, Whom::account(&account), &later)
                .await;
        }
        Ok(Some(Admission {
            account: account.id,
            organization: record.organization,
            by,
            outcome,
        }))
    }

    /// Links an identity to the account of who is signed in, who has just proved to be it, and ends all other
    /// sessions and links of the account.
    ///
    /// # Errors
    /// When the account is not active any more or its mailbox in no domain of the organisation, the identity
    /// has an account, the account has one of that connection, or the store fails.
    pub async fn link_identity<A: Assurance>(
        &self,
        recent: &Recent<'_, A>,
        identity: &Identity,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let account = self.account_of(recent.session(), visit).await?;
        let kept = self.store.keep_connection(identity.connection()).await;
        kept.map_err(Error::<S>::Store)?;
        let record = IdentityRecord::new(identity, visit.now);
        if !self.is_vouched_for(&account, &record).await? {
            let whom = Whom::account(&account);
            return self.refuse(Reason::OtherDomain, whom, visit).await;
        }
        let but = Some(recent.session().id());
        self.link_to(&account, &record, but, visit).await
    }

    /// Takes an identity from the account of who is signed in, with the sessions that came over its
    /// connection.
    ///
    /// # Errors
    /// When the account is not active any more, the identity is not the account's, or the store fails.
    pub async fn unlink_identity<A: Assurance>(
        &self,
        recent: &Recent<'_, A>,
        identity: &IdentityKey,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let account = self.account_of(recent.session(), visit).await?;
        let unlinked = self.store.unlink_identity(account.id, identity).await;
        let whom = Whom::account(&account);
        if !unlinked.map_err(Error::<S>::Store)? {
            return self.refuse(Reason::UnknownIdentity, whom, visit).await;
        }
        self.notify(MailKind::IdentityUnlinked, &account).await?;
        self.log(Event::IdentityUnlinked, whom, visit).await
    }

    /// The account of an identity that signed in before.
    async fn recognize(
        &self,
        record: &IdentityRecord,
        visit: &Visit<'_>,
    ) -> Result<Option<Account>, S> {
        let known = self.store.recognize_identity(record).await;
        let Some(id) = known.map_err(Error::<S>::Store)? else {
            return Ok(None);
        };
        let account = self.store.account(id).await;
        let Some(account) = account.map_err(Error::<S>::Store)? else {
            let reason = Reason::UnknownIdentity;
            return self.refuse(reason, Whom::default(), visit).await;
        };
        if !self.is_vouched_for(&account, record).await? {
            let whom = Whom::account(&account);
            return self.refuse(Reason::OtherDomain, whom, visit).await;
        }
        Ok(Some(account))
    }

    /// A sign-in that a second factor concluded, if what it began over still vouches for it: the connection,
    /// the identity, and the domain of the account. What began without one is as it was.
    ///
    /// # Errors
    /// When one of them was ended while the second factor was given, and with it the session; or the store fails.
    pub async fn still_vouched_for(
        &self,
        signed_in: SignedIn,
        visit: &Visit<'_>,
    ) -> Result<SignedIn, S> {
        let session = &signed_in.started.session;
        if !session
            .proofs()
            .iter()
            .any(|(proof, _)| proof == Proof::Federation)
        {
            return Ok(signed_in);
        }
        let found = self.store.find_session(&session.digest()).await;
        let found = found.map_err(Error::<S>::Store)?;
        let over = found.and_then(|record| record.connection);
        let identities = self.store.identities_of(session.account()).await;
        let identities = identities.map_err(Error::<S>::Store)?;
        let identity = identities
            .iter()
            .find(|one| Some(one.key.connection().as_str()) == over.as_deref());
        if let Some(identity) = identity {
            let connection = self.store.connection(identity.key.connection()).await;
            let connection = connection.map_err(Error::<S>::Store)?;
            let is_active =
                connection.is_some_and(|kept| kept.is_active_for(&identity.organization));
            let account = self.store.account(session.account()).await;
            let account = account.map_err(Error::<S>::Store)?;
            if let Some(account) = account.filter(|_| is_active)
                && self.is_vouched_for(&account, identity).await?
            {
                return Ok(signed_in);
            }
        }
        let ended = self.store.revoke_session(session.account(), session.id());
        ended.await.map_err(Error::<S>::Store)?;
        let whom = Whom {
            mailbox: None,
            account: Some(session.account()),
        };
        self.refuse(Reason::Connection, whom, visit).await
    }

    /// The organisation that has the account's domain as its own, if it is the one that vouches.
    async fn voucher(
        &self,
        account: &Account,
        record: &IdentityRecord,
    ) -> Result<Option<DomainOwner>, S> {
        let Some(domain) = Domain::new(account.mailbox.domain()) else {
            return Ok(None);
        };
        let owner = self.store.owner_of_domain(&domain).await;
        let owner = owner.map_err(Error::<S>::Store)?;
        Ok(owner.filter(|owner| owner.organization == record.organization))
    }

    async fn is_vouched_for(&self, account: &Account, record: &IdentityRecord) -> Result<bool, S> {
        let voucher = self.voucher(account, record).await?;
        Ok(voucher.is_some())
    }

    /// Ends what began a moment ago.
    async fn take_back(&self, account: &Account, outcome: &Outcome) -> Result<(), S> {
        let ended = match outcome {
            Outcome::SignedIn(signed_in) => {
                let session = signed_in.started.session.id();
                self.store.revoke_session(account.id, session).await
            }
            Outcome::SecondFactorNeeded(needed) => {
                let challenge = needed.challenge.digest();
                self.store.close_challenge(&challenge).await
            }
        };
        ended.map(drop).map_err(Error::<S>::Store)
    }

    /// Makes an account for an identity, or links it to one, unless somebody has to prove first.
    async fn acquaint(
        &self,
        identity: &Identity,
        record: &IdentityRecord,
        visit: &Visit<'_>,
    ) -> Result<Option<(Account, Acquaintance)>, S> {
        let Ok(mailbox) = Mailbox::parse(&record.email) else {
            return self
                .refuse(Reason::NotAMailbox, Whom::default(), visit)
                .await;
        };
        let local = self.store.account_by_mailbox(&mailbox).await;
        let Some(account) = local.map_err(Error::<S>::Store)? else {
            return self.create_for(mailbox, record, visit).await.map(Some);
        };
        let account = self.vouched_for(account, record).await?;
        let whom = Whom::account(&account);
        let is_verified = match account.state {
            AccountState::Active => true,
            AccountState::Unverified => false,
            AccountState::Suspended => return self.refuse(Reason::Suspended, whom, visit).await,
        };
        match Linking::of(identity, Some((account.mailbox.as_str(), is_verified))) {
            Linking::Link => {
                self.link_to(&account, record, None, visit).await?;
                Ok(Some((account, Acquaintance::Linked)))
            }
            Linking::Create | Linking::ProveFirst => {
                self.log(Event::Refused(Reason::Unverified), whom, visit)
                    .await?;
                Ok(None)
            }
        }
    }

    /// An account that nobody can have used is proved by the word of the organisation that has proved its
    /// domain and enforces it: no mail signs anybody in to that who could prove it. Any other is as it was.
    async fn vouched_for(&self, account: Account, record: &IdentityRecord) -> Result<Account, S> {
        let is_used = account.password.is_some() || account.second_factor;
        if account.state != AccountState::Unverified || is_used {
            return Ok(account);
        }
        let voucher = self.voucher(&account, record).await?;
        if !voucher.is_some_and(|owner| owner.enforced) {
            return Ok(account);
        }
        let verified = self.store.verify_mailbox(account.id, &account.mailbox);
        verified.await.map_err(Error::<S>::Store)?;
        // Another tab may have been faster: what is there now decides.
        let now = self.store.account(account.id).await;
        Ok(now.map_err(Error::<S>::Store)?.unwrap_or(account))
    }

    async fn create_for(
        &self,
        mailbox: Mailbox,
        record: &IdentityRecord,
        visit: &Visit<'_>,
    ) -> Result<(Account, Acquaintance), S> {
        let account = Account {
            id: AccountId::generate()?,
            mailbox,
            password: None,
            state: AccountState::Active,
            second_factor: false,
            break_glass: false,
            epoch: 0,
        };
        let whom = Whom::account(&account);
        let created = self.store.create_identified_account(&account, record).await;
        if created.map_err(Error::<S>::Store)? {
            self.log(Event::Registered, whom, visit).await?;
            return Ok((account, Acquaintance::Created));
        }
        // The same person in another tab, or somebody who got the mailbox.
        match self.recognize(record, visit).await? {
            Some(known) => Ok((known, Acquaintance::Known)),
            None => self.refuse(Reason::Taken, whom, visit).await,
        }
    }

    async fn link_to(
        &self,
        account: &Account,
        record: &IdentityRecord,
        but: Option<SessionId>,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let linked = self
            .store
            .link_identity(record, account.id, &account.mailbox, but);
        let whom = Whom::account(account);
        if !linked.await.map_err(Error::<S>::Store)? {
            return self.refuse(Reason::Taken, whom, visit).await;
        }
        self.notify(MailKind::IdentityLinked, account).await?;
        self.log(Event::IdentityLinked, whom, visit).await
    }
}
