//! The first owner of a server that has none.

use std::{fmt, sync::Arc, time::SystemTime};

use weft_auth::{
    AccountId, Mailbox, NotAMailbox,
    link::{Policy, Purpose, Record},
    store::{LinkStore, Mail, MailKind},
    token::Token,
};

use crate::{
    accounts::Accounts,
    error::Problem,
    founding::{Owner, Reason, found},
    roads::Roads,
    site::Site,
    value::Line,
};

/// Makes the organisation and its owner, and returns the address of a page that lets the owner in once,
/// within 7 days. It is not mailed: whoever operates the server hands it over.
///
/// # Errors
/// When the organisation is there, a name or the address cannot be one, or something failed.
///
/// # Security
/// Whoever has the address is the owner.
pub async fn bootstrap(
    (roads, accounts, site): (&Roads, &Accounts, &Site),
    org: &str,
    email: &str,
) -> Result<String, NotMade> {
    let name = Line::new(org.to_owned()).map_err(NotMade::Name)?;
    let mailbox = Mailbox::parse(email).map_err(NotMade::Address)?;
    let (user, _) = email.split_once('@').unwrap_or((email, ""));
    let display_name = Line::new(user.to_owned()).map_err(NotMade::Name)?;
    let owner = Owner {
        account: None,
        mailbox: &mailbox,
        display_name: &display_name,
    };
    let founded = found(roads, &name, owner, Reason::Bootstrap).await?;
    let token = link(accounts, founded.account, mailbox).await?;
    let path = format!("/link/{}?token={}", Purpose::Invite.name(), token.expose());
    Ok(site.url(&path))
}

/// An invitation to whom the account is, with a mail that is dropped.
async fn link(
    accounts: &Accounts,
    account: AccountId,
    mailbox: Mailbox,
) -> Result<Arc<Token<weft_auth::token::Link>>, NotMade> {
    let (token, now) = (
        Arc::new(Token::generate().map_err(|_| unavailable())?),
        SystemTime::now(),
    );
    let record = Record {
        purpose: Purpose::Invite,
        account: Some(account),
        mailbox: Some(mailbox.clone()),
        sent_to: mailbox.clone(),
        browser: None,
        carries: None,
        issued_at: now,
        expires_at: now + Policy::default().ttl(Purpose::Invite),
    };
    let mail = Mail {
        kind: MailKind::Link(Purpose::Invite),
        to: mailbox,
        token: Some(Arc::clone(&token)),
        decoy: true,
    };
    let digest = token.digest();
    let issued = accounts.store().issue_link(&digest, &record, &mail);
    match issued.await {
        Ok(()) => Ok(token),
        Err(error) => {
            tracing::error!(%error, "a link cannot be issued");
            Err(unavailable())
        }
    }
}

fn unavailable() -> NotMade {
    NotMade::Problem(Problem::unavailable())
}

/// Why there is no first owner.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotMade {
    /// A name cannot be one.
    Name(String),
    /// The address is none.
    Address(NotAMailbox),
    /// The organisation is there, or the database did not answer.
    Problem(Problem),
}

impl From<Problem> for NotMade {
    fn from(problem: Problem) -> NotMade {
        NotMade::Problem(problem)
    }
}

impl fmt::Display for NotMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotMade::Name(why) => write!(f, "the name: {why}"),
            NotMade::Address(why) => write!(f, "the address: {why}"),
            NotMade::Problem(problem) => f.write_str(problem.detail()),
        }
    }
}

impl std::error::Error for NotMade {}
