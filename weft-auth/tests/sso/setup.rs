//! An organisation at WorkOS, its domains, and the way into the portal.

use std::time::Duration;

use http::Request;
use http::header::LOCATION;
use uuid::Uuid;
use weft_auth::sso::fake::Fault;
use weft_auth::sso::{
    ApiErrorKind, Client, ClientError, Directory, Domain, DomainProof, Organization, Setup, WorkOs,
};
use weft_auth::store::DirectoryStore;
use weft_auth::testkit::{Memory, Threads};

use crate::{API_KEY, CLIENT_ID, REDIRECT, World, domain, now, org};

const OURS: Uuid = Uuid::from_u128(7);
const BACK: &str = "https://app.example.com/settings";

async fn made(world: &World) -> Organization {
    let client = &world.client;
    client.create_organization(OURS, "Acme").await.unwrap()
}

async fn today(world: &World, made: &Organization) -> Organization {
    world.client.organization(made.id()).await.unwrap()
}

async fn verified(directory: &Directory<Memory>, made: &Organization) -> Vec<Domain> {
    directory.verified_domains(made.id()).await.unwrap()
}

#[tokio::test]
async fn what_has_an_id_here_has_one_organisation_there() {
    let world = World::new();
    assert!(world.client.organization_for(OURS).await.unwrap().is_none());
    let made = made(&world).await;
    assert!(made.is_for(OURS) && !made.is_for(Uuid::from_u128(8)));
    let found = world.client.organization_for(OURS).await.unwrap();
    assert_eq!(found, Some(made));
    let again = world.client.create_organization(OURS, "Acme").await;
    assert!(
        matches!(again, Err(ClientError::Api(error)) if error.kind() == ApiErrorKind::Rejected)
    );
    // One that nobody made for anything here.
    world.fake.organize("org_9", None);
    let foreign = world.client.organization(&org("org_9")).await.unwrap();
    assert!(!foreign.is_for(OURS));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error() {
    let world = World::new();
    made(&world).await;
    for fault in [Fault::Garbage, Fault::OtherShape] {
        world.fake.fail_next(fault);
        let found = world.client.organization_for(OURS).await;
        assert!(
            matches!(found, Err(ClientError::Api(error)) if error.kind() == ApiErrorKind::Unreadable)
        );
    }
}

#[tokio::test]
async fn whoever_comes_to_the_portal_by_a_link_goes_back_and_comes_once() {
    let world = World::new();
    world.fake.set_up("conn_7", &["acme.test"]);
    let made = made(&world).await;
    for setup in [Setup::Domains, Setup::Connection] {
        let link = world.client.setup_link(made.id(), setup, BACK).await;
        let link = link.unwrap();
        assert_eq!(format!("{link:?}"), "SetupLink(..)");
        assert_eq!(world.follow(link.expose()), BACK);
        let again = Request::get(link.expose()).body(Vec::new()).unwrap();
        let again = world.fake.handle(again);
        assert_eq!(again.status(), 404);
        assert!(!again.headers().contains_key(LOCATION));
    }
    let proofs: Vec<DomainProof> = today(&world, &made)
        .await
        .domains()
        .iter()
        .map(|own| own.proof)
        .collect();
    assert_eq!(proofs, [DomainProof::Verified]);
    let connection = world.connection("conn_7").await;
    assert_eq!(connection.organization_id(), Some(made.id()));
}

/// A WorkOS that says that, whatever it is asked.
struct Says(&'static str);
impl weft_auth::sso::Transport for Says {
    type Error = std::convert::Infallible;
    async fn send(&self, _: Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Self::Error> {
        Ok(http::Response::new(self.0.as_bytes().to_vec()))
    }
}

/// An organisation that is another customer's is not taken for ours, whatever the answer says.
#[tokio::test]
async fn an_answer_is_about_what_was_asked() {
    let theirs = r#"{"id": "org_9", "external_id": "00000000-0000-0000-0000-000000000008"}"#;
    let workos = WorkOs::new(CLIENT_ID, API_KEY, REDIRECT).unwrap();
    let client = Client::new(workos, Says(theirs));
    assert!(client.organization_for(OURS).await.is_err());
    assert!(client.create_organization(OURS, "Acme").await.is_err());
    assert!(client.organization(&org("org_1")).await.is_err());
    assert!(client.organization(&org("org_9")).await.is_ok());
}

/// A browser is sent nowhere else, whatever the answer says.
#[tokio::test]
async fn a_link_leads_over_tls_or_to_where_workos_is() {
    let base = weft_auth::Origin::parse("http://127.0.0.1:4100").unwrap();
    let acme = org("org_1");
    for (link, leads) in [
        ("https://setup.workos.com/?token=t", true),
        ("http://127.0.0.1:4100/portal", true),
        ("http://127.0.0.1:41000/portal", false),
        ("http://127.0.0.1:4100.evil.example/", false),
        ("http://setup.workos.com/", false),
        ("javascript:alert(1)", false),
        ("//evil.example", false),
        ("https://setup.workos.com/ x", false),
    ] {
        let workos = WorkOs::new(CLIENT_ID, API_KEY, REDIRECT).unwrap();
        let client = Client::new(
            workos.with_base(&base),
            Says(format!("{{\"link\": \"{link}\"}}").leak()),
        );
        let asked = client.setup_link(&acme, Setup::Connection, BACK).await;
        assert_eq!(asked.is_ok(), leads, "{link}");
    }
}

#[test]
fn domains_are_kept_as_they_are_there_today() {
    Threads::block_on(async {
        let world = World::new();
        let made = made(&world).await;
        let id = made.id().as_str();
        let (store, fake) = (Memory::new(), &world.fake);
        let directory = Directory::new(store.clone());
        let keep = async || {
            let today = today(&world, &made).await;
            directory.keep_organization(&today, now()).await.unwrap()
        };
        fake.set_domain(id, "acme.example", DomainProof::Verified);
        fake.set_domain(id, "acme.test", DomainProof::Pending);
        fake.set_domain(id, "not a domain", DomainProof::Verified);
        keep().await;
        assert_eq!(verified(&directory, &made).await, [domain("acme.example")]);
        fake.set_domain(id, "acme.test", DomainProof::Verified);
        fake.set_domain(id, "acme.example", DomainProof::Failed);
        keep().await;
        assert_eq!(verified(&directory, &made).await, [domain("acme.test")]);
        // One that is gone there is withdrawn here, and can come back.
        fake.set_domain(id, "acme.test", DomainProof::Withdrawn);
        let later = now() + Duration::from_secs(1);
        let gone = today(&world, &made).await;
        directory.keep_organization(&gone, later).await.unwrap();
        assert!(verified(&directory, &made).await.is_empty());
        fake.advance(Duration::from_secs(2));
        fake.set_domain(id, "acme.test", DomainProof::Verified);
        keep().await;
        assert_eq!(verified(&directory, &made).await, [domain("acme.test")]);
    });
}

#[test]
fn a_domain_of_somebody_elses_is_not_taken_and_the_others_are_kept() {
    Threads::block_on(async {
        let world = World::new();
        let made = made(&world).await;
        let store = Memory::new();
        let directory = Directory::new(store.clone());
        let at = weft_auth::sso::Timestamp::of(now());
        let (other, theirs) = (org("org_2"), domain("acme.example"));
        let kept = store.keep_domain(&other, &theirs, DomainProof::Verified, &at);
        assert!(kept.await.unwrap());
        for name in ["acme.example", "acme.test"] {
            let id = made.id().as_str();
            world.fake.set_domain(id, name, DomainProof::Verified);
        }
        let today = today(&world, &made).await;
        assert!(directory.keep_organization(&today, now()).await.is_err());
        assert_eq!(verified(&directory, &made).await, [domain("acme.test")]);
        let owner = store.owner_of_domain(&theirs).await.unwrap().unwrap();
        assert_eq!(owner.organization, other);
    });
}
