//! From an identity that was admitted to a session, and to its end.

use serde_json::{Value, json};
use weft_auth::login::{
    Acquaintance, Login, OpenSecret, Outcome, RefusalKind, SecondFactor, Visit,
};
use weft_auth::password::{Config, Hasher, Params};
use weft_auth::session::{Authenticated, Proof, Session};
use weft_auth::sso::fake::Person;
use weft_auth::sso::{
    ConnectionState, Directory, DomainProof, Ended, Event, Identity, IdentityRecord, Target,
    Timestamp,
};
use weft_auth::store::{
    Account, AccountState, AccountStore, DirectoryStore, FlowStore, IdentityStore, MailKind,
    SecondFactorStore, SessionStore, StoredTotp,
};
use weft_auth::testkit::{Fault, Memory, Probe, Race, Threads};
use weft_auth::throttle::Network;
use weft_auth::totp::{RecoveryCode, Secret, Step};
use weft_auth::{AccountId, Error, Mailbox, PseudonymKey};

use crate::{World, answer, conn, domain, now, org};

fn run<F: Future>(future: F) -> F::Output {
    Threads::block_on(future)
}

fn login<S: weft_auth::login::LoginStore>(store: &S) -> Login<S> {
    let hasher = Hasher::new(Config::new(Params::insecure_for_tests(), 1 << 20)).unwrap();
    Login::new(store.clone(), hasher, PseudonymKey::new(&[7; 32]))
}

fn visit() -> Visit<'static> {
    Visit::from(Network::of([192, 0, 2, 1].into()), now())
}

fn identity(world: &mut World, idp_id: &str, email: &str) -> Identity {
    world.fake.sign_in(Person::new(idp_id, email));
    run(world.admit(&["acme.example"])).unwrap()
}

fn kind<T, E>(told: Result<T, Error<weft_auth::login::Refusal, E>>) -> RefusalKind {
    told.err().as_ref().and_then(Error::refusal).unwrap().kind()
}

fn account(email: &str, state: AccountState) -> Account {
    Account {
        id: AccountId::generate().unwrap(),
        mailbox: Mailbox::parse(email).unwrap(),
        password: None,
        state,
        second_factor: false,
        break_glass: false,
        epoch: 0,
    }
}

/// Has an organisation prove that acme.example is its own.
fn prove(store: &Memory, organization: &str, is_enforced: bool) {
    let (organization, own) = (org(organization), domain("acme.example"));
    let at = Timestamp::of(now());
    let proved = store.keep_domain(&organization, &own, DomainProof::Verified, &at);
    assert!(run(proved).unwrap());
    assert!(run(store.enforce_domain(&organization, &own, is_enforced, None)).unwrap());
}

/// A store of which the organisation of everybody here has done so.
fn proved() -> Memory {
    let store = Memory::new();
    prove(&store, "org_1", false);
    store
}

/// Somebody who is signed in to that account by another way, just now.
fn session(login: &Login<Memory>, account: AccountId) -> Session {
    let who = Authenticated::assertion(account, Proof::Password, now());
    let started = login.sessions().start(who, Default::default(), now());
    run(started).unwrap().session
}

fn event(name: &str, data: &Value) -> Event {
    let body = json!({
        "id": "event_1", "event": name, "data": data, "created_at": "2026-11-25T03:18:00.000Z",
    });
    Event::parse(body.to_string().as_bytes()).unwrap()
}

fn of_connection(second: u8) -> Value {
    json!({
        "id": "conn_1",
        "organization_id": "org_1",
        "updated_at": format!("2026-11-25T04:18:{second:02}.000Z"),
    })
}

#[test]
fn a_flow_is_kept_in_a_store_and_gone_on_with_once() {
    let (mut world, store) = (World::new(), Memory::new());
    let start = world.start(Target::organization(org("org_1")));
    let back = world.follow(start.url());
    run(store.keep_flow(&start.into_pending())).unwrap();
    let bound = answer(&back).bind(&world.browser).unwrap();
    let flow = run(store.consume_flow(&bound.state_digest())).unwrap();
    assert!(
        run(store.consume_flow(&bound.state_digest()))
            .unwrap()
            .is_none()
    );
    assert!(
        bound
            .resume(flow.unwrap(), weft_auth::sso::Plan::Enterprise, now())
            .is_ok()
    );
}

#[test]
fn an_account_is_made_at_the_first_sign_in_and_known_at_the_next() {
    let (mut world, store) = (World::new(), proved());
    let login = login(&store);
    let ada = identity(&mut world, "idp_1", "Ada@acme.example");
    let first = run(login.single_sign_on(&ada, visit())).unwrap().unwrap();
    assert_eq!(first.by, Acquaintance::Created);
    assert_eq!(first.organization, org("org_1"));
    let own = run(store.identities_of(first.account)).unwrap();
    assert_eq!(own[0].email, "ada@acme.example");
    let account = run(store.account(first.account)).unwrap().unwrap();
    assert_eq!(account.mailbox.as_str(), "ada@acme.example");
    assert_eq!(
        (account.password, account.state),
        (None, AccountState::Active)
    );
    let Outcome::SignedIn(signed_in) = first.outcome else {
        panic!("a second factor is owed");
    };
    let sessions = run(store.sessions_of(first.account)).unwrap();
    assert_eq!(sessions[0].connection.as_deref(), Some("conn_1"));
    assert!(run(login.sessions().resume(&signed_in.started.token, now())).is_ok());

    // The address changed hands, and the id did not.
    let renamed = identity(&mut world, "idp_1", "ada.lovelace@acme.example");
    let again = run(login.single_sign_on(&renamed, visit()))
        .unwrap()
        .unwrap();
    assert_eq!(
        (again.by, again.account),
        (Acquaintance::Known, first.account)
    );
    let own = run(store.identities_of(first.account)).unwrap();
    assert_eq!(own[0].email, "ada.lovelace@acme.example");
    let eve = identity(&mut world, "idp_2", "ada@acme.example");
    let taken = kind(run(login.single_sign_on(&eve, visit())));
    assert_eq!(taken, RefusalKind::Link);
}

/// Two tabs at once, the first time: both know that there is nobody, and both sign in to one account.
#[test]
fn of_all_first_sign_ins_at_once_one_makes_the_account_and_the_others_know_it() {
    const TABS: usize = 8;
    let (mut world, store) = (World::new(), proved());
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let probe = Probe::new(store.clone());
    probe.meet_after("account_by_mailbox", TABS);
    let tabs = (0..TABS).map(|_| {
        let (login, ada) = (login(&probe), ada.clone());
        async move { login.single_sign_on(&ada, visit()).await.unwrap().unwrap() }
    });
    let ended = run(Threads.race(tabs.collect()));
    let created = ended.iter().filter(|tab| tab.by == Acquaintance::Created);
    assert_eq!((ended.len(), created.count()), (TABS, 1));
    assert!(ended.iter().all(|tab| tab.account == ended[0].account));
    assert_eq!(
        run(store.sessions_of(ended[0].account)).unwrap().len(),
        TABS
    );
}

/// Better-auth's 6481 and 9578: an account that somebody made to wait for the owner of an address.
#[test]
fn better_auth_9578_an_account_that_waits_is_not_adopted() {
    let (mut world, store) = (World::new(), proved());
    let login = login(&store);
    let waiting = account("ada@acme.example", AccountState::Unverified);
    run(store.create_account(&waiting)).unwrap();
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let admission = run(login.single_sign_on(&ada, visit())).unwrap();
    assert!(admission.is_none());
    assert!(run(store.identities_of(waiting.id)).unwrap().is_empty());

    // The owner proves to read the mailbox, and links it.
    assert!(run(store.verify_mailbox(waiting.id, &waiting.mailbox)).unwrap());
    let session = session(&login, waiting.id);
    let recent = session.recently_authenticated(now()).unwrap();
    run(login.link_identity(&recent, &ada, &visit())).unwrap();
    let known = run(login.single_sign_on(&ada, visit())).unwrap().unwrap();
    assert_eq!((known.by, known.account), (Acquaintance::Known, waiting.id));
    assert_eq!(
        kind(run(login.link_identity(&recent, &ada, &visit()))),
        RefusalKind::Link
    );
    let sent: Vec<_> = store.outbox().into_iter().map(|mail| mail.kind).collect();
    assert_eq!(sent, [MailKind::IdentityLinked]);

    let unlink = || run(login.unlink_identity(&recent, ada.key(), &visit()));
    unlink().unwrap();
    assert_eq!(kind(unlink()), RefusalKind::Credentials);
    let sent = store.outbox().pop().unwrap();
    assert_eq!(sent.kind, MailKind::IdentityUnlinked);
}

/// Any organisation may name anybody: the one whose people these are must not be kept from them by that.
#[test]
fn an_account_that_nobody_used_is_of_the_organisation_that_leaves_no_other_way() {
    let waits = || account("ada@acme.example", AccountState::Unverified);
    let has_password = || Account {
        password: Some("a hash".to_owned()),
        ..waits()
    };
    for (organization, is_enforced, there, is_taken) in [
        ("org_1", true, waits(), true),
        ("org_1", false, waits(), false),
        ("org_2", true, waits(), false),
        ("org_1", true, has_password(), false),
    ] {
        let (mut world, store) = (World::new(), Memory::new());
        prove(&store, organization, is_enforced);
        run(store.create_account(&there)).unwrap();
        let ada = identity(&mut world, "idp_1", "ada@acme.example");
        let admission = run(login(&store).single_sign_on(&ada, visit())).unwrap();
        assert_eq!(
            admission.is_some(),
            is_taken,
            "{organization} {is_enforced}"
        );
        let account = run(store.account(there.id)).unwrap().unwrap();
        assert_eq!(account.state == AccountState::Active, is_taken);
        let identities = run(store.identities_of(there.id)).unwrap();
        assert_eq!(identities.len(), usize::from(is_taken));
        if let Some(admission) = admission {
            assert_eq!(admission.by, Acquaintance::Linked);
            assert!(matches!(admission.outcome, Outcome::SignedIn(_)));
        }
    }
    // A second factor is somebody's.
    let (mut world, store) = (World::new(), Memory::new());
    prove(&store, "org_1", true);
    let there = waits();
    run(store.create_account(&there)).unwrap();
    let totp = StoredTotp {
        sealed: b"sealed".to_vec(),
        last_step: Step::from_number(1),
    };
    run(store.enrol_totp(there.id, &totp, &[])).unwrap();
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let admission = run(login(&store).single_sign_on(&ada, visit())).unwrap();
    assert!(admission.is_none());
}

#[test]
fn an_account_whose_owner_reads_the_mailbox_is_linked_and_its_sessions_end() {
    let (mut world, store) = (World::new(), proved());
    let login = login(&store);
    let there = account("ada@acme.example", AccountState::Active);
    run(store.create_account(&there)).unwrap();
    let before = session(&login, there.id);
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let linked = run(login.single_sign_on(&ada, visit())).unwrap().unwrap();
    assert_eq!(
        (linked.by, linked.account),
        (Acquaintance::Linked, there.id)
    );
    let left = run(store.sessions_of(there.id)).unwrap();
    assert!(left.len() == 1 && left[0].id != before.id());
    let mail = store.outbox().pop().unwrap();
    assert_eq!(
        (mail.kind, mail.to),
        (MailKind::IdentityLinked, there.mailbox)
    );

    let suspended = account("ben@acme.example", AccountState::Suspended);
    run(store.create_account(&suspended)).unwrap();
    let ben = identity(&mut world, "idp_2", "ben@acme.example");
    assert_eq!(
        kind(run(login.single_sign_on(&ben, visit()))),
        RefusalKind::Credentials
    );
    assert!(run(store.identities_of(suspended.id)).unwrap().is_empty());
}

/// What is vouched for is an address in a domain, and not whatever its owner has by now.
#[test]
fn an_account_whose_mailbox_is_elsewhere_is_not_signed_in_to() {
    for (mailbox, organization, is_let_in) in [
        ("ada@acme.example", "org_1", true),
        ("ada@home.example", "org_1", false),
        ("ada@acme.example", "org_2", false),
    ] {
        let (mut world, store) = (World::new(), Memory::new());
        let login = login(&store);
        prove(&store, organization, false);
        let ada = identity(&mut world, "idp_1", "ada@acme.example");
        let there = account(mailbox, AccountState::Active);
        let record = IdentityRecord::new(&ada, now());
        assert!(run(store.create_identified_account(&there, &record)).unwrap());
        let told = run(login.single_sign_on(&ada, visit()));
        let sessions = run(store.sessions_of(there.id)).unwrap().len();
        assert_eq!(sessions, usize::from(is_let_in), "{mailbox} {organization}");
        match is_let_in {
            true => assert_eq!(told.unwrap().unwrap().by, Acquaintance::Known),
            false => assert_eq!(kind(told), RefusalKind::Credentials),
        }
        // Nor is an identity linked that could not be used.
        let ben = identity(&mut world, "idp_2", "ben@acme.example");
        run(store.unlink_identity(there.id, ada.key())).unwrap();
        let session = session(&login, there.id);
        let recent = session.recently_authenticated(now()).unwrap();
        let linked = run(login.link_identity(&recent, &ben, &visit()));
        assert_eq!(linked.is_ok(), is_let_in);
    }
}

/// The mailbox is changed, or the organisation left, while somebody signs in.
#[test]
fn an_identity_that_is_unlinked_meanwhile_leaves_neither_session_nor_challenge() {
    for second_factor in [false, true] {
        let (mut world, store) = (World::new(), Memory::new());
        prove(&store, "org_1", false);
        let ada = identity(&mut world, "idp_1", "ada@acme.example");
        let there = account("ada@acme.example", AccountState::Active);
        let record = IdentityRecord::new(&ada, now());
        run(store.create_identified_account(&there, &record)).unwrap();
        if second_factor {
            let totp = StoredTotp {
                sealed: b"sealed".to_vec(),
                last_step: Step::from_number(1),
            };
            run(store.enrol_totp(there.id, &totp, &[])).unwrap();
        }
        let probe = Probe::new(store.clone());
        let (id, elsewhere) = (there.id, store.clone());
        probe.meanwhile("owner_of_domain", move || {
            run(elsewhere.unlink_identities(id, &org("org_1"))).unwrap();
        });
        let told = run(login(&probe).single_sign_on(&ada, visit()));
        assert_eq!(kind(told), RefusalKind::Credentials);
        assert!(run(store.sessions_of(there.id)).unwrap().is_empty());
        let names: Vec<_> = probe.take_trace().iter().map(|op| op.name).collect();
        let ends = match second_factor {
            true => "close_challenge",
            false => "revoke_session",
        };
        assert!(names.contains(&ends), "{names:?}");
    }
}

#[test]
fn an_address_that_cannot_be_written_to_makes_no_account() {
    let (mut world, store) = (World::new(), Memory::new());
    let ada = identity(&mut world, "idp_1", "adä@acme.example");
    assert_eq!(
        kind(run(login(&store).single_sign_on(&ada, visit()))),
        RefusalKind::Credentials
    );
}

/// What comes while somebody signs in ends that as well, be it a session or a challenge.
#[test]
fn an_event_ends_a_sign_in_that_is_under_way() {
    for second_factor in [false, true] {
        let (mut world, store) = (World::new(), proved());
        let ada = identity(&mut world, "idp_1", "ada@acme.example");
        let first = run(login(&store).single_sign_on(&ada, visit()))
            .unwrap()
            .unwrap();
        if second_factor {
            let totp = StoredTotp {
                sealed: b"sealed".to_vec(),
                last_step: Step::from_number(1),
            };
            run(store.enrol_totp(first.account, &totp, &[])).unwrap();
        }
        // It was active when WorkOS was asked.
        let directory = Directory::new(store.clone());
        let deleted = event("connection.deleted", &of_connection(0));
        assert_eq!(run(directory.apply(&deleted)).unwrap().sessions, 1);
        let told = run(login(&store).single_sign_on(&ada, visit()));
        assert_eq!(kind(told), RefusalKind::Credentials);
        assert!(run(store.sessions_of(first.account)).unwrap().is_empty());
    }
}

/// What ends the organisation's word while the second factor is given ends the session that it began.
#[test]
fn a_word_that_is_taken_back_before_the_second_factor_leaves_no_session() {
    type Event = fn(&Memory, AccountId);
    let nothing: Event = |_, _| {};
    let unlinked: Event = |store, id| _ = run(store.unlink_identities(id, &org("org_1"))).unwrap();
    let forgotten: Event = |store, _| _ = run(store.forget_organization(&org("org_1"))).unwrap();
    let deleted: Event = |store, _| {
        let deleted = event("connection.deleted", &of_connection(0));
        drop(run(Directory::new(store.clone()).apply(&deleted)).unwrap());
    };
    let given_up: Event = |store, _| give_up(store);
    for (event, stays) in [
        (nothing, true),
        (unlinked, false),
        (forgotten, false),
        (deleted, false),
        (given_up, false),
    ] {
        let (mut world, store) = (World::new(), proved());
        let ada = identity(&mut world, "idp_1", "ada@acme.example");
        let first = run(login(&store).single_sign_on(&ada, visit()))
            .unwrap()
            .unwrap();
        let codes = RecoveryCode::generate_set().unwrap();
        let totp = StoredTotp {
            sealed: b"sealed".to_vec(),
            last_step: Step::from_number(1),
        };
        let digests = codes.each_ref().map(RecoveryCode::digest);
        run(store.enrol_totp(first.account, &totp, &digests)).unwrap();
        run(store.revoke_sessions(first.account, None)).unwrap();
        let owed = run(login(&store).single_sign_on(&ada, visit()))
            .unwrap()
            .unwrap();
        let Outcome::SecondFactorNeeded(needed) = owed.outcome else {
            panic!("a second factor is owed")
        };
        let probe = Probe::new(store.clone());
        let (id, elsewhere) = (first.account, store.clone());
        probe.meanwhile("close_challenge", move || event(&elsewhere, id));
        let code = codes.into_iter().next().unwrap();
        let given = SecondFactor::Recovery(code);
        let login = login(&probe);
        let signed_in =
            run(login.second_factor(&needed.challenge, given, &Unsealed, visit())).unwrap();
        let told = run(login.still_vouched_for(signed_in, &visit()));
        assert_eq!(told.is_ok(), stays);
        if !stays {
            assert_eq!(kind(told), RefusalKind::Credentials);
        }
        let left = run(store.sessions_of(first.account)).unwrap().len();
        assert_eq!(left, usize::from(stays));
    }
}

/// What WorkOS says of a domain that was lost.
fn give_up(store: &Memory) {
    let data = json!({
        "organization_id": "org_1", "domain": "acme.example",
        "updated_at": "2090-11-20T03:18:00.000Z",
    });
    let lost = event("organization_domain.verification_failed", &data);
    drop(run(Directory::new(store.clone()).apply(&lost)).unwrap());
}

/// As it ends the sessions that are there.
#[test]
fn a_domain_that_is_given_up_meanwhile_leaves_no_session() {
    let (mut world, store) = (World::new(), proved());
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let first = run(login(&store).single_sign_on(&ada, visit()))
        .unwrap()
        .unwrap();
    run(store.revoke_sessions(first.account, None)).unwrap();
    let probe = Probe::new(store.clone());
    let elsewhere = store.clone();
    probe.meanwhile("owner_of_domain", move || give_up(&elsewhere));
    let told = run(login(&probe).single_sign_on(&ada, visit()));
    assert_eq!(kind(told), RefusalKind::Credentials);
    assert!(run(store.sessions_of(first.account)).unwrap().is_empty());
}

struct Unsealed;

impl OpenSecret for Unsealed {
    fn open(&self, _: &[u8], _: &[u8]) -> Option<Secret> {
        None
    }
}

#[test]
fn a_first_sign_in_that_failed_anywhere_is_done_again() {
    let mut world = World::new();
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let steps = {
        let probe = Probe::new(proved());
        run(login(&probe).single_sign_on(&ada, visit()))
            .map(drop)
            .unwrap();
        probe.take_trace().len()
    };
    for place in 0..steps {
        for fault in [Fault::Before, Fault::After] {
            let store = proved();
            let probe = Probe::new(store.clone());
            probe.fail_at(place, fault);
            assert!(
                run(login(&probe).single_sign_on(&ada, visit())).is_err(),
                "{place}"
            );
            let again = run(login(&store).single_sign_on(&ada, visit()))
                .unwrap()
                .unwrap();
            let own = run(store.identities_of(again.account)).unwrap();
            assert_eq!(own, [IdentityRecord::new(&ada, now())], "{place} {fault:?}");
        }
    }
}

#[test]
fn events_in_any_order_and_twice_leave_the_same() {
    let activated = |second| event("connection.activated", &of_connection(second));
    let deactivated = |second| event("connection.deactivated", &of_connection(second));
    let deleted = |second| event("connection.deleted", &of_connection(second));
    for (events, state) in [
        (
            [activated(1), deactivated(2), activated(3)],
            ConnectionState::Active,
        ),
        (
            [activated(1), activated(2), deactivated(2)],
            ConnectionState::Inactive,
        ),
        (
            [activated(1), activated(3), deleted(2)],
            ConnectionState::Deleted,
        ),
    ] {
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let store = Memory::new();
            let directory = Directory::new(store.clone());
            for place in order.into_iter().chain(order) {
                let _ = run(directory.apply(&events[place])).unwrap();
            }
            let kept = run(store.connection(&conn("conn_1"))).unwrap().unwrap();
            assert_eq!(kept.state(), state, "{order:?}");
            let target = run(directory.target(&conn("conn_1"))).unwrap();
            assert_eq!(target.is_some(), state == ConnectionState::Active);
        }
    }
}

#[test]
fn a_domain_is_proved_enforced_and_lost_by_events() {
    let store = Memory::new();
    let directory = Directory::new(store.clone());
    let of_domain = |organization: &str, second: u8| {
        json!({
            "id": "org_domain_1",
            "organization_id": organization,
            "domain": "ACME.example",
            "updated_at": format!("2026-11-25T04:18:{second:02}.000Z"),
        })
    };
    let verified = |organization, second| {
        let event = event(
            "organization_domain.verified",
            &of_domain(organization, second),
        );
        run(directory.apply(&event))
    };
    let acme = domain("acme.example");
    assert!(verified("org_1", 1).is_ok());
    let owned = run(directory.verified_domains(&org("org_1"))).unwrap();
    assert_eq!(owned, std::slice::from_ref(&acme));
    let taken = verified("org_2", 2).unwrap_err();
    let told = "the domain was verified for another organisation";
    assert_eq!(taken.to_string(), told);
    assert!(run(store.enforce_domain(&org("org_1"), &acme, true, None)).unwrap());
    assert!(run(store.requires_single_sign_on("acme.example")).unwrap());
    for name in [
        "organization_domain.verification_failed",
        "organization_domain.deleted",
    ] {
        assert!(run(directory.apply(&event(name, &of_domain("org_1", 3)))).is_ok());
        assert!(!run(store.requires_single_sign_on("acme.example")).unwrap());
        assert!(
            run(directory.verified_domains(&org("org_1")))
                .unwrap()
                .is_empty()
        );
    }
    // It comes again, as WorkOS sends it after an error.
    assert!(verified("org_2", 2).is_ok());

    let gone = event("organization.deleted", &json!({ "id": "org_2" }));
    // Said by the envelope, since nothing else says when.
    assert!(gone.updated_at().is_none());
    let _ = run(directory.apply(&gone)).unwrap();
    assert!(
        run(directory.verified_domains(&org("org_2")))
            .unwrap()
            .is_empty()
    );
    let claims = run(store.claims_of(&org("org_2"))).unwrap();
    assert_eq!(claims[0].proof, DomainProof::Withdrawn);
}

#[test]
fn an_event_that_changes_something_and_does_not_say_when_is_an_error() {
    for (name, data) in [
        ("connection.activated", json!({ "id": "conn_1" })),
        ("connection.deactivated", json!({ "id": "conn_1" })),
        ("connection.deleted", json!({ "id": "conn_1" })),
        (
            "organization_domain.verified",
            json!({ "organization_id": "org_1", "domain": "acme.example" }),
        ),
        ("organization.deleted", json!({ "id": "org_1" })),
    ] {
        let body = |at: &str| {
            let body = json!({ "id": "event_1", "event": name, "data": data, "created_at": at });
            Event::parse(body.to_string().as_bytes())
        };
        assert!(body("2026-11-25T03:18:00.000Z").unwrap().change().is_some());
        assert!(body("lately").is_err(), "{name}");
    }
}

#[test]
fn a_person_who_left_the_directory_is_signed_out() {
    let (mut world, store) = (World::new(), proved());
    let login = login(&store);
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let ben = identity(&mut world, "idp_2", "ben@acme.example");
    let [ada, ben] = [ada, ben].map(|one| {
        run(login.single_sign_on(&one, visit()))
            .unwrap()
            .unwrap()
            .account
    });
    let left = json!({
        "id": "directory_user_1",
        "organization_id": "org_1",
        "idp_id": "another-id",
        "emails": [{ "value": "ADA@acme.example" }],
    });
    let directory = Directory::new(store.clone());
    let apply = |event: &Event| run(directory.apply(event)).unwrap();
    let gone = event("dsync.user.deleted", &left);
    let ended = [apply(&gone), apply(&gone)];
    assert_eq!(ended.each_ref().map(|ended| ended.sessions), [1, 0]);
    // Told twice, it is as much about her as before: something may have been in the way.
    assert!(ended.iter().all(|ended| ended.people == [ada].into()));
    assert!(run(store.sessions_of(ada)).unwrap().is_empty());
    assert_eq!(run(store.sessions_of(ben)).unwrap().len(), 1);
}

/// Sessions begin anew; what programs have of people does not come back.
#[test]
fn what_is_late_or_about_a_directory_alone_ends_nobodys_tokens() {
    let (mut world, store) = (World::new(), proved());
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let first = run(login(&store).single_sign_on(&ada, visit()))
        .unwrap()
        .unwrap();
    let directory = Directory::new(store.clone());
    let apply = |event: &Event| run(directory.apply(event)).unwrap();
    let lost = |year: u16| {
        let data = json!({
            "organization_id": "org_1", "domain": "acme.example",
            "updated_at": format!("{year}-11-20T03:18:00.000Z"),
        });
        event("organization_domain.verification_failed", &data)
    };
    assert_eq!(apply(&lost(2020)), Ended::default());
    assert_eq!(run(store.sessions_of(first.account)).unwrap().len(), 1);

    let of_directory = json!({ "id": "directory_1", "organization_id": "org_1" });
    let ended = apply(&event("dsync.deleted", &of_directory));
    assert_eq!((ended.sessions, ended.people.len()), (1, 0));

    let ended = apply(&lost(2090));
    assert_eq!(ended.people, [first.account].into());
}

#[tokio::test]
async fn what_no_event_said_is_found_by_asking_and_ends_sessions() {
    let (mut world, store) = (World::new(), proved());
    let ada = identity(&mut world, "idp_1", "ada@acme.example");
    let first = login(&store)
        .single_sign_on(&ada, visit())
        .await
        .unwrap()
        .unwrap();
    let directory = Directory::new(store.clone());
    let today = async |world: &World| {
        let page = world.client.connections(&org("org_1"), None).await;
        page.unwrap().connections
    };
    let all = today(&world).await;
    let ended = directory.reconcile(&org("org_1"), &all).await.unwrap();
    assert_eq!(ended.sessions, 0);
    assert_eq!(store.sessions_of(first.account).await.unwrap().len(), 1);
    world.fake.delete_connection("conn_1");
    let all = today(&world).await;
    let ended = directory.reconcile(&org("org_1"), &all).await.unwrap();
    assert_eq!((ended.sessions, ended.people.len()), (1, 0));
    assert!(store.sessions_of(first.account).await.unwrap().is_empty());
}

#[test]
fn the_time_of_a_connection_is_read() {
    let world = World::new();
    let connection = run(world.connection("conn_1"));
    let at = connection.updated_at().map(Timestamp::as_str);
    assert_eq!(at, Some("2026-11-18T11:06:40.001Z"));
    let odd: weft_auth::sso::Connection =
        serde_json::from_value(json!({ "id": "conn_1", "state": "active", "updated_at": 5 }))
            .unwrap();
    assert_eq!(odd.updated_at(), None);
}
