//! Many statements on several threads, and what they came to.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::generate::Statement;
use super::world::{Failure, Layers, World};

/// How many differences are told in full.
const TOLD: usize = 5;

/// What a run of statements came to.
#[derive(Debug, Default)]
pub struct Report {
    /// The seeds.
    pub seeds: Range<u64>,
    /// Statements, without those that every layer must refuse.
    pub statements: u64,
    /// Those of them that the guard let through.
    pub accepted: u64,
    /// Those of them that raised nothing in the twin.
    pub succeeded: u64,
    /// Those of them that returned or wrote a row in the twin.
    pub fruitful: u64,
    /// Those that every layer must refuse.
    pub forbidden: u64,
    /// Executions under each layer.
    pub executions: BTreeMap<Layers, u64>,
    /// Refusals by their kinds.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Errors of the twin.
    pub raised: BTreeMap<String, u64>,
    /// What the statements that all layers agreed on were made of.
    pub features: BTreeMap<&'static str, u64>,
    /// How many statements had differences.
    pub different: u64,
    /// The first of them.
    pub differences: Vec<String>,
    /// From the first to the last.
    pub time: Duration,
}

/// Examines the statements of `seeds` on two threads.
///
/// # Errors
/// Of the server and the connections.
pub fn run(seeds: Range<u64>) -> Result<Report, Failure> {
    let start = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let mut report = Report {
        seeds: seeds.clone(),
        ..Report::default()
    };
    let work = || -> Result<Report, Failure> {
        let mut world = World::new()?;
        let mut report = Report::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(report);
            }
            report.examine(&mut world, seed)?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            report.add(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok::<_, Failure>(())
    })?;
    report.time = start.elapsed();
    Ok(report)
}

impl Report {
    fn examine(&mut self, world: &mut World, seed: u64) -> Result<(), Failure> {
        let statement = Statement::generate(seed);
        let examined = world
            .examine(&statement)
            .map_err(|error| format!("seed {seed}: {error}\n{statement}"))?;
        for (layers, _) in &examined.answers {
            *self.executions.entry(*layers).or_default() += 1;
        }
        let differences = examined.differences(&statement);
        if !differences.is_empty() {
            self.different += 1;
            if self.differences.len() < TOLD {
                self.differences
                    .push(format!("seed {seed}: {statement}\n{differences:?}"));
            }
        }
        if statement.forbidden {
            self.forbidden += 1;
            return Ok(());
        }
        self.statements += 1;
        match examined.answers.first() {
            Some((_, Answer::Raised(message))) => {
                *self.raised.entry(message.clone()).or_default() += 1;
            }
            Some((_, Answer::Ran { count, .. })) => {
                self.succeeded += 1;
                self.fruitful += u64::from(*count > 0);
            }
            _ => {}
        }
        match examined.guarded() {
            Some(Answer::Refused(kind)) => *self.refusals.entry(kind.name()).or_default() += 1,
            _ => {
                self.accepted += 1;
                if differences.is_empty() {
                    for feature in &statement.features {
                        *self.features.entry(feature).or_default() += 1;
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, other: Report) {
        self.statements += other.statements;
        self.accepted += other.accepted;
        self.succeeded += other.succeeded;
        self.fruitful += other.fruitful;
        self.forbidden += other.forbidden;
        self.different += other.different;
        self.differences.extend(other.differences);
        add(&mut self.executions, other.executions);
        add(&mut self.refusals, other.refusals);
        add(&mut self.raised, other.raised);
        add(&mut self.features, other.features);
    }
}

fn add<K: Ord>(to: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key).or_default() += count;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |of: u64| of as f64 * 100.0 / self.statements.max(1) as f64;
        writeln!(
            f,
            "seeds {:?} in {:.1?}: {} statements and {} forbidden ones",
            self.seeds, self.time, self.statements, self.forbidden
        )?;
        writeln!(
            f,
            "accepted {:.1} %, without an error {:.1} %, with rows {:.1} %; {} differ",
            share(self.accepted),
            share(self.succeeded),
            share(self.fruitful),
            self.different
        )?;
        writeln!(f, "executions: {:?}", self.executions)?;
        writeln!(f, "refused: {:?}", self.refusals)?;
        writeln!(f, "made of: {:?}", self.features)?;
        write!(f, "raised: {:#?}", self.raised)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nbinds {:?}, {:?}", self.sql, self.binds, self.shape)
    }
}
