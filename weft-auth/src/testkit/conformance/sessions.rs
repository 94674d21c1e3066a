use super::fixtures::{DAY, MINUTE, account, long_ago, now, purged, session, token};
use super::{Subject, winners};
use crate::session::{Proof, Proofs, Record};
use crate::store::{AccountStore, SessionStore};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::{Session, Token, TokenDigest};

/// Sessions: a sign-out wins over everything in flight, one rotation wins, touches are once a minute.
///
/// # Errors
/// The first rule that is not kept.
pub async fn sessions<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SessionStore + AccountStore,
{
    let store = &subject.connect();
    let owner = account()?;
    store.create_account(&owner).await.map_err(store_failed)?;
    let begun = async || {
        let (token, record) = (token::<Session>()?, session(owner.id)?);
        let digest = token.digest();
        let begun = store.begin_session(&digest, &record, None, None).await;
        begun.map_err(store_failed)?;
        Ok::<_, Violation>((digest, record))
    };
    reads_back(store, begun().await?).await?;
    a_sign_out_beats_requests_in_flight(store, begun().await?, begun().await?).await?;
    one_rotation_wins(subject, race, begun().await?).await?;
    one_touch_a_minute_wins(subject, race, begun().await?).await?;
    one_session_replaces_another(store, begun().await?).await?;
    only_its_owner_revokes(store, begun().await?).await?;
    no_connection_is_no_connection(store, begun().await?).await?;
    all_but_one_are_revoked(store, begun().await?).await?;
    what_is_over_is_purged(store, begun().await?).await
}

type Begun = (TokenDigest<Session>, Record);

async fn reads_back(store: &impl SessionStore, (digest, record): Begun) -> Result<(), Violation> {
    let found = store.find_session(&digest).await.map_err(store_failed)?;
    holds("a session reads back as it began", found, Some(record))?;
    let nobody = token::<Session>()?.digest();
    let found = store.find_session(&nobody).await.map_err(store_failed)?;
    holds("a digest that nobody has finds nothing", found, None)
}

/// CVE-2025-46336.
async fn a_sign_out_beats_requests_in_flight(
    store: &impl SessionStore,
    (digest, record): Begun,
    (other, _): Begun,
) -> Result<(), Violation> {
    let rule = "a sign-out beats a request in flight";
    let ended = store.end_session(&digest).await.map_err(store_failed)?;
    holds(rule, ended, true)?;
    let touched = store
        .touch_session(record.id, now() + 2 * MINUTE, now() + MINUTE)
        .await;
    holds(rule, touched.map_err(store_failed)?, false)?;
    let new = token::<Session>()?.digest();
    let rotated = store
        .rotate_session(&digest, &new, &record.proofs, now())
        .await;
    holds(rule, rotated.map_err(store_failed)?, false)?;
    for digest in [&digest, &new] {
        let found = store.find_session(digest).await.map_err(store_failed)?;
        holds(rule, found, None)?;
    }
    let again = store.end_session(&digest).await.map_err(store_failed)?;
    holds("a session ends once", again, false)?;

    let rule = "a sign-out with the token before ends a session that was rotated meanwhile";
    let rotated = store
        .rotate_session(&other, &new, &record.proofs, now())
        .await;
    holds(rule, rotated.map_err(store_failed)?, true)?;
    let found = store.find_session(&other).await.map_err(store_failed)?;
    holds("the token before a rotation finds nothing", found, None)?;
    let ended = store.end_session(&other).await.map_err(store_failed)?;
    holds(rule, ended, true)?;
    let found = store.find_session(&new).await.map_err(store_failed)?;
    holds(rule, found, None)
}

async fn one_rotation_wins<T>(
    subject: &T,
    race: &impl Race,
    (digest, record): Begun,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SessionStore,
{
    let connect = || subject.connect();
    let proofs = Proofs::of(Proof::Totp, now());
    let rotated = winners(race, connect, |_, store| async move {
        let new = Token::generate().map(|token| token.digest());
        match new {
            Ok(new) => store.rotate_session(&digest, &new, &proofs, now()).await,
            Err(_) => Ok(false),
        }
    });
    holds("of all rotations at once one wins", rotated.await?, 1)?;
    let own = subject.connect().sessions_of(record.account).await;
    let own = own.map_err(store_failed)?;
    let same = own.iter().find(|other| other.id == record.id);
    let found = same.map(|record| record.proofs);
    holds(
        "a rotation keeps the id and sets the proofs",
        found,
        Some(proofs),
    )
}

async fn one_touch_a_minute_wins<T>(
    subject: &T,
    race: &impl Race,
    (digest, record): Begun,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SessionStore,
{
    let rule = "a session is touched once a minute";
    let connect = || subject.connect();
    let (seen, id) = (now() + MINUTE, record.id);
    let touched = winners(race, connect, |_, store| async move {
        store.touch_session(id, seen, now()).await
    });
    holds(rule, touched.await?, 1)?;
    let found = subject.connect().find_session(&digest).await;
    let expected = Record {
        last_seen_at: seen,
        ..record
    };
    let found = found.map_err(store_failed)?;
    holds(
        "a touch sets the time and nothing else",
        found,
        Some(expected),
    )
}

async fn one_session_replaces_another(
    store: &impl SessionStore,
    (before, record): Begun,
) -> Result<(), Violation> {
    let rule = "a sign-in ends the session that the browser had";
    let (new, next) = (token::<Session>()?.digest(), session(record.account)?);
    let begun = store.begin_session(&new, &next, None, Some(&before)).await;
    holds("a session begins", begun.map_err(store_failed)?, true)?;
    let found = store.find_session(&before).await.map_err(store_failed)?;
    holds(rule, found, None)?;
    let found = store.find_session(&new).await.map_err(store_failed)?;
    holds("a sign-in begins a session", found, Some(next))?;

    let rule = "a sign-in ends the session that the browser had, though it was rotated meanwhile";
    let [rotated, third] = [token::<Session>()?.digest(), token::<Session>()?.digest()];
    let next = session(record.account)?;
    let meanwhile = store.rotate_session(&new, &rotated, &next.proofs, now());
    holds(rule, meanwhile.await.map_err(store_failed)?, true)?;
    let begun = store.begin_session(&third, &next, None, Some(&new)).await;
    holds(rule, begun.map_err(store_failed)?, true)?;
    let found = store.find_session(&rotated).await.map_err(store_failed)?;
    holds(rule, found, None)
}

async fn only_its_owner_revokes(
    store: &impl SessionStore,
    (digest, record): Begun,
) -> Result<(), Violation> {
    let rule = "a session is revoked by its owner alone";
    let stranger = account()?.id;
    for (by, expected) in [(stranger, false), (record.account, true)] {
        let revoked = store.revoke_session(by, record.id).await;
        holds(rule, revoked.map_err(store_failed)?, expected)?;
        let found = store.find_session(&digest).await.map_err(store_failed)?;
        holds(rule, found.is_none(), expected)?;
    }
    let revoked = store.revoke_sessions(stranger, None).await;
    holds(rule, revoked.map_err(store_failed)?, 0)
}

async fn no_connection_is_no_connection(
    store: &impl SessionStore,
    (digest, record): Begun,
) -> Result<(), Violation> {
    let rule = "a session without a connection is of none, not of the blank one";
    let revoked = store.revoke_connection("").await.map_err(store_failed)?;
    holds(rule, revoked, 0)?;
    let found = store.find_session(&digest).await.map_err(store_failed)?;
    holds(rule, found.is_some(), true)?;
    let mut bound = session(record.account)?;
    bound.connection = Some(format!("conn_{:?}", bound.id));
    let connection = bound.connection.clone().unwrap_or_default();
    let begun = store
        .begin_session(&token::<Session>()?.digest(), &bound, None, None)
        .await;
    begun.map_err(store_failed)?;
    let revoked = store.revoke_connection(&connection).await;
    let revoked = revoked.map_err(store_failed)?;
    holds("a connection's sessions are revoked with it", revoked, 1)
}

async fn all_but_one_are_revoked(
    store: &impl SessionStore,
    (digest, record): Begun,
) -> Result<(), Violation> {
    let but = store.revoke_sessions(record.account, Some(record.id)).await;
    but.map_err(store_failed)?;
    let own = store
        .sessions_of(record.account)
        .await
        .map_err(store_failed)?;
    let own = own.into_iter().map(|record| record.id).collect::<Vec<_>>();
    holds(
        "all sessions but that one are revoked",
        own,
        vec![record.id],
    )?;
    let all = store.revoke_sessions(record.account, None).await;
    holds(
        "all sessions are revoked and counted",
        all.map_err(store_failed)?,
        1,
    )?;
    let found = store.find_session(&digest).await.map_err(store_failed)?;
    holds("what is revoked is gone", found, None)
}

async fn what_is_over_is_purged(
    store: &impl SessionStore,
    (digest, record): Begun,
) -> Result<(), Violation> {
    let mut over = Vec::new();
    for (created_at, last_seen_at) in [(long_ago(), now()), (now(), long_ago())] {
        let old = Record {
            id: session(record.account)?.id,
            created_at,
            last_seen_at,
            ..record.clone()
        };
        let digest = token::<Session>()?.digest();
        let begun = store.begin_session(&digest, &old, None, None).await;
        begun.map_err(store_failed)?;
        over.push(digest);
    }
    let then = long_ago() + DAY;
    for most in [0, 1, 1_000] {
        purged(most, store.purge_sessions(then, then, most).await)?;
    }
    for digest in &over {
        let gone = store.find_session(digest).await.map_err(store_failed)?;
        holds("what is over is purged", gone, None)?;
    }
    let there = store.find_session(&digest).await.map_err(store_failed)?;
    holds("what is not over is not purged", there, Some(record))
}
