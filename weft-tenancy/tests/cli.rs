//! `weft guard` as its users see it: a line of JSON for each statement, and nothing else.

use std::{
    ffi::OsStr,
    io::Write,
    os::unix::ffi::OsStrExt,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

const DECLARATION: &str = r#"
key = "i64"
shop_key = "i32"
[root]
organizations = "id"
[org]
customers = "org_id"
[shop]
orders = ["org_id", "shop_id"]
"#;

fn weft(flags: &[&str], input: &[u8]) -> Output {
    let file = std::env::temp_dir().join(format!(
        "weft-cli-{}-{:?}.toml",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::write(&file, DECLARATION).expect("a temporary file can be written");
    let mut weft = Command::new(env!("CARGO_BIN_EXE_weft"))
        .args(["guard", "--declaration"])
        .arg(&file)
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Bad flags are answered before the input is read.
    let _ = weft.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = weft.wait_with_output().expect("the program ends");
    std::fs::remove_file(file).expect("the temporary file is there");
    output
}

fn answers(flags: &[&str], input: &[u8]) -> Vec<Value> {
    let output = weft(flags, input);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

#[test]
fn guarded_and_refused_lines_come_in_order_with_exactly_their_keys() {
    let lines = answers(
        &[],
        b"select * from customers where id = $1; ; select 1 from nothing;",
    );
    assert_eq!(
        lines[0],
        json!({
            "sql": "select * from customers where (id = $1) AND \"customers\".\"org_id\" = $2 ",
            "org_bind": 2, "shop_bind": null, "checks": [],
        })
    );
    assert_eq!(lines[1]["refused"], "undeclared-table");
    assert_eq!(lines[1]["table"], "nothing");
    assert_eq!(lines[1].as_object().map(|line| line.len()), Some(3));
    assert_eq!(lines.len(), 2);
}

#[test]
fn byte_one_splits_and_a_piece_that_is_no_text_is_refused() {
    let lines = answers(&[], b"select ';'\x01\xff\x01select 1;\x01 ");
    let kinds: Vec<_> = lines.iter().map(|line| line["refused"].as_str()).collect();
    assert_eq!(kinds, [None, Some("unparseable"), None]);
}

#[test]
fn checks_are_listed_until_the_scope_settles_them() {
    let sql = b"insert into orders (org_id, id) values ($1, 1), (7, 2)";
    let bind = json!({"cell": "$1", "column": "org_id", "table": "orders"});
    let literal = json!({"cell": "literal", "value": "7", "column": "org_id", "table": "orders"});
    let shops = json!({"cell": "shops", "column": "shop_id", "table": "orders"});
    assert_eq!(answers(&[], sql)[0]["checks"], json!([bind, literal]));
    assert_eq!(
        answers(&["--shops"], sql)[0]["checks"],
        json!([bind, literal, shops])
    );
    assert_eq!(
        answers(&["--org", "7", "--shop", "3"], sql)[0]["checks"],
        json!([bind])
    );
    assert_eq!(answers(&["--org", "8"], sql)[0]["refused"], "org-mismatch");
    let two = answers(&["--org", "7", "--shop", "3", "--shop", "4"], sql);
    assert_eq!(two[0]["refused"], "ambiguous-shop");
}

#[test]
fn bad_flags_and_values_end_with_two_and_print_nothing() {
    for flags in [
        &["--nonsense"][..],
        &["--org"],
        &["--org", "x"],
        &["--shop", "99999999999"],
    ] {
        let output = weft(flags, b"select 1");
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(output.stdout.is_empty(), "{flags:?}");
    }
    let not_text = Command::new(env!("CARGO_BIN_EXE_weft"))
        .arg(OsStr::from_bytes(b"\xff"))
        .output();
    assert_eq!(not_text.expect("the program starts").status.code(), Some(2));
}

#[test]
fn all_kinds_are_listed_with_a_sentence() {
    let output = weft(&["--kinds"], b"");
    let text = String::from_utf8_lossy(&output.stdout);
    for kind in weft_tenancy::RefusalKind::ALL {
        assert!(
            text.contains(&format!("{}: {}\n", kind.name(), kind.sentence())),
            "{kind:?}"
        );
    }
}
