//! Postgres's reading of many statements as a text that names none of them.

use std::collections::BTreeMap;

use crate::{hash::fnv, reading, tree};

/// A line for each reading, in order: the reading, a tab, and the hashes of the statements that are
/// read so. What Postgres does not parse as one statement is left out.
pub fn verdicts<'s>(statements: impl IntoIterator<Item = &'s str>) -> String {
    let mut readings = BTreeMap::<String, Vec<String>>::new();
    for sql in statements {
        if let Ok([statement]) = tree::parse(sql).as_deref() {
            let reading = reading::read(statement).join("; ");
            let hash = format!("{:016x}", fnv(sql.as_bytes()));
            readings.entry(reading).or_default().push(hash);
        }
    }
    readings
        .into_iter()
        .map(|(reading, mut hashes)| {
            hashes.sort();
            hashes.dedup();
            format!("{reading}\t{}\n", hashes.join(" "))
        })
        .collect()
}
