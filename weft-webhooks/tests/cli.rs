//! `weft-webhooks` as those see it who answer for deliveries: what it prints, and how it ends.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use weft_webhooks::{Scheme, Secret, Verifier};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const PRIVATE: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &str = r#"{"test": 2432232314}"#;

/// A folder of one test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("cli")
            .join(test);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn run(arguments: &[impl AsRef<OsStr>], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weft-webhooks"))
        .args(arguments)
        .env("WEFT_TEST_SECRET", SECRET)
        .env("WEFT_TEST_TRAILING", format!("{SECRET}\n"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Bad arguments are answered before the input is read.
    let _ = command.stdin.take().map(|mut stdin| stdin.write_all(input));
    command.wait_with_output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn complaint(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn capture(body: &str) -> String {
    format!(
        "POST /hook HTTP/1.1\r\nHost: example.com\r\nContent-Length: {}\r\nWebhook-Id: {ID}\r\n\
         Webhook-Timestamp: 1614265330\r\nWebhook-Signature: {SIGNATURE}\r\n\r\n{body}",
        body.len()
    )
}

/// Verifies a capture of Standard Webhooks with two secret files, at the time that it was signed.
fn verify(folder: &Folder, capture: impl AsRef<[u8]>) -> Output {
    let old = folder.file("old.key", OTHER);
    let new = folder.file("new.key", format!("{SECRET}\n"));
    let capture = folder.file("capture", capture);
    let mut arguments = vec!["verify", "--scheme", "standard", "--at", "1614265330"];
    arguments.extend(["--secret-file", &old, "--secret-file", &new, &capture]);
    run(&arguments, b"")
}

#[test]
fn a_right_delivery_is_verified_and_its_secret_named() {
    let folder = Folder::new("right");
    let output = verify(&folder, capture(BODY));
    assert_eq!(code(&output), 0, "{output:?}");
    let new = folder.0.join("new.key");
    let mut headers = http::HeaderMap::new();
    for (name, value) in [
        ("webhook-id", ID),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", SIGNATURE),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let secret = Secret::new("a", SECRET).unwrap();
    let verifier = Verifier::new(Scheme::standard(), [secret]).unwrap();
    let at = UNIX_EPOCH + Duration::from_secs(1_614_265_330);
    let verified = verifier.verify(&headers, BODY.into(), at).unwrap();
    let digest = verified.digest();
    let digest = digest.as_bytes().iter().map(|byte| format!("{byte:02x}"));
    let expected = format!(
        "verified: standard\nsecret: {}\nsigned at: 1614265330\nmessage id: {ID}\n\
         digest: {}\nbody: 20 bytes\n",
        new.display(),
        digest.collect::<String>()
    );
    assert_eq!(text(&output), expected);
}

#[test]
fn line_ends_of_the_head_may_be_bare_and_the_capture_may_come_from_standard_input() {
    let capture = capture(BODY).replace('\r', "");
    let arguments = [
        "verify",
        "--scheme",
        "standard",
        "--secret-env",
        "WEFT_TEST_SECRET",
        "--at",
        "1614265330",
        "-",
    ];
    let output = run(&arguments, capture.as_bytes());
    assert_eq!(code(&output), 0, "{output:?}");
    assert!(text(&output).contains("secret: $WEFT_TEST_SECRET\n"));
}

#[test]
fn a_refusal_says_its_kind_and_ends_with_1() {
    let folder = Folder::new("refused");
    let one = capture(BODY);
    for (capture, kind) in [
        (capture(&BODY.replace('4', "5")), "mismatch"),
        (
            one.replace("Webhook-Id: msg", "Webhook-Id: m.g"),
            "message-id",
        ),
        (one.replace("1614265330", "1614265031"), "mismatch"),
        (one.replace("1614265330", "1614265029"), "too-old"),
        (one.replace("1614265330", "1614265631"), "too-new"),
        (one.replace("1614265330", "now"), "timestamp"),
        (one.replace("Webhook-Id", "X-Id"), "missing-header"),
        (
            one.replace("Host: example.com", "Webhook-Id: a"),
            "duplicate-header",
        ),
        (one.replace("v1,", "v1="), "no-signature"),
    ] {
        let output = verify(&folder, capture);
        assert_eq!(code(&output), 1, "{output:?}");
        let first = text(&output).lines().next();
        assert_eq!(first, Some(format!("refused: {kind}").as_str()));
    }
}

#[test]
fn without_a_time_it_is_now() {
    let folder = Folder::new("now");
    let capture = folder.file("capture", capture(BODY));
    let arguments = [
        "verify",
        "--scheme",
        "standard",
        "--secret-env",
        "WEFT_TEST_SECRET",
        &capture,
    ];
    let output = run(&arguments, b"");
    assert_eq!(code(&output), 1);
    assert!(text(&output).starts_with("refused: too-old\n"));
}

#[test]
fn every_byte_of_the_body_counts() {
    let folder = Folder::new("bytes");
    let secret = folder.file("secret", "It's a Secret to Everybody\r\n");
    for (body, expected) in [
        (&b"Hello, World!"[..], 0),
        (b"Hello, World!\n", 1),
        (b"\xff", 1),
    ] {
        let body = folder.file("body", body);
        let header = "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let mut arguments = vec!["verify", "--scheme", "github", "--secret-file", &secret];
        arguments.extend(["--header", header, "--body-file", &body]);
        let output = run(&arguments, b"");
        assert_eq!(code(&output), expected, "{output:?}");
    }
}

#[test]
fn what_is_no_whole_capture_is_told_from_a_refusal() {
    let folder = Folder::new("captures");
    let one = capture(BODY);
    for (capture, says) in [
        (String::new(), "does not begin with"),
        (one.replace("HTTP/1.1", ""), "does not begin with"),
        (one.replace("\r\n\r\n", "\r\n"), "no empty line"),
        ("POST / HTTP/1.1\r\na: b\r\n".to_owned(), "no empty line"),
        (
            format!("{one}\n"),
            "has 21 bytes of body and says content-length: 20",
        ),
        (
            one.replace("Host: example.com", "Transfer-Encoding: chunked"),
            "in chunks",
        ),
        (
            one.replace("Host: example.com", " folded: yes"),
            "is not written as",
        ),
    ] {
        let output = verify(&folder, capture);
        assert_eq!(code(&output), 2, "{output:?}");
        assert!(complaint(&output).contains(says), "{}", complaint(&output));
    }
}

#[test]
fn what_is_signed_is_the_published_vector() {
    let folder = Folder::new("sign");
    let (secret, body) = (folder.file("secret", SECRET), folder.file("body", BODY));
    let mut arguments = vec!["sign", "--scheme", "standard", "--secret-file", &secret];
    arguments.extend(["--id", ID, "--at", "1614265330", "--body-file", &body]);
    let output = run(&arguments, b"");
    assert_eq!(code(&output), 0, "{output:?}");
    let mut lines: Vec<_> = text(&output).lines().collect();
    lines.sort_unstable();
    let expected = [
        format!("webhook-id: {ID}"),
        format!("webhook-signature: {SIGNATURE}"),
        "webhook-timestamp: 1614265330".to_owned(),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_is_signed_verifies_in_every_scheme() {
    let folder = Folder::new("round-trip");
    let body = folder.file("body", BODY);
    let arguments = |command, scheme| {
        vec![
            command,
            "--scheme",
            scheme,
            "--secret-env",
            "WEFT_TEST_SECRET",
            "--body-file",
            &body,
        ]
    };
    for scheme in [
        "stripe", "shopify", "slack", "standard", "svix", "github", "workos", "stalwart",
    ] {
        let mut sign = arguments("sign", scheme);
        sign.extend(["--id", "msg_1"]);
        let output = run(&sign, b"");
        assert_eq!(code(&output), 0, "{output:?}");
        let mut verify = arguments("verify", scheme);
        verify.extend(text(&output).lines().flat_map(|line| ["--header", line]));
        let output = run(&verify, b"");
        assert_eq!(code(&output), 0, "{output:?}");
    }
}

#[test]
fn a_private_key_signs_too() {
    let folder = Folder::new("private");
    let (secret, body) = (folder.file("secret", PRIVATE), folder.file("body", BODY));
    let mut arguments = vec!["sign", "--scheme", "standard", "--secret-file", &secret];
    arguments.extend(["--id", ID, "--body-file", &body]);
    let output = run(&arguments, b"");
    assert!(
        text(&output).contains("webhook-signature: v1a,"),
        "{output:?}"
    );
}

#[test]
fn misuse_ends_with_2_and_says_how_it_is_used() {
    let folder = Folder::new("misuse");
    let file = folder.file("file", BODY);
    let known = ["--scheme", "stripe", "--secret-env", "WEFT_TEST_SECRET"];
    let with = |command: &'static str, more: &[&'static str]| {
        let mut arguments = vec![command];
        arguments.extend(known);
        arguments.extend(more);
        arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut both = with("verify", &["--header", "a: b"]);
    both.push(file);
    for arguments in [
        vec![],
        vec!["shred".to_owned()],
        with("verify", &[]),
        with("verify", &["--id", "msg_1"]),
        with("verify", &["a", "b"]),
        with("verify", &["--at", "soon", "a"]),
        with("verify", &["--scheme", "smoke", "a"]),
        with("sign", &[]),
        with("sign", &["a"]),
        with("sign", &["--header", "a: b"]),
        vec![
            "sign".to_owned(),
            "--scheme".to_owned(),
            "stripe".to_owned(),
        ],
        both,
    ] {
        let output = run(&arguments, b"");
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(
            complaint(&output).contains("usage:"),
            "{}",
            complaint(&output)
        );
        assert_eq!(text(&output), "");
    }
}

#[test]
fn help_is_no_misuse() {
    for arguments in [&["--help"][..], &["-h"], &["verify", "--help"]] {
        let output = run(arguments, b"");
        assert_eq!(code(&output), 0);
        assert!(text(&output).starts_with("usage:"));
    }
}

#[test]
fn a_secret_comes_from_no_argument_and_is_never_shown() {
    let folder = Folder::new("secrets");
    let body = folder.file("body", BODY);
    let missing = folder.0.join("missing");
    let short = folder.file("short", "whsec_AAAA");
    let spaced = folder.file("spaced", format!(" {SECRET}"));
    let bytes = folder.file("bytes", b"\xff");
    let missing = Path::new(&missing).to_str().unwrap();
    for given in [
        &["--secret", SECRET][..],
        &["--secret-file", missing],
        &["--secret-file", &short],
        &["--secret-file", &spaced],
        &["--secret-file", &bytes],
        &["--secret-env", "WEFT_TEST_NOWHERE"],
        &["--secret-env", "WEFT_TEST_TRAILING"],
    ] {
        let mut arguments = vec!["sign", "--scheme", "standard"];
        arguments.extend(given);
        arguments.extend(["--id", "msg_1", "--body-file", &body]);
        let output = run(&arguments, b"");
        assert_eq!(code(&output), 2, "{output:?}");
        assert!(!complaint(&output).contains(&SECRET[6..]), "{output:?}");
        assert!(!complaint(&output).contains("AAAA"), "{output:?}");
    }
}
