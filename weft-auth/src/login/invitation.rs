//! Inviting somebody by mail.

use super::ask::Issue;
use super::conclude::Whom;
use super::link::Presented;
use super::outcome::Outcome;
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::audit::{Event, Reason};
use crate::link::{Post, Purpose};
use crate::password::NewPassword;
use crate::store::{Account, AccountState, MailKind};
use crate::{AccountId, Mailbox};

/// An invitation that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// How the sign-in ended. `None` where the mailbox had an account that is in use, since whoever finds
    /// a link of last week is not to be in it, and where [single sign-on](Accepted::single_sign_on) goes
    /// before: its owner signs in as always.
    pub outcome: Option<Outcome>,
    /// Whether people of the mailbox's domain sign in through their organisation alone.
    pub single_sign_on: bool,
    /// Whose account it is now.
    pub account: AccountId,
    /// What the invitation was to.
    pub to: String,
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// Invites a mailbox, for 7 days, to what `to` says: an organisation and a role, as by ids. Whether
    /// whoever invites may do so was checked by then. A mailbox whose domain has single sign-on can be
    /// invited as well: the link signs nobody in there.
    ///
    /// # Errors
    /// When the mailbox gets too much mail, or the store fails.
    pub async fn invite(&self, mailbox: &Mailbox, to: &str, visit: &Visit<'_>) -> Result<(), S> {
        self.admit_network(Whom::mailbox(mailbox), visit).await?;
        self.charge_mail(mailbox, visit).await?;
        let issue = Issue {
            purpose: Purpose::Invite,
            kind: MailKind::Link(Purpose::Invite),
            account: None,
            sent_to: mailbox,
            browser: None,
            carries: Some(to.to_owned()),
            decoy: false,
        };
        self.issue(issue, visit.now).await?;
        let event = Event::LinkAsked(Purpose::Invite);
        self.log(event, Whom::mailbox(mailbox), visit).await
    }

    /// Accepts an invitation with the account of its mailbox, or with a new one that has that password
    /// or none, and signs in to that. An account that nobody has used is as good as a new one. Where the
    /// domain's people sign in through their organisation alone, a new one has no password, and who accepts
    /// signs in there.
    ///
    /// # Errors
    /// When it is refused, too many hash at once, or the store fails.
    pub async fn accept_invitation(
        &self,
        post: Post,
        presented: Presented<'_>,
        password: Option<NewPassword>,
        visit: Visit<'_>,
    ) -> Result<Accepted, S> {
        let permit = match password.is_some() {
            true => Some(self.permit(Whom::default(), &visit).await?),
            false => None,
        };
        let spent = self
            .consume(post, presented, Purpose::Invite, &visit)
            .await?;
        let (mailbox, to) = (spent.record.sent_to, spent.record.carries);
        let elsewhere = self.store.requires_single_sign_on(mailbox.domain()).await;
        let elsewhere = elsewhere.map_err(Error::<S>::Store)?;
        let known = self.store.account_by_mailbox(&mailbox).await;
        let account = match known.map_err(Error::<S>::Store)? {
            Some(account) if account.state != AccountState::Unverified => {
                return self.accept_as(&account, to, elsewhere, &visit).await;
            }
            Some(account) => account,
            None => {
                let hash = match (permit, password) {
                    (Some(permit), Some(password)) if !elsewhere => {
                        Some(self.hash(permit, password).await?)
                    }
                    _ => None,
                };
                let account = Account {
                    id: AccountId::generate()?,
                    mailbox,
                    password: hash.map(|hash| hash.expose().to_owned()),
                    state: AccountState::Active,
                    second_factor: false,
                    break_glass: false,
                    epoch: 0,
                };
                self.create(&account, &visit).await?;
                account
            }
        };
        if elsewhere {
            let verified = self.store.verify_mailbox(account.id, &account.mailbox);
            verified.await.map_err(Error::<S>::Store)?;
            return self.accept_as(&account, to, elsewhere, &visit).await;
        }
        Ok(Accepted {
            outcome: Some(self.conclude_by_mailbox(&account, visit).await?),
            single_sign_on: false,
            account: account.id,
            to: to.unwrap_or_default(),
        })
    }

    /// Accepts it for an account that is in use or signed in to elsewhere, and begins no session.
    async fn accept_as(
        &self,
        account: &Account,
        to: Option<String>,
        single_sign_on: bool,
        visit: &Visit<'_>,
    ) -> Result<Accepted, S> {
        let whom = Whom::account(account);
        if account.state == AccountState::Suspended {
            return self.refuse(Reason::Suspended, whom, visit).await;
        }
        let event = Event::LinkSpent(Purpose::Invite);
        self.log(event, whom, visit).await?;
        Ok(Accepted {
            outcome: None,
            single_sign_on,
            account: account.id,
            to: to.unwrap_or_default(),
        })
    }
}
