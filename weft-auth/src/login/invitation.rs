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
    /// How the sign-in ended. `None` where the mailbox had an account that is in use: its owner signs in
    /// as always, since whoever finds a link of last week is not to be in it.
    pub outcome: Option<Outcome>,
    /// Whose account it is now.
    pub account: AccountId,
    /// What the invitation was to.
    pub to: String,
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// Invites a mailbox, for 7 days, to what `to` says: an organisation and a role, as by ids. Whether
    /// whoever invites may do so was checked by then.
    ///
    /// # Errors
    /// When the mailbox gets too much mail, its domain has single sign-on, or the store fails.
    pub async fn invite(&self, mailbox: &Mailbox, to: &str, visit: &Visit<'_>) -> Result<(), S> {
        self.admit_mail(mailbox, visit).await?;
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
    /// or none, and signs in to that. An account that nobody has used is as good as a new one.
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
        let mailbox = spent.record.sent_to;
        let known = self.store.account_by_mailbox(&mailbox).await;
        let account = match known.map_err(Error::<S>::Store)? {
            Some(account) if account.state != AccountState::Unverified => {
                return self.accept_as(&account, spent.record.carries, &visit).await;
            }
            Some(account) => account,
            None => {
                let hash = match (permit, password) {
                    (Some(permit), Some(password)) => Some(self.hash(permit, password).await?),
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
        Ok(Accepted {
            outcome: Some(self.conclude_by_mailbox(&account, visit).await?),
            account: account.id,
            to: spent.record.carries.unwrap_or_default(),
        })
    }

    /// Accepts it for an account that is in use, and begins no session.
    async fn accept_as(
        &self,
        account: &Account,
        to: Option<String>,
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
            account: account.id,
            to: to.unwrap_or_default(),
        })
    }
}
