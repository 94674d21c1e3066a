//! Changing what an account is signed in to with, its mailbox and its password, and deleting it.

use super::ask::{Asked, Issue};
use super::conclude::Whom;
use super::link::Presented;
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::Mailbox;
use crate::audit::{Event, Reason};
use crate::link::{Post, Purpose};
use crate::password::NewPassword;
use crate::session::{Assurance, Recent, Session};
use crate::store::{Account, AccountState, MailKind};
use crate::token::{Browser, Token};

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// Asks to change an account's mailbox: a link goes to the one that it has. When that one is used
    /// ([`allow_change`](Login::allow_change)), another one goes to the new mailbox, and when *that* one
    /// is used ([`change_mailbox`](Login::change_mailbox)), it is changed.
    ///
    /// # Errors
    /// When the mailbox gets too much mail, its domain has single sign-on, or the store fails.
    pub async fn ask_to_change_mailbox<A: Assurance>(
        &self,
        recent: &Recent<'_, A>,
        to: &Mailbox,
        browser: Option<Token<Browser>>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        let account = self.account_of(recent.session(), visit).await?;
        self.admit_mail(&account.mailbox, visit).await?;
        let issue = Issue {
            purpose: Purpose::ChangeFrom,
            kind: MailKind::Link(Purpose::ChangeFrom),
            account: Some(&account),
            sent_to: &account.mailbox,
            browser: None,
            carries: Some(to.as_str().to_owned()),
            decoy: false,
        };
        self.ask(issue, browser, visit).await
    }

    /// The mailbox that the account has agrees; a link goes to the new one.
    ///
    /// # Errors
    /// When it is refused, the new mailbox gets too much mail, or the store fails.
    pub async fn allow_change(
        &self,
        post: Post,
        presented: Presented<'_>,
        browser: Token<Browser>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        let consumed = self
            .consume_of_account(post, presented, Purpose::ChangeFrom, visit)
            .await;
        let (spent, account) = consumed?;
        let carried = spent.record.carries.as_deref().map(Mailbox::parse);
        let Some(Ok(to)) = carried else {
            return self
                .refuse(Reason::Link, Whom::account(&account), visit)
                .await;
        };
        self.admit_mail(&to, visit).await?;
        let issue = Issue {
            purpose: Purpose::ChangeTo,
            kind: MailKind::Link(Purpose::ChangeTo),
            account: Some(&account),
            sent_to: &to,
            browser: None,
            carries: None,
            decoy: false,
        };
        self.ask(issue, Some(browser), visit).await
    }

    /// The new mailbox agrees, and is the account's from now on; the other one is told.
    ///
    /// # Errors
    /// When it is refused, as when the account has yet another mailbox by now or the new one is another
    /// account's, or the store fails.
    pub async fn change_mailbox(
        &self,
        post: Post,
        presented: Presented<'_>,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let consumed = self
            .consume_of_account(post, presented, Purpose::ChangeTo, visit)
            .await;
        let (spent, account) = consumed?;
        // What this link was mailed to, and not what was asked for last (CVE-2026-32700).
        let to = &spent.record.sent_to;
        let changed = self.store.change_mailbox(account.id, &account.mailbox, to);
        if !changed.await.map_err(Error::<S>::Store)? {
            return self
                .refuse(Reason::Taken, Whom::account(&account), visit)
                .await;
        }
        self.notify(MailKind::MailboxChanged, &account).await?;
        self.log(Event::MailboxChanged, Whom::account(&account), visit)
            .await
    }

    /// Replaces the password of who is signed in, and ends all other sessions and links of the account.
    ///
    /// # Errors
    /// When too many hash at once, the account is not active any more, the session was ended since this
    /// request came, or the store fails.
    pub async fn replace_own_password<A: Assurance>(
        &self,
        recent: &Recent<'_, A>,
        password: NewPassword,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let session = recent.session();
        let permit = self.permit(Whom::default(), visit).await?;
        let account = self.account_of(session, visit).await?;
        let hash = self.hash(permit, password).await?;
        let but = Some(session.id());
        self.replace_password(&account, hash.expose(), but, visit)
            .await?;
        self.notify(MailKind::PasswordReplaced, &account).await?;
        self.log(Event::PasswordReplaced, Whom::account(&account), visit)
            .await
    }

    /// Deletes the account of who is signed in, with all that is its; its mailbox is told. What else
    /// refers to the account is to be taken out before.
    ///
    /// # Errors
    /// When the account is not active any more, or the store fails: also where something refers to it.
    pub async fn delete_own_account<A: Assurance>(
        &self,
        recent: &Recent<'_, A>,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let account = self.account_of(recent.session(), visit).await?;
        let deleted = self.store.delete_account(account.id).await;
        if !deleted.map_err(Error::<S>::Store)? {
            return self.refuse(Reason::Suspended, Whom::default(), visit).await;
        }
        self.notify(MailKind::AccountDeleted, &account).await?;
        self.log(Event::Deleted, Whom::account(&account), visit)
            .await
    }

    /// The account of who is signed in, while it is active.
    pub(super) async fn account_of<A: Assurance>(
        &self,
        session: &Session<A>,
        visit: &Visit<'_>,
    ) -> Result<Account, S> {
        let account = self.store.account(session.account()).await;
        let account = account.map_err(Error::<S>::Store)?;
        match account.filter(|account| account.state == AccountState::Active) {
            Some(account) => Ok(account),
            None => self.refuse(Reason::Suspended, Whom::default(), visit).await,
        }
    }
}
