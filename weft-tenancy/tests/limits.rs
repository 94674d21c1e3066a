//! No input overflows a stack of 2 MiB, the size an async runtime gives its threads.

use std::thread;

use weft_tenancy::{
    RefusalKind, Tenancy,
    guard::{Shape, highest_bind},
};

#[path = "../../fuzz/property.rs"]
mod property;

fn tenancy() -> Tenancy {
    Tenancy::from_toml("key = \"i64\"\n[root]\norganizations = \"id\"\n[org]\nt = \"org_id\"\n")
        .expect("the declaration is sound")
}

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(work)
        .expect("a thread can be started")
        .join()
        .expect("the guard does not panic");
}

fn guard(sql: &str) -> Result<(), RefusalKind> {
    highest_bind(sql)
        .and_then(|binds| tenancy().guard(sql, binds, Shape::default()))
        .map(drop)
        .map_err(|refusal| refusal.kind())
}

#[test]
fn the_deepest_nesting_within_the_limit_fits() {
    on_a_small_stack(|| {
        for depth in [120, 127, 128, 129, 10_000] {
            for (open, middle, close) in [
                ("(", "1", ")"),
                ("(select ", "1", ")"),
                ("(select * from t where ", "true", ")"),
                ("exists (select from t where ", "true", ")"),
                ("case when true then ", "1", " end"),
                ("not ", "true", ""),
                ("- ", "1", ""),
                ("abs(", "1", ")"),
                ("array[", "1", "]"),
                ("(with t as (select 1) select ", "1", ")"),
                ("(values (", "1", "))"),
                ("(select 1 union select ", "1", ")"),
            ] {
                let sql = format!(
                    "select {}{middle}{}",
                    open.repeat(depth),
                    close.repeat(depth)
                );
                let answer = guard(&sql);
                assert!(
                    matches!(answer, Ok(()) | Err(RefusalKind::TooDeep)),
                    "{depth} × {open:?}: {answer:?}"
                );
            }
            for (open, close) in [
                ("(select * from ", ") s"),
                ("(", " cross join t a)"),
                ("(", " join t a on true) j"),
                ("lateral (select * from ", ") s"),
            ] {
                let sql = format!(
                    "select 1 from {}t{}",
                    open.repeat(depth),
                    close.repeat(depth)
                );
                // Repeated aliases are refused, at whatever depth the guard gets to.
                let _ = guard(&sql);
            }
        }
    });
}

#[test]
fn the_longest_chains_within_the_limit_fit() {
    on_a_small_stack(|| {
        for length in [1_000, 1_001, 100_000] {
            for link in [
                " or true",
                " and true",
                " + 1",
                "::int4",
                " union select 1",
                " union all values (1)",
                " = 1",
                " || 'a'",
                ", 1",
                " collate \"C\"",
                " is null",
                "[1]",
                " at time zone 'utc'",
            ] {
                let answer = guard(&format!("select 1{}", link.repeat(length)));
                assert!(
                    !matches!(answer, Err(RefusalKind::Unproved)),
                    "{length} × {link:?}: {answer:?}"
                );
            }
            for link in [
                " join t on true",
                " cross join t",
                " natural join t",
                ", t",
                " left join t using (id)",
            ] {
                let aliased = (0..length.min(2_000))
                    .fold("select 1 from t".to_owned(), |sql, n| {
                        sql + &link.replacen(" t", &format!(" t a{n}"), 1)
                    });
                let answer = guard(&aliased);
                assert!(
                    !matches!(answer, Err(RefusalKind::Unproved)),
                    "{length} × {link:?}: {answer:?}"
                );
                let nested = format!(
                    "select 1 from t {} {}",
                    (0..length.min(2_000))
                        .map(|n| format!("join t a{n} "))
                        .collect::<String>(),
                    "on true ".repeat(length.min(2_000))
                );
                let _ = guard(&nested);
            }
        }
    });
}

#[test]
fn broken_text_is_refused_and_never_panics() {
    on_a_small_stack(|| {
        for sql in [
            "",
            ";",
            " -- nothing",
            "select \0",
            "select 'open",
            "select \"open",
            "select $$open",
            "select /* open",
            "select (",
            "select )",
            "from t",
            "select * from",
            "update t",
            "update t set",
            "insert into t",
            "insert into t (",
            "delete",
            "with",
            "with a as",
            "table",
            "values",
            "values (",
            "select * from t join",
            "select * from t join t b",
            "select * from (t",
            "select 1 from t a on true",
            "select 1 union",
            "(select 1",
            "select 1 1 1",
            "\u{feff}select 1",
            "select U&\"\\",
            "select $0",
            "insert into t (org_id) values",
            "insert into t (a, org_id) values (1)",
            "select a.b.c.d.e",
            "select * from a.b.c.d",
            "update t set (org_id, a) = (1)",
        ] {
            assert!(guard(sql).is_err(), "{sql:?}");
        }
        let long = format!("select '{}'", "a".repeat(1 << 20));
        assert_eq!(guard(&long), Err(RefusalKind::TooLarge));
    });
}

#[test]
fn what_the_fuzzer_has_kept_breaks_no_promise() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/guard");
    let inputs: Vec<_> = std::fs::read_dir(corpus)
        .expect("the corpus is there")
        .map(|entry| entry.expect("a file of the corpus").path())
        .collect();
    assert!(inputs.len() > 50, "next to nothing is replayed");
    on_a_small_stack(move || {
        for input in inputs {
            println!("{}", input.display());
            property::holds(&std::fs::read(&input).expect("a readable input"));
        }
    });
}
