use std::time::Duration;

use super::fixtures::{DAY, MINUTE, TestLink, account, long_ago, mailbox, now, purged, token};
use super::{RACERS, Subject, winners};
use crate::link::Purpose;
use crate::store::{Account, AccountStore, LinkStore, SpentLink};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::Browser;

/// Links: of N at once one wins, by token or by code; nothing else than what was bound spends one.
///
/// # Errors
/// The first rule that is not kept.
pub async fn links<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: LinkStore + AccountStore,
{
    let store = &subject.connect();
    let owner = account()?;
    store.create_account(&owner).await.map_err(store_failed)?;
    one_wins(subject, race, &owner).await?;
    attempts_at_a_code_are_counted(subject, race, &owner).await?;
    only_what_was_bound_spends(store, &owner).await?;
    no_clock_makes_a_link_live_longer(store, &owner).await?;
    null_equals_nothing(store, &owner).await?;
    a_changed_mailbox_voids(store).await?;
    what_expired_is_purged(store, &owner).await
}

async fn what_expired_is_purged(store: &impl LinkStore, owner: &Account) -> Result<(), Violation> {
    let mut old = TestLink::of(owner, Purpose::SignIn)?;
    old.record.issued_at = long_ago();
    old.record.expires_at = long_ago() + MINUTE;
    let old = issue(store, old).await?;
    let link = issued(store, owner, Purpose::SignIn).await?;
    let find = async |link: &TestLink, at| {
        let found = store.find_link(&link.digest, Purpose::SignIn, at).await;
        Ok::<_, Violation>(found.map_err(store_failed)?.is_some())
    };
    holds("a link is there", find(&old, long_ago()).await?, true)?;
    for most in [0, 1_000] {
        purged(most, store.purge_links(long_ago() + MINUTE, most).await)?;
    }
    let rule = "a link that expired is purged";
    holds(rule, find(&old, long_ago()).await?, false)?;
    let rule = "a link that has not expired is not purged";
    holds(rule, find(&link, now()).await?, true)
}

async fn issued(
    store: &impl LinkStore,
    account: &Account,
    purpose: Purpose,
) -> Result<TestLink, Violation> {
    issue(store, TestLink::of(account, purpose)?).await
}

async fn issue(store: &impl LinkStore, link: TestLink) -> Result<TestLink, Violation> {
    let issued = store
        .issue_link(&link.digest, &link.record, &link.mail)
        .await;
    issued.map_err(store_failed)?;
    Ok(link)
}

/// CVE-2026-3590, CVE-2026-22751.
async fn one_wins<T>(subject: &T, race: &impl Race, owner: &Account) -> Result<(), Violation>
where
    T: Subject,
    T::Store: LinkStore,
{
    let store = &subject.connect();
    for _ in 0..8 {
        let link = issued(store, owner, Purpose::SignIn).await?;
        let (digest, browser, code) = (link.digest, link.browser, link.code);
        let connect = || subject.connect();
        let spent = winners(race, connect, |place, store| async move {
            let spent = match place % 2 {
                0 => {
                    store
                        .consume_link(&digest, Purpose::SignIn, Some(&browser), now())
                        .await
                }
                _ => {
                    store
                        .consume_link_by_code(&browser, &code, Purpose::SignIn, 5, now())
                        .await
                }
            };
            spent.map(|spent| spent.is_some())
        });
        holds("of all who spend a link at once one wins", spent.await?, 1)?;
        let found = store.find_link(&digest, Purpose::SignIn, now()).await;
        holds("a spent link is gone", found.map_err(store_failed)?, None)?;
    }
    let link = issued(store, owner, Purpose::Reset).await?;
    let spent = store.consume_link(&link.digest, Purpose::Reset, Some(&link.browser), now());
    let expected = SpentLink {
        record: link.record,
        account: Some(owner.clone()),
    };
    let spent = spent.await.map_err(store_failed)?;
    holds("a link brings its account", spent, Some(expected))
}

async fn attempts_at_a_code_are_counted<T>(
    subject: &T,
    race: &impl Race,
    owner: &Account,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: LinkStore,
{
    const MOST: u32 = 5;
    assert_racers_are_more_than(MOST);
    let rule = "as many attempts at a code are counted as may be, and no more";
    let store = subject.connect();
    let link = issued(&store, owner, Purpose::SignIn).await?;
    subject.abandon(store);
    let (browser, connect) = (link.browser, || subject.connect());
    let counted = winners(race, connect, |_, store| async move {
        store
            .count_code_attempt(&browser, Purpose::SignIn, MOST, now())
            .await
    });
    holds(rule, counted.await?, MOST as usize)?;
    let store = &subject.connect();

    let rule = "a code is tried as often as may be, whatever else its browser asks for";
    let mut later = TestLink::of(owner, Purpose::SignIn)?;
    later.record.browser = Some((link.browser, later.code));
    let later = issue(store, later).await?;
    let counted = store
        .count_code_attempt(&link.browser, Purpose::SignIn, MOST, now())
        .await;
    holds(rule, counted.map_err(store_failed)?, true)?;
    for (code, expected) in [(link.code, false), (later.code, true)] {
        let spent = store
            .consume_link_by_code(&link.browser, &code, Purpose::SignIn, MOST, now())
            .await;
        holds(rule, spent.map_err(store_failed)?.is_some(), expected)?;
    }

    let other = token::<Browser>()?.digest();
    let counted = store
        .count_code_attempt(&other, Purpose::SignIn, MOST, now())
        .await;
    let counted = counted.map_err(store_failed)?;
    holds(
        "a browser that asked for nothing has no attempt",
        counted,
        false,
    )
}

const fn assert_racers_are_more_than(most: u32) {
    assert!(RACERS > most as usize);
}

async fn only_what_was_bound_spends(
    store: &impl LinkStore,
    owner: &Account,
) -> Result<(), Violation> {
    let link = issued(store, owner, Purpose::SignIn).await?;
    let other = issued(store, owner, Purpose::SignIn).await?;
    let (digest, browser) = (&link.digest, Some(&link.browser));
    for (rule, digest, purpose, browser) in [
        ("a link has one purpose", digest, Purpose::Reset, browser),
        (
            "a link is of one browser",
            digest,
            Purpose::SignIn,
            Some(&other.browser),
        ),
        (
            "no browser is not the one that asked",
            digest,
            Purpose::SignIn,
            None,
        ),
    ] {
        let spent = store.consume_link(digest, purpose, browser, now()).await;
        holds(rule, spent.map_err(store_failed)?, None)?;
    }
    for (browser, code, purpose) in [
        (&link.browser, &other.code, Purpose::SignIn),
        (&other.browser, &link.code, Purpose::SignIn),
        (&link.browser, &link.code, Purpose::Reset),
    ] {
        let spent = store
            .consume_link_by_code(browser, code, purpose, 5, now())
            .await;
        let spent = spent.map_err(store_failed)?;
        holds("a code is of one link, browser and purpose", spent, None)?;
    }
    let spent = store
        .consume_link(digest, Purpose::SignIn, browser, now())
        .await;
    let spent = spent.map_err(store_failed)?.is_some();
    holds("what was refused used nothing up", spent, true)
}

/// CVE-2026-9802.
async fn no_clock_makes_a_link_live_longer(
    store: &impl LinkStore,
    owner: &Account,
) -> Result<(), Violation> {
    let link = issued(store, owner, Purpose::SignIn).await?;
    let second = Duration::from_secs(1);
    for (rule, at, good) in [
        (
            "a link is void when it expires",
            link.record.expires_at,
            false,
        ),
        (
            "a link is good until it expires",
            link.record.expires_at - second,
            true,
        ),
        (
            "a link may be from a clock that is a minute ahead",
            now() - MINUTE,
            true,
        ),
        (
            "a link is void on a clock that was set back",
            now() - MINUTE - second,
            false,
        ),
        (
            "a link is void on a clock that was set back",
            now() - 400 * DAY,
            false,
        ),
    ] {
        let found = store.find_link(&link.digest, Purpose::SignIn, at).await;
        holds(rule, found.map_err(store_failed)?.is_some(), good)?;
        if !good {
            let digest = &link.digest;
            let spent = store.consume_link(digest, Purpose::SignIn, Some(&link.browser), at);
            holds(rule, spent.await.map_err(store_failed)?, None)?;
            let (browser, code) = (&link.browser, &link.code);
            let spent = store
                .consume_link_by_code(browser, code, Purpose::SignIn, 5, at)
                .await;
            holds(rule, spent.map_err(store_failed)?, None)?;
            let counted = store
                .count_code_attempt(browser, Purpose::SignIn, 5, at)
                .await;
            holds(rule, counted.map_err(store_failed)?, false)?;
        }
    }
    Ok(())
}

/// CVE-2019-16109, GHSA-cq3f-vc6p-68fh.
async fn null_equals_nothing(store: &impl LinkStore, owner: &Account) -> Result<(), Violation> {
    let rule = "a link without an account is good for no account";
    let mut link = TestLink::of(owner, Purpose::SignIn)?;
    (link.record.account, link.record.mailbox) = (None, None);
    let link = issue(store, link).await?;
    let found = store.find_link(&link.digest, Purpose::SignIn, now()).await;
    holds(rule, found.map_err(store_failed)?, None)?;
    let (digest, browser) = (&link.digest, Some(&link.browser));
    let spent = store
        .consume_link(digest, Purpose::SignIn, browser, now())
        .await;
    holds(rule, spent.map_err(store_failed)?, None)?;

    let rule = "a link whose mailbox is not said is void";
    let mut link = TestLink::of(owner, Purpose::SignIn)?;
    link.record.mailbox = None;
    let link = issue(store, link).await?;
    let (digest, browser) = (&link.digest, Some(&link.browser));
    let spent = store
        .consume_link(digest, Purpose::SignIn, browser, now())
        .await;
    holds(rule, spent.map_err(store_failed)?, None)?;

    let rule = "a bound link without a browser is of no browser";
    let mut link = TestLink::of(owner, Purpose::SignIn)?;
    link.record.browser = None;
    let link = issue(store, link).await?;
    for browser in [None, Some(&link.browser)] {
        let spent = store
            .consume_link(&link.digest, Purpose::SignIn, browser, now())
            .await;
        holds(rule, spent.map_err(store_failed)?, None)?;
    }

    let rule = "a link that is not bound is spent by any browser and by none";
    for browser in [None, Some(&link.browser)] {
        let mut link = TestLink::of(owner, Purpose::Unlock)?;
        link.record.browser = None;
        let link = issue(store, link).await?;
        let spent = store
            .consume_link(&link.digest, Purpose::Unlock, browser, now())
            .await;
        holds(rule, spent.map_err(store_failed)?.is_some(), true)?;
    }

    let rule = "a link that has a browser is of that one, whatever its purpose";
    let (link, other) = (
        TestLink::of(owner, Purpose::Unlock)?,
        token::<Browser>()?.digest(),
    );
    let link = issue(store, link).await?;
    for (browser, expected) in [
        (None, false),
        (Some(&other), false),
        (Some(&link.browser), true),
    ] {
        let spent = store
            .consume_link(&link.digest, Purpose::Unlock, browser, now())
            .await;
        holds(rule, spent.map_err(store_failed)?.is_some(), expected)?;
    }
    Ok(())
}

/// CVE-2026-32700 and kin: what was mailed to an address is of no use once it is another's.
async fn a_changed_mailbox_voids<S>(store: &S) -> Result<(), Violation>
where
    S: LinkStore + AccountStore,
{
    let rule = "a link is void when the account has another mailbox";
    let owner = account()?;
    store.create_account(&owner).await.map_err(store_failed)?;
    let link = issued(store, &owner, Purpose::SignIn).await?;
    let changed = store
        .change_mailbox(owner.id, &owner.mailbox, &mailbox()?)
        .await;
    holds(rule, changed.map_err(store_failed)?, true)?;
    let (digest, browser) = (&link.digest, &link.browser);
    let found = store.find_link(digest, Purpose::SignIn, now()).await;
    holds(rule, found.map_err(store_failed)?, None)?;
    let spent = store
        .consume_link(digest, Purpose::SignIn, Some(browser), now())
        .await;
    holds(rule, spent.map_err(store_failed)?, None)?;
    let counted = store
        .count_code_attempt(browser, Purpose::SignIn, 5, now())
        .await;
    holds(rule, counted.map_err(store_failed)?, false)?;
    let spent = store
        .consume_link_by_code(browser, &link.code, Purpose::SignIn, 5, now())
        .await;
    holds(rule, spent.map_err(store_failed)?, None)
}
