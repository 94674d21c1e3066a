//! Generated requests of all kinds, signed by two other libraries as well: the same signature over the same
//! request where they are right, and the places where they are not.
//!
//! `WEFT_STORAGE_REQUESTS` says how many, 10 000 unless told; `WEFT_SEED` replays a run.

#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use object_store::aws::AmazonS3Builder;
use object_store::signer::Signer;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use url::Url;
use weft_storage::{Store, Ttl};
use weft_storage_peers::{Asked, Offline, aws_policy, aws_presigns, aws_signs, rusty_presigns};

use generated::{Case, Ours, case, decoded, parts};
use random::{Random, number};

#[expect(dead_code, reason = "the crate's own tests need more of it")]
#[path = "../../../weft-storage/tests/storage/generated.rs"]
mod generated;
#[path = "../../../weft-storage/tests/storage/random.rs"]
mod random;

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// What was asked for, in the peers' words.
fn with_asked<T>(case: &Case, then: impl FnOnce(&Asked<'_>) -> T) -> T {
    let ours = &case.asked;
    then(&Asked {
        method: ours.method,
        url: &ours.url,
        query: &borrowed(&ours.query),
        headers: &borrowed(&ours.headers),
        body: &ours.body,
        credentials: (&ours.access_key, &ours.secret, ours.session.as_deref()),
        region: &ours.region,
        now: ours.now,
        ttl: Duration::from_secs(ours.ttl.into()),
    })
}

fn cases() -> Vec<Case> {
    let mut random = Random::seeded();
    let count = number("WEFT_STORAGE_REQUESTS").unwrap_or(10_000);
    (0..count).map(|_| case(&mut random)).collect()
}

fn presigned(case: &Case) -> Option<&str> {
    match &case.ours {
        Ours::Url(url) => Some(url),
        Ours::Put(put) => Some(put.url().expose()),
        Ours::Request(_) | Ours::Form(_) => None,
    }
}

#[test]
fn aws_sigv4_signs_the_same() {
    for case in cases() {
        with_asked(&case, |asked| match &case.ours {
            Ours::Url(_) | Ours::Put(_) => {
                let (_, ours) = parts(presigned(&case).unwrap());
                let (added, signature) = aws_presigns(asked);
                let mut theirs: BTreeMap<_, _> = case.asked.query.iter().cloned().collect();
                theirs.extend(
                    added
                        .params()
                        .iter()
                        .map(|(name, value)| ((*name).to_owned(), value.clone().into_owned())),
                );
                assert_eq!(ours, theirs, "{asked:?}");
                assert_eq!(ours["X-Amz-Signature"], signature, "{asked:?}");
            }
            Ours::Request(request) => {
                let (added, _) = aws_signs(asked);
                let mut theirs: BTreeMap<_, _> = asked.headers.iter().copied().collect();
                theirs.extend(added.headers());
                let theirs: BTreeMap<_, _> = theirs
                    .iter()
                    .map(|(name, value)| (*name, value.replace(", ", ",")))
                    .collect();
                let ours: BTreeMap<_, _> = request
                    .headers()
                    .map(|(name, value)| (name, value.to_owned()))
                    .collect();
                assert_eq!(ours, theirs, "{asked:?}");
            }
            Ours::Form(form) => {
                let fields: BTreeMap<_, _> = form.fields().collect();
                assert_eq!(
                    fields["x-amz-signature"],
                    aws_policy(asked, fields["policy"]),
                    "{asked:?}"
                );
            }
        });
    }
}

/// It has no requests that are signed in their headers, and no policies.
#[test]
fn rusty_s3_presigns_the_same() {
    let mut compared = 0;
    for case in cases() {
        let Some(ours) = presigned(&case) else {
            continue;
        };
        let theirs = with_asked(&case, rusty_presigns);
        assert_eq!(parts(ours), parts(theirs.as_str()), "{:?}", case.asked);
        compared += 1;
    }
    assert!(compared > 0);
}

/// The same by its own encoder, from the key as it is.
#[test]
fn rusty_s3_writes_the_same_path() {
    for case in cases() {
        let (asked, Ours::Url(ours)) = (&case.asked, &case.ours) else {
            continue;
        };
        let (style, endpoint) = match asked.bucket.store() {
            Store::Garage => (UrlStyle::Path, asked.bucket.origin().to_owned()),
            _ => {
                let label = format!("{}.", asked.bucket.name());
                (
                    UrlStyle::VirtualHost,
                    asked.bucket.origin().replacen(&label, "", 1),
                )
            }
        };
        let bucket = asked.bucket.name().to_owned();
        let bucket = Bucket::new(
            endpoint.parse().unwrap(),
            style,
            bucket,
            asked.region.clone(),
        )
        .unwrap();
        let credentials = match &asked.session {
            Some(token) => Credentials::new_with_token(&asked.access_key, &asked.secret, token),
            None => Credentials::new(&asked.access_key, &asked.secret),
        };
        let mut get = bucket.get_object(Some(&credentials), &asked.object);
        for (name, value) in &asked.query {
            get.query_mut().insert(name.as_str(), value.as_str());
        }
        let now = jiff::Timestamp::try_from(asked.now).unwrap();
        let theirs = get.sign_with_time(Duration::from_secs(asked.ttl.into()), &now);
        assert_eq!(parts(ours), parts(theirs.as_str()), "{asked:?}");
    }
}

/// What the web's URLs are (the WHATWG's) changes nothing of ours, and leads to the object.
#[test]
fn a_parser_of_urls_leaves_ours_as_they_are() {
    for case in cases() {
        let url = match &case.ours {
            Ours::Url(url) => url,
            Ours::Put(put) => put.url().expose(),
            Ours::Request(request) => request.url(),
            Ours::Form(form) => form.url(),
        };
        let parsed: Url = url.parse().unwrap();
        assert_eq!(parsed.as_str(), url);
        assert_eq!(
            parsed.origin().ascii_serialization(),
            case.asked.bucket.origin()
        );
        let segments: Vec<String> = parsed.path_segments().unwrap().map(decoded).collect();
        let (_, path) = case
            .asked
            .url
            .split_once("://")
            .unwrap()
            .1
            .split_once('/')
            .unwrap();
        assert_eq!(segments.join("/"), path);
    }
}

fn rusty_bucket() -> (Bucket, Credentials) {
    let endpoint = "https://s3.example.com".parse().unwrap();
    let bucket = Bucket::new(endpoint, UrlStyle::Path, "attachments", "eu-central-1").unwrap();
    (bucket, Credentials::new("AKIA", "secret"))
}

fn asked(url: &str, ttl: Duration) -> Asked<'_> {
    Asked {
        method: "GET",
        url,
        query: &[],
        headers: &[],
        body: b"",
        credentials: ("AKIA", "secret", None),
        region: "eu-central-1",
        now: now(),
        ttl,
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_369_353_600)
}

/// Wrong in rusty-s3 0.11: dots lead out of the bucket, validly signed for another one. Here they are no
/// part of a key.
#[test]
fn rusty_s3_signs_for_another_bucket() {
    let (bucket, credentials) = rusty_bucket();
    let at = jiff::Timestamp::try_from(now()).unwrap();
    let ttl = Duration::from_secs(60);
    let url = bucket
        .get_object(Some(&credentials), "../secretb/s.txt")
        .sign_with_time(ttl, &at);
    assert_eq!(url.path(), "/secretb/s.txt");
    let honest = asked("https://s3.example.com/secretb/s.txt", ttl);
    assert_eq!(
        parts(url.as_str()).1["X-Amz-Signature"],
        aws_presigns(&honest).1
    );
    assert!(weft_storage::Kind::new("..").is_err());
    assert!(weft_storage::Key::parse("../secretb/s.txt", uuid::Uuid::nil()).is_err());
}

/// Wrong in all three: what no store takes, or a hundred days, is signed without a word. Here neither can
/// be said.
#[test]
fn the_others_sign_for_longer_than_stores_take() {
    let ttl = Duration::from_secs(10_000_000);
    let (bucket, credentials) = rusty_bucket();
    let at = jiff::Timestamp::try_from(now()).unwrap();
    let rusty = bucket
        .get_object(Some(&credentials), "a")
        .sign_with_time(ttl, &at);
    assert_eq!(parts(rusty.as_str()).1["X-Amz-Expires"], "10000000");

    let asked = asked("https://s3.example.com/attachments/a", ttl);
    let (added, _) = aws_presigns(&asked);
    assert!(
        added
            .params()
            .iter()
            .any(|(name, value)| *name == "X-Amz-Expires" && value == "10000000")
    );

    let store = AmazonS3Builder::new()
        .with_http_connector(Offline)
        .with_region("eu-central-1")
        .with_bucket_name("attachments")
        .with_access_key_id("AKIA")
        .with_secret_access_key("secret")
        .build()
        .unwrap();
    let path = "a".into();
    let signed = store.signed_url(http::Method::GET, &path, ttl);
    let url = futures_executor::block_on(signed).unwrap();
    assert_eq!(parts(url.as_str()).1["X-Amz-Expires"], "10000000");

    assert!(Ttl::new(ttl).is_err());
}
