use super::fixtures::{DAY, account, connection_id, identity, mailbox, now, organization};
use super::{Subject, revocations, winners};
use crate::sso::{ConnectionId, IdentityRecord, OrganizationId};
use crate::store::{
    Account, AccountState, AccountStore, DirectoryStore, IdentityStore, LinkStore,
    SecondFactorStore, SessionStore,
};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::{AccountId, Mailbox};

/// Identities: one account has each, by its key and never by its address, and what came over a connection
/// ends with what vouched for it.
///
/// # Errors
/// The first rule that is not kept.
pub async fn identities<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: IdentityStore
        + DirectoryStore
        + AccountStore
        + SessionStore
        + LinkStore
        + SecondFactorStore,
{
    let store = &subject.connect();
    one_first_sign_in_wins(subject, race).await?;
    an_identity_is_known_by_its_key(store).await?;
    one_link_wins(subject, race).await?;
    only_an_active_account_of_that_mailbox_is_linked(store).await?;
    revocations::a_link_ends_what_was_there(store).await?;
    revocations::an_identity_is_unlinked_with_what_came_over_it(store).await?;
    revocations::a_new_mailbox_has_no_identities(store).await?;
    revocations::who_leaves_an_organisation_leaves_its_identities(store).await?;
    revocations::an_organisation_is_forgotten_with_what_came_over_it(store).await?;
    revocations::a_domain_that_is_enforced_leaves_one_way_in(store).await?;
    revocations::a_revocation_ends_what_it_is_about(store).await?;
    revocations::a_revocation_is_about_people(store).await
}

/// An identity's account and organisation.
pub(super) struct Known {
    pub(super) identity: IdentityRecord,
    pub(super) account: Account,
}

pub(super) async fn known(
    store: &impl IdentityStore,
    connection: &ConnectionId,
    organization: &OrganizationId,
) -> Result<Known, Violation> {
    let (identity, account) = (identity(connection, organization)?, account()?);
    let created = store.create_identified_account(&account, &identity).await;
    let created = created.map_err(store_failed)?;
    holds("an account is made with its identity", created, true)?;
    Ok(Known { identity, account })
}

async fn one_first_sign_in_wins<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: IdentityStore + AccountStore,
{
    let (connection, organization) = (connection_id()?, organization()?);
    let store = &subject.connect();
    let connect = || subject.connect();

    let rule = "of all first sign-ins of one identity at once one makes the account";
    let person = identity(&connection, &organization)?;
    let made = winners(race, connect, |_, store| {
        let (person, account) = (person.clone(), account());
        async move {
            match account {
                Ok(account) => store.create_identified_account(&account, &person).await,
                Err(_) => Ok(false),
            }
        }
    });
    holds(rule, made.await?, 1)?;

    let rule = "of all who want a mailbox at once one gets it, with the identity";
    let template = account()?;
    let made = winners(race, connect, |_, store| {
        let person = identity(&connection, &organization);
        let (id, template) = (AccountId::generate(), template.clone());
        async move {
            match (person, id) {
                (Ok(person), Ok(id)) => {
                    let account = Account { id, ..template };
                    store.create_identified_account(&account, &person).await
                }
                _ => Ok(false),
            }
        }
    });
    holds(rule, made.await?, 1)?;
    let owner = store.account_by_mailbox(&template.mailbox).await;
    let owner = owner.map_err(store_failed)?;
    let id = owner.map_or(template.id, |owner| owner.id);
    let identities = store.identities_of(id).await.map_err(store_failed)?;
    holds(rule, identities.len(), 1)?;

    let rule = "an identity that has an account makes none";
    let other = account()?;
    let made = store.create_identified_account(&other, &person).await;
    holds(rule, made.map_err(store_failed)?, false)?;
    let found = store.account(other.id).await.map_err(store_failed)?;
    holds(rule, found, None)?;
    let rule = "a mailbox that has an account gives no identity to another one";
    let person = identity(&connection, &organization)?;
    let made = store.create_identified_account(&template, &person).await;
    holds(rule, made.map_err(store_failed)?, false)?;
    let whose = store.recognize_identity(&person).await;
    holds(rule, whose.map_err(store_failed)?, None)?;
    let rule = "an account is not made with a second factor that nobody enrolled";
    let owing = Account {
        second_factor: true,
        ..account()?
    };
    let made = store.create_identified_account(&owing, &person).await;
    holds(rule, made.map_err(store_failed)?, false)
}

async fn an_identity_is_known_by_its_key(store: &impl IdentityStore) -> Result<(), Violation> {
    let (connection, organization) = (connection_id()?, organization()?);
    let Known { identity, account } = known(store, &connection, &organization).await?;
    let stranger = self::identity(&connection, &organization)?;
    let elsewhere = self::identity(&connection_id()?, &organization)?;
    let of_other = IdentityRecord {
        organization: self::organization()?,
        ..identity.clone()
    };
    let with = |email: &str| IdentityRecord {
        email: email.to_owned(),
        ..stranger.clone()
    };
    let same_address = with(&identity.email);
    let same_mailbox = with(account.mailbox.as_str());
    for (rule, person) in [
        ("an id that nobody has is nobody's", &stranger),
        ("nobody is known by an address", &same_address),
        ("nobody is known by an address", &same_mailbox),
        ("an identity is of one connection", &elsewhere),
        ("an identity is of one organisation", &of_other),
    ] {
        let whose = store.recognize_identity(person).await;
        holds(rule, whose.map_err(store_failed)?, None)?;
    }
    let renamed = IdentityRecord {
        email: stranger.email,
        since: now() + DAY,
        ..identity.clone()
    };
    let whose = store.recognize_identity(&renamed).await;
    let whose = whose.map_err(store_failed)?;
    let rule = "an identity is known by its connection and id";
    holds(rule, whose, Some(account.id))?;
    let own = store.identities_of(account.id).await;
    let rule = "an identity has the address that was given last, and is linked since it was";
    let renamed = IdentityRecord {
        since: identity.since,
        ..renamed
    };
    holds(rule, own.map_err(store_failed)?, vec![renamed])
}

async fn one_link_wins<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: IdentityStore + AccountStore,
{
    let (connection, organization) = (connection_id()?, organization()?);
    let store = subject.connect();
    let mut owners = Vec::new();
    for _ in 0..super::RACERS {
        let owner = account()?;
        store.create_account(&owner).await.map_err(store_failed)?;
        owners.push(owner);
    }
    let person = identity(&connection, &organization)?;
    let connect = || subject.connect();
    let linked = winners(race, connect, |place, store| {
        let (person, owner) = (person.clone(), owners[place].clone());
        async move {
            let linked = store.link_identity(&person, owner.id, &owner.mailbox, None);
            linked.await
        }
    });
    let rule = "of all accounts that an identity is linked to at once one has it";
    holds(rule, linked.await?, 1)?;

    let rule = "of all identities of a connection that are linked to an account at once one is";
    let owner = account()?;
    store.create_account(&owner).await.map_err(store_failed)?;
    let linked = winners(race, connect, |_, store| {
        let (person, owner) = (identity(&connection, &organization), owner.clone());
        async move {
            match person {
                Ok(person) => {
                    let linked = store.link_identity(&person, owner.id, &owner.mailbox, None);
                    linked.await
                }
                Err(_) => Ok(false),
            }
        }
    });
    holds(rule, linked.await?, 1)?;
    let other = identity(&connection_id()?, &organization)?;
    let linked = store.link_identity(&other, owner.id, &owner.mailbox, None);
    let rule = "an account may have identities of several connections";
    holds(rule, linked.await.map_err(store_failed)?, true)
}

async fn only_an_active_account_of_that_mailbox_is_linked<S>(store: &S) -> Result<(), Violation>
where
    S: IdentityStore + AccountStore,
{
    let (connection, organization) = (connection_id()?, organization()?);
    let person = identity(&connection, &organization)?;
    for (rule, state, mailbox) in [
        (
            "an identity is linked to the mailbox that was decided on",
            AccountState::Active,
            Some(mailbox()?),
        ),
        (
            "an identity is not linked to who has not proved the mailbox",
            AccountState::Unverified,
            None,
        ),
        (
            "an identity is not linked to who is suspended",
            AccountState::Suspended,
            None,
        ),
    ] {
        let owner = Account {
            state,
            ..account()?
        };
        store.create_account(&owner).await.map_err(store_failed)?;
        let mailbox: &Mailbox = mailbox.as_ref().unwrap_or(&owner.mailbox);
        let linked = store.link_identity(&person, owner.id, mailbox, None).await;
        holds(rule, linked.map_err(store_failed)?, false)?;
        let own = store.identities_of(owner.id).await.map_err(store_failed)?;
        holds(rule, own, vec![])?;
    }
    let nobody = account()?;
    let linked = store.link_identity(&person, nobody.id, &nobody.mailbox, None);
    let rule = "an identity is linked to no account that is not there";
    holds(rule, linked.await.map_err(store_failed)?, false)
}
