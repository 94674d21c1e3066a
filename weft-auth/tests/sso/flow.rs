use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use weft_auth::sso::{
    Callback, CallbackError, FLOW_LIFETIME, FLOWS, GRACE, Pending, Plan, RefusalKind, Target,
    WorkOs, WorkOsError,
};

use crate::{API_KEY, CLIENT_ID, REDIRECT, World, answer, conn, now, org, query, refused};

fn workos() -> WorkOs {
    WorkOs::new(CLIENT_ID, API_KEY, REDIRECT).unwrap()
}

#[tokio::test]
async fn somebody_signs_in() {
    let mut world = World::new();
    let identity = world.admit(&["acme.example"]).await.unwrap();
    assert_eq!(identity.key().connection(), &conn("conn_1"));
    assert_eq!(identity.key().idp_id(), "idp_1");
    assert_eq!(identity.organization(), &org("org_1"));
    assert_eq!(identity.profile().email(), "ada@acme.example");
    assert_eq!(identity.profile().name(), (Some("Ada"), None));
}

/// The challenge of RFC 7636, appendix B, for the verifier of those bytes.
#[test]
fn the_challenge_is_rfc_7636s() {
    let verifier = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37,
        77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let start = workos().start_with(
        Target::organization(org("org_1")),
        Plan::Enterprise,
        &HeaderMap::new(),
        now(),
        &[7; 32],
        &verifier,
    );
    let start = start.unwrap();
    let pairs: BTreeMap<_, _> = form_urlencoded(query(start.url())).into_iter().collect();
    let expected = [
        ("client_id", CLIENT_ID),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
        ("organization", "org_1"),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("state", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(pairs, expected.into());
    assert!(
        start
            .url()
            .starts_with("https://api.workos.com/sso/authorize?")
    );
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(start.into_pending().expose_verifier(), verifier);
}

fn form_urlencoded(query: &str) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[test]
fn a_connection_is_named_alone() {
    let target = Target::connection(conn("conn_1"), org("org_1"));
    let start = workos().start(target, Plan::Enterprise, &HeaderMap::new(), now());
    let start = start.unwrap();
    assert!(start.url().contains("&connection=conn_1&"));
    assert!(!start.url().contains("org_1"));
}

#[test]
fn a_state_is_of_one_browser() {
    let mut world = World::new();
    let start = world.start(Target::organization(org("org_1")));
    let back = world.follow(start.url());
    let other_browser = HeaderMap::new();
    assert_eq!(
        refused(answer(&back).bind(&other_browser)),
        RefusalKind::NotThisBrowser
    );
    // Another flow's cookie does not do.
    let mut other = World::new();
    let _other = other.start(Target::organization(org("org_1")));
    assert_eq!(
        refused(answer(&back).bind(&other.browser)),
        RefusalKind::NotThisBrowser
    );
    // Neither does a cookie of the right name with another state.
    let held = world.browser[COOKIE].to_str().unwrap();
    let (name_and_time, state) = held.rsplit_once('.').unwrap();
    for state in [
        "",
        &state[1..],
        &state.replace(|c: char| c.is_ascii_lowercase(), "A"),
    ] {
        let mut browser = HeaderMap::new();
        browser.insert(COOKIE, format!("{name_and_time}.{state}").parse().unwrap());
        assert_eq!(
            refused(answer(&back).bind(&browser)),
            RefusalKind::NotThisBrowser
        );
    }
    let bound = answer(&back).bind(&world.browser).unwrap();
    assert_eq!(bound.state_digest(), start.into_pending().state_digest());
}

#[test]
fn a_flow_ends_in_time() {
    let mut world = World::new();
    let start = world.start(Target::organization(org("org_1")));
    let back = world.follow(start.url());
    let pending = start.into_pending();
    let at = |time: SystemTime| {
        let bound = answer(&back).bind(&world.browser).unwrap();
        bound.resume(pending.clone(), Plan::Enterprise, time)
    };
    assert!(at(now() + FLOW_LIFETIME - Duration::from_nanos(1)).is_ok());
    assert_eq!(refused(at(now() + FLOW_LIFETIME)), RefusalKind::Expired);
    // Another machine's clock is a minute ahead at most, or this one's went back.
    assert!(at(now() - Duration::from_secs(60)).is_ok());
    assert_eq!(
        refused(at(now() - Duration::from_secs(61))),
        RefusalKind::Expired
    );
}

#[test]
fn an_answer_goes_on_with_its_own_flow() {
    let mut world = World::new();
    let one = world.start(Target::organization(org("org_1")));
    let other = world.start(Target::organization(org("org_1")));
    let back = world.follow(one.url());
    let bound = answer(&back).bind(&world.browser).unwrap();
    let wrong = bound.resume(other.into_pending(), Plan::Enterprise, now());
    assert_eq!(refused(wrong), RefusalKind::OtherFlow);
}

#[test]
fn the_plan_is_asked_twice() {
    let headers = HeaderMap::new();
    let start = |plan| {
        let target = Target::organization(org("org_1"));
        workos().start(target, plan, &headers, now()).map(drop)
    };
    let ended = |ago| Plan::EndedAt(now() - ago);
    assert_eq!(start(Plan::Enterprise), Ok(()));
    assert_eq!(start(ended(GRACE - Duration::from_secs(1))), Ok(()));
    assert_eq!(start(Plan::EndedAt(now() + GRACE)), Ok(()));
    for plan in [Plan::Other, ended(GRACE)] {
        let Err(WorkOsError::Refused(refusal)) = start(plan) else {
            panic!("{plan:?}");
        };
        assert_eq!(refusal.kind(), RefusalKind::Plan);
    }
    let mut world = World::new();
    let start = world.start(Target::organization(org("org_1")));
    let back = world.follow(start.url());
    let bound = answer(&back).bind(&world.browser).unwrap();
    let resumed = bound.resume(start.into_pending(), Plan::Other, now());
    assert_eq!(refused(resumed), RefusalKind::Plan);
}

/// authkit kept one cookie for all tabs; the fix kept one for each tab and never dropped any, until the
/// header was too long (HTTP 431).
#[test]
fn authkit_403_104_tabs_have_flows_of_their_own_and_few() {
    let mut world = World::new();
    let tabs: Vec<String> = (0..FLOWS)
        .map(|_| {
            let start = world.start(Target::organization(org("org_1")));
            world.follow(start.url())
        })
        .collect();
    for back in &tabs {
        assert!(answer(back).bind(&world.browser).is_ok());
    }
    for more in 1..20 {
        let time = now() + Duration::from_secs(more);
        let target = Target::organization(org("org_1"));
        let start = workos().start(target, Plan::Enterprise, &world.browser, time);
        let start = start.unwrap();
        for cookie in start.cookies() {
            world.set(cookie);
        }
        let held = world.browser[COOKIE].to_str().unwrap();
        assert_eq!(held.split("; ").count(), FLOWS);
        let newest = held.rsplit("; ").next().unwrap();
        let seconds = 1_795_000_000 + more;
        assert!(newest.contains(&format!("={seconds}.")), "{newest}");
    }
    for back in &tabs {
        assert!(answer(back).bind(&world.browser).is_err());
    }
}

#[test]
fn a_flow_ends_in_the_browser_too() {
    let mut world = World::new();
    let start = world.start(Target::organization(org("org_1")));
    let cookie = start.cookies()[0].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-sso-"), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"),
        "{cookie}"
    );
    let back = world.follow(start.url());
    let bound = answer(&back).bind(&world.browser).unwrap();
    world.set(bound.cookie_end());
    assert_eq!(world.browser[COOKIE], "");
}

#[test]
fn every_error_of_a_callback_is_known_and_none_is_repeated() {
    for &error in CallbackError::ALL {
        let mut world = World::new();
        world.fake.deny_next(error);
        let start = world.start(Target::organization(org("org_1")));
        let back = world.follow(start.url());
        assert!(back.contains("error_description="), "{back}");
        let bound = answer(&back).bind(&world.browser).unwrap();
        let refusal = bound
            .resume(start.into_pending(), Plan::Enterprise, now())
            .unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::Provider(error));
        assert_eq!(refusal.to_string(), "sign-in refused");
        assert_eq!(refusal.kind().name(), error.name());
        // WorkOS may leave the state out.
        let query = format!("error={}&error_description=x", error.name());
        let Callback::Failed(failed) = Callback::parse(&query) else {
            panic!("{query}");
        };
        assert_eq!(failed, error);
    }
    assert!(matches!(
        Callback::parse("error=something_new"),
        Callback::Failed(CallbackError::Other),
    ));
}

/// A callback without a state would let anyone sign a victim in as somebody else.
#[test]
fn a_start_by_the_identity_provider_is_no_session_but_a_start_of_ours() {
    let mut world = World::new();
    let back = world
        .fake
        .start_at_identity_provider("conn_1", REDIRECT)
        .unwrap();
    let Callback::Unsolicited { connection: None } = Callback::parse(query(&back)) else {
        panic!("{back}");
    };
    let Callback::Unsolicited {
        connection: Some(connection),
    } = Callback::parse("connection_id=conn_1")
    else {
        panic!();
    };
    let start = world.start(Target::connection(connection, org("org_1")));
    let back = world.follow(start.url());
    assert!(answer(&back).bind(&world.browser).is_ok());
}

#[test]
fn what_workos_does_not_send_is_malformed() {
    for query in [
        "",
        "code=",
        "state=a",
        "code=a&code=b&state=c",
        "code=a&state=b&state=b",
        "code=a&error=access_denied&state=b",
        "error=a&error=b",
        "code=a&state=",
        "connection_id=conn/1",
        "connection_id=",
        &format!("code={}&state=b", "a".repeat(5000)),
    ] {
        let parsed = Callback::parse(query);
        assert!(matches!(parsed, Callback::Malformed), "{query} {parsed:?}");
    }
    for query in [
        "%ff=%ff",
        "code=%ff%00&state=%",
        "&&&=&",
        "state=a&connection_id=conn_1",
    ] {
        let _ = Callback::parse(query);
    }
}

#[test]
fn a_flow_is_kept_and_restored() {
    let start = workos().start(
        Target::connection(conn("conn_1"), org("org_1")),
        Plan::Enterprise,
        &HeaderMap::new(),
        now(),
    );
    let kept = start.unwrap().into_pending();
    let restored = Pending::restore(
        kept.state_digest(),
        kept.expose_verifier().to_owned(),
        kept.target().clone(),
        kept.started(),
    );
    assert_eq!(restored.target(), kept.target());
    assert_eq!(restored.state_digest(), kept.state_digest());
}

#[test]
fn a_redirect_uri_is_https_or_of_this_machine() {
    let new = |uri: &str| WorkOs::new(CLIENT_ID, API_KEY, uri).map(drop);
    for uri in [
        REDIRECT,
        "http://localhost:8443/sso",
        "http://127.0.0.1:80/",
    ] {
        assert_eq!(new(uri), Ok(()), "{uri}");
    }
    for uri in [
        "",
        "/sso",
        "http://app.example.com/sso",
        "http://localhost.example.com/sso",
        "https://app.example.com/sso#a",
        "https://app.example.com/a b",
    ] {
        assert_eq!(new(uri), Err(WorkOsError::RedirectUri), "{uri}");
    }
    for (client, key) in [("", "k"), ("c", ""), ("c", "k\n"), ("c d", "k")] {
        let error = WorkOs::new(client, key, REDIRECT).unwrap_err();
        assert_eq!(error, WorkOsError::Credentials);
    }
}

/// A cookie that no flow has was an error, and nobody in that browser signed in any more.
#[test]
fn a_strangers_cookie_keeps_nobody_from_starting() {
    let many = "; __Host-sso-0a0b0c0d=1.x".repeat(50);
    for planted in [
        "__Host-sso-\u{e9}=1",
        "__Host-sso-a b=1",
        "__Host-sso-=1",
        "__Host-sso-\"=1",
        &format!("__Host-sso-{}=1", "a".repeat(5_000)),
        &format!("__Host-sso-00000000=99999999999999999999.x{many}"),
        &"__Host-sso-x=1;".repeat(10_000),
    ] {
        // More than there may be flows, so that some have to give way.
        let planted = [planted; FLOWS + 1].join("; ");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_bytes(planted.as_bytes()).unwrap());
        let target = Target::organization(org("org_1"));
        let start = workos().start(target, Plan::Enterprise, &headers, now());
        let start = start.unwrap_or_else(|error| panic!("{error} {planted:.60}"));
        let own = start.cookies().last().unwrap().to_str().unwrap();
        assert!(own.starts_with("__Host-sso-"), "{own}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let mut world = World::new();
    let (exchange, pending) = world.come_back();
    let start = world.start(Target::organization(org("org_1")));
    let back = world.follow(start.url());
    let state = query(start.url())
        .rsplit_once("state=")
        .unwrap()
        .1
        .to_owned();
    let bound = answer(&back).bind(&world.browser).unwrap();
    let shown = format!(
        "{:?} {start:?} {exchange:?} {pending:?} {:?} {bound:?}",
        workos(),
        answer(&back),
    );
    for secret in [API_KEY, "code_", pending.expose_verifier(), &state] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let request = workos().exchange_request(&exchange).unwrap();
    assert!(!format!("{:?}", request.headers()).contains(API_KEY));
}
