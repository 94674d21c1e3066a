//! Generated requests, signed by AWS's own library as well: the same signature over the same request.
//!
//! `WEFT_STORAGE_REQUESTS` says how many, 10 000 unless told; `WEFT_SEED` replays a run.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use uuid::Uuid;
use weft_storage::{
    Bucket, ContentType, Credentials, Downloads, Encryption, Extension, FileName, Jurisdiction,
    Key, Kind, KmsKey, Prefix, Region, Sha256, SignedRequest, Sizes, Store, Ttl, Upload, Uploads,
    Worker,
};

#[path = "../../../weft-webhooks/tests/webhooks/libraries.rs"]
#[expect(dead_code, reason = "no library of npm is asked here")]
mod libraries;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn text(&mut self, alphabet: &str, most: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..=self.below(most))
            .map(|_| self.one(&alphabet))
            .collect()
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.next()) << 64 | u128::from(self.next()))
    }
}

struct Case {
    asked: Value,
    ours: Ours,
}

enum Ours {
    Url(String),
    Authorization(String),
    Signature(String),
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const NAMES: &str = "aZ9 ._-~!$&'()*+,;=:@%/\\\"<>[]{}|^`#?é€日本\u{202e}\r\n\0🧵";

fn bucket(random: &mut Random) -> Bucket {
    let name = format!("a{}z", random.text("abc-09", 30));
    match random.below(3) {
        0 => {
            let port = 1024 + random.below(60_000);
            let place = ("garage", Jurisdiction::Eu);
            Bucket::self_hosted(
                &format!("https://s3.example.com:{port}"),
                Store::Garage,
                place,
                &name,
            )
        }
        1 => Bucket::cloudflare_eu("0123456789abcdef0123456789abcdef", &name),
        _ => Bucket::new(random.one(Region::ALL), &name),
    }
    .unwrap()
}

fn case(random: &mut Random) -> Case {
    let bucket = bucket(random);
    let region = match bucket.store() {
        Store::Garage => "garage",
        Store::CloudflareR2 => "auto",
        _ => {
            let at = |region: &&Region| bucket.origin().ends_with(region.host());
            Region::ALL.iter().find(at).unwrap().name()
        }
    };
    let (access, secret) = (
        random.text(&LETTERS.to_uppercase(), 40),
        random.text("aZ09+/=", 60),
    );
    let mut credentials = Credentials::new(&access, &secret).unwrap();
    let mut session = Value::Null;
    if random.below(3) == 0 {
        let token = random.text("aZ09+/=_-.", 200);
        session = json!(token);
        credentials = credentials.with_session(&token).unwrap();
    }
    let kind = Kind::new(&format!("k{}", random.text("abc-09", 20))).unwrap();
    let mut key = Key::new(random.uuid(), kind, random.uuid());
    if random.below(2) == 0 {
        key = key.with_extension(Extension::new(&random.text(LETTERS, 8)).unwrap());
    }
    let now = UNIX_EPOCH + Duration::from_secs(random.next() % 4_000_000_000);
    let ttl = Ttl::new(Duration::from_secs(1 + random.next() % 900)).unwrap();
    let root = match bucket.store() {
        Store::Garage => format!("/{}/", bucket.name()),
        _ => "/".to_owned(),
    };
    let place = format!("{}{root}", bucket.origin());
    let mut asked = json!({
        "access_key": access, "secret": secret, "session": session, "region": region,
        "now": stamp(now), "ttl": ttl.as_secs(), "url": format!("{place}{key}"),
        "method": "GET", "headers": [], "query": [], "body": "", "kind": "presigned",
    });
    let ours = match random.below(6) {
        0 => {
            let name = FileName::tidied(&random.text(NAMES, 60));
            let url = Downloads::new(bucket, credentials).get(&key, &name, ttl, now);
            asked["query"] = json!([
                ["response-cache-control", "private, no-store"],
                ["response-content-disposition", disposition(&name)],
                ["response-content-type", "application/octet-stream"],
            ]);
            Ours::Url(url.expose().to_owned())
        }
        1 => {
            let upload = upload(random, bucket.store());
            let put = Uploads::new(bucket, credentials)
                .put(&key, &upload, ttl, now)
                .unwrap();
            asked["method"] = json!("PUT");
            asked["headers"] = put
                .headers()
                .map(|(name, value)| json!([name, value]))
                .collect();
            Ours::Url(put.url().expose().to_owned())
        }
        2 => {
            let upload = upload(random, bucket.store());
            if !bucket.store().takes_policies() {
                return case(random);
            }
            let form = Uploads::new(bucket, credentials)
                .post_policy(&key, &upload, ttl, now)
                .unwrap();
            let fields: BTreeMap<_, _> = form.fields().collect();
            asked["kind"] = json!("policy");
            asked["policy"] = json!(fields["policy"]);
            Ours::Signature(fields["x-amz-signature"].to_owned())
        }
        3 => {
            let worker = Worker::new(bucket, credentials);
            let request = match random.below(3) {
                0 => worker.head(&key, now),
                1 => worker.delete(&key, now),
                _ => worker.first_bytes(&key, 512, now),
            };
            of_headers(&mut asked, &request)
        }
        4 => {
            let after = random.text("aZ09+/= é", 40);
            let prefix = Prefix::of(key.tenant()).with_kind(kind);
            let request = Worker::new(bucket, credentials).list(&prefix, Some(&after), now);
            asked["url"] = json!(place);
            asked["query"] = json!([
                ["continuation-token", after],
                ["list-type", "2"],
                ["prefix", prefix.to_string()]
            ]);
            of_headers(&mut asked, &request)
        }
        _ => {
            let version = random.text("aZ09+/=-_.", 40);
            let request = Worker::new(bucket, credentials).delete_version(&key, &version, now);
            asked["query"] = json!([["versionId", version]]);
            of_headers(&mut asked, &request)
        }
    };
    Case { asked, ours }
}

fn upload(random: &mut Random, store: Store) -> Upload {
    let encryption = match random.below(2) {
        0 if store.takes_kms_keys() => Encryption::Kms(
            KmsKey::new("arn:aws:kms:eu-central-1:123456789012:key/0b9f5ad0").unwrap(),
        ),
        1 if store.takes_provider_encryption() => Encryption::Provider,
        _ => Encryption::Unasked,
    };
    let kind = random.one(&["application/pdf", "image/svg+xml", "text/plain"]);
    let sizes = Sizes::exactly(random.next() % 5_000_000_000).unwrap();
    Upload::new(ContentType::new(kind).unwrap(), sizes, encryption)
        .with_sha256(Sha256([random.next() as u8; 32]))
}

fn of_headers(asked: &mut Value, request: &SignedRequest) -> Ours {
    asked["kind"] = json!("header");
    asked["method"] = json!(request.method());
    // What the library adds by itself.
    let own = [
        "authorization",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-security-token",
    ];
    let headers = request.headers().filter(|(name, _)| !own.contains(name));
    asked["headers"] = headers.map(|(name, value)| json!([name, value])).collect();
    let said = request.headers().find(|(name, _)| *name == "authorization");
    Ours::Authorization(said.unwrap().1.to_owned())
}

/// The disposition, which is what was signed of a name.
fn disposition(name: &FileName) -> String {
    let bucket = Bucket::new(Region::AwsEuCentral1, "bucket").unwrap();
    let downloads = Downloads::new(bucket, Credentials::new("a", "b").unwrap());
    let key = Key::new(Uuid::nil(), Kind::new("a").unwrap(), Uuid::nil());
    let url = downloads.get(&key, name, Ttl::MOST, UNIX_EPOCH);
    let (_, rest) = url
        .expose()
        .split_once("response-content-disposition=")
        .unwrap();
    decoded(rest.split('&').next().unwrap())
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// The parts of a URL: what is in front of the query, and the query's pairs, decoded.
fn parts(url: &str) -> (String, BTreeMap<String, String>) {
    let (place, query) = url.split_once('?').unwrap();
    let pairs = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (decoded(name), decoded(value))
    });
    (place.to_owned(), pairs.collect())
}

fn stamp(at: SystemTime) -> String {
    let bucket = Bucket::new(Region::AwsEuCentral1, "bucket").unwrap();
    let worker = Worker::new(bucket, Credentials::new("a", "b").unwrap());
    let key = Key::new(Uuid::nil(), Kind::new("a").unwrap(), Uuid::nil());
    let request = worker.delete(&key, at);
    let date = request.headers().find(|(name, _)| *name == "x-amz-date");
    date.unwrap().1.to_owned()
}

#[test]
fn botocore_signs_the_same() {
    const SCRIPT: &str = include_str!("sign.py");
    let packages = [
        "botocore==1.44.0",
        "jmespath==1.0.1",
        "python-dateutil==2.9.0.post0",
        "six==1.17.0",
        "urllib3==2.5.0",
    ];
    let Some(python) = libraries::pypi(SCRIPT, &packages) else {
        return;
    };
    let read = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos() as u64;
    let seed = read("WEFT_SEED").unwrap_or(clock);
    println!("WEFT_SEED={seed}");
    let mut random = Random(seed);
    let count = read("WEFT_STORAGE_REQUESTS").unwrap_or(10_000);
    let cases: Vec<Case> = (0..count).map(|_| case(&mut random)).collect();
    let input: String = cases
        .iter()
        .map(|case| format!("{}\n", case.asked))
        .collect();
    let output = libraries::run(&mut python(), &input);
    let answers: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), cases.len());
    for (Case { asked, ours }, theirs) in cases.iter().zip(answers) {
        match ours {
            Ours::Url(url) => {
                let theirs = theirs["url"].as_str().unwrap();
                assert_eq!(parts(url), parts(theirs), "{asked}");
            }
            Ours::Authorization(said) => {
                let theirs = theirs["authorization"].as_str().unwrap();
                assert_eq!(said, &theirs.replace(", ", ","), "{asked}");
            }
            Ours::Signature(signature) => {
                assert_eq!(signature, theirs["signature"].as_str().unwrap(), "{asked}");
            }
        }
    }
}
