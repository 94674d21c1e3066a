//! Using a link, or the code that it shows elsewhere.

use std::time::SystemTime;

use super::conclude::Whom;
use super::outcome::Outcome;
use super::refusal::Refusal;
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::AccountId;
use crate::SessionId;
use crate::audit::{Event, Reason};
use crate::link::{Code, Post, Purpose};
use crate::password::NewPassword;
use crate::session::Proof;
use crate::store::{Account, AccountState, Mail, MailKind, SpentLink};
use crate::token::{Browser, Link, Token};

/// How many attempts there are at a code.
const ATTEMPTS: u32 = 5;

/// What the page of a link shows. Nothing was used up.
#[derive(Debug)]
pub enum Shown {
    /// A button that posts the token.
    Button,
    /// A code, to be typed in where the link was asked for. Say that nobody will ever ask for it.
    Code(Code),
}

/// What is to be used up.
#[derive(Debug, Clone, Copy)]
pub enum Presented<'a> {
    /// A link, by the browser that has this secret.
    Link(&'a Token<Link>, Option<&'a Token<Browser>>),
    /// A code, by the browser that asked for its link.
    Code(&'a Code, &'a Token<Browser>),
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// What to show to whoever follows a link, by GET. Nothing is written.
    ///
    /// # Errors
    /// When the link is not good, or the store fails.
    pub async fn show(
        &self,
        token: &Token<Link>,
        purpose: Purpose,
        browser: Option<&Token<Browser>>,
        now: SystemTime,
    ) -> Result<Shown, S> {
        let found = self.store.find_link(&token.digest(), purpose, now).await;
        let Some(record) = found.map_err(Error::<S>::Store)? else {
            return Err(Error::<S>::Refused(Refusal::new(Reason::Link)));
        };
        let here = browser.map(Token::digest);
        match record.browser {
            Some((asked, _)) if here != Some(asked) => Ok(Shown::Code(Code::of(token))),
            _ => Ok(Shown::Button),
        }
    }

    /// Signs in with a link.
    ///
    /// # Errors
    /// When it is refused, or the store fails.
    pub async fn sign_in_by_link(
        &self,
        post: Post,
        presented: Presented<'_>,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        let (_, account) = self
            .consume_of_account(post, presented, Purpose::SignIn, &visit)
            .await?;
        self.conclude_by_mailbox(&account, visit).await
    }

    /// Replaces the password with a link, ends all sessions and links of the account, and signs in.
    ///
    /// # Errors
    /// When it is refused, too many hash at once, or the store fails.
    pub async fn reset(
        &self,
        post: Post,
        presented: Presented<'_>,
        password: NewPassword,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        let permit = self.permit(Whom::default(), &visit).await?;
        let consumed = self
            .consume_of_account(post, presented, Purpose::Reset, &visit)
            .await;
        let (_, account) = consumed?;
        let hash = self.hash(permit, password).await?;
        let replaced = self.replace_password(&account, hash.expose(), None, &visit);
        let epoch = replaced.await?;
        let account = Account { epoch, ..account };
        self.notify(MailKind::PasswordReplaced, &account).await?;
        self.log(Event::PasswordReplaced, Whom::account(&account), &visit)
            .await?;
        self.conclude_by_mailbox(&account, visit).await
    }

    /// Makes the account that was [asked for](Login::ask_to_register), and signs in.
    ///
    /// # Errors
    /// When it is refused, as when the mailbox has an account by now, or the store fails.
    pub async fn register(
        &self,
        post: Post,
        presented: Presented<'_>,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        let spent = self
            .consume(post, presented, Purpose::Register, &visit)
            .await?;
        let account = Account {
            id: AccountId::generate()?,
            mailbox: spent.record.sent_to,
            password: spent.record.carries,
            state: AccountState::Active,
            second_factor: false,
            break_glass: false,
            epoch: 0,
        };
        self.create(&account, &visit).await?;
        self.conclude_by_mailbox(&account, visit).await
    }

    /// Lets passwords and second factors be tried again.
    ///
    /// # Errors
    /// When the link is not good, or the store fails.
    pub async fn unlock(
        &self,
        post: Post,
        presented: Presented<'_>,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        let consumed = self
            .consume_of_account(post, presented, Purpose::Unlock, visit)
            .await;
        let (_, account) = consumed?;
        self.forgive(&account).await?;
        let event = Event::LinkSpent(Purpose::Unlock);
        self.log(event, Whom::account(&account), visit).await
    }

    pub(super) async fn create(&self, account: &Account, visit: &Visit<'_>) -> Result<(), S> {
        let created = self.store.create_account(account).await;
        let whom = Whom::account(account);
        match created.map_err(Error::<S>::Store)? {
            true => self.log(Event::Registered, whom, visit).await,
            false => self.refuse(Reason::Taken, whom, visit).await,
        }
    }

    /// From a proved mailbox to a session, unless its domain has got single sign-on meanwhile.
    pub(super) async fn conclude_by_mailbox(
        &self,
        account: &Account,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        let domain = account.mailbox.domain();
        let elsewhere = self.store.requires_single_sign_on(domain).await;
        if elsewhere.map_err(Error::<S>::Store)? {
            let whom = Whom::account(account);
            return self.refuse(Reason::SingleSignOn, whom, &visit).await;
        }
        self.conclude(account, (Proof::Mailbox, None), None, visit)
            .await
    }

    /// Replaces a password, and returns the epoch that begins.
    pub(super) async fn replace_password(
        &self,
        account: &Account,
        hash: &str,
        but: Option<SessionId>,
        visit: &Visit<'_>,
    ) -> Result<u64, S> {
        let replaced = self.store.replace_password(account.id, hash, but).await;
        match replaced.map_err(Error::<S>::Store)? {
            Some(epoch) => Ok(epoch),
            None => {
                let whom = Whom::account(account);
                self.refuse(Reason::Overtaken, whom, visit).await
            }
        }
    }

    pub(super) async fn notify(&self, kind: MailKind, account: &Account) -> Result<(), S> {
        let mail = Mail {
            kind,
            to: account.mailbox.clone(),
            token: None,
            decoy: false,
        };
        self.store.post(&mail).await.map_err(Error::<S>::Store)
    }

    /// Uses a link up that is of an account, for which it is good while that is not suspended.
    pub(super) async fn consume_of_account(
        &self,
        post: Post,
        presented: Presented<'_>,
        purpose: Purpose,
        visit: &Visit<'_>,
    ) -> Result<(SpentLink, Account), S> {
        let spent = self.consume(post, presented, purpose, visit).await?;
        match spent.account.clone() {
            Some(account) if account.state == AccountState::Suspended => {
                let whom = Whom::account(&account);
                self.refuse(Reason::Suspended, whom, visit).await
            }
            Some(account) => Ok((spent, account)),
            None => self.refuse(Reason::Link, Whom::default(), visit).await,
        }
    }

    /// Uses a link up: the one place where one is.
    pub(super) async fn consume(
        &self,
        _: Post,
        presented: Presented<'_>,
        purpose: Purpose,
        visit: &Visit<'_>,
    ) -> Result<SpentLink, S> {
        let (store, now) = (&self.store, visit.now);
        self.admit_network(Whom::default(), visit).await?;
        let spent = match presented {
            Presented::Link(token, browser) => {
                let browser = browser.map(Token::digest);
                let (digest, browser) = (token.digest(), browser.as_ref());
                store.consume_link(&digest, purpose, browser, now).await
            }
            Presented::Code(code, browser) => {
                let browser = browser.digest();
                let counted = store
                    .count_code_attempt(&browser, purpose, ATTEMPTS, now)
                    .await;
                match counted.map_err(Error::<S>::Store)? {
                    true => {
                        let code = code.digest(&browser);
                        store
                            .consume_link_by_code(&browser, &code, purpose, ATTEMPTS, now)
                            .await
                    }
                    false => Ok(None),
                }
            }
        };
        match spent.map_err(Error::<S>::Store)? {
            Some(spent) => Ok(spent),
            None => self.refuse(Reason::Link, Whom::default(), visit).await,
        }
    }
}
