//! What those may do who are meant to.

use uuid::Uuid;
use weft_storage::{ETag, Prefix, Sizes, StoreError};

use crate::stage::{SITE, Stage, TTL, key, key_of, now, read, sha256, upload};
use crate::wire::Request;

#[test]
fn what_is_put_is_served_as_it_was() {
    let stage = Stage::new();
    let bytes = b"the bytes of a report";
    let key = stage.put(bytes);
    let got = stage.get(&key);
    assert_eq!((got.status, got.body.as_slice()), (200, &bytes[..]));
    for (name, value) in [
        ("content-length", "21"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        assert_eq!(got.header(name), Some(value), "{name}");
    }
    let disposition = got.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment") && disposition.contains("report.pdf"));
    assert!(got.header("cache-control").unwrap().contains("no-store"));

    let found = stage.head(&key).unwrap();
    assert_eq!(found.size, 21);
    assert_eq!(found.content_type.as_deref(), Some("application/pdf"));
    assert_eq!(found.sha256, Some(sha256(bytes)));
}

#[test]
fn empty_and_large_objects_come_back_whole() {
    let stage = Stage::new();
    for size in [0, 1, 65_535, 65_536, 65_537, 1_000_003] {
        let bytes: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
        let key = stage.put(&bytes);
        let got = stage.get(&key);
        assert!(got.status == 200 && got.body == bytes, "{size}");
        assert_eq!(stage.head(&key).unwrap().size, size);
    }
}

#[test]
fn the_first_bytes_are_served_alone() {
    let stage = Stage::new();
    let key = stage.put(b"%PDF-1.7 and more");
    let answer = stage.send(&Request::signed(&stage.worker.first_bytes(&key, 5, now())));
    assert_eq!((answer.status, answer.text().as_str()), (206, "%PDF-"));
    assert_eq!(answer.header("content-range"), Some("bytes 0-4/17"));
    let empty = stage.put(b"");
    let answer = stage.send(&Request::signed(&stage.worker.first_bytes(
        &empty,
        5,
        now(),
    )));
    assert_eq!(read(&answer).first_bytes(now()), Ok(&b""[..]));
}

#[test]
fn what_is_deleted_is_gone() {
    let stage = Stage::new();
    let key = stage.put(b"gone soon");
    for _ in 0..2 {
        let answer = stage.send(&Request::signed(&stage.worker.delete(&key, now())));
        assert_eq!(read(&answer).deleted(now()), Ok(()));
        assert!(stage.lacks(&key));
        assert_eq!(stage.get(&key).status, 404);
    }
}

#[test]
fn a_list_has_the_objects_of_its_tenant_alone() {
    let stage = Stage::new();
    let tenant = Uuid::new_v4();
    let mut keys: Vec<_> = (0..3).map(|_| key_of(tenant)).collect();
    keys.sort_unstable_by_key(ToString::to_string);
    for key in &keys {
        assert_eq!(stage.send(&stage.put_of(key, b"12345")).status, 200);
    }
    stage.put(b"somebody else's");
    let prefix = Prefix::of(tenant);
    let answer = stage.send(&Request::signed(&stage.worker.list(&prefix, None, now())));
    let listed = read(&answer).listed(&prefix, now()).unwrap();
    let found: Vec<_> = listed.objects.iter().map(|object| object.key).collect();
    assert_eq!(found, keys, "{}", answer.text());
    assert!(listed.strange.is_empty() && listed.next.is_none());
}

#[test]
fn parts_become_an_object() {
    let stage = Stage::new();
    let key = key();
    let whole = upload(Sizes::up_to(1 << 20).unwrap());
    let begin = stage.uploads.begin(&key, &whole, now()).unwrap();
    let answer = stage.send(&Request::signed(&begin));
    let begun = read(&answer).begun(&key, now()).unwrap();
    let mut parts = Vec::new();
    for (number, bytes) in [(1, &b"the first, "[..]), (2, b"the second")] {
        let size = bytes.len() as u64;
        let part = stage.uploads.part(&begun, (number, size), TTL, now());
        let part = part.unwrap();
        let sent = Request::new("PUT", part.url().expose())
            .with_headers(part.headers())
            .with_body(bytes);
        let answer = stage.send(&sent);
        assert_eq!(answer.status, 200, "{}", answer.text());
        parts.push((number, ETag::new(answer.header("etag").unwrap()).unwrap()));
    }
    assert!(stage.lacks(&key), "it is there before its end");
    let complete = Request::signed(&stage.uploads.complete(&begun, &parts, now()));
    let answer = stage.send(&complete);
    assert_eq!(read(&answer).completed(now()), Ok(()), "{}", answer.text());
    assert_eq!(stage.get(&key).text(), "the first, the second");
    assert_eq!(
        stage.head(&key).unwrap().sha256,
        Some(sha256(b"the first, the second"))
    );
    assert_eq!(
        read(&stage.send(&complete)).completed(now()),
        Err(StoreError::NotFound)
    );
}

#[test]
fn parts_that_are_thrown_away_become_nothing() {
    let stage = Stage::new();
    let key = key();
    let whole = upload(Sizes::up_to(1 << 20).unwrap());
    let begin = stage.uploads.begin(&key, &whole, now()).unwrap();
    let answer = stage.send(&Request::signed(&begin));
    let mut begun = read(&answer).begun(&key, now()).unwrap();
    let theirs = crate::stage::key();
    begun.key = theirs;
    let abort = Request::signed(&stage.uploads.abort(&begun, now()));
    assert_eq!(stage.send(&abort).status, 404, "of another object");
    begun.key = key;
    let abort = Request::signed(&stage.uploads.abort(&begun, now()));
    assert_eq!(stage.send(&abort).status, 204);
    assert_eq!(stage.send(&abort).code(), "NoSuchUpload");
}

#[test]
fn a_browser_may_upload_from_the_site_alone() {
    let stage = Stage::new();
    let preflight = |origin: &str, method: &str| {
        stage.send(
            &Request::new("OPTIONS", "/attachments/")
                .with("Origin", origin)
                .with("Access-Control-Request-Method", method),
        )
    };
    let allowed = preflight(SITE, "POST");
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(SITE));
    assert_eq!(allowed.header("vary"), Some("Origin"));
    for (origin, method) in [
        ("https://localhost", "POST"),
        ("http://localhost:8443", "POST"),
        ("null", "POST"),
        ("https://localhost:8443.example", "PUT"),
        (SITE, "GET"),
        (SITE, "DELETE"),
    ] {
        let refused = preflight(origin, method);
        assert_eq!(refused.status, 403, "{origin} {method}");
        assert_eq!(refused.header("access-control-allow-methods"), None);
    }
    let put = stage.put_of(&key(), b"x");
    let answer = stage.send(&put.with("Origin", "https://evil.example"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let put = stage.put_of(&key(), b"x").with("Origin", SITE);
    let answer = stage.send(&put);
    assert_eq!(answer.header("access-control-allow-origin"), Some(SITE));
    assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
}

#[test]
fn each_login_does_its_own_alone() {
    let stage = Stage::new();
    let there = stage.put(b"there");
    let settings = &stage.settings;
    for (who, methods) in [
        (&settings.writer, &["GET", "HEAD", "DELETE"][..]),
        (&settings.reader, &["PUT", "HEAD", "DELETE"]),
        (&settings.worker, &["PUT", "POST"]),
    ] {
        for method in methods {
            let mut signed = stage.presign(method, &there);
            signed.login = crate::signing::of(who);
            if *method == "POST" {
                signed.query.push(("uploads", ""));
            }
            assert_eq!(
                stage.send(&signed.request()).status,
                403,
                "{who:?} {method}"
            );
        }
    }
    assert_eq!(stage.get(&there).text(), "there");
}
