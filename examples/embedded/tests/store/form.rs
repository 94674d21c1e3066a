//! Uploads by a form.

use std::collections::BTreeMap;

use uuid::Uuid;
use weft_storage::Key;

use crate::signing::{self, policy};
use crate::stage::{SITE, Stage, TTL, key, now, seconds, sha256, upload};
use crate::wire::{Request, Response};

pub(crate) type Fields = Vec<(String, String)>;

/// A form as a browser writes it.
pub(crate) fn form(fields: &Fields, file: &[u8]) -> Request {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!(
                "--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    body.extend_from_slice(
        b"--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"r.pdf\"\r\n\
          Content-Type: application/pdf\r\n\r\n",
    );
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b0undary--\r\n");
    Request::new("POST", "/attachments/")
        .with("Content-Type", "multipart/form-data; boundary=b0undary")
        .with_body(&body)
}

pub(crate) fn fields_of(form: &weft_storage::Form) -> Fields {
    form.fields()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn but(fields: &Fields, name: &str, value: &str) -> Fields {
    let mut fields = fields.clone();
    let field = fields.iter_mut().find(|(has, _)| has == name);
    value.clone_into(&mut field.unwrap().1);
    fields
}

fn and(fields: &Fields, name: &str, value: &str) -> Fields {
    let mut fields = fields.clone();
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

fn without(fields: &Fields, name: &str) -> Fields {
    let mut fields = fields.clone();
    fields.retain(|(has, _)| has != name);
    fields
}

#[test]
fn a_form_becomes_an_object() {
    let stage = Stage::new();
    let key = key();
    let signed = stage.form_of(&key, 1 << 20);
    assert!(signed.url().ends_with("/attachments/"), "{}", signed.url());
    let file = b"\r\n--b0undar\r\n\r\n-- bytes that look like an end\r\n--";
    let answer = stage.send(&form(&fields_of(&signed), file));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(answer.text().contains(&format!("<Key>{key}</Key>")));
    assert_eq!(stage.get(&key).body, file);
    let found = stage.head(&key).unwrap();
    assert_eq!(found.content_type.as_deref(), Some("application/pdf"));
    assert_eq!(found.sha256, Some(sha256(file)));
}

#[test]
fn a_form_sends_its_browser_where_it_says() {
    let stage = Stage::new();
    let key = key();
    let upload = upload(weft_storage::Sizes::up_to(100).unwrap())
        .with_sha256(sha256(b"x"))
        .with_redirect(&format!("{SITE}/done?of=1"))
        .unwrap();
    let signed = stage
        .uploads
        .post_policy(&key, &upload, TTL, now())
        .unwrap();
    let fields = fields_of(&signed);
    assert_eq!(stage.send(&form(&fields, b"y")).code(), "BadDigest");
    let evil = but(&fields, "success_action_redirect", "https://evil.example");
    assert_eq!(stage.send(&form(&evil, b"x")).status, 403);
    assert!(stage.lacks(&key));
    let answer = stage.send(&form(&fields, b"x"));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let there = answer.header("location").unwrap();
    assert!(
        there.starts_with(&format!("{SITE}/done?of=1&bucket=attachments&key=")),
        "{there}"
    );
}

#[test]
fn a_file_of_200_megabytes_is_taken() {
    let stage = Stage::new();
    let key = key();
    let file: Vec<u8> = (0..200 << 20_u32)
        .map(|at: u32| (at ^ at >> 8) as u8)
        .collect();
    let fields = fields_of(&stage.form_of(&key, 200 << 20));
    let answer = stage.send(&form(&fields, &file));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let found = stage.head(&key).unwrap();
    assert_eq!((found.size, found.sha256), (200 << 20, Some(sha256(&file))));
}

#[test]
fn a_form_that_was_changed_is_refused() {
    let stage = Stage::new();
    let key = key();
    let other = crate::stage::key();
    let good = fields_of(&stage.form_of(&key, 10));
    let value: BTreeMap<_, _> = good.iter().cloned().collect();
    let mut signature = value["x-amz-signature"].clone();
    let last = if signature.ends_with('0') { "1" } else { "0" };
    signature.replace_range(63.., last);
    let mut changed = value["policy"].clone();
    changed.replace_range(..4, "eyJF");
    for (what, bad) in [
        ("another key", but(&good, "key", &other.to_string())),
        ("type", but(&good, "Content-Type", "text/html")),
        ("status", but(&good, "success_action_status", "200")),
        ("policy", but(&good, "policy", &changed)),
        (
            "signature flipped",
            but(&good, "x-amz-signature", &signature),
        ),
        (
            "signature cut",
            but(&good, "x-amz-signature", &signature[..63]),
        ),
        ("no signature", but(&good, "x-amz-signature", "")),
        ("signature left out", without(&good, "x-amz-signature")),
        ("policy left out", without(&good, "policy")),
        ("type left out", without(&good, "Content-Type")),
        ("key left out", without(&good, "key")),
        ("acl", and(&good, "acl", "public-read")),
        ("meta", and(&good, "x-amz-meta-owner", "somebody")),
        ("tagging", and(&good, "tagging", "<Tagging/>")),
        (
            "encryption",
            and(&good, "x-amz-server-side-encryption", "AES256"),
        ),
        (
            "redirect",
            and(&good, "success_action_redirect", "https://evil.example"),
        ),
        (
            "checksum",
            and(
                &good,
                "x-amz-checksum-sha256",
                "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            ),
        ),
        ("other field", and(&good, "x-ignore-this", "x")),
        ("key twice", and(&good, "key", &other.to_string())),
        ("another bucket", and(&good, "bucket", "secretb")),
    ] {
        let answer = stage.send(&form(&bad, b"x"));
        assert!(
            [400, 403, 501].contains(&answer.status),
            "{what}: {answer:?}"
        );
        assert!(stage.lacks(&key) && stage.lacks(&other), "{what}");
    }
    assert_eq!(stage.send(&form(&good, b"x")).status, 201);
    assert_eq!(stage.send(&form(&good, b"y")).status, 412, "used twice");
    assert_eq!(stage.get(&key).text(), "x");
}

#[test]
fn a_file_of_another_size_is_refused() {
    let stage = Stage::new();
    let key = key();
    let upload = upload(weft_storage::Sizes::within(3..=5).unwrap());
    let signed = stage
        .uploads
        .post_policy(&key, &upload, TTL, now())
        .unwrap();
    let fields = fields_of(&signed);
    for (file, code) in [
        (&b"12"[..], "EntityTooSmall"),
        (b"", "EntityTooSmall"),
        (b"123456", "EntityTooLarge"),
    ] {
        assert_eq!(stage.send(&form(&fields, file)).code(), code);
        assert!(stage.lacks(&key));
    }
    assert_eq!(stage.send(&form(&fields, b"12345")).status, 201);
}

/// What comes of a form under a policy by hand, of a key that it says itself.
fn by_hand(stage: &Stage, conditions: &str, key: &str, times: (i64, u64)) -> Response {
    let at = match times.0 {
        ahead @ 0.. => now() + seconds(ahead.unsigned_abs()),
        behind => now() - seconds(behind.unsigned_abs()),
    };
    let login = signing::of(&stage.settings.writer);
    let signed = policy(login, conditions, (at, at + seconds(times.1)));
    let fields = and(&signed, "key", key);
    stage.send(&form(&fields, b"x"))
}

#[test]
fn policies_have_their_time() {
    let stage = Stage::new();
    let any = r#"["starts-with","$key",""]"#;
    for (what, times, status) in [
        ("now", (0, 60), 204),
        ("for 15 minutes", (0, 900), 204),
        ("expired", (-120, 60), 403),
        ("for longer", (0, 901), 403),
        ("for a week", (0, 604_800), 403),
        ("10 minutes ahead", (600, 60), 403),
        ("a day ahead", (86_400, 60), 403),
    ] {
        let key = key();
        let answer = by_hand(&stage, any, &key.to_string(), times);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert_eq!(stage.lacks(&key), status != 204, "{what}");
    }
}

#[test]
fn keys_do_not_leave_the_prefix_of_their_policy() {
    let stage = Stage::new();
    let (mine, theirs) = (Uuid::new_v4(), Uuid::new_v4());
    let (id, below) = (
        Uuid::new_v4(),
        format!(r#"["starts-with","$key","{mine}/"]"#),
    );
    for key in [
        format!("{theirs}/attachments/{id}"),
        format!("{mine}/../{theirs}/attachments/{id}"),
        format!("{mine}/attachments/../{id}"),
        format!("{mine}/%2e%2e/{theirs}/attachments/{id}"),
        format!("{mine}//{theirs}/attachments/{id}"),
        format!("{mine}/attachments/${{filename}}"),
        format!("{mine}/attachments/{id}\0"),
        format!("{mine}\\..\\{theirs}\\attachments\\{id}"),
        "../secretb".to_owned(),
        "//etc/passwd".to_owned(),
        String::new(),
    ] {
        let answer = by_hand(&stage, &below, &key, (0, 60));
        assert!([400, 403].contains(&answer.status), "{key}: {answer:?}");
    }
    for tenant in [mine, theirs] {
        let folder = stage.folder().join("objects").join(tenant.to_string());
        assert!(!folder.exists());
    }
    let key = format!("{mine}/attachments/{id}");
    assert_eq!(by_hand(&stage, &below, &key, (0, 60)).status, 204);
    let parsed = Key::parse(&key, mine).unwrap();
    assert_eq!(stage.get(&parsed).text(), "x");
}

#[test]
fn conditions_of_a_policy_hold_each() {
    let stage = Stage::new();
    let any = r#"["starts-with","$key",""]"#;
    for (what, condition) in [
        ("bucket", r#"{"bucket":"secretb"}"#),
        (
            "a field that is not there",
            r#"{"Content-Type":"text/plain"}"#,
        ),
        ("size", r#"["content-length-range",2,9]"#),
        ("upside down", r#"["content-length-range",9,0]"#),
        ("negative", r#"["content-length-range",-1,9]"#),
        ("operator", r#"["ends-with","$key",""]"#),
        ("number", r#"{"key":1}"#),
        ("two in one", r#"{"bucket":"attachments","acl":"private"}"#),
        ("word", r#""key""#),
    ] {
        let key = key();
        let conditions = format!("{any},{condition}");
        let answer = by_hand(&stage, &conditions, &key.to_string(), (0, 60));
        assert!([400, 403].contains(&answer.status), "{what}: {answer:?}");
        assert!(stage.lacks(&key), "{what}");
    }
    let none = by_hand(
        &stage,
        r#"{"bucket":"attachments"}"#,
        &key().to_string(),
        (0, 60),
    );
    assert_eq!(none.status, 403, "a key that the policy does not name");
}

#[test]
fn readers_sign_no_policies() {
    let stage = Stage::new();
    for login in [&stage.settings.reader, &stage.settings.worker] {
        let key = key();
        let conditions = format!(r#"{{"key":"{key}"}}"#);
        let signed = policy(
            signing::of(login),
            &conditions,
            (now(), now() + seconds(60)),
        );
        let fields = and(&signed, "key", &key.to_string());
        assert_eq!(stage.send(&form(&fields, b"x")).status, 403);
        assert!(stage.lacks(&key));
    }
}

#[test]
fn forms_that_are_none_are_refused() {
    let stage = Stage::new();
    let key = key();
    let good = form(&fields_of(&stage.form_of(&key, 100)), b"x");
    let body = |from: &str, to: &str| {
        let text = String::from_utf8(good.body.clone()).unwrap();
        assert!(text.contains(from));
        good.clone()
            .with_body(text.replacen(from, to, 1).as_bytes())
    };
    let typed = |text: &str| good.clone().but("Content-Type", text);
    for (what, bad) in [
        ("no boundary", typed("multipart/form-data")),
        (
            "another boundary",
            typed("multipart/form-data; boundary=other"),
        ),
        ("mixed", typed("multipart/mixed; boundary=b0undary")),
        ("no end", body("--b0undary--", "--b0undar")),
        ("nothing", good.clone().with_body(b"")),
        ("no file", body("name=\"file\"", "name=\"key\"")),
        (
            "field behind the file",
            body(
                "--b0undary--\r\n",
                "--b0undary\r\nContent-Disposition: form-data; name=\"acl\"\r\n\r\nx\r\n--b0undary--\r\n",
            ),
        ),
        ("preamble", body("--b0undary", "x\r\n--b0undary")),
        ("long field", body("application/pdf", &"x".repeat(200_000))),
        (
            "in a query",
            Request {
                target: "/attachments/?acl".to_owned(),
                ..good.clone()
            },
        ),
        (
            "at a key",
            Request {
                target: format!("/attachments/{key}"),
                ..good.clone()
            },
        ),
        (
            "in another bucket",
            Request {
                target: "/secretb/".to_owned(),
                ..good.clone()
            },
        ),
        (
            "with a header",
            good.clone().with("x-amz-acl", "public-read"),
        ),
    ] {
        let answer = stage.send(&bad);
        assert!(
            [400, 403, 501].contains(&answer.status),
            "{what}: {answer:?}"
        );
        assert!(stage.lacks(&key), "{what}");
    }
    assert_eq!(stage.send(&good).status, 201);
}
