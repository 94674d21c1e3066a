use std::time::Duration;

use uuid::Uuid;

use super::fixtures::{DAY, MINUTE, account, long_ago, now, purged, session, token};
use super::{RACERS, Subject, winners};
use crate::store::{Account, AccountStore, ApiTokenStore, SessionStore};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::{Api, ApiToken, ApiTokenRecord, Prefix, Session, TokenDigest};
use crate::{AccountId, ApiTokenId, SessionId};

/// API tokens: one rotation wins, uses are recorded once a minute, each is one account's and ends with a
/// reset, and nobody has more than may be.
///
/// # Errors
/// The first rule that is not kept.
pub async fn api_tokens<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: ApiTokenStore + AccountStore + SessionStore,
{
    let store = &subject.connect();
    reads_back(store).await?;
    nobody_has_more_than_may_be(subject, race).await?;
    a_session_that_is_over_makes_none(store).await?;
    what_a_session_made_is_revoked_after_it(subject, race).await?;
    one_rotation_wins(subject, race).await?;
    a_reset_ends_them(subject, race).await?;
    only_what_may_be_is_rotated(store).await?;
    one_use_a_minute_is_recorded(subject, race).await?;
    only_its_owner_revokes(store).await?;
    who_is_suspended_has_no_token(store).await?;
    what_expired_is_purged(store).await
}

fn digest() -> Result<TokenDigest<Api>, Violation> {
    let prefix = Prefix::new("test").map_err(store_failed)?;
    let token = ApiToken::generate(prefix).map_err(store_failed)?;
    Ok(token.digest())
}

fn record(account: AccountId) -> Result<ApiTokenRecord, Violation> {
    Ok(ApiTokenRecord {
        id: ApiTokenId::generate().map_err(store_failed)?,
        account,
        audience: Some(account.into()),
        label: "a program".to_owned(),
        scopes: "orders:read orders:write".to_owned(),
        created_at: now() - DAY,
        expires_at: Some(now() + DAY),
        last_used_at: None,
    })
}

async fn owner(store: &impl AccountStore) -> Result<Account, Violation> {
    let owner = account()?;
    store.create_account(&owner).await.map_err(store_failed)?;
    Ok(owner)
}

type Issued = (TokenDigest<Api>, ApiTokenRecord);

async fn issued(store: &impl ApiTokenStore, record: ApiTokenRecord) -> Result<Issued, Violation> {
    let digest = digest()?;
    let issued = store.issue_api_token(&digest, &record, None, MOST).await;
    holds("a token is issued", issued.map_err(store_failed)?, true)?;
    Ok((digest, record))
}

/// As many as any test needs.
const MOST: u16 = 100;

async fn reads_back<S: ApiTokenStore + AccountStore>(store: &S) -> Result<(), Violation> {
    let owner = owner(store).await?.id;
    let endless = ApiTokenRecord {
        audience: None,
        expires_at: None,
        scopes: String::new(),
        last_used_at: Some(now()),
        ..record(owner)?
    };
    for record in [record(owner)?, endless] {
        let (digest, record) = issued(store, record).await?;
        let found = store.find_api_token(&digest).await.map_err(store_failed)?;
        holds("a token reads back as it was issued", found, Some(record))?;
    }
    let found = store.find_api_token(&digest()?).await;
    let rule = "a digest that nobody has finds no token";
    holds(rule, found.map_err(store_failed)?, None)?;
    let (digest, first) = issued(store, record(owner)?).await?;
    let rule = "a token is issued once";
    let again = store
        .issue_api_token(&digest, &record(owner)?, None, MOST)
        .await;
    holds(rule, again.map_err(store_failed)?, false)?;
    let again = store
        .issue_api_token(&self::digest()?, &first, None, MOST)
        .await;
    holds(rule, again.map_err(store_failed)?, false)?;
    let nobodys = record(account()?.id)?;
    let issued = store
        .issue_api_token(&self::digest()?, &nobodys, None, MOST)
        .await;
    let rule = "a token is of an account that is there";
    holds(rule, issued.map_err(store_failed)?, false)
}

/// A session that has begun.
async fn begun(store: &impl SessionStore, account: AccountId) -> Result<SessionId, Violation> {
    let (digest, record) = (token::<Session>()?.digest(), session(account)?);
    let begun = store.begin_session(&digest, &record, None, None).await;
    holds("a session begins", begun.map_err(store_failed)?, true)?;
    Ok(record.id)
}

async fn nobody_has_more_than_may_be<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: ApiTokenStore + AccountStore,
{
    let store = &subject.connect();
    let endless = ApiTokenRecord {
        audience: None,
        ..record(owner(store).await?.id)?
    };
    for first in [record(owner(store).await?.id)?, endless] {
        let another = |audience| -> Result<_, Violation> {
            Ok(ApiTokenRecord {
                audience,
                ..record(first.account)?
            })
        };
        let (audience, most) = (first.audience, 5);
        let rule = "of all tokens that are issued at once as many are as may be";
        let connect = || subject.connect();
        let issued = winners(race, connect, |_, store| {
            let issue = digest().and_then(|digest| Ok((digest, another(audience)?)));
            async move {
                match issue {
                    Ok((digest, record)) => {
                        store.issue_api_token(&digest, &record, None, most).await
                    }
                    Err(_) => Ok(false),
                }
            }
        });
        holds(rule, issued.await?, usize::from(most))?;
        let own = store.api_tokens_of(first.account).await;
        let own = own.map_err(store_failed)?;
        holds(rule, own.len(), usize::from(most))?;

        let add = async |audience| {
            let (digest, record) = (digest()?, another(audience)?);
            let issued = store.issue_api_token(&digest, &record, None, most).await;
            issued.map_err(store_failed)
        };
        let rule = "tokens of another audience are not counted";
        holds(rule, add(Some(Uuid::nil())).await?, true)?;
        let old = own.first().ok_or_else(|| Violation::new(rule, ()))?.id;
        let (next, new) = (digest()?, another(audience)?);
        let rotated = store.rotate_api_token(old, now(), &next, &new).await;
        let rule = "a token that is rotated counts for no more than before";
        holds(rule, rotated.map_err(store_failed)?, true)?;
        holds(rule, add(audience).await?, false)?;
        let revoked = store.revoke_api_token(first.account, new.id).await;
        let rule = "a token that is revoked makes room for another";
        holds(rule, revoked.map_err(store_failed)?, true)?;
        holds(
            rule,
            [add(audience).await?, add(audience).await?],
            [true, false],
        )?;
    }
    Ok(())
}

async fn a_session_that_is_over_makes_none<S>(store: &S) -> Result<(), Violation>
where
    S: ApiTokenStore + AccountStore + SessionStore,
{
    let rule = "a session that was ended makes no token";
    let (owner, stranger) = (owner(store).await?.id, owner(store).await?.id);
    let issue = async |session| {
        let (digest, record) = (digest()?, record(owner)?);
        let issued = store.issue_api_token(&digest, &record, Some(session), MOST);
        issued.await.map_err(store_failed)
    };
    let own = begun(store, owner).await?;
    holds("a session makes a token", issue(own).await?, true)?;
    holds(rule, issue(session(owner)?.id).await?, false)?;
    holds(rule, issue(begun(store, stranger).await?).await?, false)?;
    let revoked = store.revoke_session(owner, own).await;
    holds(rule, revoked.map_err(store_failed)?, true)?;
    holds(rule, issue(own).await?, false)
}

/// As when somebody is turned away: sessions end by one statement, tokens by another.
async fn what_a_session_made_is_revoked_after_it<T>(
    subject: &T,
    race: &impl Race,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: ApiTokenStore + AccountStore + SessionStore,
{
    let store = &subject.connect();
    let rule = "no token is left of a session that ended before tokens were revoked";
    for end in 0..RACERS {
        let owner = owner(store).await?.id;
        let session = begun(store, owner).await?;
        let connect = || subject.connect();
        let raced = winners(race, connect, |place, store| {
            let issue = digest().and_then(|digest| Ok((digest, record(owner)?)));
            async move {
                if place == end {
                    store.revoke_session(owner, session).await?;
                    return Ok(store.revoke_api_tokens(owner, None).await? > 0);
                }
                let Ok((digest, record)) = issue else {
                    return Ok(false);
                };
                let issued = store.issue_api_token(&digest, &record, Some(session), MOST);
                issued.await
            }
        });
        raced.await?;
        let left = store.api_tokens_of(owner).await.map_err(store_failed)?;
        holds(rule, left, Vec::new())?;
    }
    Ok(())
}

/// Whoever was in before the reset is out, by what was made then as well, whichever statement is first.
async fn a_reset_ends_them<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: ApiTokenStore + AccountStore + SessionStore,
{
    let store = &subject.connect();
    let (owner, stranger) = (owner(store).await?.id, owner(store).await?.id);
    let (digest, first) = issued(store, record(owner)?).await?;
    let (others, _) = issued(store, record(stranger)?).await?;
    let own = begun(store, owner).await?;
    let replaced = store.replace_password(owner, "new", Some(own)).await;
    replaced.map_err(store_failed)?;
    let found = store.find_api_token(&digest).await.map_err(store_failed)?;
    let rule = "a new password that is set in a session leaves API tokens";
    holds(rule, found, Some(first.clone()))?;
    let replaced = store.replace_password(owner, "newer", None).await;
    replaced.map_err(store_failed)?;
    let rule = "a new password that is set outside of a session ends API tokens";
    let found = store.find_api_token(&digest).await.map_err(store_failed)?;
    holds(rule, found, None)?;
    let own = store.api_tokens_of(owner).await.map_err(store_failed)?;
    holds(rule, own, Vec::new())?;
    let (next, new) = (self::digest()?, later(owner)?);
    let rotated = store.rotate_api_token(first.id, now(), &next, &new).await;
    holds(rule, rotated.map_err(store_failed)?, false)?;
    let found = store.find_api_token(&others).await.map_err(store_failed)?;
    holds("a reset leaves others' API tokens", found.is_some(), true)?;
    let (again, _) = issued(store, record(owner)?).await?;
    let found = store.find_api_token(&again).await.map_err(store_failed)?;
    holds("tokens are made after a reset", found.is_some(), true)?;

    let rule = "no token of before a reset is left, however late it is issued";
    for reset in 0..RACERS {
        let owner = self::owner(store).await?.id;
        let session = begun(store, owner).await?;
        let tokens = (0..RACERS)
            .map(|_| Ok((self::digest()?, record(owner)?)))
            .collect::<Result<Vec<Issued>, Violation>>()?;
        let connect = || subject.connect();
        let raced = winners(race, connect, |place, store| {
            let (digest, record) = tokens[place].clone();
            async move {
                match place == reset {
                    true => store
                        .replace_password(owner, "new", None)
                        .await
                        .map(|epoch| epoch.is_some()),
                    false => {
                        let issued = store.issue_api_token(&digest, &record, Some(session), MOST);
                        issued.await
                    }
                }
            }
        });
        raced.await?;
        for (digest, _) in &tokens {
            let found = store.find_api_token(digest).await.map_err(store_failed)?;
            holds(rule, found, None)?;
        }
        let listed = store.api_tokens_of(owner).await.map_err(store_failed)?;
        holds(rule, listed, Vec::new())?;
    }
    Ok(())
}

async fn one_rotation_wins<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: ApiTokenStore + AccountStore,
{
    let store = &subject.connect();
    let owner = owner(store).await?.id;
    // As late as it would have ended anyhow, so that the time alone tells nobody that it was rotated.
    let end = now() + DAY;
    let (digest, old) = issued(store, record(owner)?).await?;
    let connect = || subject.connect();
    let id = old.id;
    let rotated = winners(race, connect, |_, store| {
        let (digest, new) = (self::digest(), later(owner));
        async move {
            match (digest, new) {
                (Ok(digest), Ok(new)) => store.rotate_api_token(id, end, &digest, &new).await,
                _ => Ok(false),
            }
        }
    });
    let rule = "of all rotations of a token at once one wins";
    holds(rule, rotated.await?, 1)?;
    let own = store.api_tokens_of(owner).await.map_err(store_failed)?;
    holds(rule, own.len(), 2)?;
    let found = store.find_api_token(&digest).await.map_err(store_failed)?;
    let rule = "a token that was rotated is in force until its end";
    holds(rule, found, Some(old))?;

    for (rule, expires_at, to, expected) in [
        (
            "a rotation brings the end",
            None,
            now() + MINUTE,
            now() + MINUTE,
        ),
        (
            "a rotation brings the end forward",
            Some(now() + DAY),
            now(),
            now(),
        ),
        (
            "a rotation does not put the end off",
            Some(now() + MINUTE),
            now() + DAY,
            now() + MINUTE,
        ),
    ] {
        let old = ApiTokenRecord {
            expires_at,
            ..record(owner)?
        };
        let (digest, old) = issued(store, old).await?;
        let (next, new) = (self::digest()?, later(owner)?);
        let rotated = store.rotate_api_token(old.id, to, &next, &new).await;
        holds(rule, rotated.map_err(store_failed)?, true)?;
        let found = store.find_api_token(&digest).await.map_err(store_failed)?;
        let found = found.and_then(|found| found.expires_at);
        holds(rule, found, Some(expected))?;
        let found = store.find_api_token(&next).await.map_err(store_failed)?;
        let rule = "the token in the place of another reads back";
        holds(rule, found, Some(new))?;
    }
    Ok(())
}

/// A token that is made now.
fn later(owner: AccountId) -> Result<ApiTokenRecord, Violation> {
    Ok(ApiTokenRecord {
        created_at: now(),
        ..record(owner)?
    })
}

async fn only_what_may_be_is_rotated<S>(store: &S) -> Result<(), Violation>
where
    S: ApiTokenStore + AccountStore,
{
    let (owner, stranger) = (owner(store).await?.id, owner(store).await?.id);
    let other = Some(Uuid::from(stranger));
    for (rule, old, new) in [
        (
            "a token that has expired is not rotated",
            ApiTokenRecord {
                expires_at: Some(now()),
                ..record(owner)?
            },
            later(owner)?,
        ),
        (
            "a token is rotated for its account",
            record(owner)?,
            ApiTokenRecord {
                audience: Some(owner.into()),
                ..later(stranger)?
            },
        ),
        (
            "a token is rotated for its audience",
            record(owner)?,
            ApiTokenRecord {
                audience: other,
                ..later(owner)?
            },
        ),
        (
            "a token of no audience is not rotated to one",
            ApiTokenRecord {
                audience: None,
                ..record(owner)?
            },
            later(owner)?,
        ),
    ] {
        let (digest, old) = issued(store, old).await?;
        let next = self::digest()?;
        let rotated = store
            .rotate_api_token(old.id, now() + MINUTE, &next, &new)
            .await;
        holds(rule, rotated.map_err(store_failed)?, false)?;
        let found = store.find_api_token(&digest).await.map_err(store_failed)?;
        holds(rule, found, Some(old))?;
        let found = store.find_api_token(&next).await.map_err(store_failed)?;
        holds(rule, found, None)?;
    }
    let (id, new) = (record(owner)?.id, later(owner)?);
    let rotated = store.rotate_api_token(id, now(), &digest()?, &new).await;
    let rule = "a token that is not there is not rotated";
    holds(rule, rotated.map_err(store_failed)?, false)
}

async fn one_use_a_minute_is_recorded<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: ApiTokenStore + AccountStore,
{
    let rule = "a use is recorded once a minute";
    let store = &subject.connect();
    let (digest, record) = issued(store, record(owner(store).await?.id)?).await?;
    let (id, connect) = (record.id, || subject.connect());
    for at in [now(), now() + MINUTE] {
        let touched = winners(race, connect, |_, store| async move {
            store.touch_api_token(id, at, MINUTE).await
        });
        holds(rule, touched.await?, 1)?;
    }
    let second = Duration::from_secs(1);
    let last = now() + MINUTE;
    // Clocks that differ a little, and one that was set back far.
    for (at, expected) in [
        (last + MINUTE - second, false),
        (last - MINUTE + second, false),
        (last - MINUTE, true),
    ] {
        let touched = store.touch_api_token(id, at, MINUTE).await;
        holds(rule, touched.map_err(store_failed)?, expected)?;
    }
    let found = store.find_api_token(&digest).await.map_err(store_failed)?;
    let expected = ApiTokenRecord {
        last_used_at: Some(now()),
        ..record
    };
    let rule = "a use sets the time and nothing else";
    holds(rule, found, Some(expected))?;
    let nobodys = self::record(account()?.id)?.id;
    let touched = store.touch_api_token(nobodys, now(), MINUTE).await;
    let rule = "a token that is not there is not used";
    holds(rule, touched.map_err(store_failed)?, false)
}

async fn only_its_owner_revokes<S: ApiTokenStore + AccountStore>(
    store: &S,
) -> Result<(), Violation> {
    let (owner, stranger) = (owner(store).await?.id, owner(store).await?.id);
    let rule = "a token is revoked by its owner alone, and once";
    let (digest, first) = issued(store, record(owner)?).await?;
    for (by, expected) in [(stranger, false), (owner, true), (owner, false)] {
        let revoked = store.revoke_api_token(by, first.id).await;
        holds(rule, revoked.map_err(store_failed)?, expected)?;
    }
    let found = store.find_api_token(&digest).await.map_err(store_failed)?;
    holds(rule, found, None)?;

    let none = ApiTokenRecord {
        audience: None,
        ..record(owner)?
    };
    issued(store, record(owner)?).await?;
    issued(store, none).await?;
    let others = ApiTokenRecord {
        audience: Some(owner.into()),
        ..record(stranger)?
    };
    issued(store, others).await?;
    for (rule, audience, expected) in [
        (
            "a token without an audience is of none",
            Some(Uuid::nil()),
            0,
        ),
        ("tokens of one audience are revoked", Some(owner.into()), 1),
        ("all of an account's tokens are revoked", None, 1),
    ] {
        let revoked = store.revoke_api_tokens(owner, audience).await;
        holds(rule, revoked.map_err(store_failed)?, expected)?;
    }
    let left = store.api_tokens_of(stranger).await.map_err(store_failed)?;
    holds("another account's tokens stay", left.len(), 1)
}

async fn who_is_suspended_has_no_token<S: ApiTokenStore + AccountStore>(
    store: &S,
) -> Result<(), Violation> {
    let rule = "who is suspended has no token";
    let owner = owner(store).await?.id;
    let (digest, old) = issued(store, record(owner)?).await?;
    let suspended = store.suspend_account(owner).await;
    suspended.map_err(store_failed)?;
    let found = store.find_api_token(&digest).await.map_err(store_failed)?;
    holds(rule, found, None)?;
    let issued = store
        .issue_api_token(&self::digest()?, &record(owner)?, None, MOST)
        .await;
    holds(rule, issued.map_err(store_failed)?, false)?;
    let (next, new) = (self::digest()?, later(owner)?);
    let rotated = store.rotate_api_token(old.id, now(), &next, &new).await;
    holds(rule, rotated.map_err(store_failed)?, false)
}

async fn what_expired_is_purged<S: ApiTokenStore + AccountStore>(
    store: &S,
) -> Result<(), Violation> {
    let owner = owner(store).await?.id;
    let expired = ApiTokenRecord {
        created_at: long_ago() - DAY,
        expires_at: Some(long_ago()),
        ..record(owner)?
    };
    let endless = ApiTokenRecord {
        expires_at: None,
        ..record(owner)?
    };
    issued(store, expired).await?;
    let (_, endless) = issued(store, endless).await?;
    for most in [0, 1_000] {
        purged(most, store.purge_api_tokens(long_ago() + DAY, most).await)?;
    }
    let left = store.api_tokens_of(owner).await.map_err(store_failed)?;
    let rule = "what expired is purged, and what never does is not";
    holds(rule, left, vec![endless])
}
