//! Is the local WorkOS as strict as it says?

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Request, Response};
use serde_json::{Value, json};
use weft_auth::sso::fake::{Delay, Fake, Fault, Listener, Person};
use weft_auth::sso::{CallbackError, ConnectionState};

use crate::{API_KEY, CLIENT_ID, REDIRECT, now};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn fake() -> Fake {
    let fake = Fake::new(CLIENT_ID, API_KEY, now());
    fake.allow_redirect(REDIRECT);
    fake.connect("conn_1", "org_1", &["acme.example"]);
    fake.sign_in(Person::new("idp_1", "ada@acme.example"));
    fake
}

const GOOD: [(&str, &str); 7] = [
    ("client_id", CLIENT_ID),
    ("redirect_uri", REDIRECT),
    ("response_type", "code"),
    ("connection", "conn_1"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
    ("state", "s t&te"),
];

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn authorize(fake: &Fake, pairs: &[(&str, &str)]) -> Response<Vec<u8>> {
    let uri = format!("/sso/authorize?{}", encode(pairs));
    fake.handle(Request::get(uri).body(Vec::new()).unwrap())
}

fn changed<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut pairs = GOOD.to_vec();
    pairs.retain(|(known, _)| *known != name);
    if !value.is_empty() {
        pairs.push((name, value));
    }
    pairs
}

fn location(response: &Response<Vec<u8>>) -> Option<Vec<(String, String)>> {
    let location = response.headers().get(LOCATION)?.to_str().unwrap();
    let query = location.strip_prefix(REDIRECT)?.strip_prefix('?')?;
    let pairs = form_urlencoded::parse(query.as_bytes());
    Some(
        pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
    )
}

fn code(fake: &Fake, pairs: &[(&str, &str)]) -> String {
    let pairs = location(&authorize(fake, pairs)).unwrap();
    assert_eq!(pairs[0].0, "code", "{pairs:?}");
    pairs[0].1.clone()
}

fn redeem(fake: &Fake, pairs: &[(&str, &str)]) -> Result<Value, String> {
    let request = Request::post("/sso/token")
        .header(
            CONTENT_TYPE,
            "application/x-www-form-urlencoded;charset=utf-8",
        )
        .body(encode(pairs).into_bytes());
    let response = fake.handle(request.unwrap());
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    match response.status().as_u16() {
        200 => Ok(body),
        400 => Err(body["error"].as_str().unwrap().to_owned()),
        other => panic!("{other}"),
    }
}

fn right(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("client_id", CLIENT_ID),
        ("client_secret", API_KEY),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", VERIFIER),
    ]
}

#[test]
fn the_browser_comes_back_with_a_code_and_its_state() {
    let pairs = location(&authorize(&fake(), &GOOD)).unwrap();
    assert_eq!(pairs.len(), 2);
    assert_eq!(pairs[1], ("state".to_owned(), "s t&te".to_owned()));
}

#[test]
fn nobody_is_sent_to_a_stranger() {
    let fake = fake();
    for (name, value) in [
        ("client_id", "client_2"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "https://app.example.com/sso/callback/"),
        ("redirect_uri", "https://app.example.com/sso/callback?x=y"),
        ("redirect_uri", "https://APP.example.com/sso/callback"),
        ("redirect_uri", "https://evil.example/sso/callback"),
        ("response_type", "token"),
        ("response_type", ""),
        ("connection", ""),
        ("organization", "org_1"),
        ("provider", "GoogleOAuth"),
        ("code_challenge", ""),
        ("code_challenge", "short"),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
    ] {
        let response = authorize(&fake, &changed(name, value));
        assert_eq!(response.status(), 400, "{name}={value}");
        assert!(!response.headers().contains_key(LOCATION));
    }
    let twice = [&GOOD[..], &[("client_id", CLIENT_ID)]].concat();
    assert_eq!(authorize(&fake, &twice).status(), 400);
}

#[test]
fn what_is_wrong_with_a_connection_is_told_to_the_application() {
    let denied = |fake: &Fake, pairs: &[(&str, &str)]| {
        let pairs = location(&authorize(fake, pairs)).unwrap();
        assert_eq!(pairs[0].0, "error", "{pairs:?}");
        assert_eq!(pairs[2].0, "state");
        pairs[0].1.clone()
    };
    let organization = |id| {
        let mut pairs = changed("connection", "");
        pairs.push(("organization", id));
        pairs
    };
    let expect = |actual: String, error: CallbackError| assert_eq!(actual, error.name());
    let world = fake();
    expect(
        denied(&world, &changed("connection", "conn_9")),
        CallbackError::ConnectionInvalid,
    );
    expect(
        denied(&world, &organization("org_9")),
        CallbackError::OrganizationInvalid,
    );
    world.connect("conn_2", "org_1", &[]);
    let ambiguous = CallbackError::AmbiguousConnectionSelector;
    expect(denied(&world, &organization("org_1")), ambiguous);
    world.set_connection("conn_1", ConnectionState::Inactive);
    expect(denied(&world, &GOOD), CallbackError::ConnectionInvalid);
    world.unlink("conn_1");
    expect(denied(&world, &GOOD), CallbackError::ConnectionUnlinked);
    let world = fake();
    world.sign_in(Person::new("idp_2", "eve@guest.example"));
    let outside = CallbackError::ProfileNotAllowedOutsideOrganization;
    expect(denied(&world, &GOOD), outside);
    world.allow_guests("conn_1");
    code(&world, &GOOD);
}

#[test]
fn a_code_is_of_one_client_and_one_browser_and_good_once() {
    let fake = fake();
    let first = code(&fake, &GOOD);
    for (name, value, error) in [
        ("client_id", "client_2", "invalid_client"),
        ("client_secret", "sk_test_2", "invalid_client"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("code", "code_9999", "invalid_grant"),
        ("code_verifier", "another", "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        (
            "redirect_uri",
            "https://app.example.com/other",
            "invalid_grant",
        ),
    ] {
        let mut pairs = right(&first);
        pairs.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
        assert_eq!(
            redeem(&fake, &pairs),
            Err(error.to_owned()),
            "{name}={value}"
        );
    }
    let twice = [right(&first), vec![("code", &first)]].concat();
    assert_eq!(redeem(&fake, &twice), Err("invalid_request".to_owned()));
    let answer = redeem(&fake, &right(&first)).unwrap();
    assert_eq!(answer["profile"]["idp_id"], "idp_1");
    assert_eq!(
        redeem(&fake, &right(&first)),
        Err("invalid_grant".to_owned())
    );
}

#[test]
fn a_second_use_ends_the_token_of_the_first() {
    let fake = fake();
    let code = code(&fake, &GOOD);
    let answer = redeem(&fake, &right(&code)).unwrap();
    let profile = || {
        let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let request = Request::get("/sso/profile").header(AUTHORIZATION, bearer);
        fake.handle(request.body(Vec::new()).unwrap()).status()
    };
    assert_eq!(profile(), 200);
    assert!(redeem(&fake, &right(&code)).is_err());
    assert_eq!(profile(), 401);
}

#[test]
fn a_code_lasts_ten_minutes_by_the_fakes_clock() {
    let fake = fake();
    let [one, other] = [code(&fake, &GOOD), code(&fake, &GOOD)];
    fake.advance(Duration::from_secs(599));
    assert!(redeem(&fake, &right(&one)).is_ok());
    fake.advance(Duration::from_secs(1));
    assert_eq!(
        redeem(&fake, &right(&other)),
        Err("invalid_grant".to_owned())
    );
}

#[test]
fn a_code_without_a_challenge_takes_no_verifier() {
    let fake = fake();
    let mut pairs = changed("code_challenge", "");
    pairs.retain(|(name, _)| *name != "code_challenge_method");
    let plain = code(&fake, &pairs);
    assert_eq!(
        redeem(&fake, &right(&plain)),
        Err("invalid_grant".to_owned())
    );
    let mut without = right(&plain);
    without.pop();
    assert!(redeem(&fake, &without).is_ok());
    // A public client has the verifier alone, and has to have that.
    let public = code(&fake, &GOOD);
    let mut pairs = right(&public);
    pairs.retain(|(name, _)| *name != "client_secret");
    assert!(redeem(&fake, &pairs).is_ok());
    pairs.retain(|(name, _)| *name != "code_verifier");
    assert_eq!(redeem(&fake, &pairs), Err("unauthorized_client".to_owned()));
}

#[test]
fn json_is_taken_as_well() {
    let fake = fake();
    let code = code(&fake, &GOOD);
    let body = json!({
        "client_id": CLIENT_ID,
        "client_secret": API_KEY,
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
    });
    let request = Request::post("/sso/token").header(CONTENT_TYPE, "application/json");
    let response = fake.handle(request.body(body.to_string().into_bytes()).unwrap());
    assert_eq!(response.status(), 200);
    let request = Request::post("/sso/token").header(CONTENT_TYPE, "text/plain");
    let response = fake.handle(request.body(body.to_string().into_bytes()).unwrap());
    assert_eq!(response.status(), 400);
}

#[test]
fn the_rest_of_the_api_needs_the_key() {
    let fake = fake();
    let ask = |method: &str, path: &str, key: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        let response = fake.handle(request.body(Vec::new()).unwrap());
        assert!(response.headers().contains_key("x-request-id"));
        response.status().as_u16()
    };
    assert_eq!(ask("GET", "/connections/conn_1", "wrong"), 401);
    assert_eq!(ask("GET", "/connections", ""), 401);
    assert_eq!(ask("GET", "/connections/conn_1", API_KEY), 200);
    assert_eq!(ask("GET", "/connections/conn_9", API_KEY), 404);
    assert_eq!(ask("GET", "/connections?limit=0", API_KEY), 422);
    assert_eq!(ask("GET", "/connections?after=conn_9", API_KEY), 422);
    assert_eq!(ask("DELETE", "/connections/conn_1", API_KEY), 204);
    assert_eq!(ask("DELETE", "/connections/conn_1", API_KEY), 404);
    assert_eq!(ask("GET", "/nothing", API_KEY), 404);
    assert_eq!(ask("POST", "/sso/authorize", API_KEY), 405);
}

#[test]
fn a_slow_answer_says_how_slow() {
    let fake = fake();
    fake.fail_next(Fault::Slow(Duration::from_secs(3)));
    let request = || Request::get("/connections").body(Vec::new()).unwrap();
    let slow = fake.handle(request());
    assert_eq!(
        slow.extensions().get(),
        Some(&Delay(Duration::from_secs(3)))
    );
    assert_eq!(fake.handle(request()).extensions().get::<Delay>(), None);
}

#[test]
fn it_listens_on_the_loopback() {
    let fake = Arc::new(fake());
    let listener = Listener::start(fake.clone()).unwrap();
    let ask = |text: &str| {
        let mut stream = TcpStream::connect(listener.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let get = format!("GET /connections HTTP/1.1\r\nAuthorization: Bearer {API_KEY}\r\n\r\n");
    let answer = ask(&get);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\"conn_1\""), "{answer}");
    fake.fail_next(Fault::Lost);
    assert_eq!(ask(&get), "");
    assert_eq!(ask("\r\n\r\n"), "");
    let address = listener.address();
    drop(listener);
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}
