use std::time::SystemTime;

use super::{Answer, Store};
use crate::session::{Proofs, Record};
use crate::token::{self, TokenDigest};
use crate::{AccountId, SessionId};

type Digest = TokenDigest<token::Session>;

/// Sessions, by the digest of their token.
///
/// A row is there while the session is, and is deleted to end it. Besides its [`Record`] it has a digest,
/// which is unique, the digest before that, and the [epoch](crate::store::Account::epoch) of its account
/// when it began: once that one is over, or the account is suspended, the session is not found. A
/// statement that deletes sees no row that is about to be committed, and this is for those.
pub trait SessionStore: Store {
    /// Adds a session, and deletes the one whose digest is `before`, or whose digest before the last
    /// rotation it was.
    ///
    /// False, and nothing is added, if the account is not there, suspended, or in another epoch than
    /// `epoch`; `None` is the one that it is in.
    fn begin_session(
        &self,
        digest: &Digest,
        record: &Record,
        epoch: Option<u64>,
        before: Option<&Digest>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// The session of that digest. The one before the last rotation is not looked for.
    fn find_session(
        &self,
        digest: &Digest,
    ) -> impl Future<Output = Answer<Option<Record>, Self>> + Send;

    /// Sets when it was last seen, if it is there and that was at `before` or earlier. It never adds a
    /// row, nor writes anything else.
    fn touch_session(
        &self,
        id: SessionId,
        now: SystemTime,
        before: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Gives the session of digest `old` the digest `new`, remembers the old one as the one before, and
    /// sets its proofs and when it was rotated.
    ///
    /// False if there is none of digest `old`: of two rotations at once one is made, and none after the end.
    fn rotate_session(
        &self,
        old: &Digest,
        new: &Digest,
        proofs: &Proofs,
        now: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes the session of that digest, or whose digest before the last rotation it was.
    fn end_session(&self, digest: &Digest) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes the session of that id, if it is the account's.
    fn revoke_session(
        &self,
        account: AccountId,
        id: SessionId,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes the account's sessions but for that one, and says how many.
    fn revoke_sessions(
        &self,
        account: AccountId,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;

    /// Deletes the sessions of that connection, and says how many. A session without one has none.
    fn revoke_connection(&self, connection: &str)
    -> impl Future<Output = Answer<u64, Self>> + Send;

    /// The account's sessions.
    fn sessions_of(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Vec<Record>, Self>> + Send;

    /// Deletes up to `most` that were created or last seen before, and says how many.
    fn purge_sessions(
        &self,
        created_before: SystemTime,
        seen_before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;
}
