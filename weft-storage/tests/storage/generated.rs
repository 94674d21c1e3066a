//! Requests of all kinds, signed here, with all that somebody else needs to sign them as well.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;
use weft_storage::{
    Bucket, ContentType, Credentials, Downloads, ETag, Encryption, Extension, FileName, Form,
    Jurisdiction, Key, Kind, KmsKey, Multipart, Prefix, Region, Sha256, SignedPut, SignedRequest,
    Sizes, Store, Ttl, Upload, UploadId, Uploads, Worker,
};

use crate::random::Random;

pub(crate) struct Case {
    pub(crate) asked: Asked,
    pub(crate) ours: Ours,
}

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) session: Option<String>,
    pub(crate) region: String,
    pub(crate) now: SystemTime,
    pub(crate) ttl: u32,
    pub(crate) bucket: Bucket,
    /// The URL without a query, and the path of it that names an object.
    pub(crate) url: String,
    pub(crate) object: String,
    pub(crate) method: &'static str,
    /// What is signed besides `host` and what the protocol adds.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) enum Ours {
    Url(String),
    Put(SignedPut),
    Request(SignedRequest),
    Form(Form),
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
/// What names of files are made of that were not thought of.
pub(crate) const NAMES: &str = "aZ9 ._-~!$&'()*+,;=:@%/\\\"<>[]{}|^`#?é€日本\u{202e}\r\n\0🧵";
/// What is signed, and added by whoever signs.
pub(crate) const OWN: [&str; 4] = [
    "authorization",
    "x-amz-date",
    "x-amz-content-sha256",
    "x-amz-security-token",
];

pub(crate) fn bucket(random: &mut Random) -> Bucket {
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

pub(crate) fn case(random: &mut Random) -> Case {
    let bucket = bucket(random);
    let region = match bucket.store() {
        Store::Garage => "garage",
        Store::CloudflareR2 => "auto",
        _ => {
            let at = |region: &&Region| bucket.origin().ends_with(region.host());
            Region::ALL.iter().find(at).unwrap().name()
        }
    };
    let access_key = random.text(&LETTERS.to_uppercase(), 40);
    let secret = random.text("aZ09+/=", 60);
    let session = (random.below(3) == 0).then(|| random.text("aZ09+/=_-.", 200));
    let mut credentials = Credentials::new(&access_key, &secret).unwrap();
    if let Some(token) = &session {
        credentials = credentials.with_session(token).unwrap();
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
    let mut asked = Asked {
        access_key,
        secret,
        session,
        region: region.to_owned(),
        now,
        ttl: ttl.as_secs(),
        url: format!("{}{root}{key}", bucket.origin()),
        object: key.to_string(),
        bucket: bucket.clone(),
        method: "GET",
        headers: Vec::new(),
        query: Vec::new(),
        body: Vec::new(),
    };
    let of_bucket = |asked: &mut Asked| {
        asked.url = format!("{}{root}", asked.bucket.origin());
        asked.object.clear();
    };
    let ours = match random.below(8) {
        0 => {
            let name = FileName::tidied(&random.text(NAMES, 60));
            let url = Downloads::new(bucket, credentials).get(&key, &name, ttl, now);
            asked.query = owned(&[
                ("response-cache-control", "private, no-store"),
                ("response-content-disposition", &disposition(&name)),
                ("response-content-type", "application/octet-stream"),
            ]);
            Ours::Url(url.expose().to_owned())
        }
        1 => {
            let upload = upload(random, bucket.store());
            let put = Uploads::new(bucket, credentials)
                .put(&key, &upload, ttl, now)
                .unwrap();
            of_put(&mut asked, put)
        }
        2 => {
            let upload = upload(random, bucket.store());
            let multipart = Multipart {
                key,
                id: UploadId::new(&random.text("aZ09+/=-_.~", 90)).unwrap(),
            };
            let uploads = Uploads::new(bucket, credentials);
            match random.below(4) {
                0 => {
                    asked.query = owned(&[("uploads", "")]);
                    let begun = uploads.begin(&key, &upload, now).unwrap();
                    of_headers(&mut asked, begun)
                }
                1 => {
                    let number = 1 + random.below(10_000) as u16;
                    let put = uploads
                        .part(&multipart, (number, random.next()), ttl, now)
                        .unwrap();
                    let id = id(put.url().expose());
                    asked.query = owned(&[("partNumber", &number.to_string()), ("uploadId", &id)]);
                    of_put(&mut asked, put)
                }
                more => {
                    let parts = [(
                        1,
                        ETag::new("\"0cc175b9c0f1b6a831c399e269772661\"").unwrap(),
                    )];
                    let request = match more {
                        2 => uploads.complete(&multipart, &parts, now),
                        _ => uploads.abort(&multipart, now),
                    };
                    asked.query = owned(&[("uploadId", &id(request.url()))]);
                    of_headers(&mut asked, request)
                }
            }
        }
        3 if bucket.store().takes_policies() => {
            let upload = upload(random, bucket.store());
            let form = Uploads::new(bucket, credentials)
                .post_policy(&key, &upload, ttl, now)
                .unwrap();
            of_bucket(&mut asked);
            Ours::Form(form)
        }
        3 | 4 => {
            let worker = Worker::new(bucket, credentials);
            let request = match random.below(3) {
                0 => worker.head(&key, now),
                1 => worker.delete(&key, now),
                _ => worker.first_bytes(&key, 512, now),
            };
            of_headers(&mut asked, request)
        }
        5 => {
            let after = random.text("aZ09+/= é", 40);
            let prefix = Prefix::of(key.tenant()).with_kind(kind);
            let request = Worker::new(bucket, credentials).list(&prefix, Some(&after), now);
            of_bucket(&mut asked);
            asked.query = owned(&[
                ("continuation-token", &after),
                ("list-type", "2"),
                ("prefix", &prefix.to_string()),
            ]);
            of_headers(&mut asked, request)
        }
        6 => {
            let (after, version) = (random.text("aZ09/-. é", 40), random.text("aZ09+/=-_.", 40));
            let prefix = Prefix::of(key.tenant());
            let request = Worker::new(bucket, credentials).list_versions(
                &prefix,
                Some((&after, &version)),
                now,
            );
            of_bucket(&mut asked);
            asked.query = owned(&[
                ("key-marker", &after),
                ("prefix", &prefix.to_string()),
                ("version-id-marker", &version),
                ("versions", ""),
            ]);
            of_headers(&mut asked, request)
        }
        _ => {
            let version = random.text("aZ09+/=-_.", 40);
            let request = Worker::new(bucket, credentials).delete_version(&key, &version, now);
            asked.query = owned(&[("versionId", &version)]);
            of_headers(&mut asked, request)
        }
    };
    Case { asked, ours }
}

pub(crate) fn upload(random: &mut Random, store: Store) -> Upload {
    let encryption = match random.below(2) {
        0 if store.takes_kms_keys() => {
            let key = KmsKey::new("arn:aws:kms:eu-central-1:123456789012:key/0b9f5ad0");
            Encryption::Kms(key.unwrap())
        }
        1 if store.takes_provider_encryption() => Encryption::Provider,
        _ => Encryption::Unasked,
    };
    let kind = random.one(&["application/pdf", "image/svg+xml", "text/plain"]);
    let sizes = Sizes::exactly(random.next() % 5_000_000_000).unwrap();
    Upload::new(ContentType::new(kind).unwrap(), sizes, encryption)
        .with_sha256(Sha256([random.next() as u8; 32]))
}

fn of_put(asked: &mut Asked, put: SignedPut) -> Ours {
    asked.method = "PUT";
    asked.headers = put
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ours::Put(put)
}

fn of_headers(asked: &mut Asked, request: SignedRequest) -> Ours {
    asked.method = request.method();
    let headers = request.headers().filter(|(name, _)| !OWN.contains(name));
    asked.headers = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    asked.body = request.body().to_vec();
    Ours::Request(request)
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn id(url: &str) -> String {
    parts(url).1["uploadId"].clone()
}

/// The disposition, which is what was signed of a name.
pub(crate) fn disposition(name: &FileName) -> String {
    let bucket = Bucket::new(Region::AwsEuCentral1, "bucket").unwrap();
    let downloads = Downloads::new(bucket, Credentials::new("a", "b").unwrap());
    let key = Key::new(Uuid::nil(), Kind::new("a").unwrap(), Uuid::nil());
    let url = downloads.get(&key, name, Ttl::MOST, UNIX_EPOCH);
    parts(url.expose()).1["response-content-disposition"].clone()
}

/// The moment as the protocol writes it.
pub(crate) fn stamp(at: SystemTime) -> String {
    let bucket = Bucket::new(Region::AwsEuCentral1, "bucket").unwrap();
    let worker = Worker::new(bucket, Credentials::new("a", "b").unwrap());
    let key = Key::new(Uuid::nil(), Kind::new("a").unwrap(), Uuid::nil());
    let request = worker.delete(&key, at);
    let date = request.headers().find(|(name, _)| *name == "x-amz-date");
    date.unwrap().1.to_owned()
}

/// RFC 3986, section 2.1, and nothing else.
pub(crate) fn decoded(text: &str) -> String {
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

/// What is in front of a URL's query, and the query's pairs, decoded. No name comes twice.
pub(crate) fn parts(url: &str) -> (String, BTreeMap<String, String>) {
    let Some((place, query)) = url.split_once('?') else {
        return (url.to_owned(), BTreeMap::new());
    };
    let mut pairs = BTreeMap::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        assert_eq!(pairs.insert(decoded(name), decoded(value)), None, "{url}");
    }
    (place.to_owned(), pairs)
}
