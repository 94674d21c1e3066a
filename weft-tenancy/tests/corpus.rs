//! Postgres's own regression statements through the guard. `WEFT_DML_CORPUS` names the file, its
//! statements separated by byte 0x01; without it the tests say so and prove nothing.

#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use weft_tenancy::{
    RefusalKind, Tenancy,
    guard::{Shape, highest_bind, reading, split},
};

/// What Postgres's own parser reads in each statement of the corpus, by the statement's hash. The
/// package in `tests/oracle` writes the file, and holds it against that parser.
static VERDICTS: &str = include_str!("verdicts.txt");

#[test]
fn every_statement_is_read_as_postgres_reads_it() {
    let mut verdicts = HashMap::new();
    for line in VERDICTS.lines() {
        let (reading, hashes) = line.split_once('\t').expect("a reading and its hashes");
        verdicts.extend(hashes.split(' ').map(|hash| (hash, reading)));
    }
    let Some(corpus) = corpus() else { return };
    let (mut equal, mut unread, mut unknown) = (0, 0, 0);
    let mut different = Vec::new();
    for statement in split(&corpus) {
        let sql = statement.expect("the corpus is UTF-8");
        let Some(verdict) = verdicts.get(fnv(sql).as_str()) else {
            unknown += 1;
            continue;
        };
        match reading::read(sql).map(|clauses| clauses.join("; ")) {
            Ok(reading) if reading == *verdict => equal += 1,
            Ok(reading) => different.push(format!(
                "{sql}\n  ours:     {reading}\n  Postgres: {verdict}"
            )),
            // What cannot be read must not be guarded.
            Err(_) => {
                assert!(guard_with_everything_declared(sql).is_err(), "{sql}");
                unread += 1;
            }
        }
    }
    println!("read alike: {equal}, not read and refused: {unread}, without a verdict: {unknown}");
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(
        equal > unknown,
        "most statements lack a verdict: verdicts.txt is to be written anew"
    );
}

#[test]
fn every_statement_is_guarded_and_proved_or_refused_with_a_reason() {
    let Some(corpus) = corpus() else { return };
    let mut guarded = 0;
    let mut refused: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for statement in split(&corpus) {
        let sql = statement.expect("the corpus is UTF-8");
        match guard_with_everything_declared(sql) {
            Ok(()) => guarded += 1,
            Err((kind, reason)) => refused
                .entry(kind.name())
                .or_default()
                .push(format!("{reason}: {sql}")),
        }
    }
    for (kind, statements) in &refused {
        println!("{kind}: {}", statements.len());
        if std::env::var("WEFT_DML_SHOW").is_ok_and(|shown| shown == *kind) {
            statements
                .iter()
                .for_each(|statement| println!("    {}", statement.replace('\n', " ")));
        }
    }
    println!("guarded: {guarded}");
    assert!(guarded > 4_900, "the corpus is mostly ordinary statements");
    assert_eq!(refused.get("unproved"), None);
}

fn corpus() -> Option<Vec<u8>> {
    let Ok(file) = std::env::var("WEFT_DML_CORPUS") else {
        println!("skipped: WEFT_DML_CORPUS names no corpus");
        return None;
    };
    Some(std::fs::read(&file).expect("WEFT_DML_CORPUS names a readable file"))
}

/// FNV-1a of 64 bits, in hexadecimal digits.
fn fnv(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Declares each relation that the statement names as a tenant's, until the guard knows all of them.
fn guard_with_everything_declared(sql: &str) -> Result<(), (RefusalKind, String)> {
    let mut declared = BTreeSet::new();
    loop {
        let tables: String = declared
            .iter()
            .map(|table: &String| format!("{table:?} = [\"org_id\", \"shop_id\"]\n"))
            .collect();
        let toml = format!(
            "key = \"uuid\"\nshop_key = \"i32\"\n[root]\norganizations = \"id\"\n[shop]\n{tables}"
        );
        let tenancy =
            Tenancy::from_toml(&toml).map_err(|error| (RefusalKind::Name, error.to_string()))?;
        let shape = Shape {
            narrowed: declared.len() % 2 == 1,
            show_deleted: false,
        };
        let result = highest_bind(sql).and_then(|binds| tenancy.guard(sql, binds, shape));
        match result {
            Ok(_) => return Ok(()),
            Err(refusal) if refusal.kind() == RefusalKind::UndeclaredTable => {
                let table = refusal
                    .table()
                    .expect("an undeclared table has a name")
                    .to_owned();
                if !declared.insert(table) {
                    return Err((refusal.kind(), refusal.to_string()));
                }
            }
            Err(refusal) => return Err((refusal.kind(), refusal.to_string())),
        }
    }
}
