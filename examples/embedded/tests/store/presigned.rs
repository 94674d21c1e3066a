//! Requests that are not as they were signed, and signatures of what nobody should sign.

use std::thread::sleep;

use weft_storage::{Key, Ttl};

use crate::signing::{Presign, of};
use crate::stage::{Stage, key, now, seconds};
use crate::wire::Request;

/// Refused with that status, and nothing is there.
fn refused(stage: &Stage, key: &Key, (what, status): (&str, u16), request: &Request) {
    let answer = stage.send(request);
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert!(stage.lacks(key), "{what}: it is there");
}

fn signature(request: &Request) -> (&str, &str) {
    request.target.split_once("&X-Amz-Signature=").unwrap()
}

#[test]
fn what_is_signed_by_hand_is_taken() {
    let stage = Stage::new();
    let key = key();
    let put = stage.presign("PUT", &key).request().with_body(b"by hand");
    assert_eq!(stage.send(&put).status, 200);
    let get = stage.presign("GET", &key).request();
    assert_eq!(stage.send(&get).text(), "by hand");
    assert_eq!(
        stage.send(&get).header("content-disposition"),
        Some("attachment")
    );
}

#[test]
fn a_signature_that_is_not_the_one_is_refused() {
    let stage = Stage::new();
    let key = key();
    let good = stage.presign("PUT", &key).request().with_body(b"x");
    let (rest, right) = signature(&good);
    let flipped = match right.as_bytes()[63] {
        b'0' => format!("{}1", &right[..63]),
        _ => format!("{}0", &right[..63]),
    };
    for (what, wrong) in [
        ("flipped", flipped.as_str()),
        ("truncated", &right[..63]),
        ("half", &right[..32]),
        ("empty", ""),
        ("longer", &format!("{right}0")),
        ("in capitals", &format!("{}ABCDEF", &right[..58])),
        ("zeroes", &"0".repeat(64)),
    ] {
        let target = format!("{rest}&X-Amz-Signature={wrong}");
        let bad = Request {
            target,
            ..good.clone()
        };
        refused(&stage, &key, (what, 403), &bad);
    }
    let without = Request {
        target: rest.to_owned(),
        ..good.clone()
    };
    refused(&stage, &key, ("none", 403), &without);
    let twice = Request {
        target: format!("{}&X-Amz-Signature={right}", good.target),
        ..good.clone()
    };
    refused(&stage, &key, ("twice", 403), &twice);
    let path = rest.split_once('?').unwrap().0;
    let bare = Request {
        target: path.to_owned(),
        ..good.clone()
    };
    refused(&stage, &key, ("not signed at all", 403), &bare);
    assert_eq!(stage.send(&good).status, 200);
}

#[test]
fn credentials_that_are_not_known_are_refused() {
    let stage = Stage::new();
    let key = key();
    let good = stage.presign("PUT", &key);
    let (access_key, secret) = good.login;
    let elsewhere = stage.settings.reader.expose();
    for (what, login) in [
        ("wrong secret", (access_key, "another")),
        ("another's secret", (access_key, elsewhere)),
        ("empty secret", (access_key, "")),
        ("unknown key", ("AKIAIOSFODNN7EXAMPLE", secret)),
        ("empty key", ("", secret)),
        ("empty key and secret", ("", "")),
    ] {
        let bad = Presign {
            login,
            ..good.clone()
        };
        refused(&stage, &key, (what, 403), &bad.request().with_body(b"x"));
    }
    let bad = Presign {
        region: "eu-central-1",
        ..good
    };
    refused(
        &stage,
        &key,
        ("region", 403),
        &bad.request().with_body(b"x"),
    );
}

#[test]
fn a_url_works_until_its_second_and_not_after() {
    let stage = Stage::new();
    let key = stage.put(b"for a moment");
    let name = weft_storage::FileName::tidied("x");
    let ttl = Ttl::new(seconds(4)).unwrap();
    let signed = now();
    let url = stage.downloads.get(&key, &name, ttl, signed);
    let get = Request::new("GET", url.expose());
    let mut served = 0;
    loop {
        let before = now();
        let status = stage.send(&get).status;
        // The date is in whole seconds: the URL may end up to one early.
        if status == 403 {
            assert!(now() >= signed + seconds(3));
            break;
        }
        assert_eq!(status, 200);
        assert!(before < signed + seconds(5), "served after its second");
        served += 1;
        sleep(seconds(1) / 20);
    }
    assert!(served > 0);
    assert_eq!(stage.send(&get).status, 403);
}

#[test]
fn times_that_are_not_now_are_refused() {
    let stage = Stage::new();
    let key = key();
    let good = stage.presign("PUT", &key);
    for (what, at, ttl) in [
        ("a day ahead", now() + seconds(86_400), 60),
        ("10 minutes ahead", now() + seconds(600), 60),
        ("2 minutes ahead", now() + seconds(120), 60),
        ("expired", now() - seconds(120), 60),
        ("over 15 minutes", now(), 901),
        ("7 days", now(), 604_800),
        ("over 7 days", now(), 604_801),
        ("no time", now(), 0),
        ("all times", now(), u64::MAX),
    ] {
        let bad = Presign {
            at,
            ttl,
            ..good.clone()
        };
        refused(&stage, &key, (what, 403), &bad.request().with_body(b"x"));
    }
    let good = Presign { ttl: 900, ..good };
    assert_eq!(stage.send(&good.request().with_body(b"x")).status, 200);
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let stage = Stage::new();
    let key = key();
    let good = stage.put_of(&key, b"12345");
    let other = crate::stage::key();
    let path = |from: &str, to: &str| Request {
        target: good.target.replace(from, to),
        ..good.clone()
    };
    for (what, bad) in [
        ("lifetime", path("Expires=900", "Expires=899")),
        ("key", path(&key.to_string(), &other.to_string())),
        ("region", path("%2Flocal%2F", "%2Feu-west-1%2F")),
        ("type", good.clone().but("content-type", "text/html")),
        (
            "length",
            good.clone()
                .with_body(b"1234567")
                .with("content-length", "7"),
        ),
        (
            "checksum",
            good.clone().but(
                "x-amz-checksum-sha256",
                "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            ),
        ),
        (
            "signed header left out",
            Request {
                headers: good
                    .headers
                    .iter()
                    .filter(|(name, _)| name != "if-none-match")
                    .cloned()
                    .collect(),
                ..good.clone()
            },
        ),
    ] {
        let answer = stage.send(&bad);
        assert!((400..=403).contains(&answer.status), "{what}: {answer:?}");
        assert!(stage.lacks(&key) && stage.lacks(&other), "{what}");
    }
    let bad = Request {
        method: "POST".to_owned(),
        ..good.clone()
    };
    assert_ne!(stage.send(&bad).status, 200);
    assert_eq!(stage.send(&good).status, 200);
    // Whoever signs this one may do either.
    let mut signed = stage.presign("GET", &key);
    signed.login = of(&stage.settings.worker);
    let get = signed.request();
    assert_eq!(stage.send(&get).status, 200);
    for method in ["DELETE", "HEAD"] {
        let bad = Request {
            method: method.to_owned(),
            ..get.clone()
        };
        assert_eq!(stage.send(&bad).status, 403, "{method}");
    }
    let get = stage.get_of(&key);
    let bad = Request {
        target: get.target.replace("report.pdf", "report.exe"),
        ..get
    };
    assert_ne!(bad.target, stage.get_of(&key).target);
    assert_eq!(stage.send(&bad).status, 403, "the name of the download");
    assert_eq!(stage.get(&key).text(), "12345");
}

#[test]
fn headers_that_were_not_signed_are_refused() {
    let stage = Stage::new();
    let key = key();
    let victim = stage.put(b"secret");
    let source = format!("/attachments/{victim}");
    let good = stage.presign("PUT", &key).request().with_body(b"x");
    for (name, value) in [
        ("x-amz-meta-owner", "somebody"),
        ("x-amz-acl", "public-read"),
        ("x-amz-copy-source", source.as_str()),
        ("X-Amz-Copy-Source", source.as_str()),
        ("x-amz-tagging", "a=b"),
        ("x-amz-website-redirect-location", "https://evil.example"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-storage-class", "GLACIER"),
        (
            "x-amz-checksum-sha256",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ),
        ("x-amz-security-token", "x"),
        ("content-type", "text/html"),
        ("content-encoding", "gzip"),
        ("content-disposition", "inline"),
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
    ] {
        let bad = good.clone().with(name, value);
        refused(&stage, &key, (name, 403), &bad);
    }
    assert_eq!(stage.send(&good).status, 200);
}

#[test]
fn headers_that_do_nothing_here_are_refused_though_signed() {
    let stage = Stage::new();
    let key = key();
    let victim = stage.put(b"secret");
    let source = format!("/attachments/{victim}");
    for (name, value) in [
        ("x-amz-acl", "public-read"),
        ("x-amz-copy-source", source.as_str()),
        ("x-amz-meta-owner", "somebody"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-object-lock-mode", "COMPLIANCE"),
    ] {
        let mut signed = stage.presign("PUT", &key);
        signed.headers.push((name, value));
        refused(&stage, &key, (name, 501), &signed.request().with_body(b"x"));
    }
}

#[test]
fn what_asks_for_something_else_is_refused() {
    let stage = Stage::new();
    let there = stage.put(b"there");
    for (method, what) in [
        ("GET", "acl"),
        ("GET", "tagging"),
        ("GET", "versionId"),
        ("PUT", "acl"),
        ("PUT", "tagging"),
        ("POST", "restore"),
        ("POST", "select"),
        ("DELETE", "tagging"),
    ] {
        let mut signed = stage.presign(method, &there);
        signed.query.push((what, ""));
        assert_eq!(stage.send(&signed.request()).status, 501, "{method} {what}");
    }
    for method in ["PUT", "DELETE", "HEAD", "POST"] {
        let mut signed = stage.presign(method, &there);
        signed.path = "/attachments".to_owned();
        assert_eq!(stage.send(&signed.request()).status, 501, "{method} bucket");
    }
    assert_eq!(stage.get(&there).text(), "there");
}

#[test]
fn other_bytes_than_those_of_the_checksum_are_refused() {
    let stage = Stage::new();
    let key = key();
    let bad = stage.put_of(&key, b"12345").with_body(b"54321");
    refused(&stage, &key, ("checksum", 400), &bad);
    assert_eq!(stage.send(&bad).code(), "BadDigest");
}

#[test]
fn nothing_is_overwritten() {
    let stage = Stage::new();
    let key = stage.put(b"first");
    assert_eq!(stage.send(&stage.put_of(&key, b"second")).status, 412);
    let by_hand = stage.presign("PUT", &key).request().with_body(b"third");
    assert_eq!(stage.send(&by_hand).status, 412, "without If-None-Match");
    assert_eq!(stage.get(&key).text(), "first");
}

#[test]
fn one_of_two_uploads_at_once_is_refused() {
    let stage = Stage::new();
    let key = key();
    let bytes = [vec![b'a'; 300_000], vec![b'b'; 300_000]];
    let puts = bytes.each_ref().map(|bytes| stage.put_of(&key, bytes));
    let port = stage.settings.port;
    let mut answers: Vec<u16> = std::thread::scope(|scope| {
        let sent = puts
            .each_ref()
            .map(|put| scope.spawn(move || put.send(port).status));
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers, [200, 412]);
    assert!(bytes.contains(&stage.get(&key).body));
}

#[test]
fn paths_that_are_no_keys_are_refused_though_signed() {
    let stage = Stage::new();
    let key = stage.put(b"there");
    let [tenant, kind, id] = key
        .to_string()
        .split('/')
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    for path in [
        format!("/secretb/{key}"),
        format!("/attachments/../secretb/{key}"),
        "/attachments/../secretb/s.txt".to_owned(),
        "//etc/passwd".to_owned(),
        "/attachments//etc/passwd".to_owned(),
        format!("/attachments/{tenant}/x/../{kind}/{id}"),
        format!("/attachments/{tenant}/./{kind}/{id}"),
        format!("/attachments/{tenant}/%2e%2e/{tenant}/{kind}/{id}"),
        format!("/attachments/{tenant}//{kind}/{id}"),
        format!("/attachments/{tenant}%2F{kind}/{id}"),
        format!("/attachments/{tenant}\\{kind}\\{id}"),
        format!("/attachments/{tenant}/{kind}/{id}%00"),
        format!("/attachments/{tenant}/{kind}/{id}/"),
        format!("/attachments/{tenant}/{kind}/{}", id.to_uppercase()),
        format!("/ATTACHMENTS/{key}"),
        format!("/attachments{key}"),
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let mut signed = stage.presign(method, &key);
            signed.path.clone_from(&path);
            let answer = stage.send(&signed.request());
            assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
        }
    }
    assert_eq!(stage.get(&key).text(), "there");
}

#[test]
fn other_hosts_are_refused() {
    let stage = Stage::new();
    let key = stage.put(b"there");
    for host in ["localhost", "evil.example", "127.0.0.1"] {
        let host = format!(
            "{host}:{}",
            if host == "127.0.0.1" {
                80
            } else {
                stage.settings.port
            }
        );
        let mut signed = stage.presign("GET", &key);
        signed.host.clone_from(&host);
        let answer = stage.send(&signed.request().with("Host", &host));
        assert_eq!(answer.status, 403, "{host}");
    }
    let get = stage.get_of(&key);
    let absolute = Request {
        target: format!("http://evil.example{}", get.target),
        ..get
    };
    assert_eq!(stage.send(&absolute).status, 403);
}

#[test]
fn bodies_in_signed_chunks_are_not_taken() {
    let stage = Stage::new();
    let key = key();
    let mut signed = stage.presign("PUT", &key);
    signed
        .headers
        .push(("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"));
    let request = signed.request().with_body(b"1\r\nx\r\n0\r\n\r\n");
    refused(&stage, &key, ("chunks", 501), &request);
}

#[test]
fn requests_signed_in_headers_cover_all_that_is_meant() {
    let stage = Stage::new();
    let key = stage.put(b"there");
    let good = Request::signed(&stage.worker.head(&key, now()));
    assert_eq!(stage.send(&good).status, 200);
    for (name, value) in [("x-amz-meta-a", "b"), ("x-amz-acl", "private")] {
        assert_eq!(stage.send(&good.clone().with(name, value)).status, 403);
    }
    let old = Request::signed(&stage.worker.delete(&key, now() - seconds(120)));
    assert_eq!(stage.send(&old).status, 403, "replayed later");
    let ahead = Request::signed(&stage.worker.delete(&key, now() + seconds(120)));
    assert_eq!(stage.send(&ahead).status, 403, "dated in the future");
    assert_eq!(stage.get(&key).text(), "there");
}
