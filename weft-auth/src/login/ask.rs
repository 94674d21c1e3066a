//! Asking for a link, which is the same work for every mailbox.

use std::sync::Arc;
use std::time::SystemTime;

use super::conclude::Whom;
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::Mailbox;
use crate::audit::{Event, Reason};
use crate::link::{Code, Purpose, Record};
use crate::password::NewPassword;
use crate::store::{Account, AccountState, Mail, MailKind};
use crate::token::{Browser, Token};

/// A link was asked for. Whether one was mailed is not told.
#[derive(Debug)]
pub struct Asked {
    /// The secret of this browser, for a cookie of its own.
    pub browser: Token<Browser>,
    /// When it is too late to use the link, and to keep the cookie.
    pub expires_at: SystemTime,
}

/// What is to be in the database of a link.
pub(super) struct Issue<'a> {
    pub(super) purpose: Purpose,
    pub(super) kind: MailKind,
    pub(super) account: Option<&'a Account>,
    pub(super) sent_to: &'a Mailbox,
    pub(super) browser: Option<&'a Token<Browser>>,
    pub(super) carries: Option<String>,
    pub(super) decoy: bool,
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// Asks for a link to sign in. A browser that has a secret keeps it, so that its links before work
    /// on.
    ///
    /// # Errors
    /// When it was asked for too often, the domain has single sign-on, or the store fails; whether there
    /// is an account makes no difference.
    pub async fn ask_to_sign_in(
        &self,
        mailbox: &Mailbox,
        browser: Option<Token<Browser>>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        self.ask_of_account(Purpose::SignIn, mailbox, browser, visit)
            .await
    }

    /// Asks for a link to choose a new password.
    ///
    /// # Errors
    /// As for [`ask_to_sign_in`](Login::ask_to_sign_in).
    pub async fn ask_to_reset(
        &self,
        mailbox: &Mailbox,
        browser: Option<Token<Browser>>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        self.ask_of_account(Purpose::Reset, mailbox, browser, visit)
            .await
    }

    /// Asks for a link that ends a lock, where the one that came with it is lost or expired.
    ///
    /// # Errors
    /// As for [`ask_to_sign_in`](Login::ask_to_sign_in).
    pub async fn ask_to_unlock(
        &self,
        mailbox: &Mailbox,
        browser: Option<Token<Browser>>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        self.ask_of_account(Purpose::Unlock, mailbox, browser, visit)
            .await
    }

    /// Asks for an account with that password. It is there once the link is used, and not before, so that
    /// nobody waits in an account for its owner to prove it.
    ///
    /// # Errors
    /// As for [`ask_to_sign_in`](Login::ask_to_sign_in), and when too many hash at once.
    pub async fn ask_to_register(
        &self,
        mailbox: &Mailbox,
        password: NewPassword,
        browser: Option<Token<Browser>>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        let whom = Whom::mailbox(mailbox);
        self.admit_mail(mailbox, visit).await?;
        let permit = self.permit(whom, visit).await?;
        let hash = self.hash(permit, password).await?;
        let account = self.store.account_by_mailbox(mailbox).await;
        let account = account.map_err(Error::<S>::Store)?;
        let kind = match account {
            Some(_) => MailKind::AlreadyRegistered,
            None => MailKind::Link(Purpose::Register),
        };
        let suspended = |account: &Account| account.state == AccountState::Suspended;
        let issue = Issue {
            purpose: Purpose::Register,
            kind,
            account: None,
            sent_to: mailbox,
            browser: None,
            carries: Some(hash.expose().to_owned()),
            decoy: account.as_ref().is_some_and(suspended),
        };
        self.ask(issue, browser, visit).await
    }

    /// The link that ends a lock, mailed by the failure that locks.
    pub(super) async fn mail_unlock(
        &self,
        account: Option<Account>,
        mailbox: &Mailbox,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let account = account.filter(may_be_written_to);
        let issue = Issue {
            purpose: Purpose::Unlock,
            kind: MailKind::Link(Purpose::Unlock),
            account: account.as_ref(),
            sent_to: mailbox,
            browser: None,
            carries: None,
            decoy: account.is_none(),
        };
        self.issue(issue, visit.now).await.map(drop)
    }

    async fn ask_of_account(
        &self,
        purpose: Purpose,
        mailbox: &Mailbox,
        browser: Option<Token<Browser>>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        self.admit_mail(mailbox, visit).await?;
        let account = self.store.account_by_mailbox(mailbox).await;
        let account = account.map_err(Error::<S>::Store)?;
        let account = account.filter(may_be_written_to);
        let issue = Issue {
            purpose,
            kind: MailKind::Link(purpose),
            account: account.as_ref(),
            // What was stored, and not what was submitted (CVE-2019-19844).
            sent_to: account.as_ref().map_or(mailbox, |account| &account.mailbox),
            browser: None,
            carries: None,
            decoy: account.is_none(),
        };
        self.ask(issue, browser, visit).await
    }

    /// Issues a link to a browser, with its old secret or a new one.
    pub(super) async fn ask(
        &self,
        issue: Issue<'_>,
        browser: Option<Token<Browser>>,
        visit: &Visit<'_>,
    ) -> Result<Asked, S> {
        let browser = match browser {
            Some(browser) => browser,
            None => Token::generate()?,
        };
        let event = Event::LinkAsked(issue.purpose);
        let mailbox = issue.sent_to;
        let issue = Issue {
            browser: Some(&browser),
            ..issue
        };
        let expires_at = self.issue(issue, visit.now).await?;
        self.log(event, Whom::mailbox(mailbox), visit).await?;
        Ok(Asked {
            browser,
            expires_at,
        })
    }

    pub(super) async fn issue(&self, issue: Issue<'_>, now: SystemTime) -> Result<SystemTime, S> {
        let token = Token::generate()?;
        let browser = issue.browser.map(|browser| {
            let digest = browser.digest();
            (digest, Code::of(&token).digest(&digest))
        });
        let expires_at = now + self.links.ttl(issue.purpose);
        // Copied for nobody as well, so that it takes as long.
        let owner = issue
            .account
            .map_or(issue.sent_to, |account| &account.mailbox)
            .clone();
        let record = Record {
            purpose: issue.purpose,
            account: issue.account.map(|account| account.id),
            mailbox: issue.account.is_some().then_some(owner),
            sent_to: issue.sent_to.clone(),
            browser,
            carries: issue.carries,
            issued_at: now,
            expires_at,
        };
        let digest = token.digest();
        let mail = Mail {
            kind: issue.kind,
            to: issue.sent_to.clone(),
            token: Some(Arc::new(token)),
            decoy: issue.decoy,
        };
        let issued = self.store.issue_link(&digest, &record, &mail).await;
        issued.map_err(Error::<S>::Store)?;
        Ok(expires_at)
    }

    /// What comes before every mail: the charges of network and mailbox, and the domain.
    pub(super) async fn admit_mail(&self, mailbox: &Mailbox, visit: &Visit<'_>) -> Result<(), S> {
        let whom = Whom::mailbox(mailbox);
        self.admit_network(whom, visit).await?;
        let elsewhere = self.store.requires_single_sign_on(mailbox.domain()).await;
        if elsewhere.map_err(Error::<S>::Store)? {
            return self.refuse(Reason::SingleSignOn, whom, visit).await;
        }
        self.charge_mail(mailbox, visit).await
    }

    pub(super) async fn charge_mail(&self, mailbox: &Mailbox, visit: &Visit<'_>) -> Result<(), S> {
        let taken = self.store.take(&self.limits.mail(mailbox), visit.now).await;
        match taken.map_err(Error::<S>::Store)? {
            true => Ok(()),
            false => {
                self.refuse(Reason::TooMany, Whom::mailbox(mailbox), visit)
                    .await
            }
        }
    }
}

fn may_be_written_to(account: &Account) -> bool {
    account.state != AccountState::Suspended
}
