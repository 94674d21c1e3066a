//! Postgres's own regression statements. `WEFT_DML_CORPUS` names the file, its statements separated by
//! byte 0x01; without it the tests say so and prove nothing.

use std::collections::BTreeMap;

use weft_oracle::{declared, shares::Shares, verdicts::verdicts};

mod common;

#[test]
fn the_committed_verdicts_are_what_postgres_reads() {
    let Some(corpus) = common::corpus() else {
        return;
    };
    let committed = include_str!("../../../weft-tenancy/tests/verdicts.txt");
    let today = verdicts(corpus.iter().map(String::as_str));
    for (committed, today) in committed.lines().zip(today.lines()) {
        assert_eq!(committed, today);
    }
    assert_eq!(committed.len(), today.len());
}

#[test]
fn every_statement_of_the_corpus_is_guarded_as_postgres_reads_it() {
    let Some(corpus) = common::corpus() else {
        return;
    };
    let mut outcomes = BTreeMap::new();
    let mut disagreements = Vec::new();
    for sql in &corpus {
        for turn in 0..8 {
            match declared::judge(sql, turn) {
                Ok(outcome) => *outcomes.entry(outcome).or_insert(0) += 1,
                Err(disagreement) => disagreements.push(disagreement),
            }
        }
    }
    println!("{outcomes:#?}");
    for disagreement in &disagreements {
        println!("{disagreement}");
    }
    assert_eq!(disagreements.len(), 0);
}

#[test]
fn of_ordinary_statements_next_to_all_are_guarded() {
    let Some(corpus) = common::corpus() else {
        return;
    };
    let shares = Shares::of(corpus.iter().map(String::as_str));
    println!("{shares}");
    for kind in ["SELECT", "UPDATE", "DELETE", "INSERT with columns"] {
        assert!(shares.kind(kind).percent() >= 99.0, "{kind}");
    }
}
