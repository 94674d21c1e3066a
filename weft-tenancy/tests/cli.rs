//! `weft` as its users see it: what it prints, and how it ends.

use std::{
    ffi::OsStr,
    io::Write,
    os::unix::ffi::OsStrExt,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use weft_embedded::{Cluster, Options};

const DECLARATION: &str = r#"
key = "i64"
shop_key = "i32"
[root]
organizations = "id"
[org]
customers = "org_id"
[shop]
orders = ["org_id", "shop_id"]
[roles]
app = "app"
[[except]]
rule = "undeclared"
object = "notes"
reason = "scratch"
"#;

fn guard(flags: &[&str], input: &[u8]) -> Output {
    weft(&["guard"], flags, input)
}

/// Runs the command with the declaration and `flags`.
fn weft(command: &[&str], flags: &[&str], input: &[u8]) -> Output {
    let file = std::env::temp_dir().join(format!(
        "weft-cli-{}-{:?}.toml",
        std::process::id(),
        std::thread::current().id()
    ));
    std::fs::write(&file, DECLARATION).expect("a temporary file can be written");
    let mut weft = Command::new(env!("CARGO_BIN_EXE_weft"))
        .env_remove("DATABASE_URL")
        .args(command)
        .arg("--declaration")
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
    let output = guard(flags, input);
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
        let output = guard(flags, b"select 1");
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
    let output = guard(&["--kinds"], b"");
    let text = String::from_utf8_lossy(&output.stdout);
    for kind in weft_tenancy::RefusalKind::ALL {
        assert!(
            text.contains(&format!("{}: {}\n", kind.name(), kind.sentence())),
            "{kind:?}"
        );
    }
}

#[test]
fn every_command_tells_how_it_is_used() {
    for command in ["guard", "doctor", "policy", "table"] {
        let help = Command::new(env!("CARGO_BIN_EXE_weft"))
            .args([command, "--help"])
            .output()
            .expect("the program starts");
        assert!(help.status.success());
        let text = String::from_utf8_lossy(&help.stdout);
        assert!(
            text.starts_with(&format!("usage: weft {command} ")),
            "{text}"
        );
    }
    let output = weft(&["doctor"], &["--nonsense"], b"");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.starts_with("weft: unknown flag \"--nonsense\"\nusage: weft doctor "));
}

#[test]
fn policies_are_printed_for_the_roles_of_the_file_or_the_command_line() {
    let text = |flags: &[&str]| {
        let output = weft(&["policy"], flags, b"");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("SQL is UTF-8")
    };
    let of_file = text(&[]);
    assert!(of_file.contains("CREATE POLICY weft_shop ON \"public\".\"orders\""));
    assert!(of_file.contains("TO \"app\"") && !of_file.contains("CREATE POLICY weft_unscoped"));
    let flags = [
        "--app",
        "a",
        "--auth",
        "b",
        "--directory",
        "customers",
        "--unscoped",
        "c",
    ];
    let of_flags = text(&[&flags[..], &["--signed"]].concat());
    assert!(of_flags.contains("weft.signed_org()") && of_flags.contains("FOR ALL TO \"c\""));
    assert_eq!(of_flags.matches("FOR SELECT TO \"b\"").count(), 1);
    let output = weft(&["policy"], &["--directory", "customers"], b"");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_table_is_printed_whole_or_not_at_all() {
    let flags = [
        "--shop",
        "--ids",
        "i64",
        "--column",
        "total bigint NOT NULL",
        "--reference",
        "order_id=orders",
        "--soft-delete",
        "deleted_at",
    ];
    let output = weft(&["table", "invoices"], &flags, b"");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for part in [
        "-- tenancy!: shop invoices(org_id, shop_id) soft_delete(deleted_at);\n",
        "\"total\" bigint NOT NULL,",
        "FOREIGN KEY (\"org_id\", \"shop_id\", \"order_id\") REFERENCES \"public\".\"orders\"",
        "CREATE POLICY weft_shop ON \"public\".\"invoices\"",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for flags in [
        &["--column", "total"][..],
        &["--column", "total bigint; DROP TABLE orders"],
        &["--reference", "order_id"],
        &["--reference", "order_id=nothing"],
        &["--ids", "text"],
    ] {
        let output = weft(&["table", "invoices"], flags, b"");
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(output.stdout.is_empty(), "{flags:?}");
    }
}

/// The address of a database with the declared tables in the state that `sql` leaves.
fn database(name: &str, sql: &str) -> (Cluster, String) {
    let cluster = Cluster::start(Options::new(env!("CARGO_MANIFEST_DIR"))).expect("a server");
    let attributes = "LOGIN NOSUPERUSER NOBYPASSRLS";
    cluster.ensure_role("app", attributes).expect("a role");
    let database = cluster.ensure_database(name).expect("a database");
    let policies = weft(&["policy"], &[], b"").stdout;
    let policies = String::from_utf8(policies).expect("SQL is UTF-8");
    let text = format!(
        "REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC;
         DROP TABLE IF EXISTS orders, customers, organizations, notes;
         CREATE TABLE organizations (id bigint PRIMARY KEY);
         CREATE TABLE customers (org_id bigint NOT NULL, id bigint, PRIMARY KEY (org_id, id));
         CREATE TABLE orders (org_id bigint NOT NULL, id bigint, shop_id integer NOT NULL,
             PRIMARY KEY (org_id, id));
         CREATE TABLE notes (id bigint);
         {policies} {sql}"
    );
    database.execute(&text).expect("the tables");
    let url = database.url("app");
    (cluster, url)
}

#[test]
fn the_doctor_ends_with_nothing_when_all_is_well() {
    let (_cluster, url) = database("weft_cli_healthy", "");
    let output = weft(&["doctor"], &["--database-url", &url], b"");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text,
        "excepted: notes (undeclared): scratch\n0 findings, 0 of advice, 1 excepted\n"
    );
}

#[test]
fn the_doctor_ends_with_one_on_findings_and_tells_programs_what_they_are() {
    let defect = "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY;";
    let (_cluster, url) = database("weft_cli_ill", defect);
    let output = weft(&["doctor"], &["--database-url", &url, "--json"], b"");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["healthy"], json!(false));
    assert_eq!(
        report["findings"],
        json!([{
            "rule": "row-security",
            "object": "orders",
            "consequence": "the owner, and what runs as the owner, is not held back",
            "remedy": "ALTER TABLE \"public\".\"orders\" FORCE ROW LEVEL SECURITY;",
            "advice": false,
        }])
    );
    assert_eq!(report["excepted"][0]["reason"], "scratch");
    assert_eq!(report["stale"], json!([]));
    let file = std::env::temp_dir().join(format!("weft-except-{}.toml", std::process::id()));
    let exception = "[[except]]\nrule = 'row-security'\nobject = 'orders'\nreason = 'a test'";
    std::fs::write(&file, exception).expect("a temporary file can be written");
    let flags = [
        "--database-url",
        &url,
        "--except",
        file.to_str().expect("a path"),
    ];
    let output = weft(&["doctor"], &flags, b"");
    std::fs::remove_file(&file).expect("the temporary file is there");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_doctor_ends_with_two_without_an_answer_and_never_shows_a_password() {
    for url in [
        "postgres://app:s3cret@127.0.0.1:1/nothing",
        "postgres://app:x?s3cret=1@127.0.0.1:1/nothing",
        "postgres://app:s3cret@127.0.0.1:s3cret/nothing",
        "s3cret",
        "host=127.0.0.1 port=1 password=s3cret sslmode=require",
        "postgres://app:s3cret@127.0.0.1:1/nothing?sslmode=verify-full",
    ] {
        let output = weft(&["doctor"], &["--database-url", url], b"");
        assert_eq!(output.status.code(), Some(2), "{url}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !text.contains("s3cret") && output.stdout.is_empty(),
            "{text}"
        );
        assert_eq!(url.contains("sslmode"), text.contains("TLS"), "{text}");
    }
    assert_eq!(weft(&["doctor"], &[], b"").status.code(), Some(2));
}
