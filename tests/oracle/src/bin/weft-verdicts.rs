//! Writes Postgres's reading of the statements on standard input, as `weft-tenancy/tests/verdicts.txt`
//! keeps it.

use std::io::{Read, Write};

use weft_oracle::verdicts::verdicts;
use weft_tenancy::guard::split;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let statements: Result<Vec<_>, _> = split(&input).into_iter().collect();
    std::io::stdout().write_all(verdicts(statements?).as_bytes())?;
    Ok(())
}
