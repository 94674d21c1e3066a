use std::time::Duration;

use super::fixtures::{DAY, MINUTE, long_ago, now, pseudonym, purged};
use super::{RACERS, Subject, winners};
use crate::store::CounterStore;
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::throttle::{Backoff, Charge, FailureCharge, Rate};

/// Counters: what was counted stays counted, and all processes count together.
///
/// # Errors
/// The first rule that is not kept.
pub async fn counters<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: CounterStore,
{
    a_rate_admits_its_burst(subject, race).await?;
    failures_are_counted_one_by_one(subject, race).await?;
    what_was_counted_outlives_its_request(subject).await?;
    waits_and_the_lock_hold(&subject.connect()).await?;
    no_clock_frees_or_locks(&subject.connect()).await?;
    what_is_over_is_purged(&subject.connect()).await
}

async fn what_is_over_is_purged(store: &impl CounterStore) -> Result<(), Violation> {
    let charge = Charge {
        key: pseudonym()?,
        rate: Rate::new(1, MINUTE),
    };
    let take = async |at| store.take(&[charge], at).await.map_err(store_failed);
    let count = async |charge: &FailureCharge, at| {
        let counted = store.count_failure(charge, at).await;
        counted.map_err(store_failed)
    };
    let waits = failure()?;
    let then = long_ago() + DAY;
    holds("a rate admits one", take(long_ago()).await?, true)?;
    holds("a rate admits no more", take(long_ago()).await?, false)?;
    count(&waits, long_ago()).await?;
    for most in [0, 1, 1_000] {
        let gone = store.purge_counters(then, most).await;
        // Of each of the two kinds.
        purged(2 * most, gone)?;
    }
    let rule = "what is even or over is purged";
    holds(rule, take(long_ago()).await?, true)?;
    holds(rule, count(&waits, long_ago()).await?, Some(1))?;
    let rule = "what is neither even nor over is not purged";
    let (charge, failure) = (
        Charge {
            key: pseudonym()?,
            ..charge
        },
        failure()?,
    );
    let taken = store.take(&[charge], long_ago()).await;
    holds(rule, taken.map_err(store_failed)?, true)?;
    for _ in 0..5 {
        count(&failure, long_ago()).await?;
    }
    let gone = store.purge_counters(long_ago(), 1_000).await;
    gone.map_err(store_failed)?;
    let taken = store.take(&[charge], long_ago()).await;
    holds(rule, taken.map_err(store_failed)?, false)?;
    holds(rule, count(&failure, long_ago()).await?, None)
}

fn failure() -> Result<FailureCharge, Violation> {
    Ok(FailureCharge {
        key: pseudonym()?,
        backoff: Backoff::PASSWORD,
    })
}

async fn a_rate_admits_its_burst<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: CounterStore,
{
    let rule = "of all at once a rate admits its burst";
    let key = pseudonym()?;
    let charge = Charge {
        key,
        rate: Rate::new(10, MINUTE),
    };
    let connect = || subject.connect();
    let admitted = winners(race, connect, |_, store| async move {
        store.take(&[charge], now()).await
    });
    holds(rule, admitted.await?, 10)?;
    let store = subject.connect();
    let later = now() + Duration::from_secs(12);
    for (expected, rule) in [
        (true, "a rate admits one after its interval"),
        (true, "a rate admits one after its interval"),
        (false, "a rate admits no more than its interval gives"),
    ] {
        let admitted = store.take(&[charge], later).await.map_err(store_failed)?;
        holds(rule, admitted, expected)?;
    }
    let other = Charge {
        key: pseudonym()?,
        ..charge
    };
    let both = store
        .take(&[other, charge], later)
        .await
        .map_err(store_failed)?;
    holds("all rates have to admit", both, false)?;
    let alone = store.take(&[other], later).await.map_err(store_failed)?;
    holds("one key is not another", alone, true)
}

async fn failures_are_counted_one_by_one<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: CounterStore,
{
    let charge = failure()?;
    let free = charge.backoff.free() as usize;
    let connect = || subject.connect();
    let admitted = winners(race, connect, |_, store| async move {
        let counted = store.count_failure(&charge, now()).await;
        counted.map(|counted| counted.is_some())
    });
    let rule = "of all at once as many attempts are admitted as are free";
    holds(rule, admitted.await?, free.min(RACERS))
}

/// CVE-2026-27801, CVE-2026-35597.
async fn what_was_counted_outlives_its_request<T>(subject: &T) -> Result<(), Violation>
where
    T: Subject,
    T::Store: CounterStore,
{
    let rule = "a failure is counted though its request is rolled back";
    let charge = failure()?;
    for expected in 1..=3 {
        let store = subject.connect();
        let counted = store.count_failure(&charge, now()).await;
        holds(rule, counted.map_err(store_failed)?, Some(expected))?;
        subject.abandon(store);
    }
    let rule = "a rate is taken from though its request is rolled back";
    let taken = Charge {
        key: pseudonym()?,
        rate: Rate::new(1, MINUTE),
    };
    for expected in [true, false] {
        let store = subject.connect();
        let admitted = store.take(&[taken], now()).await;
        holds(rule, admitted.map_err(store_failed)?, expected)?;
        subject.abandon(store);
    }
    Ok(())
}

async fn waits_and_the_lock_hold(store: &impl CounterStore) -> Result<(), Violation> {
    let charge = failure()?;
    let mut at = now();
    for count in 1..=charge.backoff.most() {
        let counted = store
            .count_failure(&charge, at)
            .await
            .map_err(store_failed)?;
        holds("failures are counted in a row", counted, Some(count))?;
        if count == charge.backoff.free() {
            let early = store.count_failure(&charge, at).await;
            let early = early.map_err(store_failed)?;
            holds("an attempt waits for its time", early, None)?;
        }
        at += charge.backoff.longest();
    }
    for at in [at, at + 400 * DAY] {
        let locked = store
            .count_failure(&charge, at)
            .await
            .map_err(store_failed)?;
        holds("no time opens a lock", locked, None)?;
    }
    let gone = store.purge_counters(at + DAY, u32::MAX).await;
    gone.map_err(store_failed)?;
    let locked = store
        .count_failure(&charge, at)
        .await
        .map_err(store_failed)?;
    holds("no clearing out opens a lock", locked, None)?;
    let other = failure()?;
    store
        .clear_failures(&[other.key])
        .await
        .map_err(store_failed)?;
    let locked = store
        .count_failure(&charge, at)
        .await
        .map_err(store_failed)?;
    holds("another's success opens no lock", locked, None)?;
    store
        .clear_failures(&[charge.key])
        .await
        .map_err(store_failed)?;
    let counted = store
        .count_failure(&charge, at)
        .await
        .map_err(store_failed)?;
    holds("what is cleared begins anew", counted, Some(1))
}

async fn no_clock_frees_or_locks(store: &impl CounterStore) -> Result<(), Violation> {
    let rule = "a clock that is set back makes nobody wait for longer than the longest wait";
    let charge = failure()?;
    for _ in 0..6 {
        let counted = store.count_failure(&charge, now()).await;
        counted.map_err(store_failed)?;
    }
    let back = now() - DAY;
    let counted = store
        .count_failure(&charge, back)
        .await
        .map_err(store_failed)?;
    holds(rule, counted.is_some(), true)?;
    let again = store
        .count_failure(&charge, back)
        .await
        .map_err(store_failed)?;
    holds("a clock that is set back frees nobody", again, None)?;

    let taken = Charge {
        key: pseudonym()?,
        rate: Rate::new(2, MINUTE),
    };
    for (at, expected) in [
        (now(), true),
        (now(), true),
        (now(), false),
        (back, true),
        (back, false),
        (back + MINUTE, true),
    ] {
        let admitted = store.take(&[taken], at).await.map_err(store_failed)?;
        holds(
            "a clock that is set back neither frees nor locks a rate",
            admitted,
            expected,
        )?;
    }
    Ok(())
}
