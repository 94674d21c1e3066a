//! How many statements, from which seed, and what to say of them in the end.

// Each test takes what it needs of it.
#![allow(
    dead_code,
    clippy::panic,
    clippy::print_stdout,
    clippy::expect_used,
    unreachable_pub
)]

use std::collections::BTreeMap;

use weft_oracle::judge::{Disagreement, Outcome};
use weft_tenancy::guard::split;

/// The statements of the file that `WEFT_DML_CORPUS` names; without it says so.
pub fn corpus() -> Option<Vec<String>> {
    let Ok(file) = std::env::var("WEFT_DML_CORPUS") else {
        println!("WEFT_DML_CORPUS names no corpus: its statements are left out");
        return None;
    };
    let corpus = std::fs::read(&file).expect("WEFT_DML_CORPUS names a readable file");
    let owned = |sql: Result<&str, _>| sql.expect("the corpus is UTF-8").to_owned();
    Some(split(&corpus).into_iter().map(owned).collect())
}

pub struct Run {
    seed: u64,
    count: u64,
}

impl Run {
    /// `WEFT_ORACLE_COUNT` statements from `WEFT_ORACLE_SEED` on, which is drawn from the clock where it
    /// is not given.
    pub fn from_env(count: u64) -> Run {
        let number = |name: &str| {
            std::env::var(name).ok().map(|value| {
                value
                    .parse()
                    .unwrap_or_else(|_| panic!("{name} is no number"))
            })
        };
        let clock = || {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.map_or(0, |now| now.as_secs() * 1_000_000)
        };
        let seed = number("WEFT_ORACLE_SEED").unwrap_or_else(clock);
        let count = number("WEFT_ORACLE_COUNT").unwrap_or(count);
        println!("{count} statements, WEFT_ORACLE_SEED={seed}");
        Run { seed, count }
    }

    /// Judges what `judge` makes of each seed.
    ///
    /// A seed stands for one statement: with `WEFT_ORACLE_COUNT=1` it comes again.
    pub fn each(&self, mut judge: impl FnMut(u64) -> Vec<Result<Outcome, Box<Disagreement>>>) {
        let mut outcomes = BTreeMap::new();
        let mut disagreements = 0;
        for seed in self.seed..self.seed + self.count {
            for judged in judge(seed) {
                match judged {
                    Ok(outcome) => *outcomes.entry(outcome).or_insert(0_u64) += 1,
                    Err(disagreement) => {
                        disagreements += 1;
                        println!("WEFT_ORACLE_SEED={seed}\n{disagreement}");
                    }
                }
            }
        }
        for (outcome, count) in &outcomes {
            println!("{outcome:?}: {count}");
        }
        let guarded = outcomes.get(&Outcome::Guarded).copied().unwrap_or_default();
        assert!(
            guarded > 0 || self.count < 1_000,
            "next to nothing was accepted: nothing is shown"
        );
        assert_eq!(disagreements, 0);
    }
}
