use std::fmt;
use std::str;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Bool, Bytea, Nullable, Text, Timestamptz};

use super::moment::Moment;
use super::row::{Columns, Read};
use super::statement::Statement;
use super::{Lend, PgError, PgResult, PgStore};
use crate::Mailbox;
use crate::link::Purpose;
use crate::store::{Answer, Mail, MailKind, OutboxStore};
use crate::token::Token;
use crate::totp::seal::SealError;

/// What a token is sealed for; it has the length of the other one.
const PURPOSE: &[u8] = b"weft-auth mail";

/// The kinds that are no link.
const NOTICES: [MailKind; 13] = [
    MailKind::AlreadyRegistered,
    MailKind::PasswordReplaced,
    MailKind::MailboxChanged,
    MailKind::SecondFactorEnrolled,
    MailKind::SecondFactorRemoved,
    MailKind::AccountDeleted,
    MailKind::RecoveryCodesReplaced,
    MailKind::RecoveryCodeUsed,
    MailKind::SecondFactorFailing,
    MailKind::IdentityLinked,
    MailKind::IdentityUnlinked,
    MailKind::ApiTokenMade,
    MailKind::ApiTokenRevoked,
];

/// A mail that is claimed, to be sent.
pub struct Waiting {
    /// Its number, by which to say that it was sent.
    pub id: i64,
    /// The mail. Drop it if it is a decoy.
    pub mail: Mail,
}

/// The same with the token sealed.
struct Sealed {
    id: i64,
    kind: MailKind,
    to: Mailbox,
    token: Option<Vec<u8>>,
    decoy: bool,
}

impl<L: Lend> OutboxStore for PgStore<L> {
    async fn post(&self, mail: &Mail) -> Answer<(), Self> {
        let posted = Statement::new(
            "INSERT INTO auth_outbox (kind, purpose, recipient, sealed_token, decoy)
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
        );
        self.any(self.mailed(posted, mail)?).await.map(drop)
    }
}

impl<L: Lend> PgStore<L> {
    /// Claims up to `most` mails until `now + lease`, the oldest first, for whoever sends them. Of all who
    /// ask at once each gets others. What cannot be opened stays claimed and keeps nothing else from being
    /// sent.
    ///
    /// # Errors
    /// When the store fails, or of all that was claimed no token was sealed for its recipient under a key
    /// that is here.
    pub async fn claim_mail(
        &self,
        most: u32,
        now: SystemTime,
        lease: Duration,
    ) -> PgResult<Vec<Waiting>, L> {
        let claimed = Statement::new(
            "UPDATE auth_outbox SET claimed_until = $3 WHERE id IN (
                 SELECT id FROM auth_outbox WHERE claimed_until IS NULL OR claimed_until <= $2
                 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
             )
             RETURNING *",
        );
        let claimed = claimed
            .bind::<BigInt, _>(i64::from(most))
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<Timestamptz, Moment>((now + lease).into());
        let mut claimed: Vec<Sealed> = self.all(claimed).await?;
        claimed.sort_by_key(|sealed| sealed.id);
        let (mut opened, mut failure) = (Vec::new(), None);
        for sealed in claimed {
            match self.open(sealed) {
                Ok(waiting) => opened.push(waiting),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if opened.is_empty() => Err(error),
            _ => Ok(opened),
        }
    }

    /// Deletes a mail that was sent, or was a decoy.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mail_sent(&self, id: i64) -> PgResult<(), L> {
        let sent = Statement::new("DELETE FROM auth_outbox WHERE id = $1 RETURNING id");
        self.any(sent.bind::<BigInt, _>(id)).await.map(drop)
    }

    /// Binds a mail's columns.
    pub(super) fn mailed(&self, statement: Statement, mail: &Mail) -> PgResult<Statement, L> {
        let (kind, purpose) = names(mail.kind);
        let bound = bound(mail.kind, &mail.to);
        let token = mail.token.as_ref().map(|token| {
            let plain = token.expose().as_bytes();
            self.keys.seal_bytes(plain, (PURPOSE, &bound))
        });
        let sealed = token.transpose().map_err(PgError::Seal)?;
        Ok(statement
            .bind::<Text, _>(kind)
            .bind::<Nullable<Text>, _>(purpose)
            .bind::<Text, _>(mail.to.as_str().to_owned())
            .bind::<Nullable<Bytea>, _>(sealed)
            .bind::<Bool, _>(mail.decoy))
    }

    fn open(&self, sealed: Sealed) -> PgResult<Waiting, L> {
        let bound = bound(sealed.kind, &sealed.to);
        let token = sealed.token.map(|token| {
            let plain = self.keys.open_bytes(&token, (PURPOSE, &bound))?;
            let text = str::from_utf8(&plain).unwrap_or_default();
            let token = Token::parse(text).map_err(|_| SealError::NotForThisUser)?;
            Ok(Arc::new(token))
        });
        let mail = Mail {
            kind: sealed.kind,
            to: sealed.to,
            token: token.transpose().map_err(PgError::Seal)?,
            decoy: sealed.decoy,
        };
        let id = sealed.id;
        Ok(Waiting { id, mail })
    }
}

/// What a token is bound to: whoever writes to the table mails it to nobody else.
fn bound(kind: MailKind, to: &Mailbox) -> Vec<u8> {
    let (kind, purpose) = names(kind);
    [kind, purpose.unwrap_or_default(), to.as_str()]
        .join("\0")
        .into_bytes()
}

/// Its stable name, and that of its link's purpose.
fn names(kind: MailKind) -> (&'static str, Option<&'static str>) {
    let name = match kind {
        MailKind::Link(purpose) => return ("link", Some(purpose.name())),
        MailKind::AlreadyRegistered => "already-registered",
        MailKind::PasswordReplaced => "password-replaced",
        MailKind::MailboxChanged => "mailbox-changed",
        MailKind::SecondFactorEnrolled => "second-factor-enrolled",
        MailKind::SecondFactorRemoved => "second-factor-removed",
        MailKind::AccountDeleted => "account-deleted",
        MailKind::RecoveryCodesReplaced => "recovery-codes-replaced",
        MailKind::RecoveryCodeUsed => "recovery-code-used",
        MailKind::SecondFactorFailing => "second-factor-failing",
        MailKind::IdentityLinked => "identity-linked",
        MailKind::IdentityUnlinked => "identity-unlinked",
        MailKind::ApiTokenMade => "api-token-made",
        MailKind::ApiTokenRevoked => "api-token-revoked",
    };
    (name, None)
}

/// The kind of those names.
fn kind(name: &str, purpose: Option<&str>) -> Option<MailKind> {
    match purpose {
        Some(purpose) => Purpose::from_name(purpose).map(MailKind::Link),
        None => NOTICES.into_iter().find(|kind| names(*kind).0 == name),
    }
}

impl Read for Sealed {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Sealed> {
        let purpose = row.option::<Text, String>("purpose")?;
        let kind = kind(&row.text("kind")?, purpose.as_deref());
        Ok(Sealed {
            id: row.value::<BigInt, _>("id")?,
            kind: kind.ok_or("the stored kind of a mail is none")?,
            to: Mailbox::parse(&row.text("recipient")?)?,
            token: row.option::<Bytea, _>("sealed_token")?,
            decoy: row.value::<Bool, _>("decoy")?,
        })
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("id", &self.id)
            .field("mail", &self.mail)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_mail_reads_back() {
        let links = Purpose::ALL.map(MailKind::Link);
        for one in NOTICES.into_iter().chain(links) {
            let (name, purpose) = names(one);
            assert_eq!(kind(name, purpose), Some(one));
        }
        assert_eq!(kind("link", None), None);
        assert_eq!(kind("link", Some("")), None);
    }
}
