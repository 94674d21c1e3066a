//! Postgres's own regression statements. `WEFT_DML_CORPUS` names the file, its statements separated by
//! byte 0x01; without it the tests say so and prove nothing.

use std::collections::BTreeMap;

use weft_oracle::declared;
use weft_tenancy::guard::split;

#[test]
fn every_statement_of_the_corpus_is_guarded_as_postgres_reads_it() {
    let Ok(file) = std::env::var("WEFT_DML_CORPUS") else {
        println!("skipped: WEFT_DML_CORPUS names no corpus");
        return;
    };
    let corpus = std::fs::read(&file).expect("WEFT_DML_CORPUS names a readable file");
    let mut outcomes = BTreeMap::new();
    let mut disagreements = Vec::new();
    for sql in split(&corpus) {
        let sql = sql.expect("the corpus is UTF-8");
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
