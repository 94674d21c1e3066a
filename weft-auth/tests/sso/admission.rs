use std::time::Duration;

use serde_json::json;
use weft_auth::sso::fake::{Fault, Person};
use weft_auth::sso::{
    ApiErrorKind, ClientError, ConnectionState, Linking, Plan, RefusalKind, Target,
};

use crate::{World, answer, conn, now, org};

const VERIFIED: &[&str] = &["acme.example", "acme.test"];

#[tokio::test]
async fn both_shapes_of_raw_attributes_are_read() {
    for raw_attributes in [false, true] {
        let mut world = World::new();
        let mut person = Person::new("idp_1", "ada@acme.example");
        person.raw_attributes = raw_attributes;
        world.fake.sign_in(person.with("groups", json!(["staff"])));
        let identity = world.admit(VERIFIED).await.unwrap();
        assert_eq!(identity.profile().groups(), ["staff"]);
    }
}

#[tokio::test]
async fn a_profile_of_another_organisation_is_refused() {
    for organization in [json!("org_2"), json!(null)] {
        let mut world = World::new();
        let person = Person::new("idp_1", "ada@acme.example");
        world
            .fake
            .sign_in(person.with("organization_id", organization));
        assert_eq!(
            world.admit(VERIFIED).await,
            Err(RefusalKind::OtherOrganization)
        );
    }
    // The connection was given to another organisation in between.
    let mut world = World::new();
    world.fake.connect("conn_2", "org_2", &["acme.example"]);
    let person = Person::new("idp_1", "ada@acme.example");
    world.fake.sign_in(person.with("connection_id", "conn_2"));
    assert_eq!(
        world.admit(VERIFIED).await,
        Err(RefusalKind::OtherOrganization)
    );
}

/// Supabase took the issuer from the token: an attacker's could speak for anyone.
#[tokio::test]
async fn cve_2026_31813_a_profile_comes_over_the_connection_that_was_asked() {
    // The connection that the profile names, and the one that is looked up.
    for (named, looked_up) in [
        ("conn_2", "conn_2"),
        ("conn_2", "conn_1"),
        ("conn_1", "conn_2"),
    ] {
        let mut world = World::new();
        world.fake.connect("conn_2", "org_1", &["acme.example"]);
        let person = Person::new("idp_1", "ada@acme.example");
        world.fake.sign_in(person.with("connection_id", named));
        let start = world.start(Target::connection(conn("conn_1"), org("org_1")));
        let back = world.follow(start.url());
        let bound = answer(&back).bind(&world.browser).unwrap();
        let exchange = bound.resume(start.into_pending(), Plan::Enterprise, now());
        let exchanged = world.client.exchange(exchange.unwrap()).await.unwrap();
        let connection = world.connection(looked_up).await;
        let refused = exchanged.admit(&connection, &[crate::domain("acme.example")]);
        assert_eq!(refused.unwrap_err().kind(), RefusalKind::OtherConnection);
    }
}

#[tokio::test]
async fn a_connection_is_active_when_somebody_comes_over_it() {
    for state in [
        ConnectionState::RequiresType,
        ConnectionState::Draft,
        ConnectionState::Validating,
        ConnectionState::Inactive,
        ConnectionState::Deleting,
        ConnectionState::Other,
    ] {
        let mut world = World::new();
        let exchanged = world.exchanged().await.unwrap();
        world.fake.set_connection("conn_1", state);
        let connection = world.connection("conn_1").await;
        let refused = exchanged.admit(&connection, &[crate::domain("acme.example")]);
        assert_eq!(refused.unwrap_err().kind(), RefusalKind::InactiveConnection);
    }
}

#[tokio::test]
async fn a_guest_is_refused_here_where_workos_lets_him_in() {
    for address in [
        "eve@guest.example",
        "eve@sub.acme.example",
        "eve@acme.example.evil.example",
        "eve@acme.example@evil.example",
        "eve@evil.example@acme.example",
        "eve@evil.example,ada@acme.example",
        "ada@acme.example,eve@evil.example",
        "ada@acme.example ",
        "ada@ACME.ex\u{e4}mple",
        "ada@acm\u{435}.example",
        "@acme.example",
        "acme.example",
        "",
    ] {
        let mut world = World::new();
        world.fake.allow_guests("conn_1");
        world.fake.sign_in(Person::new("idp_1", address));
        let refused = world.admit(VERIFIED).await;
        assert_eq!(refused, Err(RefusalKind::EmailDomain), "{address}");
    }
    let mut world = World::new();
    world.fake.allow_guests("conn_1");
    world.fake.sign_in(Person::new("idp_1", "Ada@ACME.test"));
    assert!(world.admit(VERIFIED).await.is_ok());
    assert_eq!(World::new().admit(&[]).await, Err(RefusalKind::EmailDomain));
}

/// Nobody is known by nothing.
#[tokio::test]
async fn a_blank_id_is_no_identity() {
    for id in ["", " ", "\t\u{2003}", "idp\0", &"a".repeat(1025)] {
        let mut world = World::new();
        world.fake.sign_in(Person::new(id, "ada@acme.example"));
        assert_eq!(world.admit(VERIFIED).await, Err(RefusalKind::NoIdentity));
    }
    // Absent, or not a text, is no profile at all.
    for id in [json!(null), json!(["idp_1"]), json!(1)] {
        let mut world = World::new();
        world
            .fake
            .sign_in(Person::new("", "ada@acme.example").with("idp_id", id));
        assert_eq!(fails(&mut world).await, Some(ApiErrorKind::Unreadable));
    }
}

/// GitLab took a list of addresses where one belonged.
#[tokio::test]
async fn cve_2023_7028_an_address_is_one_text() {
    let person = Person::new("idp_1", "");
    for email in [
        json!(["ada@acme.example", "eve@evil.example"]),
        json!(null),
        json!({}),
    ] {
        let mut world = World::new();
        world.fake.allow_guests("conn_1");
        world.fake.sign_in(person.clone().with("email", email));
        assert_eq!(fails(&mut world).await, Some(ApiErrorKind::Unreadable));
    }
}

/// Who somebody is does not follow from an address.
#[tokio::test]
async fn better_auth_6481_an_identity_is_connection_and_id() {
    let identity = async |id, address| {
        let mut world = World::new();
        world.fake.sign_in(Person::new(id, address));
        world.admit(VERIFIED).await.unwrap()
    };
    let ada = identity("idp_1", "ada@acme.example").await;
    let married = identity("idp_1", "ada.l@acme.example").await;
    let successor = identity("idp_2", "ada@acme.example").await;
    assert_eq!(ada.key(), married.key());
    assert_ne!(ada.key(), successor.key());
}

/// An account that somebody made to wait for the owner of an address.
#[tokio::test]
async fn better_auth_9578_an_unproved_account_is_not_adopted() {
    let identity = World::new().admit(VERIFIED).await.unwrap();
    assert_eq!(Linking::of(&identity, None), Linking::Create);
    let local = |address, verified| Linking::of(&identity, Some((address, verified)));
    assert_eq!(local("ada@acme.example", true), Linking::Link);
    assert_eq!(local("Ada@acme.example", true), Linking::Link);
    assert_eq!(local("ada@acme.example", false), Linking::ProveFirst);
    assert_eq!(local("ada@acme.test", true), Linking::ProveFirst);
    assert_eq!(local("\u{430}da@acme.example", true), Linking::ProveFirst);
}

async fn fails(world: &mut World) -> Option<ApiErrorKind> {
    match world.exchanged().await {
        Ok(_) => None,
        Err(ClientError::Api(error)) => Some(error.kind()),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_workos_answers_instead_has_a_kind() {
    for (fault, kind, passing) in [
        (Fault::RateLimited(17), ApiErrorKind::RateLimited, true),
        (Fault::ServerError, ApiErrorKind::Unavailable, true),
        (Fault::Garbage, ApiErrorKind::Unreadable, false),
        (Fault::OtherShape, ApiErrorKind::Unreadable, false),
    ] {
        let mut world = World::new();
        let (exchange, _) = world.come_back();
        world.fake.fail_next(fault.clone());
        let error = match world.client.exchange(exchange).await {
            Err(ClientError::Api(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!((error.kind(), error.is_passing()), (kind, passing));
        assert!(error.request_id().unwrap().starts_with("req_"));
        let wait = (fault == Fault::RateLimited(17)).then(|| Duration::from_secs(17));
        assert_eq!(error.retry_after(), wait);
        world.fake.fail_next(fault);
        assert!(world.client.connection(&conn("conn_1")).await.is_err());
    }
    let error = World::new()
        .client
        .connection(&conn("conn_9"))
        .await
        .unwrap_err();
    let ClientError::Api(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.kind(), ApiErrorKind::NotFound);
}

/// The code is spent when the answer is lost: what sends it again gets nothing, and ends what the first
/// one gave.
#[tokio::test]
async fn an_exchange_whose_answer_is_lost_is_not_made_again() {
    let mut world = World::new();
    let (exchange, _) = world.come_back();
    let again = world.client.workos().exchange_request(&exchange).unwrap();
    let before = world.fake.requests().len();
    world.fake.fail_next(Fault::Lost);
    let lost = world.client.exchange(exchange).await.unwrap_err();
    assert_eq!(
        lost.to_string(),
        "no answer of WorkOS: the connection broke"
    );
    assert_eq!(world.fake.requests().len(), before + 1);
    let refused = world.fake.handle(again);
    assert_eq!(refused.status(), 400);
    let body: serde_json::Value = serde_json::from_slice(refused.body()).unwrap();
    assert_eq!(body["error"], "invalid_grant");
}
