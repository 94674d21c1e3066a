use super::fixtures::{connection_id, domain, organization};
use super::{Subject, winners};
use crate::sso::{
    Claim, Connection, ConnectionId, ConnectionState, Domain, DomainOwner, DomainProof,
    OrganizationId, Timestamp,
};
use crate::store::{AccountStore, DirectoryStore};
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};

/// What organisations have: what is kept is the latest in whichever order it comes, and a domain is one
/// organisation's.
///
/// # Errors
/// The first rule that is not kept.
pub async fn directory<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: DirectoryStore + AccountStore,
{
    let store = &subject.connect();
    the_latest_connection_is_kept(store).await?;
    the_latest_proof_is_kept(store).await?;
    a_domain_is_one_organisations(subject, race).await?;
    a_claim_takes_nothing(store).await?;
    only_what_is_verified_is_enforced(store).await?;
    an_organisation_is_deleted_with_all_it_has(store).await
}

fn at(second: u8) -> Result<Timestamp, Violation> {
    let time = Timestamp::new(&format!("2026-11-25T03:18:{second:02}.000Z"));
    time.ok_or_else(|| Violation::new("a time is one", second))
}

fn connection(
    id: &ConnectionId,
    organization: &OrganizationId,
    (state, second): (ConnectionState, Option<u8>),
) -> Result<Connection, Violation> {
    let organization = Some(organization.clone());
    let at = second.map(at).transpose()?;
    Ok(Connection::restore(id.clone(), organization, state, at))
}

/// All orders of three.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

async fn the_latest_connection_is_kept(store: &impl DirectoryStore) -> Result<(), Violation> {
    use ConnectionState::{Active, Deleted, Inactive};
    for (rule, states, last) in [
        (
            "the latest state of a connection is kept",
            [(Active, Some(1)), (Inactive, Some(2)), (Active, Some(3))],
            2,
        ),
        (
            "of two states at once the one that works is not kept",
            [(Active, None), (Active, Some(2)), (Inactive, Some(2))],
            2,
        ),
        (
            "a connection that was deleted stays so",
            [(Deleted, Some(1)), (Inactive, Some(2)), (Active, Some(3))],
            0,
        ),
    ] {
        for order in ORDERS {
            let (id, organization) = (connection_id()?, organization()?);
            for place in order.into_iter().chain(order) {
                let one = connection(&id, &organization, states[place])?;
                store.keep_connection(&one).await.map_err(store_failed)?;
            }
            let expected = connection(&id, &organization, states[last])?;
            let kept = store.connection(&id).await.map_err(store_failed)?;
            holds(rule, kept, Some(expected.clone()))?;
            let kept = store.connections_of(&organization).await;
            holds(rule, kept.map_err(store_failed)?, vec![expected])?;
        }
    }
    let found = store.connection(&connection_id()?).await;
    let rule = "an id that nobody has finds no connection";
    holds(rule, found.map_err(store_failed)?, None)?;
    let rule = "a connection without an organisation is of none";
    let id = connection_id()?;
    let unlinked = Connection::restore(id.clone(), None, Active, Some(at(1)?));
    store
        .keep_connection(&unlinked)
        .await
        .map_err(store_failed)?;
    let found = store.connection(&id).await.map_err(store_failed)?;
    holds(rule, found, Some(unlinked))
}

async fn the_latest_proof_is_kept(store: &impl DirectoryStore) -> Result<(), Violation> {
    use DomainProof::{Failed, Verified, Withdrawn};
    for (rule, proofs, last) in [
        (
            "the latest proof of a domain is kept",
            [(Verified, 1), (Failed, 2), (Verified, 3)],
            Verified,
        ),
        (
            "a domain that was given up is not revived by what is late",
            [(Verified, 1), (Verified, 2), (Withdrawn, 2)],
            Withdrawn,
        ),
    ] {
        for order in ORDERS {
            let (organization, domain) = (organization()?, domain()?);
            for place in order.into_iter().chain(order) {
                let (proof, second) = proofs[place];
                keep(store, &organization, &domain, (proof, second), true).await?;
            }
            let expected = vec![Claim::new(domain.clone(), last, false)];
            let claims = store.claims_of(&organization).await;
            holds(rule, claims.map_err(store_failed)?, expected)?;
            let owner = (last == Verified).then(|| DomainOwner::new(organization, false));
            let found = store.owner_of_domain(&domain).await;
            holds(rule, found.map_err(store_failed)?, owner)?;
        }
    }
    Ok(())
}

async fn keep(
    store: &impl DirectoryStore,
    organization: &OrganizationId,
    domain: &Domain,
    (proof, second): (DomainProof, u8),
    expected: bool,
) -> Result<(), Violation> {
    let kept = store
        .keep_domain(organization, domain, proof, &at(second)?)
        .await;
    let rule = "a domain that is verified for one organisation is not for another one";
    holds(rule, kept.map_err(store_failed)?, expected)
}

async fn a_domain_is_one_organisations<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: DirectoryStore,
{
    let domain = domain()?;
    let time = at(1)?;
    let connect = || subject.connect();
    let verified = winners(race, connect, |_, store| {
        let (organization, domain, time) = (organization(), domain.clone(), time.clone());
        async move {
            match organization {
                Ok(organization) => {
                    let kept =
                        store.keep_domain(&organization, &domain, DomainProof::Verified, &time);
                    kept.await
                }
                Err(_) => Ok(false),
            }
        }
    });
    let rule = "of all organisations that a domain is verified for at once one has it";
    holds(rule, verified.await?, 1)?;
    let store = &subject.connect();
    let owner = store.owner_of_domain(&domain).await.map_err(store_failed)?;
    let Some(owner) = owner else {
        return Err(Violation::new(rule, owner));
    };
    let other = organization()?;
    keep(store, &other, &domain, (DomainProof::Verified, 9), false).await?;
    let claims = store.claims_of(&other).await.map_err(store_failed)?;
    let rule = "what was refused is not kept";
    holds(rule, claims, vec![])?;
    let first = &owner.organization;
    keep(store, first, &domain, (DomainProof::Withdrawn, 2), true).await?;
    keep(store, &other, &domain, (DomainProof::Verified, 1), true).await?;
    let found = store.owner_of_domain(&domain).await;
    let rule = "a domain that was given up may be another organisation's";
    let found = found.map_err(store_failed)?;
    holds(rule, found, Some(DomainOwner::new(other, false)))
}

async fn only_what_is_verified_is_enforced<S>(store: &S) -> Result<(), Violation>
where
    S: DirectoryStore + AccountStore,
{
    let (own, other, domain) = (organization()?, organization()?, domain()?);
    let enforce = async |organization: &OrganizationId, enforced| {
        let set = store
            .enforce_domain(organization, &domain, enforced, None)
            .await;
        set.map_err(store_failed)
    };
    let required = async || {
        let required = store.requires_single_sign_on(domain.as_str()).await;
        required.map_err(store_failed)
    };
    let rule = "a domain is enforced by the organisation that has proved it";
    holds(rule, enforce(&own, true).await?, false)?;
    for organization in [&own, &other] {
        let claimed = store.claim_domain(organization, &domain).await;
        claimed.map_err(store_failed)?;
    }
    holds(rule, enforce(&own, true).await?, false)?;
    keep(store, &own, &domain, (DomainProof::Verified, 1), true).await?;
    holds(rule, enforce(&other, true).await?, false)?;
    holds(rule, required().await?, false)?;
    holds(rule, enforce(&own, true).await?, true)?;
    holds(
        "a domain that is enforced requires it",
        required().await?,
        true,
    )?;
    let owner = store.owner_of_domain(&domain).await.map_err(store_failed)?;
    let expected = Some(DomainOwner::new(own.clone(), true));
    holds("what is enforced is said of a domain", owner, expected)?;
    let rule = "a proof that comes again leaves a domain enforced";
    keep(store, &own, &domain, (DomainProof::Verified, 2), true).await?;
    holds(rule, required().await?, true)?;
    let rule = "a domain that is not verified any more is not enforced";
    keep(store, &own, &domain, (DomainProof::Failed, 3), true).await?;
    holds(rule, required().await?, false)?;
    keep(store, &own, &domain, (DomainProof::Verified, 4), true).await?;
    holds(rule, required().await?, false)?;
    let rule = "a domain is released";
    holds(rule, enforce(&own, true).await?, true)?;
    holds(rule, enforce(&own, false).await?, true)?;
    holds(rule, required().await?, false)?;
    let blank = store.requires_single_sign_on("").await;
    let rule = "no domain is not a domain";
    holds(rule, blank.map_err(store_failed)?, false)
}

async fn a_claim_takes_nothing(store: &impl DirectoryStore) -> Result<(), Violation> {
    let (own, other, domain) = (organization()?, organization()?, domain()?);
    let claim = async |organization: &OrganizationId, expected| {
        let claimed = store.claim_domain(organization, &domain).await;
        claimed.map_err(store_failed)?;
        let claims = store.claims_of(organization).await;
        let rule = "a claim is pending until it is verified, and stays verified";
        let expected = vec![Claim::new(domain.clone(), expected, false)];
        holds(rule, claims.map_err(store_failed)?, expected)
    };
    claim(&own, DomainProof::Pending).await?;
    claim(&own, DomainProof::Pending).await?;
    keep(store, &own, &domain, (DomainProof::Verified, 1), true).await?;
    claim(&own, DomainProof::Verified).await?;
    claim(&other, DomainProof::Pending).await?;
    let found = store.owner_of_domain(&domain).await;
    let rule = "a claim takes a domain from nobody";
    let expected = Some(DomainOwner::new(own.clone(), false));
    holds(rule, found.map_err(store_failed)?, expected)?;
    keep(store, &own, &domain, (DomainProof::Failed, 2), true).await?;
    claim(&own, DomainProof::Pending).await?;
    // What is late does not verify it.
    keep(store, &own, &domain, (DomainProof::Verified, 1), true).await?;
    claim(&own, DomainProof::Pending).await
}

async fn an_organisation_is_deleted_with_all_it_has<S>(store: &S) -> Result<(), Violation>
where
    S: DirectoryStore + AccountStore,
{
    let (own, other) = (organization()?, organization()?);
    let (mut ids, mut domains) = (Vec::new(), Vec::new());
    for organization in [&own, &other] {
        let id = connection_id()?;
        let active = (ConnectionState::Active, Some(1));
        let one = connection(&id, organization, active)?;
        store.keep_connection(&one).await.map_err(store_failed)?;
        let domain = domain()?;
        keep(
            store,
            organization,
            &domain,
            (DomainProof::Verified, 1),
            true,
        )
        .await?;
        let enforced = store
            .enforce_domain(organization, &domain, true, None)
            .await;
        enforced.map_err(store_failed)?;
        ids.push(id);
        domains.push(domain);
    }
    let deleted = store.delete_organization(&own, &at(5)?).await;
    deleted.map_err(store_failed)?;
    let rule = "an organisation is deleted with its connections and domains, and no other";
    for (id, domain, is_left) in [(&ids[0], &domains[0], false), (&ids[1], &domains[1], true)] {
        let kept = store.connection(id).await.map_err(store_failed)?;
        let active = kept.is_some_and(|kept| kept.state() == ConnectionState::Active);
        holds(rule, active, is_left)?;
        let owner = store.owner_of_domain(domain).await.map_err(store_failed)?;
        holds(rule, owner.is_some(), is_left)?;
        let required = store.requires_single_sign_on(domain.as_str()).await;
        holds(rule, required.map_err(store_failed)?, is_left)?;
    }
    keep(store, &own, &domains[0], (DomainProof::Verified, 5), true).await?;
    let owner = store.owner_of_domain(&domains[0]).await;
    let rule = "what is late does not revive an organisation's domain";
    holds(rule, owner.map_err(store_failed)?, None)
}
