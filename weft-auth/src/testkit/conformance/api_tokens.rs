use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::fixtures::{DAY, MINUTE, account, now};
use super::{Subject, winners};
use crate::store::{Account, AccountStore, ApiTokenStore};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::{Api, ApiToken, ApiTokenRecord, Prefix, TokenDigest};
use crate::{AccountId, ApiTokenId};

/// API tokens: one rotation wins, uses are recorded once a minute, and each is one account's.
///
/// # Errors
/// The first rule that is not kept.
pub async fn api_tokens<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: ApiTokenStore + AccountStore,
{
    let store = &subject.connect();
    reads_back(store).await?;
    one_rotation_wins(subject, race).await?;
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
    let issued = store.issue_api_token(&digest, &record).await;
    holds("a token is issued", issued.map_err(store_failed)?, true)?;
    Ok((digest, record))
}

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
    let again = store.issue_api_token(&digest, &record(owner)?).await;
    holds(rule, again.map_err(store_failed)?, false)?;
    let again = store.issue_api_token(&self::digest()?, &first).await;
    holds(rule, again.map_err(store_failed)?, false)?;
    let nobodys = record(account()?.id)?;
    let issued = store.issue_api_token(&self::digest()?, &nobodys).await;
    let rule = "a token is of an account that is there";
    holds(rule, issued.map_err(store_failed)?, false)
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
        .issue_api_token(&self::digest()?, &record(owner)?)
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
    // Long ago, so that nothing of other tests is purged.
    let long_ago: SystemTime = now() - 9_000 * DAY;
    let expired = ApiTokenRecord {
        created_at: long_ago - DAY,
        expires_at: Some(long_ago),
        ..record(owner)?
    };
    let endless = ApiTokenRecord {
        expires_at: None,
        ..record(owner)?
    };
    issued(store, expired).await?;
    let (_, endless) = issued(store, endless).await?;
    let purged = store.purge_api_tokens(long_ago + DAY).await;
    purged.map_err(store_failed)?;
    let left = store.api_tokens_of(owner).await.map_err(store_failed)?;
    let rule = "what expired is purged, and what never does is not";
    holds(rule, left, vec![endless])
}
