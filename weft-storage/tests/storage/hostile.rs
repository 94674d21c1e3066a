//! What has gone wrong with signers, object servers and frameworks for attachments, as named tests: the
//! number is the advisory's or the issue's, the words are what holds here.
//!
//! These are elsewhere, named in the same way:
//!
//! | where | which |
//! |---|---|
//! | `keys.rs`, `src/key.rs` | traversal and prefixes: GHSA-8r6f-hmq2-28rg, GHSA-f4vq-9ffr-m8m3, CVE-2026-54917, GHSA-8v25-v8p6-qf7v, oven-sh/bun#34959, remix#11843, rusty-s3 0.11, CVE-2026-33195, GHSA-pmwx-rm49-xv39, CVE-2026-33202 |
//! | `answers.rs` | GHSA-gx4c-2hqx-cw2r, GHSA-8mxv-9xhp-86h4, GHSA-333v-68xh-8mmq, CVE-2022-47950, aws-sdk-js-v3#4448, CVE-2026-33202 |
//! | `allocations.rs` | CVE-2026-33174, CVE-2026-33658 |
//! | `src/sniff.rs` | GHSA-v9fg-3cr2-277j, GHSA-7gcx-wg4x-q9x6, CVE-2023-49090, CVE-2026-44587, CVE-2026-33173 |
//! | `src/file_name.rs` | CVE-2018-16477, GHSA-cggp-94xr-prm6 |
//! | `tests/envelope.rs` | CVE-2025-14762, PYSEC-2020-261, CVE-2020-8911, CVE-2020-8912, CVE-2022-2582 |
//!
//! And these cannot happen in a signer:
//!
//! | which | why |
//! |---|---|
//! | CVE-2026-40344, CVE-2026-41145, CVE-2026-34204, CVE-2021-21362, CVE-2026-39360, minio#5411, supabase/storage#1211, ministack#1232 | a server that did not verify, or not all of it: a test of an embedded store's. Here there is one algorithm and no header of replication or copying |
//! | CVE-2025-65073 | who takes a signature for S3 as a proof of something else |
//! | CVE-2025-30156 | CBC: there is none |
//! | CVE-2026-66066 | nothing makes images of images |
//! | CVE-2020-15237 | nothing here compares a signature; the envelope's commitment is compared in constant time |
//! | CVE-2026-45377, CVE-2025-65017 | ids and rights are the caller's; a key takes a UUID whole |

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use uuid::Uuid;
use weft_storage::{
    Bucket, ContentType, Cors, Credentials, Downloads, Encryption, Extension, FileName, Form,
    Jurisdiction, Key, Kind, KmsKey, Multipart, NotAContentType, Region, Sha256, Sizes, Store, Ttl,
    Upload, UploadError, UploadId, Uploads, Worker,
};

use crate::generated::{Case, Ours, case, parts, stamp};
use crate::random::Random;

const ROUNDS: usize = 2_000;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_369_353_600)
}

fn bucket() -> Bucket {
    Bucket::new(Region::AwsEuCentral1, "attachments").unwrap()
}

fn credentials() -> Credentials {
    Credentials::new("AKIAWRITER", "s3cr3t").unwrap()
}

fn uploads() -> Uploads {
    Uploads::new(bucket(), credentials())
}

fn key() -> Key {
    Key::new(
        Uuid::from_u128(1),
        Kind::new("attachments").unwrap(),
        Uuid::from_u128(2),
    )
}

fn pdf(encryption: Encryption) -> Upload {
    Upload::new(
        ContentType::new("application/pdf").unwrap(),
        Sizes::within(5..=10).unwrap(),
        encryption,
    )
}

fn exact() -> Upload {
    Upload::new(
        ContentType::new("application/pdf").unwrap(),
        Sizes::exactly(21).unwrap(),
        Encryption::Unasked,
    )
    .with_sha256(Sha256([1; 32]))
}

fn kms() -> Encryption {
    Encryption::Kms(KmsKey::new("arn:aws:kms:eu-central-1:111122223333:key/1234abcd").unwrap())
}

/// The conditions of a form's policy, and when it expires.
fn policy(form: &Form) -> (Vec<Value>, String) {
    let fields: BTreeMap<_, _> = form.fields().collect();
    let policy: Value =
        serde_json::from_slice(&STANDARD.decode(fields["policy"]).unwrap()).unwrap();
    assert_eq!(policy.as_object().unwrap().len(), 2);
    let conditions = policy["conditions"].as_array().unwrap().clone();
    (
        conditions,
        policy["expiration"].as_str().unwrap().to_owned(),
    )
}

fn signed(names: &str) -> BTreeSet<String> {
    names.split(';').map(str::to_owned).collect()
}

/// CVE-2026-54330, GHSA-g8w9-qw9q-fghr, GHSA-xm99-m3gq-83g8, s3s#818, seaweedfs#9121: a header that was not
/// signed was honoured. All that is sent is signed, of every kind of request, and nothing else is.
#[test]
fn cve_2026_54330_every_header_that_is_sent_is_signed() {
    let mut random = Random::seeded();
    let mut kinds = BTreeSet::new();
    for _ in 0..ROUNDS {
        let Case { asked, ours } = case(&mut random);
        let (sent, names): (BTreeSet<String>, _) = match &ours {
            Ours::Url(url) => (BTreeSet::new(), parts(url).1["X-Amz-SignedHeaders"].clone()),
            Ours::Put(put) => {
                let names = parts(put.url().expose()).1["X-Amz-SignedHeaders"].clone();
                (
                    put.headers().map(|(name, _)| name.to_owned()).collect(),
                    names,
                )
            }
            Ours::Request(request) => {
                let headers: BTreeMap<_, _> = request.headers().collect();
                let said = headers["authorization"];
                let names = said
                    .split_once("SignedHeaders=")
                    .unwrap()
                    .1
                    .split(',')
                    .next()
                    .unwrap();
                let sent = headers.keys().filter(|name| **name != "authorization");
                (
                    sent.map(|name| (*name).to_owned()).collect(),
                    names.to_owned(),
                )
            }
            Ours::Form(_) => continue,
        };
        let mut expected = sent;
        expected.insert("host".to_owned());
        assert_eq!(signed(&names), expected, "{asked:?}");
        kinds.insert((asked.method, expected));
    }
    assert!(kinds.len() > 8, "{kinds:?}");
}

/// chainguard-forks/minio#38, CVE-2025-31489: `x-amz-content-sha256` chose the verifier. It is signed where
/// it is sent, and is a hash and never a word.
#[test]
fn cve_2025_31489_the_hash_of_the_body_is_signed_and_a_hash() {
    let mut random = Random::seeded();
    for _ in 0..ROUNDS {
        let Case { asked, ours } = case(&mut random);
        if let Ours::Request(request) = ours {
            let headers: BTreeMap<_, _> = request.headers().collect();
            let hash = headers["x-amz-content-sha256"];
            assert!(
                hash.len() == 64 && hash.bytes().all(|c| c.is_ascii_hexdigit()),
                "{asked:?}"
            );
            assert!(
                headers["authorization"].contains(";x-amz-content-sha256;"),
                "{asked:?}"
            );
        }
    }
}

/// GHSA-g8w9-qw9q-fghr: what is signed for an upload is signed by who may read nothing.
#[test]
fn ghsa_g8w9_qw9q_fghr_uploads_and_downloads_are_signed_by_two() {
    let reader = Credentials::new("AKIAREADER", "other").unwrap();
    let get =
        Downloads::new(bucket(), reader).get(&key(), &FileName::tidied("a"), Ttl::MOST, now());
    let put = uploads().put(&key(), &exact(), Ttl::MOST, now()).unwrap();
    let of = |url: &str| {
        parts(url).1["X-Amz-Credential"]
            .split('/')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        (of(get.expose()), of(put.url().expose())),
        ("AKIAREADER".to_owned(), "AKIAWRITER".to_owned())
    );
}

/// CVE-2023-28434, CVE-2023-43040: a policy was good for any bucket.
#[test]
fn cve_2023_28434_a_policy_names_its_bucket() {
    let form = uploads()
        .post_policy(&key(), &pdf(Encryption::Unasked), Ttl::MOST, now())
        .unwrap();
    assert!(policy(&form).0.contains(&json!({"bucket": "attachments"})));
    assert_eq!(
        form.url(),
        "https://attachments.s3.eu-central-1.amazonaws.com/"
    );
}

/// GHSA-w5fh-f8xh-5x3p, rustfs#984, CVE-2026-33173: fields of a form that no condition held to anything.
/// Each field has a condition that says exactly its value, and there is no condition for another one.
#[test]
fn ghsa_w5fh_f8xh_5x3p_each_field_has_its_condition() {
    let mut random = Random::seeded();
    let mut seen = 0;
    while seen < 500 {
        let Case {
            asked,
            ours: Ours::Form(form),
        } = case(&mut random)
        else {
            continue;
        };
        seen += 1;
        let (conditions, _) = policy(&form);
        let mut expected = vec![json!({"bucket": asked.bucket.name()})];
        for (name, value) in form
            .fields()
            .filter(|(name, _)| !["policy", "x-amz-signature"].contains(name))
        {
            expected.push(json!({name: value}));
        }
        let (range, exact): (Vec<_>, Vec<_>) = conditions.into_iter().partition(Value::is_array);
        assert_eq!(exact, expected, "{asked:?}");
        assert_eq!(range.len(), 1, "{asked:?}");
        assert_eq!(range[0][0], "content-length-range");
        let names: BTreeSet<_> = form.fields().map(|(name, _)| name).collect();
        for needed in [
            "key",
            "Content-Type",
            "x-amz-algorithm",
            "x-amz-credential",
            "x-amz-date",
            "x-amz-checksum-sha256",
        ] {
            assert!(names.contains(needed), "{needed}");
        }
        assert_eq!(
            names.contains("x-amz-security-token"),
            asked.session.is_some()
        );
        assert!(
            !names
                .iter()
                .any(|name| name.contains("meta") || name.contains("acl") || name.contains("copy"))
        );
    }
}

/// rustfs#1773, CVE-2020-8162: the size was bound wrongly, or not at all.
#[test]
fn cve_2020_8162_the_size_is_bound() {
    let form = uploads()
        .post_policy(&key(), &pdf(Encryption::Unasked), Ttl::MOST, now())
        .unwrap();
    assert!(
        policy(&form)
            .0
            .contains(&json!(["content-length-range", 5, 10]))
    );
    let put = uploads().put(&key(), &exact(), Ttl::MOST, now()).unwrap();
    assert!(
        put.headers()
            .any(|header| header == ("content-length", "21"))
    );
    let multipart = Multipart {
        key: key(),
        id: UploadId::new("x").unwrap(),
    };
    let part = uploads()
        .part(&multipart, (3, 77), Ttl::MOST, now())
        .unwrap();
    assert!(
        part.headers()
            .any(|header| header == ("content-length", "77"))
    );
    for url in [put.url(), part.url()] {
        assert!(signed(&parts(url.expose()).1["X-Amz-SignedHeaders"]).contains("content-length"));
    }
    // What is not known cannot be bound, and is not signed.
    let open = pdf(Encryption::Unasked).with_sha256(Sha256([1; 32]));
    assert_eq!(
        uploads().put(&key(), &open, Ttl::MOST, now()).unwrap_err(),
        UploadError::SizeNotKnown
    );
}

/// s3s-fs 0.14.1: a condition that the key begins with something was met by `user/1/../2`. Ours says the
/// key, and no condition is of that kind.
#[test]
fn s3s_fs_0_14_a_policy_names_the_whole_key() {
    let key = key().with_extension(Extension::new("pdf").unwrap());
    let form = uploads()
        .post_policy(&key, &pdf(kms()), Ttl::MOST, now())
        .unwrap();
    let (conditions, _) = policy(&form);
    assert!(conditions.contains(&json!({"key": key.to_string()})));
    assert!(
        !conditions
            .iter()
            .any(|condition| condition[0] == "starts-with")
    );
}

/// GHSA-xrrf-67jm-3c2r: a store said that it encrypted, and did not. What a store would ignore is refused
/// before it is signed; what it is asked for is a condition.
#[test]
fn ghsa_xrrf_67jm_3c2r_encryption_that_a_store_ignores_is_refused() {
    for store in [
        Store::Garage,
        Store::Hetzner,
        Store::Scaleway,
        Store::CloudflareR2,
        Store::Embedded,
    ] {
        let place = ("x", Jurisdiction::Eu);
        let bucket =
            Bucket::self_hosted("https://s3.example.com", store, place, "attachments").unwrap();
        let uploads = Uploads::new(bucket, credentials());
        for encryption in [kms(), Encryption::Provider] {
            let put = uploads.put(
                &key(),
                &Upload::new(
                    ContentType::new("a/b").unwrap(),
                    Sizes::exactly(1).unwrap(),
                    encryption,
                ),
                Ttl::MOST,
                now(),
            );
            assert_eq!(put.unwrap_err(), UploadError::Encryption(store));
        }
    }
    let form = uploads()
        .post_policy(&key(), &pdf(kms()), Ttl::MOST, now())
        .unwrap();
    let (conditions, _) = policy(&form);
    assert!(conditions.contains(&json!({"x-amz-server-side-encryption": "aws:kms"})));
    assert!(conditions.contains(&json!({
        "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
    })));
}

/// GHSA-v9fg-3cr2-277j, CVE-2018-16477: what was uploaded was shown as a page. It is saved, as nothing that
/// a browser knows, and whoever changes that changes what was signed.
#[test]
fn cve_2018_16477_disposition_and_type_are_signed() {
    let downloads = Downloads::new(bucket(), credentials());
    let sign = |name: &str| {
        let url = downloads.get(&key(), &FileName::tidied(name), Ttl::MOST, now());
        parts(url.expose()).1
    };
    let (page, other) = (sign("a.html"), sign("b.html"));
    assert!(page["response-content-disposition"].starts_with("attachment;"));
    assert_eq!(page["response-content-type"], "application/octet-stream");
    assert_ne!(page["X-Amz-Signature"], other["X-Amz-Signature"]);
}

/// CVE-2024-26144: a cache kept what was one visitor's.
#[test]
fn cve_2024_26144_a_download_is_kept_by_nobody() {
    let url = Downloads::new(bucket(), credentials()).get(
        &key(),
        &FileName::tidied("a"),
        Ttl::MOST,
        now(),
    );
    assert_eq!(
        parts(url.expose()).1["response-cache-control"],
        "private, no-store"
    );
}

/// GHSA-x5xv-223c-8vm7, GHSA-cggp-94xr-prm6: any origin was let in, or one that ended its line.
#[test]
fn ghsa_x5xv_223c_8vm7_one_origin_is_let_in() {
    for origin in [
        "*",
        "null",
        "",
        "https://*",
        "https://*.example.com",
        "http://app.example.com",
        "https://a.example.com/",
        "https://a.example.com, https://b.example.com",
        "https://a.example\r\nx: y",
        "https://a\"b",
        "https://<a>",
        "https://a@b.example",
        "file://",
    ] {
        assert!(Cors::of(origin).is_err(), "{origin:?}");
    }
    let cors = Cors::of("https://app.example.com:8443").unwrap();
    let json: Value = serde_json::from_str(&cors.json()).unwrap();
    assert_eq!(
        json,
        json!({"CORSRules": [{
            "AllowedOrigins": ["https://app.example.com:8443"],
            "AllowedMethods": ["POST", "PUT"],
            "AllowedHeaders": [
                "content-type", "if-none-match", "x-amz-checksum-sha256", "x-amz-server-side-encryption",
                "x-amz-server-side-encryption-aws-kms-key-id"
            ],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 600,
        }]})
    );
    // The two forms say the same.
    let rule = &json["CORSRules"][0];
    for (list, element) in [
        ("AllowedOrigins", "AllowedOrigin"),
        ("AllowedMethods", "AllowedMethod"),
        ("AllowedHeaders", "AllowedHeader"),
        ("ExposeHeaders", "ExposeHeader"),
    ] {
        let items = rule[list].as_array().unwrap();
        let xml = cors.xml();
        assert_eq!(xml.matches(&format!("<{element}>")).count(), items.len());
        for item in items {
            assert!(
                xml.contains(&format!(
                    "<{element}>{}</{element}>",
                    item.as_str().unwrap()
                )),
                "{item}"
            );
        }
    }
    // And let a page send all that is signed for it: but for what browsers set themselves.
    for encryption in [kms(), Encryption::Provider] {
        let upload = Upload::new(
            ContentType::new("a/b").unwrap(),
            Sizes::exactly(1).unwrap(),
            encryption,
        )
        .with_sha256(Sha256([0; 32]));
        let put = uploads().put(&key(), &upload, Ttl::MOST, now()).unwrap();
        for (name, _) in put.headers().filter(|(name, _)| *name != "content-length") {
            assert!(
                rule["AllowedHeaders"]
                    .as_array()
                    .unwrap()
                    .contains(&json!(name)),
                "{name}"
            );
        }
    }
}

#[test]
fn the_readme_has_the_text_to_paste() {
    let readme = include_str!("../../README.md");
    let cors = Cors::of("https://app.example.com").unwrap().json();
    assert!(readme.contains(&format!("```json\n{cors}```\n")), "{cors}");
}

/// CVE-2023-30610, RUSTSEC-2024-0358, GHSA-333v-68xh-8mmq: secrets in what is printed.
#[test]
fn cve_2023_30610_nothing_prints_what_proves() {
    let credentials = credentials().with_session("t0k3n").unwrap();
    let uploads = Uploads::new(bucket(), credentials.clone());
    let downloads = Downloads::new(bucket(), credentials.clone());
    let worker = Worker::new(bucket(), credentials.clone());
    let get = downloads.get(&key(), &FileName::tidied("a"), Ttl::MOST, now());
    let put = uploads.put(&key(), &exact(), Ttl::MOST, now()).unwrap();
    let form = uploads
        .post_policy(&key(), &pdf(Encryption::Unasked), Ttl::MOST, now())
        .unwrap();
    let head = worker.head(&key(), now());
    let signature = parts(get.expose()).1["X-Amz-Signature"].clone();
    let shown = format!(
        "{credentials:?} {uploads:?} {downloads:?} {worker:?} {get:?} {put:?} {form:?} {head:?}"
    );
    for secret in ["s3cr3t", "t0k3n", "ignature", &signature, "authorization"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("AKIAWRITER") && shown.contains("attachments"));
    assert!(!head.url().contains("t0k3n"));
}

/// GHSA-c667-rgrv-99vj: a signature was good for another method, or all below a prefix. Each is of one
/// method, object, bucket, region, day and second.
#[test]
fn ghsa_c667_rgrv_99vj_a_signature_is_of_one_request() {
    let mut seen = BTreeSet::new();
    let mut add = |signature: &str| assert!(seen.insert(signature.to_owned()), "{signature}");
    let other_key = Key::new(
        Uuid::from_u128(1),
        Kind::new("attachments").unwrap(),
        Uuid::from_u128(3),
    );
    let buckets = [
        bucket(),
        Bucket::new(Region::AwsEuCentral1, "other").unwrap(),
        Bucket::new(Region::AwsEuWest1, "attachments").unwrap(),
    ];
    for bucket in buckets {
        for at in [
            now(),
            now() + Duration::from_secs(1),
            now() + Duration::from_secs(86_400),
        ] {
            let (downloads, uploads) = (
                Downloads::new(bucket.clone(), credentials()),
                Uploads::new(bucket.clone(), credentials()),
            );
            let worker = Worker::new(bucket.clone(), credentials());
            for key in [key(), other_key] {
                for ttl in [Ttl::MOST, Ttl::new(Duration::from_secs(1)).unwrap()] {
                    let get = downloads.get(&key, &FileName::tidied("a"), ttl, at);
                    add(&parts(get.expose()).1["X-Amz-Signature"]);
                    let put = uploads.put(&key, &exact(), ttl, at).unwrap();
                    add(&parts(put.url().expose()).1["X-Amz-Signature"]);
                    let form = uploads
                        .post_policy(&key, &pdf(Encryption::Unasked), ttl, at)
                        .unwrap();
                    add(form
                        .fields()
                        .find(|(name, _)| *name == "x-amz-signature")
                        .unwrap()
                        .1);
                }
                for request in [
                    worker.head(&key, at),
                    worker.delete(&key, at),
                    worker.first_bytes(&key, 1, at),
                ] {
                    let said = request
                        .headers()
                        .find(|(name, _)| *name == "authorization")
                        .unwrap()
                        .1;
                    add(said.rsplit_once('=').unwrap().1);
                }
            }
        }
    }
}

/// Keystone bug 1872737, rusty-s3 0.11 (10 000 000 seconds): what is signed for somebody else to use is
/// good for 15 minutes at most, and a policy until the second that was said.
#[test]
fn keystone_1872737_nothing_is_good_for_ever() {
    let mut random = Random::seeded();
    for _ in 0..ROUNDS {
        let Case { asked, ours } = case(&mut random);
        let url = |url: &str| {
            let seconds: u32 = parts(url).1["X-Amz-Expires"].parse().unwrap();
            assert_eq!(seconds, asked.ttl);
            assert!((1..=900).contains(&seconds), "{seconds}");
        };
        match &ours {
            Ours::Url(ours) => url(ours),
            Ours::Put(put) => url(put.url().expose()),
            Ours::Request(_) => {}
            Ours::Form(form) => {
                let (_, expiration) = policy(form);
                let compact: String = expiration
                    .replace(".000Z", "Z")
                    .chars()
                    .filter(|c| !"-:".contains(*c))
                    .collect();
                assert_eq!(
                    compact,
                    stamp(asked.now + Duration::from_secs(asked.ttl.into()))
                );
                assert!(asked.ttl <= 900);
            }
        }
    }
    for seconds in [901, 604_800, 604_801, 10_000_000, u64::MAX] {
        assert!(Ttl::new(Duration::from_secs(seconds)).is_err(), "{seconds}");
    }
    assert!(Ttl::new(Duration::from_millis(900_001)).is_err());
    assert!(Ttl::new(Duration::ZERO).is_err());
}

/// boto/botocore#3624: `If-None-Match` was left out without a word.
#[test]
fn botocore_3624_not_to_overwrite_is_signed() {
    let put = uploads().put(&key(), &exact(), Ttl::MOST, now()).unwrap();
    assert!(put.headers().any(|header| header == ("if-none-match", "*")));
    assert!(signed(&parts(put.url().expose()).1["X-Amz-SignedHeaders"]).contains("if-none-match"));
}

/// awslabs/aws-sdk-rust#1240, seaweedfs#10216, aws-sdk-go-v2#2610: the checksum of nothing was signed, or
/// stood in the URL where no store looks at it. Ours is the one of the bytes, and a header.
#[test]
fn aws_sdk_rust_1240_the_checksum_is_of_the_bytes_and_a_header() {
    let put = uploads().put(&key(), &exact(), Ttl::MOST, now()).unwrap();
    let digest = STANDARD.encode([1; 32]);
    assert!(
        put.headers()
            .any(|header| header == ("x-amz-checksum-sha256", &*digest))
    );
    let (_, query) = parts(put.url().expose());
    assert!(signed(&query["X-Amz-SignedHeaders"]).contains("x-amz-checksum-sha256"));
    assert!(
        !query
            .keys()
            .any(|name| name.to_lowercase().contains("checksum")),
        "{query:?}"
    );
    assert!(!put.headers().any(|(name, _)| name.contains("crc")));
    let unknown = Upload::new(
        ContentType::new("a/b").unwrap(),
        Sizes::exactly(1).unwrap(),
        Encryption::Unasked,
    );
    assert_eq!(
        uploads()
            .put(&key(), &unknown, Ttl::MOST, now())
            .unwrap_err(),
        UploadError::ChecksumNotKnown
    );
}

/// CVE-2023-49090, CVE-2026-44587: types were compared in part, and not as they are.
#[test]
fn cve_2023_49090_a_type_is_whole() {
    for text in [
        "image/png\ntext/html",
        "image/png;text/html",
        "image/png, text/html",
        "image/*",
        "xtext/html ",
        " image/png",
        "image/png\0",
        "image/pngé",
        "image//png",
        "IMAGE/PNG",
    ] {
        assert_eq!(ContentType::new(text), Err(NotAContentType), "{text:?}");
    }
    let form = uploads()
        .post_policy(&key(), &pdf(Encryption::Unasked), Ttl::MOST, now())
        .unwrap();
    assert!(
        policy(&form)
            .0
            .contains(&json!({"Content-Type": "application/pdf"}))
    );
}

/// CVE-2026-41432 and its like: what is empty proves nothing.
#[test]
fn empty_credentials_sign_nothing() {
    for (access, secret) in [
        ("", ""),
        ("", "s"),
        ("a", ""),
        ("a", " "),
        (" ", "s"),
        ("a", "\n"),
    ] {
        assert!(
            Credentials::new(access, secret).is_err(),
            "{access:?} {secret:?}"
        );
    }
    assert!(
        Credentials::new("a", "s")
            .unwrap()
            .with_session("")
            .is_err()
    );
}
