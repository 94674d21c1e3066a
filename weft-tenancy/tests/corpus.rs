//! Postgres's own regression statements through the guard. `WEFT_DML_CORPUS` names the file, its
//! statements separated by byte 0x01; without it the test says so and proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use weft_tenancy::{
    RefusalKind, Tenancy,
    guard::{Shape, highest_bind, split},
};

#[test]
fn every_statement_is_guarded_and_proved_or_refused_with_a_reason() {
    let Ok(file) = std::env::var("WEFT_DML_CORPUS") else {
        println!("skipped: WEFT_DML_CORPUS names no corpus");
        return;
    };
    let corpus = std::fs::read(&file).expect("WEFT_DML_CORPUS names a readable file");
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
