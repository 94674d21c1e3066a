use super::fixtures::{TestLink, account, mailbox, now, session, token};
use super::{RACERS, Subject, winners};
use crate::AccountId;
use crate::link::Purpose;
use crate::store::{Account, AccountState, AccountStore, LinkStore, SessionStore};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::Session;

/// Accounts: a mailbox is one account's, and what replaces a password ends what it opened.
///
/// # Errors
/// The first rule that is not kept.
pub async fn accounts<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: AccountStore + SessionStore + LinkStore,
{
    let store = &subject.connect();
    one_account_has_a_mailbox(subject, race).await?;
    one_mailbox_is_changed_to(subject, race).await?;
    a_hash_is_exchanged_for_its_own(store).await?;
    a_mailbox_is_verified_while_it_is_the_accounts(store).await?;
    sessions_and_links_end(store).await?;
    what_is_overtaken_begins_no_session(subject, race).await?;
    a_deleted_account_is_nowhere(store).await
}

async fn created(store: &impl AccountStore) -> Result<Account, Violation> {
    let account = account()?;
    let created = store.create_account(&account).await.map_err(store_failed)?;
    holds("an account is made", created, true)?;
    Ok(account)
}

async fn one_account_has_a_mailbox<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: AccountStore,
{
    let rule = "of all who register a mailbox at once one wins";
    let template = account()?;
    let connect = || subject.connect();
    let made = winners(race, connect, |_, store| {
        let template = template.clone();
        async move {
            let Ok(id) = AccountId::generate() else {
                return Ok(false);
            };
            store.create_account(&Account { id, ..template }).await
        }
    });
    holds(rule, made.await?, 1)?;
    let store = subject.connect();
    let found = store.account_by_mailbox(&template.mailbox).await;
    let found = found.map_err(store_failed)?;
    let id = found.as_ref().map_or(template.id, |account| account.id);
    let expected = Account { id, ..template };
    holds("an account reads back", found, Some(expected.clone()))?;
    let found = store.account(id).await.map_err(store_failed)?;
    holds("an account reads back by its id", found, Some(expected))?;
    let nobody = store.account_by_mailbox(&mailbox()?).await;
    holds(
        "a mailbox that nobody has finds nothing",
        nobody.map_err(store_failed)?,
        None,
    )?;
    let unknown = store.account(account()?.id).await.map_err(store_failed)?;
    holds("an id that nobody has finds nothing", unknown, None)?;
    let rule = "an account is not made with a second factor that nobody enrolled";
    let owing = Account {
        second_factor: true,
        ..account()?
    };
    let created = store.create_account(&owing).await.map_err(store_failed)?;
    holds(rule, created, false)?;
    let found = store.account(owing.id).await.map_err(store_failed)?;
    holds(rule, found, None)
}

async fn one_mailbox_is_changed_to<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: AccountStore,
{
    let store = &subject.connect();
    let (owner, other) = (created(store).await?, created(store).await?);
    let taken = store
        .change_mailbox(owner.id, &owner.mailbox, &other.mailbox)
        .await;
    let taken = taken.map_err(store_failed)?;
    holds(
        "a mailbox of another account is not changed to",
        taken,
        false,
    )?;
    let (from, id, connect) = (&owner.mailbox, owner.id, || subject.connect());
    let changed = winners(race, connect, |_, store| {
        let (from, to) = (from.clone(), mailbox());
        async move {
            match to {
                Ok(to) => store.change_mailbox(id, &from, &to).await,
                Err(_) => Ok(false),
            }
        }
    });
    holds(
        "of all changes of a mailbox at once one wins",
        changed.await?,
        1,
    )
}

async fn a_hash_is_exchanged_for_its_own(store: &impl AccountStore) -> Result<(), Violation> {
    let owner = created(store).await?;
    for (old, expected, rule) in [
        (
            "another",
            false,
            "a rehash replaces the hash that it was made from",
        ),
        ("", false, "a blank hash is no hash"),
        (
            "a hash",
            true,
            "a rehash replaces the hash that it was made from",
        ),
        (
            "a hash",
            false,
            "a rehash replaces no password that was replaced meanwhile",
        ),
    ] {
        let replaced = store.rehash_password(owner.id, old, "new").await;
        holds(rule, replaced.map_err(store_failed)?, expected)?;
    }
    let mut without = account()?;
    without.password = None;
    store.create_account(&without).await.map_err(store_failed)?;
    let replaced = store.rehash_password(without.id, "", "new").await;
    let replaced = replaced.map_err(store_failed)?;
    holds("no password is not the blank one", replaced, false)
}

async fn a_mailbox_is_verified_while_it_is_the_accounts(
    store: &impl AccountStore,
) -> Result<(), Violation> {
    let mut owner = account()?;
    owner.state = AccountState::Unverified;
    store.create_account(&owner).await.map_err(store_failed)?;
    for (mailbox, expected, rule) in [
        (mailbox()?, false, "another mailbox verifies nothing"),
        (
            owner.mailbox.clone(),
            true,
            "the account's mailbox is verified",
        ),
        (owner.mailbox.clone(), false, "a mailbox is verified once"),
    ] {
        let verified = store.verify_mailbox(owner.id, &mailbox).await;
        holds(rule, verified.map_err(store_failed)?, expected)?;
    }
    let suspended = store
        .suspend_account(owner.id)
        .await
        .map_err(store_failed)?;
    holds("an account is suspended", suspended, true)?;
    let verified = store.verify_mailbox(owner.id, &owner.mailbox).await;
    let verified = verified.map_err(store_failed)?;
    holds("a link does not lift a suspension", verified, false)
}

async fn sessions_and_links_end<S>(store: &S) -> Result<(), Violation>
where
    S: AccountStore + SessionStore + LinkStore,
{
    let owner = created(store).await?;
    let begin = async || {
        let (digest, record) = (token::<Session>()?.digest(), session(owner.id)?);
        let begun = store.begin_session(&digest, &record, None, None).await;
        begun.map_err(store_failed)?;
        let link = TestLink::of(&owner, Purpose::Reset)?;
        let issued = store
            .issue_link(&link.digest, &link.record, &link.mail)
            .await;
        issued.map_err(store_failed)?;
        Ok::<_, Violation>((digest, record.id, link.digest))
    };
    let left = async |session, link| {
        let session = store.find_session(session).await.map_err(store_failed)?;
        let link = store.find_link(link, Purpose::Reset, now()).await;
        Ok::<_, Violation>((session.is_some(), link.map_err(store_failed)?.is_some()))
    };
    let (kept, but, _) = begin().await?;
    let (ended, ended_id, link) = begin().await?;
    let replaced = store.replace_password(owner.id, "new", Some(but)).await;
    holds(
        "a password is replaced",
        replaced.map_err(store_failed)?,
        Some(owner.epoch + 1),
    )?;
    let rule = "a new password ends sessions and links";
    holds(rule, left(&ended, &link).await?, (false, false))?;
    let rule = "a new password leaves the session that set it";
    holds(rule, left(&kept, &link).await?.0, true)?;
    let unknown = store.replace_password(account()?.id, "new", None).await;
    let unknown = unknown.map_err(store_failed)?;
    holds(
        "an account that is not there has no password",
        unknown,
        None,
    )?;
    let rule = "a session that was ended sets no password";
    for id in [session(owner.id)?.id, ended_id] {
        let replaced = store.replace_password(owner.id, "late", Some(id)).await;
        holds(rule, replaced.map_err(store_failed)?, None)?;
    }
    let replaced = store.account(owner.id).await.map_err(store_failed)?;
    let expected = Account {
        password: Some("new".to_owned()),
        epoch: owner.epoch + 1,
        ..owner.clone()
    };
    holds("a new password begins an epoch", replaced, Some(expected))?;

    let (ended, _, link) = begin().await?;
    store
        .suspend_account(owner.id)
        .await
        .map_err(store_failed)?;
    let rule = "a suspension ends sessions and links";
    holds(rule, left(&ended, &link).await?, (false, false))?;
    holds(rule, left(&kept, &link).await?, (false, false))
}

/// What was proved before is worth nothing afterwards, whichever statement is first.
async fn what_is_overtaken_begins_no_session<T>(
    subject: &T,
    race: &impl Race,
) -> Result<(), Violation>
where
    T: Subject,
    T::Store: AccountStore + SessionStore,
{
    let store = &subject.connect();
    let rule = "a sign-in that a new password overtook begins no session";
    let (owner, stranger) = (created(store).await?, account()?);
    let begin = async |account: &Account, epoch| {
        let (digest, record) = (token::<Session>()?.digest(), session(account.id)?);
        let begun = store.begin_session(&digest, &record, epoch, None).await;
        let found = store.find_session(&digest).await.map_err(store_failed)?;
        Ok::<_, Violation>((begun.map_err(store_failed)?, found.is_some()))
    };
    let replaced = store.replace_password(owner.id, "new", None).await;
    replaced.map_err(store_failed)?;
    for (epoch, expected) in [
        (Some(owner.epoch), false),
        (Some(owner.epoch + 2), false),
        (Some(u64::MAX), false),
        (Some(owner.epoch + 1), true),
        (None, true),
    ] {
        holds(rule, begin(&owner, epoch).await?, (expected, expected))?;
    }
    let rule = "who has no account has no session";
    holds(rule, begin(&stranger, None).await?, (false, false))?;

    let rule = "no session of a former password is left, however late it begins";
    for _ in 0..4 {
        let owner = created(store).await?;
        let sessions = (0..RACERS)
            .map(|_| Ok((token::<Session>()?.digest(), session(owner.id)?)))
            .collect::<Result<Vec<_>, Violation>>()?;
        let connect = || subject.connect();
        let raced = winners(race, connect, |place, store| {
            let ((digest, record), id) = (sessions[place].clone(), owner.id);
            async move {
                match place % 4 {
                    0 => store
                        .replace_password(id, "new", None)
                        .await
                        .map(|epoch| epoch.is_some()),
                    _ => store.begin_session(&digest, &record, Some(0), None).await,
                }
            }
        });
        raced.await?;
        for (digest, _) in &sessions {
            let found = store.find_session(digest).await.map_err(store_failed)?;
            holds(rule, found, None)?;
        }
        let listed = store.sessions_of(owner.id).await.map_err(store_failed)?;
        holds(rule, listed, Vec::new())?;
    }

    let rule = "a sign-in that a suspension overtook begins no session";
    let suspended = store.suspend_account(owner.id).await;
    suspended.map_err(store_failed)?;
    for epoch in [Some(owner.epoch + 1), Some(owner.epoch + 2), None] {
        holds(rule, begin(&owner, epoch).await?, (false, false))?;
    }
    Ok(())
}

async fn a_deleted_account_is_nowhere<S>(store: &S) -> Result<(), Violation>
where
    S: AccountStore + SessionStore + LinkStore,
{
    let (owner, other) = (created(store).await?, created(store).await?);
    let (digest, record) = (token::<Session>()?.digest(), session(owner.id)?);
    let begun = store.begin_session(&digest, &record, None, None).await;
    begun.map_err(store_failed)?;
    let link = TestLink::of(&owner, Purpose::Reset)?;
    let issued = store
        .issue_link(&link.digest, &link.record, &link.mail)
        .await;
    issued.map_err(store_failed)?;
    for (expected, rule) in [
        (true, "an account is deleted"),
        (false, "an account is deleted once"),
    ] {
        let deleted = store.delete_account(owner.id).await;
        holds(rule, deleted.map_err(store_failed)?, expected)?;
    }
    let found = store.account(owner.id).await.map_err(store_failed)?;
    holds("a deleted account is not found", found, None)?;
    let found = store.find_session(&digest).await.map_err(store_failed)?;
    holds("a deletion ends sessions", found.is_some(), false)?;
    let found = store.find_link(&link.digest, Purpose::Reset, now()).await;
    let found = found.map_err(store_failed)?;
    holds("a deletion ends links", found.is_some(), false)?;
    let found = store.account(other.id).await.map_err(store_failed)?;
    holds("a deletion leaves others", found, Some(other))?;
    let again = store.create_account(&owner).await.map_err(store_failed)?;
    holds("the mailbox of a deleted account is free", again, true)
}
