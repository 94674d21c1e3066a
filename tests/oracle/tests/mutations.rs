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
