//! Statements damaged at random: what the guard still accepts, Postgres reads in the same way.

use weft_oracle::{
    declared,
    generate::{Generator, mutate},
    random::Random,
};

mod common;

/// What is damaged where there is no corpus.
fn own_statements() -> Vec<String> {
    (0..200)
        .map(|seed| Generator::new(seed).statement())
        .collect()
}

#[test]
fn damaged_statements_are_refused_or_guarded_as_postgres_reads_them() {
    let run = common::Run::from_env(5_000);
    let statements = common::corpus().unwrap_or_else(own_statements);
    run.each(|seed| {
        let mut random = Random::new(seed);
        let mut sql = statements[random.below(statements.len())].clone();
        if random.once_in(8) {
            sql = Generator::new(seed).statement();
        }
        let sql = mutate(&sql, &mut random);
        vec![declared::judge(&sql, seed % 8)]
    });
}

#[test]
fn what_the_fuzzer_has_kept_is_refused_or_guarded_as_postgres_reads_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/guard");
    let mut judged = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus is there") {
        let path = entry.expect("a file of the corpus").path();
        let input = std::fs::read(&path).expect("a readable input");
        // The first byte is not of the text.
        let Some(Ok(sql)) = input.get(1..).map(str::from_utf8) else {
            continue;
        };
        for turn in 0..8 {
            let outcome = declared::judge(sql, turn);
            judged += usize::from(outcome.is_ok());
            assert!(outcome.is_ok(), "{}: {outcome:?}", path.display());
        }
    }
    assert!(judged > 400, "next to nothing is judged");
}
