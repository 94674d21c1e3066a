//! What stores answer: their documented forms, and what is none of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;
use weft_storage::{Answer, ContentType, Key, Kind, Prefix, Sha256, Skew, StoreError, Unfit, fit};

const TENANT: Uuid = Uuid::from_u128(7);
/// Sun, 06 Nov 1994 08:49:37 GMT.
const DATE: u64 = 784_111_777;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn now() -> SystemTime {
    at(DATE)
}

fn key() -> Key {
    Key::new(
        TENANT,
        Kind::new("attachments").unwrap(),
        Uuid::from_u128(9),
    )
}

fn error(code: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>The secret was hunter2</Message>\
         <StringToSign>AWS4-HMAC-SHA256 hunter2</StringToSign><RequestId>4442587FB7D0A2F9</RequestId></Error>"
    )
}

fn refused(status: u16, code: &str) -> StoreError {
    Answer::new(status, [], error(code).as_bytes())
        .found(now())
        .unwrap_err()
}

#[test]
fn an_object_is_found_with_what_the_store_knows_of_it() {
    let headers = [
        ("Content-Length", "21"),
        ("content-type", "application/pdf"),
        ("ETag", "\"9b2cf535f27731c974343645a3985328\""),
        (
            "x-amz-checksum-sha256",
            "RM591nyVng01JP+sF3Hfu6h9K2tLTpnkIDSouAP4sHI=",
        ),
        ("x-amz-server-side-encryption", "aws:kms"),
    ];
    let found = Answer::new(200, headers, b"").found(now()).unwrap();
    assert_eq!(found.size, 21);
    assert_eq!(found.content_type.as_deref(), Some("application/pdf"));
    assert_eq!(found.encryption.as_deref(), Some("aws:kms"));
    assert!(found.etag.is_some());
    let Sha256(digest) = found.sha256.unwrap();
    assert_eq!(digest[..4], [0x44, 0xce, 0x7d, 0xd6]);
}

/// aws-sdk-js-v3#4448: the checksum of parts is not the one of the object.
#[test]
fn aws_sdk_js_v3_4448_a_checksum_of_parts_is_none_of_the_whole() {
    let digest = "RM591nyVng01JP+sF3Hfu6h9K2tLTpnkIDSouAP4sHI=";
    let found = |checksum: &str, kind: &str| {
        let headers = [
            ("content-length", "21"),
            ("x-amz-checksum-sha256", checksum),
            ("x-amz-checksum-type", kind),
        ];
        Answer::new(200, headers, b"").found(now()).unwrap().sha256
    };
    assert!(found(digest, "FULL_OBJECT").is_some());
    assert!(found(digest, "COMPOSITE").is_none());
    assert!(found(&format!("{digest}-3"), "FULL_OBJECT").is_none());
    assert!(found("AAAA", "FULL_OBJECT").is_none());
}

#[test]
fn an_answer_that_cannot_be_believed_is_none() {
    let unreadable = |headers: &[(&'static str, &'static str)]| {
        let found = Answer::new(200, headers.iter().copied(), b"").found(now());
        assert_eq!(found, Err(StoreError::Unreadable), "{headers:?}");
    };
    unreadable(&[]);
    unreadable(&[("content-length", "-1")]);
    unreadable(&[("content-length", "1 ")]);
    unreadable(&[("content-length", "1"), ("Content-Length", "2")]);
    unreadable(&[("content-length", "18446744073709551616")]);
}

#[test]
fn refusals_are_told_apart() {
    for (status, code, expected) in [
        (404, "NoSuchKey", StoreError::NotFound),
        (404, "", StoreError::NotFound),
        (412, "PreconditionFailed", StoreError::AlreadyThere),
        (403, "SignatureDoesNotMatch", StoreError::Signature),
        (403, "AccessDenied", StoreError::Denied),
        (403, "InvalidAccessKeyId", StoreError::Denied),
        (400, "ExpiredToken", StoreError::Denied),
        (503, "SlowDown", StoreError::Busy),
        (500, "InternalError", StoreError::Busy),
        (500, "", StoreError::Busy),
        (502, "", StoreError::Busy),
        (429, "", StoreError::Busy),
    ] {
        assert_eq!(refused(status, code), expected, "{status} {code}");
    }
    assert!(
        matches!(refused(400, "BadDigest"), StoreError::NotAsSigned(code) if code.as_str() == "BadDigest")
    );
    assert!(
        matches!(refused(400, "InvalidRequest"), StoreError::Refused(400, code) if code.as_str() == "InvalidRequest")
    );
    assert!(
        matches!(refused(400, "no word"), StoreError::Refused(400, code) if code.as_str().is_empty())
    );
    assert!(StoreError::Busy.is_passing() && !StoreError::Denied.is_passing());
}

/// A store that answers 500, hangs or breaks off: nothing of it is an answer.
#[test]
fn pages_of_proxies_are_no_answers() {
    for (status, body) in [
        (200, "<html><body>Welcome</body></html>"),
        (200, ""),
        (200, "<ListBucketResult><Cont"),
        (100, ""),
    ] {
        let listed = Answer::new(status, [], body.as_bytes()).listed(&Prefix::of(TENANT), now());
        assert_eq!(listed, Err(StoreError::Unreadable), "{status} {body}");
    }
    let gateway =
        Answer::new(502, [], b"<html>bad gateway</html>").listed(&Prefix::of(TENANT), now());
    assert_eq!(gateway, Err(StoreError::Busy));
}

/// A clock that is 20 minutes off: said with the difference, and how, and without the secret.
#[test]
fn a_clock_that_is_off_is_told_with_the_difference() {
    let date = [("Date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let body = error("RequestTimeTooSkewed");
    for (status, body) in [(403, body.as_bytes()), (403, b"")] {
        for (seconds, skew, words) in [
            (
                DATE + 1200,
                Skew::Ahead(Duration::from_secs(1200)),
                "20 minutes ahead of the store's",
            ),
            (
                DATE - 1200,
                Skew::Behind(Duration::from_secs(1200)),
                "20 minutes behind the store's",
            ),
        ] {
            let answer = Answer::new(status, date, body);
            let error = answer.found(at(seconds)).unwrap_err();
            assert_eq!(error, StoreError::Clock(Some(skew)));
            let shown = format!("{error} {error:?} {answer:?}");
            assert!(
                shown.contains(words) && shown.contains("set it") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
    }
    // Within what a store tolerates it is something else; without its time, as much as it says.
    assert_eq!(
        Answer::new(403, date, b"")
            .found(at(DATE + 900))
            .unwrap_err(),
        StoreError::Denied
    );
    assert_eq!(
        refused(403, "RequestTimeTooSkewed"),
        StoreError::Clock(None)
    );
    // And before anything fails, whoever asks.
    let good = Answer::new(204, date, b"");
    assert_eq!(
        good.skew(at(DATE + 61)),
        Some(Skew::Ahead(Duration::from_secs(61)))
    );
    assert_eq!(Answer::new(204, [], b"").skew(now()), None);
}

/// GHSA-333v-68xh-8mmq: a failed signature logged the secret, and what was expected.
#[test]
fn ghsa_333v_68xh_8mmq_no_error_repeats_the_stores_words() {
    for code in [
        "SignatureDoesNotMatch",
        "AccessDenied",
        "BadDigest",
        "InvalidRequest",
        "hunter2 hunter2",
        "RequestTimeTooSkewed",
    ] {
        let body = error(code);
        let answer = Answer::new(403, [("date", "hunter2")], body.as_bytes());
        let error = answer.found(now()).unwrap_err();
        let shown = format!("{error} {error:?} {answer:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

/// GHSA-gx4c-2hqx-cw2r, GHSA-8mxv-9xhp-86h4: a session's token went along with a redirect.
#[test]
fn ghsa_gx4c_2hqx_cw2r_a_redirect_is_an_error_that_names_no_place() {
    for status in [301, 302, 307, 308] {
        let answer = Answer::new(status, [("Location", "https://evil.example/")], b"");
        let error = answer.deleted(now()).unwrap_err();
        assert_eq!(error, StoreError::Elsewhere);
        assert!(!format!("{error} {answer:?}").contains("evil"));
    }
}

#[test]
fn what_is_gone_is_deleted() {
    for (status, code) in [(204, ""), (200, ""), (404, "NoSuchKey"), (404, "")] {
        let body = if code.is_empty() {
            String::new()
        } else {
            error(code)
        };
        assert_eq!(
            Answer::new(status, [], body.as_bytes()).deleted(now()),
            Ok(()),
            "{status}"
        );
    }
    assert_eq!(
        Answer::new(403, [], b"").deleted(now()),
        Err(StoreError::Denied)
    );
    assert_eq!(
        Answer::new(500, [], b"").deleted(now()),
        Err(StoreError::Busy)
    );
}

#[test]
fn the_first_bytes_are_the_body_and_an_empty_object_has_none() {
    assert_eq!(
        Answer::new(206, [], b"%PDF-").first_bytes(now()),
        Ok(&b"%PDF-"[..])
    );
    assert_eq!(
        Answer::new(200, [], b"%PDF-").first_bytes(now()),
        Ok(&b"%PDF-"[..])
    );
    assert_eq!(
        Answer::new(416, [], error("InvalidRange").as_bytes()).first_bytes(now()),
        Ok(&b""[..])
    );
    assert_eq!(
        Answer::new(404, [], b"").first_bytes(now()),
        Err(StoreError::NotFound)
    );
    let pdf = ContentType::new("application/pdf").unwrap();
    let lie = fit(
        &pdf,
        Answer::new(206, [], b"GIF89a").first_bytes(now()).unwrap(),
    );
    assert!(matches!(lie, Err(Unfit::NotAsDeclared(Some(_)))));
}

/// AWS, "ListObjectsV2", the first of its examples.
#[test]
fn a_listing_is_read() {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">
  <Name>bucket</Name><Prefix>{TENANT}/</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>
  <IsTruncated>true</IsTruncated><NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>{}</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><ETag>&quot;fba9&quot;</ETag>
    <Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>
  <Contents><Key>{TENANT}/left &amp; over</Key><Size>0</Size></Contents>
</ListBucketResult>",
        key()
    );
    let listed = Answer::new(200, [], body.as_bytes())
        .listed(&Prefix::of(TENANT), now())
        .unwrap();
    assert_eq!(listed.objects.len(), 1);
    assert_eq!(
        (listed.objects[0].key, listed.objects[0].size),
        (key(), 434_234)
    );
    assert_eq!(listed.strange, [format!("{TENANT}/left & over")]);
    assert!(listed.next.unwrap().starts_with("1ueG"));
}

fn listing(more: &str) -> String {
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{more}</ListBucketResult>")
}

/// CVE-2026-33202: what was deleted by prefix was more than what was below it.
#[test]
fn cve_2026_33202_a_list_of_another_prefix_is_none() {
    let listed = |name: &str| {
        let body = listing(&format!(
            "<Contents><Key>{name}</Key><Size>1</Size></Contents>"
        ));
        Answer::new(200, [], body.as_bytes()).listed(&Prefix::of(TENANT), now())
    };
    assert_eq!(listed(&key().to_string()).unwrap().objects.len(), 1);
    for name in [
        "",
        "x",
        &Uuid::from_u128(8).to_string(),
        &TENANT.to_string(),
        &format!("/{}", key()),
        "*",
    ] {
        assert_eq!(listed(name), Err(StoreError::Unreadable), "{name}");
    }
    // Below the prefix, but never anybody's key.
    let dots = format!("{TENANT}/attachments/../{}", Uuid::from_u128(1));
    assert_eq!(listed(&dots).unwrap().strange, [dots]);
}

/// CVE-2022-47950: an entity read files of the host's. None is read here, and nothing grows by itself.
#[test]
fn cve_2022_47950_a_listing_with_entities_is_none() {
    let file = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>";
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY e \"&a;&a;\">]>";
    for body in [
        format!("{file}{}", listing("")),
        format!("{laughs}{}", listing("")),
        listing("<Contents><Key>&e;</Key></Contents>"),
    ] {
        let listed = Answer::new(200, [], body.as_bytes()).listed(&Prefix::of(TENANT), now());
        assert_eq!(listed, Err(StoreError::Unreadable), "{body}");
    }
}

/// A list that ends too early leaves objects behind: atlas#81 left 76.
#[test]
fn atlas_81_a_list_that_does_not_say_whether_there_is_more_is_none() {
    for body in [
        "<ListBucketResult></ListBucketResult>".to_owned(),
        "<ListBucketResult><IsTruncated>maybe</IsTruncated></ListBucketResult>".to_owned(),
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>".to_owned(),
        listing("<Contents><Size>1</Size></Contents>"),
        listing(&format!(
            "<Contents><Key>{}</Key><Size>many</Size></Contents>",
            key()
        )),
    ] {
        let listed = Answer::new(200, [], body.as_bytes()).listed(&Prefix::of(TENANT), now());
        assert_eq!(listed, Err(StoreError::Unreadable), "{body}");
    }
}

#[test]
fn versions_and_their_marks_are_read() {
    let body = format!(
        "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>{0}</NextKeyMarker>
<NextVersionIdMarker>QUpfdndhfd8</NextVersionIdMarker>
<Version><Key>{0}</Key><VersionId>3HL4kqtJlcpXroDTDmjVBH40Nrjfkd</VersionId><IsLatest>false</IsLatest><Size>5</Size></Version>
<DeleteMarker><Key>{0}</Key><VersionId>QUpfdndhfd8</VersionId><IsLatest>true</IsLatest></DeleteMarker>
</ListVersionsResult>",
        key()
    );
    let versions = Answer::new(200, [], body.as_bytes())
        .versions(&Prefix::of(TENANT), now())
        .unwrap();
    let ids: Vec<_> = versions
        .versions
        .iter()
        .map(|version| (version.key, &*version.id))
        .collect();
    assert_eq!(
        ids,
        [
            (key(), "3HL4kqtJlcpXroDTDmjVBH40Nrjfkd"),
            (key(), "QUpfdndhfd8")
        ]
    );
    assert_eq!(
        versions.next,
        Some((key().to_string(), "QUpfdndhfd8".to_owned()))
    );
}

#[test]
fn an_upload_in_parts_is_begun_of_the_object_that_was_asked_for() {
    let body = |key: &str| {
        format!(
            "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>{key}</Key><UploadId>VXBsb2Fk</UploadId></InitiateMultipartUploadResult>"
        )
    };
    let good = Answer::new(200, [], body(&key().to_string()).as_bytes())
        .begun(&key(), now())
        .unwrap();
    assert_eq!(good.key, key());
    let other = Answer::new(200, [], body("other").as_bytes()).begun(&key(), now());
    assert_eq!(other, Err(StoreError::Unreadable));
}

/// AWS, "CompleteMultipartUpload": the answer begins with 200 before the store knows.
#[test]
fn an_error_behind_a_200_is_an_error() {
    let done =
        b"<CompleteMultipartUploadResult><ETag>\"x-1\"</ETag></CompleteMultipartUploadResult>";
    assert_eq!(Answer::new(200, [], done).completed(now()), Ok(()));
    let late = error("InternalError");
    assert_eq!(
        Answer::new(200, [], late.as_bytes()).completed(now()),
        Err(StoreError::Busy)
    );
    assert_eq!(
        Answer::new(200, [], b"").completed(now()),
        Err(StoreError::Unreadable)
    );
}
