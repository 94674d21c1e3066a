//! What ends with an identity, and with what vouched for it.

use super::fixtures::{
    DAY, MINUTE, TestLink, account, connection_id, domain, identity, mailbox, now, organization,
    session, token, word,
};
use super::identities::{Known, known};
use crate::link::Purpose;
use crate::login::ChallengeRecord;
use crate::session::{Proof, Proofs, Record};
use crate::sso::{
    Connection, ConnectionId, ConnectionState, DomainProof, OrganizationId, Revocation, Timestamp,
};
use crate::store::{
    Account, AccountStore, DirectoryStore, IdentityStore, LinkStore, SecondFactorStore,
    SessionStore,
};
use crate::testkit::violation::{Violation, holds, store_failed};
use crate::token::{Challenge, Session, TokenDigest};
use crate::{AccountId, Mailbox};

/// What an account has that ends.
struct Began {
    session: TokenDigest<Session>,
    record: Record,
    challenge: TokenDigest<Challenge>,
}

async fn began<S>(
    store: &S,
    account: AccountId,
    connection: Option<&ConnectionId>,
) -> Result<Began, Violation>
where
    S: SessionStore + SecondFactorStore,
{
    let connection = connection.map(|id| id.as_str().to_owned());
    let record = Record {
        connection: connection.clone(),
        ..session(account)?
    };
    let digest = token::<Session>()?.digest();
    let begun = store.begin_session(&digest, &record, None, None).await;
    begun.map_err(store_failed)?;
    let challenge = token::<Challenge>()?.digest();
    let owed = ChallengeRecord {
        account,
        epoch: 0,
        proofs: Proofs::of(Proof::Federation, now()),
        connection,
        remembered: false,
        opened_at: now(),
        expires_at: now() + 10 * MINUTE,
    };
    let opened = store.open_challenge(&challenge, &owed).await;
    opened.map_err(store_failed)?;
    Ok(Began {
        session: digest,
        record,
        challenge,
    })
}

/// Whether the session and the challenge are still there.
async fn is_left<S>(store: &S, began: &Began) -> Result<(bool, bool), Violation>
where
    S: SessionStore + SecondFactorStore,
{
    let session = store.find_session(&began.session).await;
    let owed = store
        .count_challenge_attempt(&began.challenge, u32::MAX, now())
        .await;
    Ok((
        session.map_err(store_failed)?.is_some(),
        owed.map_err(store_failed)?.is_some(),
    ))
}

pub(super) async fn a_link_ends_what_was_there<S>(store: &S) -> Result<(), Violation>
where
    S: IdentityStore + AccountStore + SessionStore + LinkStore + SecondFactorStore,
{
    let (connection, organization) = (connection_id()?, organization()?);
    let owner = account()?;
    store.create_account(&owner).await.map_err(store_failed)?;
    let (own, other) = (
        began(store, owner.id, None).await?,
        began(store, owner.id, None).await?,
    );
    let link = TestLink::of(&owner, Purpose::SignIn)?;
    let issued = store
        .issue_link(&link.digest, &link.record, &link.mail)
        .await;
    issued.map_err(store_failed)?;
    let person = identity(&connection, &organization)?;
    let but = Some(own.record.id);
    let linked = store.link_identity(&person, owner.id, &owner.mailbox, but);
    let rule = "an identity is linked";
    holds(rule, linked.await.map_err(store_failed)?, true)?;
    let rule = "a link of an identity ends sessions, challenges and links but for that session";
    holds(rule, is_left(store, &own).await?, (true, false))?;
    holds(rule, is_left(store, &other).await?, (false, false))?;
    let found = store.find_link(&link.digest, Purpose::SignIn, now()).await;
    holds(rule, found.map_err(store_failed)?, None)?;
    let again = store.link_identity(&person, owner.id, &owner.mailbox, None);
    holds(
        "an identity is linked once",
        again.await.map_err(store_failed)?,
        false,
    )?;
    let rule = "what was refused ended nothing";
    holds(rule, is_left(store, &own).await?.0, true)
}

pub(super) async fn an_identity_is_unlinked_with_what_came_over_it<S>(
    store: &S,
) -> Result<(), Violation>
where
    S: IdentityStore + AccountStore + SessionStore + SecondFactorStore,
{
    let (connection, organization) = (connection_id()?, organization()?);
    let Known { identity, account } = known(store, &connection, &organization).await?;
    let other = known(store, &connection, &organization).await?;
    let over = began(store, account.id, Some(&connection)).await?;
    let apart = began(store, account.id, None).await?;
    let others = began(store, other.account.id, Some(&connection)).await?;
    let rule = "an identity is unlinked by its owner alone";
    for (by, expected) in [
        (other.account.id, false),
        (account.id, true),
        (account.id, false),
    ] {
        let unlinked = store.unlink_identity(by, &identity.key).await;
        holds(rule, unlinked.map_err(store_failed)?, expected)?;
    }
    let whose = store.recognize_identity(&identity).await;
    let rule = "what is unlinked is not known";
    holds(rule, whose.map_err(store_failed)?, None)?;
    let rule = "an identity is unlinked with what came over its connection";
    holds(rule, is_left(store, &over).await?, (false, false))?;
    holds(rule, is_left(store, &apart).await?, (true, true))?;
    holds(rule, is_left(store, &others).await?, (true, true))
}

pub(super) async fn a_new_mailbox_has_no_identities<S>(store: &S) -> Result<(), Violation>
where
    S: IdentityStore + AccountStore + SessionStore + SecondFactorStore,
{
    let (connection, organization) = (connection_id()?, organization()?);
    let Known { identity, account } = known(store, &connection, &organization).await?;
    let other = known(store, &connection, &organization).await?;
    let over = began(store, account.id, Some(&connection)).await?;
    let apart = began(store, account.id, None).await?;
    let others = began(store, other.account.id, Some(&connection)).await?;
    let change = async |from: &Mailbox, expected| {
        let changed = store.change_mailbox(account.id, from, &mailbox()?).await;
        let rule = "a mailbox is changed from the one that it is";
        holds(rule, changed.map_err(store_failed)?, expected)
    };
    change(&mailbox()?, false).await?;
    let rule = "a mailbox that stays keeps its identities";
    let whose = store.recognize_identity(&identity).await;
    holds(rule, whose.map_err(store_failed)?, Some(account.id))?;
    holds(rule, is_left(store, &over).await?, (true, true))?;
    change(&account.mailbox, true).await?;
    let rule = "nobody vouches for a new mailbox by what was linked before";
    let whose = store.recognize_identity(&identity).await;
    holds(rule, whose.map_err(store_failed)?, None)?;
    let own = store.identities_of(account.id).await;
    holds(rule, own.map_err(store_failed)?, vec![])?;
    holds(rule, is_left(store, &over).await?, (false, false))?;
    holds(rule, is_left(store, &apart).await?, (true, true))?;
    holds(rule, is_left(store, &others).await?, (true, true))
}

pub(super) async fn who_leaves_an_organisation_leaves_its_identities<S>(
    store: &S,
) -> Result<(), Violation>
where
    S: IdentityStore + AccountStore + SessionStore + SecondFactorStore,
{
    let connections = [connection_id()?, connection_id()?, connection_id()?];
    let (left, others) = (organization()?, organization()?);
    let Known { account, .. } = known(store, &connections[0], &left).await?;
    for (connection, organization) in [(&connections[1], &left), (&connections[2], &others)] {
        let person = identity(connection, organization)?;
        let linked = store.link_identity(&person, account.id, &account.mailbox, None);
        linked.await.map_err(store_failed)?;
    }
    let other = known(store, &connections[0], &left).await?;
    let mut all = Vec::new();
    for connection in &connections {
        all.push(began(store, account.id, Some(connection)).await?);
    }
    let apart = began(store, account.id, None).await?;
    let colleagues = began(store, other.account.id, Some(&connections[0])).await?;
    let rule = "identities of an organisation are unlinked with what came over them";
    for expected in [2, 0] {
        let unlinked = store.unlink_identities(account.id, &left).await;
        holds(rule, unlinked.map_err(store_failed)?, expected)?;
    }
    let own = store.identities_of(account.id).await;
    let own = own.map_err(store_failed)?.into_iter();
    let own: Vec<_> = own.map(|identity| identity.organization).collect();
    holds(rule, own, vec![others])?;
    for (place, is_over) in [true, true, false].into_iter().enumerate() {
        let expected = (!is_over, !is_over);
        holds(rule, is_left(store, &all[place]).await?, expected)?;
    }
    holds(rule, is_left(store, &apart).await?, (true, true))?;
    holds(rule, is_left(store, &colleagues).await?, (true, true))
}

pub(super) async fn an_organisation_is_forgotten_with_what_came_over_it<S>(
    store: &S,
) -> Result<(), Violation>
where
    S: IdentityStore + DirectoryStore + AccountStore + SessionStore + SecondFactorStore,
{
    let (own, others) = (organization()?, organization()?);
    let (first, second, bare) = (connection_id()?, connection_id()?, connection_id()?);
    let (ada, eve) = (
        known(store, &first, &own).await?,
        known(store, &second, &others).await?,
    );
    let (early, late) = (Timestamp::of(now()), Timestamp::of(now() + DAY));
    let active = ConnectionState::Active;
    let (at_home, abroad) = (domain()?, domain()?);
    for (organization, domain, id) in [(&own, &at_home, &bare), (&others, &abroad, &second)] {
        let kept = Connection::restore(
            id.clone(),
            Some(organization.clone()),
            active,
            Some(late.clone()),
        );
        store.keep_connection(&kept).await.map_err(store_failed)?;
        let verified = DomainProof::Verified;
        let proved = store.keep_domain(organization, domain, verified, &late);
        proved.await.map_err(store_failed)?;
    }
    let ends = [
        began(store, ada.account.id, Some(&first)).await?,
        began(store, eve.account.id, Some(&bare)).await?,
    ];
    let stays = [
        began(store, ada.account.id, None).await?,
        began(store, eve.account.id, Some(&second)).await?,
    ];
    let forgotten = store.forget_organization(&own).await;
    let rule = "an organisation is forgotten with all that came over its connections";
    holds(rule, forgotten.map_err(store_failed)?, 2)?;
    for began in &ends {
        holds(rule, is_left(store, began).await?, (false, false))?;
    }
    let whose = store.recognize_identity(&ada.identity).await;
    holds(rule, whose.map_err(store_failed)?, None)?;
    let rule = "no other organisation is forgotten";
    for began in &stays {
        holds(rule, is_left(store, began).await?, (true, true))?;
    }
    let whose = store.recognize_identity(&eve.identity).await;
    holds(rule, whose.map_err(store_failed)?, Some(eve.account.id))?;
    let left = store.owner_of_domain(&abroad).await.map_err(store_failed)?;
    holds(
        rule,
        left.map(|owner| owner.organization),
        Some(others.clone()),
    )?;
    let rule = "a domain of a forgotten organisation is free";
    let verified = DomainProof::Verified;
    let proved = store.keep_domain(&others, &at_home, verified, &early).await;
    holds(rule, proved.map_err(store_failed)?, true)?;
    let rule = "what is said of a forgotten organisation is the first that is";
    let given_up = store.keep_domain(&others, &at_home, DomainProof::Withdrawn, &late);
    given_up.await.map_err(store_failed)?;
    let proved = store.keep_domain(&own, &at_home, verified, &early).await;
    holds(rule, proved.map_err(store_failed)?, true)?;
    let again = store
        .owner_of_domain(&at_home)
        .await
        .map_err(store_failed)?;
    holds(
        rule,
        again.map(|owner| owner.organization),
        Some(own.clone()),
    )?;
    let connected = Connection::restore(bare.clone(), Some(own.clone()), active, Some(early));
    let kept = store.keep_connection(&connected).await;
    kept.map_err(store_failed)?;
    let kept = store.connection(&bare).await.map_err(store_failed)?;
    holds(rule, kept, Some(connected))
}

/// What began by a password or a mail goes on in nobody's browser, also where a sign-in is under way.
pub(super) async fn a_domain_that_is_enforced_leaves_one_way_in<S>(
    store: &S,
) -> Result<(), Violation>
where
    S: IdentityStore + DirectoryStore + AccountStore + SessionStore + SecondFactorStore + LinkStore,
{
    let (connection, organization, domain) = (connection_id()?, organization()?, domain()?);
    let at = Timestamp::of(now());
    let proved = store.keep_domain(&organization, &domain, DomainProof::Verified, &at);
    proved.await.map_err(store_failed)?;
    let mailbox = format!("{}@{}", word()?, domain.as_str());
    let owner = Account {
        mailbox: Mailbox::parse(&mailbox).map_err(store_failed)?,
        ..account()?
    };
    let stranger = account()?;
    for account in [&owner, &stranger] {
        store.create_account(account).await.map_err(store_failed)?;
    }
    let own = began(store, owner.id, None).await?;
    let other = began(store, owner.id, None).await?;
    let over = began(store, owner.id, Some(&connection)).await?;
    let strangers = began(store, stranger.id, None).await?;
    let mut links = Vec::new();
    for (account, purpose) in [
        (&owner, Purpose::ChangeFrom),
        (&owner, Purpose::ChangeTo),
        (&owner, Purpose::Invite),
        (&stranger, Purpose::ChangeFrom),
    ] {
        let link = TestLink::of(account, purpose)?;
        let issued = store.issue_link(&link.digest, &link.record, &link.mail);
        issued.await.map_err(store_failed)?;
        links.push((link.digest, purpose));
    }
    let set = async |enforced| {
        let but = Some(own.record.id);
        let set = store.enforce_domain(&organization, &domain, enforced, but);
        holds("a domain is set", set.await.map_err(store_failed)?, true)
    };
    set(false).await?;
    let rule = "a domain that is released ends nothing";
    holds(rule, is_left(store, &other).await?, (true, true))?;
    set(true).await?;
    let rule = "a domain that is enforced ends what came over no connection";
    holds(rule, is_left(store, &other).await?, (false, false))?;
    let late = token::<Session>()?.digest();
    let began_before = session(owner.id)?;
    let begun = store.begin_session(&late, &began_before, Some(0), None);
    let rule = "a sign-in that a domain's enforcement overtook begins no session";
    holds(rule, begun.await.map_err(store_failed)?, false)?;
    let rule = "a domain that is enforced leaves what came over a connection, and that session";
    holds(rule, is_left(store, &own).await?, (true, false))?;
    holds(rule, is_left(store, &over).await?, (true, false))?;
    let rule = "a domain is not enforced for people of another one";
    holds(rule, is_left(store, &strangers).await?, (true, true))?;
    let mut left = Vec::new();
    for (digest, purpose) in &links {
        let found = store.find_link(digest, *purpose, now()).await;
        left.push(found.map_err(store_failed)?.is_some());
    }
    let rule = "a domain that is enforced ends its people's links to another mailbox";
    holds(rule, left, vec![false, false, true, true])
}

pub(super) async fn a_revocation_ends_what_it_is_about<S>(store: &S) -> Result<(), Violation>
where
    S: IdentityStore + DirectoryStore + AccountStore + SessionStore + SecondFactorStore,
{
    let (first, second) = (connection_id()?, connection_id()?);
    let (own, others) = (organization()?, organization()?);
    let ada = known(store, &first, &own).await?;
    let ben = known(store, &first, &own).await?;
    let eve = known(store, &second, &others).await?;
    let person = |idp_id: Option<&str>, emails: &[&str]| Revocation::Person {
        organization: own.clone(),
        idp_id: idp_id.map(str::to_owned),
        emails: emails.iter().map(|&email| email.to_owned()).collect(),
    };
    let domain_of = |domain| Revocation::Domain {
        organization: own.clone(),
        domain,
    };
    // Somebody with an address in a domain of his own, at the identity provider or here.
    let at_home = domain()?;
    let mut zoe = known(store, &first, &own).await?;
    zoe.identity.email = format!("zoe@{}", at_home.as_str());
    let known_as = store.recognize_identity(&zoe.identity).await;
    known_as.map_err(store_failed)?;
    let elsewhere = connection_id()?;
    let kept = Connection::restore(
        elsewhere.clone(),
        Some(own.clone()),
        ConnectionState::Active,
        None,
    );
    store.keep_connection(&kept).await.map_err(store_failed)?;

    let (ada_id, eve_id) = (ada.identity.key.idp_id(), eve.identity.key.idp_id());
    let nobody = word()?;
    for (rule, revocation, ends) in [
        ("who is not said is nobody", person(None, &[]), [false; 6]),
        (
            "an id that nobody has is nobody's",
            person(Some(&nobody), &["", &nobody]),
            [false; 6],
        ),
        (
            "a person is one of the organisation",
            person(Some(eve_id), &[&eve.identity.email]),
            [false; 6],
        ),
        (
            "a person is known by id",
            person(Some(ada_id), &[]),
            [true, false, false, false, false, false],
        ),
        (
            "a person is known by the address at the identity provider",
            person(Some(&nobody), &[&ada.identity.email]),
            [true, false, false, false, false, false],
        ),
        (
            "a person is known by the account's mailbox",
            person(None, &[ada.account.mailbox.as_str()]),
            [true, false, false, false, false, false],
        ),
        (
            "a domain is that of an address",
            domain_of(at_home),
            [false, false, false, false, true, false],
        ),
        (
            "a domain that nobody has is nobody's",
            domain_of(domain()?),
            [false; 6],
        ),
        (
            "a connection is all that came over it",
            Revocation::Connection(first.clone()),
            [true, true, false, false, true, false],
        ),
        (
            "an organisation is all that came over its connections",
            Revocation::Organization(own.clone()),
            [true, true, false, false, true, true],
        ),
    ] {
        let began = [
            began(store, ada.account.id, Some(&first)).await?,
            began(store, ben.account.id, Some(&first)).await?,
            began(store, ada.account.id, None).await?,
            began(store, eve.account.id, Some(&second)).await?,
            began(store, zoe.account.id, Some(&first)).await?,
            began(store, eve.account.id, Some(&elsewhere)).await?,
        ];
        let people = store.people_of(&revocation).await.map_err(store_failed)?;
        let people = [&ada, &ben, &zoe].map(|of| people.contains(&of.account.id));
        let about = match revocation {
            Revocation::Connection(_) => [false; 3],
            _ => [ends[0], ends[1], ends[4]],
        };
        let of_people = "a revocation is about the people whose sessions end";
        holds(of_people, people, about)?;
        let ended = store.revoke_federated(&revocation).await;
        let ended = ended.map_err(store_failed)?;
        let mut left = [false; 6];
        for (place, began) in began.iter().enumerate() {
            let (session, challenge) = is_left(store, began).await?;
            holds("a challenge ends with the sessions", challenge, session)?;
            left[place] = session;
        }
        holds(rule, left.map(|left| !left), ends)?;
        let count = ends.iter().filter(|ends| **ends).count() as u64;
        holds("sessions that end are counted", ended, count)?;
        let again = store.revoke_federated(&revocation).await;
        holds(
            "what is over does not end again",
            again.map_err(store_failed)?,
            0,
        )?;
        for account in [&ada, &ben, &eve, &zoe] {
            let ended = store.revoke_sessions(account.account.id, None).await;
            ended.map_err(store_failed)?;
        }
    }
    Ok(())
}

/// Also who never came over a connection, and nobody twice.
pub(super) async fn a_revocation_is_about_people<S>(store: &S) -> Result<(), Violation>
where
    S: IdentityStore + AccountStore,
{
    let (organization, elsewhere) = (organization()?, organization()?);
    let ada = known(store, &connection_id()?, &organization).await?;
    let another = identity(&connection_id()?, &organization)?;
    let linked = store.link_identity(&another, ada.account.id, &ada.account.mailbox, None);
    let linked = linked.await.map_err(store_failed)?;
    holds("an account has identities of two connections", linked, true)?;
    let alone = account()?;
    store.create_account(&alone).await.map_err(store_failed)?;
    let people = async |organization: &OrganizationId, emails: &[&str]| {
        let revocation = Revocation::Person {
            organization: organization.clone(),
            idp_id: Some(word()?),
            emails: emails.iter().map(|&email| email.to_owned()).collect(),
        };
        store.people_of(&revocation).await.map_err(store_failed)
    };
    let everybody = Revocation::Organization(organization.clone());
    let all = store.people_of(&everybody).await.map_err(store_failed)?;
    let rule = "who has two identities is one of the people";
    holds(rule, all, vec![ada.account.id])?;
    let both = [&*ada.identity.email, &*another.email];
    holds(
        rule,
        people(&organization, &both).await?,
        vec![ada.account.id],
    )?;
    let rule = "an address at another identity provider is nobody's";
    holds(rule, people(&elsewhere, &both).await?, Vec::new())?;
    let rule = "whose mailbox is said is one of the people, known or not";
    let named = [alone.mailbox.as_str()];
    holds(rule, people(&organization, &named).await?, vec![alone.id])
}
