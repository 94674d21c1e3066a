//! Puts statements from standard input, taken apart as `weft` does, before guard and oracle. Their tables
//! are declared as turn 0 of `declared` does it, or as the turn that the first argument gives.

use std::io::{Read, Write};

use weft_oracle::declared;
use weft_tenancy::guard::split;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let turn = std::env::args().nth(1).map_or(Ok(0), |turn| turn.parse())?;
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let mut out = std::io::stdout().lock();
    for sql in split(&input) {
        let sql = sql?;
        writeln!(out, "{}", sql.trim())?;
        match declared::guarded(sql, turn) {
            Ok(guarded) => writeln!(out, "guard:    {}", guarded.sql())?,
            Err(refusal) => writeln!(out, "guard:    {refusal}")?,
        }
        match weft_oracle::tree::parse(sql) {
            Ok(statements) => writeln!(out, "postgres: {} statement(s)", statements.len())?,
            Err(error) => writeln!(out, "postgres: {error}")?,
        }
        match declared::judge(sql, turn) {
            Ok(outcome) => writeln!(out, "oracle:   {outcome:?}\n")?,
            Err(disagreement) => writeln!(out, "oracle:   {}\n", disagreement.problems.join("; "))?,
        }
    }
    Ok(())
}
