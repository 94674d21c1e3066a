//! Whatever the parts of a key were made from: what was signed is that object of that tenant in that
//! bucket, by a decoder that shares nothing with the crate's encoder.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;
use weft_storage::{
    Bucket, BucketError, Credentials, Downloads, Extension, FileName, Jurisdiction, Key, KeyError,
    Kind, Multipart, Prefix, Region, Store, Ttl, UploadId, Uploads, Worker,
};

use crate::generated::{NAMES, upload};
use crate::random::Random;

const ROUNDS: usize = 10_000;
const NOW: SystemTime = UNIX_EPOCH;

/// What has led elsewhere before.
const HOSTILE: &[&str] = &[
    "..",
    ".",
    "../",
    "../../",
    "/",
    "//",
    "\\",
    "%2e%2e",
    "%2E%2E%2F",
    "%252e",
    "%00",
    "\0",
    "\r\n",
    "\n",
    "?",
    "#",
    "@evil.example",
    ":",
    "a/b",
    "a%2fb",
    "..;",
    "\u{202e}",
    "\u{ff0e}\u{ff0e}",
    "\u{2215}",
    "é",
    " ",
    "+",
    "&x=y",
    "",
    "~",
    "*",
    "${filename}",
    "urn:uuid:",
    "{",
    "A",
];

/// A part that is good as often as not.
fn part(random: &mut Random, good: &str) -> String {
    let mut text = random.text(good, 12);
    match random.below(4) {
        0 => {
            let at = text.char_indices().nth(random.below(12));
            text.insert_str(at.map_or(0, |(at, _)| at), random.one(HOSTILE));
        }
        1 => text = random.one(HOSTILE).to_owned(),
        _ => {}
    }
    match random.below(500) {
        0 => text.repeat(1000),
        _ => text,
    }
}

/// RFC 3986, appendix B, for URLs that have a host: scheme, authority, path.
fn components(url: &str) -> (&str, &str, &str) {
    let (scheme, rest) = url.split_once(':').unwrap();
    let rest = rest.strip_prefix("//").unwrap();
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    assert!(!url.contains('#'), "{url}");
    let (rest, _query) = rest.split_once('?').unwrap_or((rest, ""));
    let at = rest.find('/').unwrap();
    (scheme, &rest[..at], &rest[at..])
}

/// Section 2.1, once.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = str::from_utf8(&bytes[at + 1..at + 3]).unwrap();
            bytes[at] = u8::from_str_radix(digits, 16).unwrap();
            bytes.drain(at + 1..at + 3);
        }
        at += 1;
    }
    bytes
}

/// Section 5.2.4, as its steps are written there.
fn remove_dot_segments(path: &str) -> String {
    let (mut input, mut output) = (path.to_owned(), String::new());
    while !input.is_empty() {
        if let Some(rest) = input.strip_prefix("../").or(input.strip_prefix("./")) {
            input = rest.to_owned();
        } else if input.starts_with("/./") {
            input = input[2..].to_owned();
        } else if input == "/." {
            input = "/".to_owned();
        } else if input.starts_with("/../") || input == "/.." {
            input = if input == "/.." {
                "/".to_owned()
            } else {
                input[3..].to_owned()
            };
            output.truncate(output.rfind('/').unwrap_or(0));
        } else if input == "." || input == ".." {
            input.clear();
        } else {
            let end = input[1..].find('/').map_or(input.len(), |at| at + 1);
            output.push_str(&input[..end]);
            input = input[end..].to_owned();
        }
    }
    output
}

/// The bucket, by its own account of itself, and the same as it was asked for.
struct Place {
    bucket: Bucket,
    scheme: &'static str,
    authority: String,
    root: String,
}

fn place(random: &mut Random) -> Option<Place> {
    let name = part(random, "abcz019-");
    let account = "0123456789abcdef0123456789abcdef";
    let region = random.one(Region::ALL);
    let (made, scheme, authority, root) = match random.below(4) {
        0 => {
            let host = format!("{}.example", part(random, "abc-9"));
            let made = Bucket::self_hosted(
                &format!("https://{host}"),
                Store::Ceph,
                ("x", Jurisdiction::Eu),
                &name,
            );
            (made, "https", host, format!("/{name}/"))
        }
        1 => {
            let port = 1024 + random.below(60_000);
            let origin = format!("http://127.0.0.1:{port}");
            let made =
                Bucket::self_hosted(&origin, Store::Embedded, ("local", Jurisdiction::Eu), &name);
            (
                made,
                "http",
                format!("127.0.0.1:{port}"),
                format!("/{name}/"),
            )
        }
        2 => {
            let host = format!("{name}.{account}.eu.r2.cloudflarestorage.com");
            (
                Bucket::cloudflare_eu(account, &name),
                "https",
                host,
                "/".to_owned(),
            )
        }
        _ => {
            let host = format!("{name}.{}", region.host());
            (Bucket::new(region, &name), "https", host, "/".to_owned())
        }
    };
    let plain = |text: &str| {
        text.bytes()
            .all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':'))
    };
    match made {
        Ok(bucket) => {
            assert!(
                plain(&authority) && !name.contains(['.', ':']),
                "{authority:?}"
            );
            Some(Place {
                bucket,
                scheme,
                authority,
                root,
            })
        }
        Err(error) => {
            assert!(matches!(error, BucketError::Name | BucketError::Endpoint));
            None
        }
    }
}

/// What a URL leads to, for every reader: as it is, decoded, decoded twice, and with its dots resolved.
fn leads_to(url: &str, place: &Place, object: &str) {
    let (scheme, authority, path) = components(url);
    let expected = format!("{}{object}", place.root);
    assert_eq!(
        (scheme, authority),
        (place.scheme, &*place.authority),
        "{url}"
    );
    let decoded = String::from_utf8(decode(path)).unwrap();
    assert_eq!(decoded, expected, "{url}");
    assert_eq!(
        decode(&decoded),
        expected.as_bytes(),
        "decoded twice: {url}"
    );
    for path in [path, &decoded] {
        assert_eq!(remove_dot_segments(path), path, "dots resolved: {url}");
        assert!(!path.contains("//") && !path.contains('\\'), "{url}");
    }
    assert!(url.bytes().all(|c| c.is_ascii_graphic()), "{url}");
}

#[test]
fn no_input_leads_to_another_tenant_bucket_or_root() {
    let mut random = Random::seeded();
    let (mut made, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let (kind, extension) = (
            part(&mut random, "abcxyz019-"),
            part(&mut random, "abcxyz019"),
        );
        let (tenant, id) = (random.uuid(), random.uuid());
        let (Some(place), Ok(parsed)) = (place(&mut random), Kind::new(&kind)) else {
            refused += 1;
            continue;
        };
        let mut key = Key::new(tenant, parsed, id);
        let mut object = format!("{tenant}/{kind}/{id}");
        match Extension::new(&extension) {
            Ok(parsed) => {
                key = key.with_extension(parsed);
                object.push_str(&format!(".{extension}"));
            }
            Err(error) => assert_eq!(error, KeyError::Extension),
        }
        made += 1;
        let credentials = || Credentials::new("AKIA", "secret").unwrap();
        let bucket = || place.bucket.clone();
        let name = FileName::tidied(&part(&mut random, NAMES));
        let url = Downloads::new(bucket(), credentials()).get(&key, &name, Ttl::MOST, NOW);
        leads_to(url.expose(), &place, &object);

        let uploads = Uploads::new(bucket(), credentials());
        let upload = upload(&mut random, place.bucket.store());
        let put = uploads.put(&key, &upload, Ttl::MOST, NOW).unwrap();
        leads_to(put.url().expose(), &place, &object);
        let multipart = Multipart {
            key,
            id: UploadId::new("../x?y#z").unwrap(),
        };
        let part = uploads.part(&multipart, (1, 5), Ttl::MOST, NOW).unwrap();
        leads_to(part.url().expose(), &place, &object);
        leads_to(
            uploads.complete(&multipart, &[], NOW).url(),
            &place,
            &object,
        );
        if place.bucket.store().takes_policies() {
            let form = uploads.post_policy(&key, &upload, Ttl::MOST, NOW).unwrap();
            leads_to(form.url(), &place, "");
            let named = form.fields().find(|(name, _)| *name == "key");
            assert_eq!(named, Some(("key", &*object)));
        }
        let worker = Worker::new(bucket(), credentials());
        for request in [
            worker.head(&key, NOW),
            worker.delete(&key, NOW),
            worker.first_bytes(&key, 9, NOW),
        ] {
            leads_to(request.url(), &place, &object);
        }
        let prefix = Prefix::of(tenant).with_kind(parsed);
        let request = worker.list(&prefix, None, NOW);
        leads_to(request.url(), &place, "");
        let query = request.url().split_once("prefix=").unwrap().1;
        assert_eq!(decode(query), format!("{tenant}/{kind}/").as_bytes());
    }
    assert!(
        made > ROUNDS / 10 && refused > ROUNDS / 10,
        "{made} {refused}"
    );
}

/// Names with CR and LF, marks that turn text around, 1 000 characters, `../`, `%2e%2e` and NUL.
#[test]
fn no_name_of_a_file_gets_out_of_its_place() {
    let mut random = Random::seeded();
    let bucket = Bucket::new(Region::AwsEuCentral1, "bucket").unwrap();
    let downloads = Downloads::new(bucket, Credentials::new("AKIA", "secret").unwrap());
    let key = Key::new(
        Uuid::from_u128(1),
        Kind::new("a").unwrap(),
        Uuid::from_u128(2),
    );
    for round in 0..ROUNDS {
        let text = match random.one(HOSTILE) {
            hostile if round % 3 == 0 => format!("{}{hostile}", random.text(NAMES, 20)),
            hostile if round % 100 == 1 => hostile.repeat(1000),
            _ => random.text(NAMES, 1000),
        };
        let name = FileName::tidied(&text);
        assert!(
            (1..=150).contains(&name.as_str().chars().count()),
            "{text:?}"
        );
        assert!(
            !name
                .as_str()
                .contains(['/', '\\', '\r', '\n', '\0', '\u{202e}']),
            "{text:?}"
        );
        let ttl = Ttl::new(Duration::from_secs(60)).unwrap();
        let url = downloads.get(&key, &name, ttl, NOW);
        let (_, query) = url.expose().split_once('?').unwrap();
        let names: Vec<_> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap().0)
            .collect();
        let expected = [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-SignedHeaders",
            "response-cache-control",
            "response-content-disposition",
            "response-content-type",
            "X-Amz-Signature",
        ];
        assert_eq!(names, expected, "{text:?}");
        let said = query.split('&').nth(6).unwrap().split_once('=').unwrap().1;
        let said = String::from_utf8(decode(said)).unwrap();
        let rest = said.strip_prefix("attachment; filename=\"").unwrap();
        let (plain, extended) = rest.split_once("\"; filename*=UTF-8''").unwrap();
        assert!(
            plain
                .bytes()
                .all(|c| (b' '..=b'~').contains(&c) && !b"\"\\;%".contains(&c)),
            "{said}"
        );
        assert!(
            extended
                .bytes()
                .all(|c| c.is_ascii_graphic() && !b"\"\\;,' ".contains(&c)),
            "{said}"
        );
        assert_eq!(decode(extended), name.as_str().as_bytes(), "{said}");
    }
}

/// Whatever a store lists: it is read as the key that is written so, of that tenant, or as none.
#[test]
fn no_text_is_read_as_another_tenants_key() {
    let mut random = Random::seeded();
    let mut read = 0;
    for _ in 0..ROUNDS {
        let (tenant, other) = (random.uuid(), random.uuid());
        let kind = Kind::new("attachments").unwrap();
        let mut text = Key::new(random.one(&[tenant, other]), kind, random.uuid()).to_string();
        match random.below(4) {
            0 => {}
            1 => text.push_str(&format!(".{}", random.text("abc19", 3))),
            2 => text.insert_str(random.below(text.len() + 1), random.one(HOSTILE)),
            _ => {
                let at = random.below(text.len());
                text.replace_range(at..at + 1, random.one(HOSTILE));
            }
        }
        if let Ok(key) = Key::parse(&text, tenant) {
            read += 1;
            assert_eq!(key.tenant(), tenant);
            assert_eq!(key.to_string(), text);
            assert!(text.starts_with(&format!("{tenant}/")), "{text}");
        }
    }
    assert!(read > ROUNDS / 10, "{read}");
}

/// The decoder itself, by the examples of RFC 3986, section 5.4.
#[test]
fn the_decoder_is_right() {
    for (path, resolved) in [
        ("/b/c/../g", "/b/g"),
        ("/b/c/./g", "/b/c/g"),
        ("/../g", "/g"),
        ("/b/c/..", "/b/"),
        ("/b/c/.", "/b/c/"),
        ("/b/c/g;x=1/../y", "/b/c/y"),
        ("/b/c/g.", "/b/c/g."),
        ("/b/c/..g", "/b/c/..g"),
        ("/a/b/c/./../../g", "/a/g"),
    ] {
        assert_eq!(remove_dot_segments(path), resolved, "{path}");
    }
    assert_eq!(decode("%2e%2E/%25%32%65"), b"../%2e");
    assert_eq!(components("http://h:1/p/q?x/y"), ("http", "h:1", "/p/q"));
}
