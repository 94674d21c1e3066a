use std::time::Duration;

use serde_json::json;
use weft_auth::sso::{
    BreakGlass, ConnectionState, Domain, DomainPolicies, DomainPolicy, Event, GRACE, Plan,
    RefusalKind, Revocation, Route, Timestamp, reconcile,
};

use crate::{World, conn, domain, now, org};

fn route<'p>(policies: &'p DomainPolicies, address: &str) -> Route<'p> {
    policies.route(address, now())
}

#[test]
fn the_domain_decides_how_somebody_signs_in() {
    let ended = Plan::EndedAt(now() - GRACE);
    let lately = Plan::EndedAt(now() - GRACE + Duration::from_secs(1));
    let policies = [
        ("acme.example", true, Plan::Enterprise),
        ("may.example", false, Plan::Enterprise),
        ("ended.example", true, ended),
        ("lately.example", true, lately),
        ("free.example", false, Plan::Other),
    ];
    let policies = policies.map(|(text, enforced, plan)| {
        (
            domain(text),
            DomainPolicy::new(org("org_1"), enforced, plan),
        )
    });
    let policies = DomainPolicies::new(policies).unwrap();
    let org = org("org_1");
    for (address, expected) in [
        ("ada@acme.example", Route::Sso(&org)),
        ("nobody@ACME.example", Route::Sso(&org)),
        ("ada@may.example", Route::Either(&org)),
        ("ada@ended.example", Route::OwnersOnly(&org)),
        ("ada@lately.example", Route::Sso(&org)),
        ("ada@free.example", Route::Local),
        ("ada@other.example", Route::Local),
        ("ada@sub.acme.example", Route::Local),
        ("not an address", Route::Local),
    ] {
        assert_eq!(route(&policies, address), expected, "{address}");
    }
}

#[test]
fn a_domain_has_one_policy() {
    let policy = || DomainPolicy::new(org("org_1"), true, Plan::Enterprise);
    let twice = [
        (domain("acme.example"), policy()),
        (domain("ACME.example"), policy()),
    ];
    let error = DomainPolicies::new(twice).unwrap_err();
    assert_eq!(
        error.to_string(),
        "two policies for the domain acme.example"
    );
}

#[test]
fn owners_with_two_factors_are_never_locked_out() {
    assert!(BreakGlass::open(true, true).is_ok());
    for (owner, factors) in [(true, false), (false, true), (false, false)] {
        let refused = BreakGlass::open(owner, factors).unwrap_err();
        assert_eq!(refused.kind(), RefusalKind::NotAnOwner);
    }
}

#[test]
fn domains_are_plain_ascii() {
    for right in [
        "acme.example",
        "a.b.c",
        "xn--bcher-kva.example",
        "1-2.example",
    ] {
        assert_eq!(Domain::new(right).unwrap().as_str(), right);
    }
    for wrong in [
        "",
        "localhost",
        ".example",
        "acme.",
        "acme..example",
        "-acme.example",
        "acme-.example",
        "acm\u{e9}.example",
        "acme.example ",
        "acme_x.example",
        "*.example",
        &format!("{}.example", "a".repeat(64)),
    ] {
        assert_eq!(Domain::new(wrong), None, "{wrong}");
    }
}

const AT: &str = "2026-11-25T03:18:00.000Z";

fn event(name: &str, data: &serde_json::Value) -> Option<Event> {
    let body = json!({ "id": "event_1", "event": name, "data": data, "created_at": AT });
    Event::parse(body.to_string().as_bytes()).ok()
}

fn revocation(name: &str, data: &serde_json::Value) -> Option<Revocation> {
    event(name, data).unwrap().revocation().cloned()
}

#[test]
fn events_end_the_sessions_that_they_are_about() {
    let connection = || json!({ "id": "conn_1", "organization_id": "org_1", "state": "inactive" });
    for name in ["connection.deleted", "connection.deactivated"] {
        let expected = Revocation::Connection(conn("conn_1"));
        assert_eq!(revocation(name, &connection()), Some(expected));
    }
    let person = |state: &str| {
        json!({
            "id": "directory_user_1",
            "directory_id": "directory_1",
            "organization_id": "org_1",
            "idp_id": "idp_1",
            "state": state,
            "email": "Ada@acme.example",
            "emails": [{ "primary": true, "value": "ada@acme.example" }, { "value": "a@acme.test" }, {}],
        })
    };
    let ada = Some(Revocation::Person {
        organization: org("org_1"),
        idp_id: Some("idp_1".into()),
        emails: vec!["a@acme.test".into(), "ada@acme.example".into()],
    });
    assert_eq!(revocation("dsync.user.deleted", &person("active")), ada);
    assert_eq!(revocation("dsync.user.updated", &person("inactive")), ada);
    assert_eq!(revocation("dsync.user.updated", &person("suspended")), ada);
    assert_eq!(revocation("dsync.user.updated", &person("active")), None);

    let all = Some(Revocation::Organization(org("org_1")));
    let directory = json!({ "id": "directory_1", "organization_id": "org_1" });
    assert_eq!(revocation("dsync.deleted", &directory), all);
    assert_eq!(
        revocation("organization.deleted", &json!({ "id": "org_1" })),
        all
    );

    let of_domain = json!({ "id": "x", "organization_id": "org_1", "domain": "ACME.example" });
    for name in [
        "organization_domain.deleted",
        "organization_domain.verification_failed",
    ] {
        let expected = Revocation::Domain {
            organization: org("org_1"),
            domain: domain("acme.example"),
        };
        assert_eq!(revocation(name, &of_domain), Some(expected));
    }
}

/// llmgateway looked people of a directory up by id alone, in whatever organisation.
#[test]
fn llmgateway_2933_an_event_of_a_directory_stays_in_its_organisation() {
    let person = |organization| {
        let data = json!({ "organization_id": organization, "idp_id": "idp_1" });
        revocation("dsync.user.deleted", &data)
    };
    let of = |organization| Revocation::Person {
        organization: org(organization),
        idp_id: Some("idp_1".into()),
        emails: Vec::new(),
    };
    assert_eq!(person("org_1"), Some(of("org_1")));
    assert_eq!(person("org_2"), Some(of("org_2")));
    assert_ne!(person("org_1"), person("org_2"));
}

#[test]
fn events_that_end_nothing_are_read_all_the_same() {
    for name in [
        "connection.activated",
        "connection.saml_certificate_renewal_required",
        "dsync.activated",
        "dsync.user.created",
        "dsync.group.user_removed",
        "organization.updated",
        "organization_domain.verified",
        "something.new",
    ] {
        let data = json!({
            "id": "conn_1",
            "organization_id": "org_1",
            "domain": "acme.example",
            "updated_at": "2026-11-25T03:18:00.000Z",
        });
        let event = event(name, &data).unwrap();
        assert_eq!(
            (event.id(), event.name(), event.revocation()),
            ("event_1", name, None)
        );
        assert_eq!(
            event.updated_at().unwrap().as_str(),
            "2026-11-25T03:18:00.000Z"
        );
    }
}

/// One that ends sessions and does not say whose must not pass as one that ends none.
#[test]
fn an_event_that_says_not_whose_is_an_error() {
    for (name, data) in [
        ("connection.deleted", json!({})),
        ("connection.deleted", json!({ "id": "" })),
        ("connection.deleted", json!({ "id": ["conn_1"] })),
        ("dsync.user.deleted", json!({ "organization_id": "org_1" })),
        (
            "dsync.user.deleted",
            json!({ "organization_id": "org_1", "idp_id": " ", "email": "" }),
        ),
        ("dsync.user.deleted", json!({ "idp_id": "idp_1" })),
        (
            "dsync.user.updated",
            json!({ "organization_id": "org_1", "state": "inactive" }),
        ),
        ("dsync.deleted", json!({ "organization_id": null })),
        ("organization.deleted", json!(null)),
        (
            "organization_domain.deleted",
            json!({ "organization_id": "org_1", "domain": "x" }),
        ),
    ] {
        assert_eq!(event(name, &data), None, "{name} {data}");
    }
    for body in [
        &b""[..],
        b"[]",
        b"{}",
        b"\xff",
        br#"{"id":"","event":"a","data":{}}"#,
    ] {
        assert!(Event::parse(body).is_err());
    }
    let deep = "[".repeat(100_000);
    let body = format!(r#"{{"id":"a","event":"b","data":{deep}"#);
    assert!(Event::parse(body.as_bytes()).is_err());
}

#[test]
fn times_sort_as_they_read() {
    let time = |text: &str| Timestamp::new(text);
    let mut times = [
        "2026-11-25T03:18:00.001Z",
        "2026-11-25T03:18:00.000Z",
        "2025-12-31T23:59:59.999Z",
    ]
    .map(|text| time(text).unwrap());
    times.sort();
    let texts = times.each_ref().map(Timestamp::as_str);
    assert_eq!(
        texts,
        [
            "2025-12-31T23:59:59.999Z",
            "2026-11-25T03:18:00.000Z",
            "2026-11-25T03:18:00.001Z"
        ],
    );
    for text in [
        "",
        "2026-11-25T03:18:00Z",
        "2026-11-25T03:18:00.000+00:00",
        "2026-11-25 03:18:00.000Z",
    ] {
        assert_eq!(time(text), None, "{text}");
    }
}

#[tokio::test]
async fn what_an_event_would_have_said_is_found_by_asking() {
    let world = World::new();
    for n in 2..=205 {
        world
            .fake
            .connect(&format!("conn_{n}"), "org_1", &["acme.example"]);
    }
    world
        .fake
        .connect("conn_other", "org_2", &["other.example"]);
    world
        .fake
        .set_connection("conn_3", ConnectionState::Inactive);
    world.fake.delete_connection("conn_4");
    let organization = org("org_1");
    let mut today = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = world.client.connections(&organization, after.as_deref());
        let page = page.await.unwrap();
        today.extend(page.connections);
        after = page.after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(today.len(), 204);
    let bound = [
        "conn_1",
        "conn_3",
        "conn_4",
        "conn_205",
        "conn_other",
        "conn_3",
    ]
    .map(conn);
    assert_eq!(
        reconcile(&organization, bound, &today),
        ["conn_3", "conn_4", "conn_other"].map(|id| Revocation::Connection(conn(id))),
    );
}
