use std::time::SystemTime;

use super::assurance::{Assurance, OneFactor, Proof, Proofs};
use super::device::Device;
use super::policy::Policy;
use super::record::Record;
use super::refusal::{Refusal, RefusalKind};
use super::signed_in::{Recent, Session};
use crate::store::SessionStore;
use crate::token::{self, Token};
use crate::{AccountId, Error, SessionId};

/// Who somebody was found to be, and by what.
///
/// [`Login`](crate::login::Login) makes them; each becomes a session, or a proof in one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nobody is signed in yet"]
pub struct Authenticated {
    pub(crate) account: AccountId,
    /// The account's when it was looked up, if it was.
    pub(crate) epoch: Option<u64>,
    pub(crate) proofs: Proofs,
    pub(crate) connection: Option<String>,
}

/// A session that began, or got a new token, which goes into the browser's cookie.
#[derive(Debug)]
pub struct Started<A: Assurance = OneFactor> {
    /// The token.
    pub token: Token<token::Session>,
    /// The session.
    pub session: Session<A>,
}

/// Where a session is to begin.
#[derive(Debug, Default)]
pub struct Arrival<'a> {
    /// What it is listed as.
    pub device: Device,
    /// Whether it outlives the browser.
    pub remembered: bool,
    /// The token that came in with the request, which is good for nothing afterwards.
    pub before: Option<&'a Token<token::Session>>,
}

/// Sessions in a store, under a policy.
#[derive(Debug, Clone)]
pub struct Sessions<S> {
    store: S,
    policy: Policy,
}

type Result<T, S> = std::result::Result<T, Error<Refusal, <S as crate::store::Store>::Error>>;

impl Authenticated {
    /// Somebody whom something else than this crate found to be that account.
    ///
    /// # Security
    /// Nothing was checked. Search for this word to find all who are signed in by their own word.
    pub fn assertion(account: AccountId, proof: Proof, now: SystemTime) -> Authenticated {
        Authenticated {
            account,
            epoch: None,
            proofs: Proofs::of(proof, now),
            connection: None,
        }
    }
}

impl<S: SessionStore> Sessions<S> {
    /// The sessions in `store`.
    pub fn new(store: S, policy: Policy) -> Sessions<S> {
        Sessions { store, policy }
    }

    /// Signs somebody in: a new session with a new token, in place of the one that the browser had
    /// (CVE-2022-25896).
    ///
    /// # Errors
    /// When the account is suspended, or its password was replaced since it was found, the store fails, or
    /// the system has no randomness.
    pub async fn start(
        &self,
        who: Authenticated,
        arrival: Arrival<'_>,
        now: SystemTime,
    ) -> Result<Started, S> {
        let token = Token::generate()?;
        let record = Record {
            id: SessionId::generate()?,
            account: who.account,
            created_at: now,
            rotated_at: now,
            last_seen_at: now,
            remembered: arrival.remembered,
            proofs: who.proofs,
            connection: who.connection,
            device: arrival.device,
        };
        let before = arrival.before.map(Token::digest);
        let digest = token.digest();
        let session = self.policy.judge(&record, digest, now);
        let begun = self
            .store
            .begin_session(&digest, &record, who.epoch, before.as_ref());
        match begun.await.map_err(Error::Store)? {
            true => Ok(Started {
                token,
                session: session.map_err(Error::Refused)?,
            }),
            false => Err(Error::Refused(Refusal::new(RefusalKind::Unknown))),
        }
    }

    /// The session of the token that came in with a request.
    ///
    /// # Errors
    /// When there is none, it is over, or the store fails.
    pub async fn resume(
        &self,
        token: &Token<token::Session>,
        now: SystemTime,
    ) -> Result<Session, S> {
        let digest = token.digest();
        let found = self.store.find_session(&digest).await;
        let Some(record) = found.map_err(Error::Store)? else {
            return Err(Error::Refused(Refusal::new(RefusalKind::Unknown)));
        };
        let session = self.policy.judge(&record, digest, now);
        let session = session.map_err(Error::Refused)?;
        if session.touch_due {
            let before = now - Policy::TOUCH;
            let touched = self.store.touch_session(session.id, now, before).await;
            touched.map_err(Error::Store)?;
        }
        Ok(session)
    }

    /// Gives a session a new token, as at every change of what it may do.
    ///
    /// # Errors
    /// When it was ended or rotated since this request came, or the store fails.
    pub async fn rotate<A: Assurance>(
        &self,
        session: Session<A>,
        now: SystemTime,
    ) -> Result<Started<A>, S> {
        self.exchange(session, now).await
    }

    /// Adds what was proved to a session, which gets a new token.
    ///
    /// # Errors
    /// When it was proved of another account, the session was ended or rotated since this request came,
    /// or the store fails.
    pub async fn elevate<A: Assurance>(
        &self,
        session: Session<A>,
        who: Authenticated,
        now: SystemTime,
    ) -> Result<Started<A>, S> {
        if session.account != who.account {
            return Err(Error::Refused(Refusal::new(RefusalKind::OtherAccount)));
        }
        let proofs = session.proofs.iter().chain(who.proofs.iter()).collect();
        self.exchange(Session { proofs, ..session }, now).await
    }

    /// Ends the session of that token, be it the one it has or the one it had before the last rotation,
    /// so that a request in flight that rotates it does not outlive this.
    ///
    /// # Errors
    /// When the store fails. It is none if there was no session.
    pub async fn sign_out(&self, token: &Token<token::Session>) -> Result<bool, S> {
        let ended = self.store.end_session(&token.digest()).await;
        ended.map_err(Error::Store)
    }

    /// All sessions of an account that are not over, the one last used first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn devices(&self, account: AccountId, now: SystemTime) -> Result<Vec<Record>, S> {
        let all = self.store.sessions_of(account).await;
        let mut all = all.map_err(Error::Store)?;
        all.retain(|record| self.policy.unused(record, now).is_ok());
        all.sort_by_key(|record| std::cmp::Reverse(record.last_seen_at));
        Ok(all)
    }

    /// Ends one session of an account, and none of another's.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, account: AccountId, id: SessionId) -> Result<bool, S> {
        let revoked = self.store.revoke_session(account, id).await;
        revoked.map_err(Error::Store)
    }

    /// Ends all other sessions of this one's account, and says how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke_others<A: Assurance>(&self, recent: &Recent<'_, A>) -> Result<u64, S> {
        let Session { account, id, .. } = *recent.session();
        let revoked = self.store.revoke_sessions(account, Some(id)).await;
        revoked.map_err(Error::Store)
    }

    /// Ends all sessions of an account, and says how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke_all(&self, account: AccountId) -> Result<u64, S> {
        let revoked = self.store.revoke_sessions(account, None).await;
        revoked.map_err(Error::Store)
    }

    /// Ends all sessions that came in through a connection of single sign-on, and says how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke_connection(&self, connection: &str) -> Result<u64, S> {
        let revoked = self.store.revoke_connection(connection).await;
        revoked.map_err(Error::Store)
    }

    /// Deletes up to `most` of what is over under this policy, and says how many they were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn purge(&self, now: SystemTime, most: u32) -> Result<u64, S> {
        let Policy {
            lifetimes,
            remembered,
        } = self.policy;
        let created_before = now - lifetimes.absolute.max(remembered.absolute);
        let seen_before = now - lifetimes.idle.max(remembered.idle);
        let purged = self.store.purge_sessions(created_before, seen_before, most);
        purged.await.map_err(Error::Store)
    }

    async fn exchange<A: Assurance>(
        &self,
        session: Session<A>,
        now: SystemTime,
    ) -> Result<Started<A>, S> {
        let token = Token::generate()?;
        let digest = token.digest();
        let rotated = self
            .store
            .rotate_session(&session.digest, &digest, &session.proofs, now);
        match rotated.await.map_err(Error::Store)? {
            true => Ok(Started {
                token,
                session: Session {
                    digest,
                    rotation_due: false,
                    ..session
                },
            }),
            false => Err(Error::Refused(Refusal::new(RefusalKind::Unknown))),
        }
    }
}
