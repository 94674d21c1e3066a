//! What does it cost to sign a download and a policy, against other signers?

#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use object_store::aws::AmazonS3Builder;
use object_store::signer::Signer;
use rusty_s3::{S3Action, UrlStyle};
use uuid::Uuid;
use weft_storage::{
    Bucket, ContentType, Credentials, Downloads, Encryption, Extension, FileName, Key, Kind,
    KmsKey, Region, Sha256, Sizes, Ttl, Upload, Uploads,
};
use weft_storage_peers::{Asked, Offline, aws_presigns, in_turns};

const ACCESS: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn key() -> Key {
    let kind = Kind::new("attachments").expect("a kind");
    let key = Key::new(Uuid::from_u128(7), kind, Uuid::from_u128(9));
    key.with_extension(Extension::new("pdf").expect("an extension"))
}

fn bucket() -> Bucket {
    Bucket::new(Region::AwsEuCentral1, "nordwind-attachments").expect("a bucket")
}

fn credentials() -> Credentials {
    Credentials::new(ACCESS, SECRET).expect("credentials")
}

fn main() {
    downloads();
    policies();
}

/// The same three parameters are signed by all that can sign any; object_store looks at the clock itself,
/// and so do all.
fn downloads() {
    let (key, name) = (key(), FileName::tidied("Angebot März.pdf"));
    let object = key.to_string();
    let ours = Downloads::new(bucket(), credentials());
    let disposition =
        "attachment; filename=\"Angebot M_rz.pdf\"; filename*=UTF-8''Angebot%20M%C3%A4rz.pdf";
    let query = [
        ("response-cache-control", "private, no-store"),
        ("response-content-disposition", disposition),
        ("response-content-type", "application/octet-stream"),
    ];
    let endpoint = "https://s3.eu-central-1.amazonaws.com"
        .parse()
        .expect("a URL");
    let style = UrlStyle::VirtualHost;
    let rusty_bucket =
        rusty_s3::Bucket::new(endpoint, style, "nordwind-attachments", "eu-central-1")
            .expect("a bucket");
    let rusty_credentials = rusty_s3::Credentials::new(ACCESS, SECRET);
    let store = AmazonS3Builder::new()
        .with_http_connector(Offline)
        .with_region("eu-central-1")
        .with_bucket_name("nordwind-attachments")
        .with_virtual_hosted_style_request(true)
        .with_access_key_id(ACCESS)
        .with_secret_access_key(SECRET)
        .build()
        .expect("a store");
    let path = object_store::path::Path::from(object.as_str());
    let options = object_store::signer::SignedUrlOptions::new().with_query(query);
    let ttl = Duration::from_secs(900);
    let url = format!("{}/{object}", ours.bucket().origin());
    let [ours, rusty, aws, object_store] = in_turns(
        2_001,
        200,
        [
            &mut |calls| {
                for _ in 0..calls {
                    black_box(ours.get(black_box(&key), &name, Ttl::MOST, SystemTime::now()));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let mut get =
                        rusty_bucket.get_object(Some(&rusty_credentials), black_box(&object));
                    for (name, value) in query {
                        get.query_mut().insert(name, value);
                    }
                    black_box(get.sign(ttl));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    black_box(aws_presigns(&Asked {
                        method: "GET",
                        url: black_box(&url),
                        query: &query,
                        headers: &[],
                        body: b"",
                        credentials: (ACCESS, SECRET, None),
                        region: "eu-central-1",
                        now: SystemTime::now(),
                        ttl,
                    }));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let signed =
                        store.signed_url_opts(http::Method::GET, black_box(&path), ttl, &options);
                    let url = futures_executor::block_on(signed);
                    black_box(url.expect("a URL"));
                }
            },
        ],
    );
    println!("a download: {:.2} µs", ours.wall());
    for (name, theirs) in [
        ("rusty-s3", rusty),
        ("aws-sigv4", aws),
        ("object_store", object_store),
    ] {
        println!(
            "  {name}: {:.2} µs, ours {:.3} times",
            theirs.wall(),
            ours.ratio(&theirs)
        );
    }
}

fn policies() {
    let uploads = Uploads::new(bucket(), credentials());
    let kms = KmsKey::new("arn:aws:kms:eu-central-1:111122223333:key/1234abcd").expect("a key");
    let of = |encryption| {
        let pdf = ContentType::new("application/pdf").expect("a type");
        let sizes = Sizes::up_to(20 << 20).expect("sizes");
        Upload::new(pdf, sizes, encryption)
    };
    let (plain, full) = (
        of(Encryption::Unasked),
        of(Encryption::Kms(kms)).with_sha256(Sha256([7; 32])),
    );
    let key = key();
    let sign = |upload: &Upload| {
        let form = uploads.post_policy(black_box(&key), upload, Ttl::MOST, SystemTime::now());
        drop(black_box(form.expect("a form")));
    };
    let [plain, full] = in_turns(
        2_001,
        100,
        [
            &mut |calls| (0..calls).for_each(|_| sign(&plain)),
            &mut |calls| (0..calls).for_each(|_| sign(&full)),
        ],
    );
    println!(
        "a policy: {:.2} µs; with checksum and KMS {:.2} µs",
        plain.wall(),
        full.wall()
    );
}
