use std::time::Duration;

use super::fixtures::{MINUTE, account, long_ago, now, purged, token};
use super::{Subject, winners};
use crate::AccountId;
use crate::login::ChallengeRecord;
use crate::session::{Proof, Proofs};
use crate::store::{AccountStore, SecondFactorStore, StoredTotp};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::{Challenge, TokenDigest};
use crate::totp::{RecoveryCode, Step};

/// Second factors: a step, a recovery code and a challenge are accepted once, attempts are counted.
///
/// # Errors
/// The first rule that is not kept.
pub async fn second_factors<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SecondFactorStore + AccountStore,
{
    let store = &subject.connect();
    let (owner, stranger) = (account()?, account()?);
    for account in [&owner, &stranger] {
        store.create_account(account).await.map_err(store_failed)?;
    }
    one_enrolment_wins(subject, race, owner.id).await?;
    a_step_is_accepted_once(subject, race, owner.id, stranger.id).await?;
    a_recovery_code_is_used_once(subject, race, owner.id, stranger.id).await?;
    a_challenge_is_closed_once(subject, race, owner.id).await?;
    a_challenge_ends_with_its_epoch(store).await?;
    what_expired_is_purged(store, owner.id).await?;
    let removed = store.remove_totp(owner.id).await.map_err(store_failed)?;
    holds("an app is removed", removed, true)?;
    let removed = store.remove_totp(owner.id).await.map_err(store_failed)?;
    holds("an app is removed once", removed, false)?;
    let codes = [code()?.digest()];
    let replaced = store.replace_recovery_codes(owner.id, &codes).await;
    let replaced = replaced.map_err(store_failed)?;
    holds(
        "there are no recovery codes without an app",
        replaced,
        false,
    )
}

fn code() -> Result<RecoveryCode, Violation> {
    let [code, ..] = RecoveryCode::generate_set().map_err(store_failed)?;
    Ok(code)
}

fn totp(step: u64) -> StoredTotp {
    StoredTotp {
        sealed: b"sealed".to_vec(),
        last_step: Step::from_number(step),
    }
}

async fn one_enrolment_wins<T>(
    subject: &T,
    race: &impl Race,
    owner: AccountId,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SecondFactorStore + AccountStore,
{
    let connect = || subject.connect();
    let enrolled = winners(race, connect, |_, store| async move {
        store.enrol_totp(owner, &totp(100), &[]).await
    });
    holds("of all enrolments at once one wins", enrolled.await?, 1)?;
    let store = subject.connect();
    let stored = store.totp(owner).await.map_err(store_failed)?;
    holds("an app reads back", stored, Some(totp(100)))?;
    let account = store.account(owner).await.map_err(store_failed)?;
    let owes = account.is_some_and(|account| account.second_factor);
    holds("who has an app owes a second factor", owes, true)
}

/// CVE-2015-7225; Gitea raced.
async fn a_step_is_accepted_once<T>(
    subject: &T,
    race: &impl Race,
    owner: AccountId,
    stranger: AccountId,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SecondFactorStore,
{
    for step in [101, 102, 200] {
        let connect = || subject.connect();
        let accepted = winners(race, connect, |_, store| async move {
            store.accept_step(owner, Step::from_number(step)).await
        });
        holds(
            "of all who bring one code at once one wins",
            accepted.await?,
            1,
        )?;
    }
    let store = subject.connect();
    for step in [199, 200] {
        let accepted = store.accept_step(owner, Step::from_number(step)).await;
        let accepted = accepted.map_err(store_failed)?;
        holds("a step has to be later than the last one", accepted, false)?;
    }
    let accepted = store.accept_step(stranger, Step::from_number(300)).await;
    let accepted = accepted.map_err(store_failed)?;
    holds("who has no app has no step", accepted, false)
}

async fn a_recovery_code_is_used_once<T>(
    subject: &T,
    race: &impl Race,
    owner: AccountId,
    stranger: AccountId,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SecondFactorStore,
{
    let store = subject.connect();
    let digests = RecoveryCode::generate_set()
        .map_err(store_failed)?
        .map(|code| code.digest());
    let replaced = store.replace_recovery_codes(owner, &digests).await;
    let replaced = replaced.map_err(store_failed)?;
    holds("recovery codes are replaced", replaced, true)?;
    let [first, second, ..] = digests;
    let stolen = store.consume_recovery_code(stranger, &first).await;
    let stolen = stolen.map_err(store_failed)?;
    holds("a recovery code is of one account", stolen, false)?;
    let connect = || subject.connect();
    let used = winners(race, connect, |_, store| async move {
        store.consume_recovery_code(owner, &first).await
    });
    holds(
        "of all who bring a recovery code at once one wins",
        used.await?,
        1,
    )?;
    let replaced = store.replace_recovery_codes(owner, &[]).await;
    replaced.map_err(store_failed)?;
    let old = store.consume_recovery_code(owner, &second).await;
    let old = old.map_err(store_failed)?;
    holds("replaced recovery codes are gone", old, false)
}

/// A challenge for ten minutes from now.
fn owed(owner: AccountId) -> ChallengeRecord {
    ChallengeRecord {
        account: owner,
        epoch: 0,
        proofs: Proofs::of(Proof::Password, now()),
        connection: None,
        remembered: true,
        opened_at: now(),
        expires_at: now() + 10 * MINUTE,
    }
}

async fn what_expired_is_purged(
    store: &impl SecondFactorStore,
    owner: AccountId,
) -> Result<(), Violation> {
    let open = async |record: &ChallengeRecord| {
        let digest = token::<Challenge>()?.digest();
        let opened = store.open_challenge(&digest, record).await;
        holds("a challenge is opened", opened.map_err(store_failed)?, true)?;
        Ok::<_, Violation>(digest)
    };
    let is_there = async |digest: &TokenDigest<Challenge>, at| {
        let counted = store.count_challenge_attempt(digest, u32::MAX, at).await;
        Ok::<_, Violation>(counted.map_err(store_failed)?.is_some())
    };
    let over = ChallengeRecord {
        opened_at: long_ago(),
        expires_at: long_ago() + MINUTE,
        ..owed(owner)
    };
    let (over, due) = (open(&over).await?, open(&owed(owner)).await?);
    holds(
        "a challenge is there",
        is_there(&over, long_ago()).await?,
        true,
    )?;
    for most in [0, 1_000] {
        let gone = store.purge_challenges(long_ago() + MINUTE, most).await;
        purged(most, gone)?;
    }
    let rule = "a challenge that expired is purged";
    holds(rule, is_there(&over, long_ago()).await?, false)?;
    let rule = "a challenge that has not expired is not purged";
    holds(rule, is_there(&due, now()).await?, true)
}

async fn a_challenge_ends_with_its_epoch<S>(store: &S) -> Result<(), Violation>
where
    S: SecondFactorStore + AccountStore,
{
    let rule = "a challenge of a former password is void";
    let (replaced, suspended) = (account()?, account()?);
    for account in [&replaced, &suspended] {
        store.create_account(account).await.map_err(store_failed)?;
        let (before, behind) = (token()?.digest(), token()?.digest());
        let record = owed(account.id);
        let opened = store.open_challenge(&before, &record).await;
        holds(rule, opened.map_err(store_failed)?, true)?;
        match account.id == replaced.id {
            true => {
                let epoch = store.replace_password(account.id, "new", None).await;
                epoch.map_err(store_failed)?;
            }
            false => {
                let done = store.suspend_account(account.id).await;
                done.map_err(store_failed)?;
            }
        }
        let opened = store.open_challenge(&behind, &record).await;
        holds(rule, opened.map_err(store_failed)?, false)?;
        for digest in [before, behind] {
            let counted = store.count_challenge_attempt(&digest, 9, now()).await;
            holds(rule, counted.map_err(store_failed)?, None)?;
        }
    }
    Ok(())
}

async fn a_challenge_is_closed_once<T>(
    subject: &T,
    race: &impl Race,
    owner: AccountId,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: SecondFactorStore,
{
    let store = subject.connect();
    let digest: TokenDigest<Challenge> = token()?.digest();
    let record = owed(owner);
    let opened = store.open_challenge(&digest, &record).await;
    holds("a challenge is opened", opened.map_err(store_failed)?, true)?;
    let second = Duration::from_secs(1);
    for at in [record.expires_at, now() - MINUTE - second] {
        let counted = store.count_challenge_attempt(&digest, 9, at).await;
        let counted = counted.map_err(store_failed)?;
        holds(
            "a challenge is good until it expires, on no clock longer",
            counted,
            None,
        )?;
    }
    let counted = store.count_challenge_attempt(&digest, 9, now()).await;
    holds(
        "a challenge reads back",
        counted.map_err(store_failed)?,
        Some(record),
    )?;
    subject.abandon(store);
    let connect = || subject.connect();
    let counted = winners(race, connect, |_, store| async move {
        let counted = store.count_challenge_attempt(&digest, 5, now()).await;
        counted.map(|counted| counted.is_some())
    });
    let rule = "as many attempts at a challenge are counted as may be, rolled back or not";
    holds(rule, counted.await?, 4)?;
    let closed = winners(race, connect, |_, store| async move {
        store.close_challenge(&digest).await
    });
    holds(
        "of all who close a challenge at once one wins",
        closed.await?,
        1,
    )
}
