//! Another process with racers of its own: `weft-racers URL RACERS`. Each line of its input is a prize,
//! which they race for at once, and each line of its output how many won.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};

use weft_auth::postgres::PgStore;
use weft_tests::auth::{keys, lent::SyncPool, race};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("no address")?;
    let racers = arguments.next().ok_or("no number of racers")?.parse()?;
    let store = PgStore::new(SyncPool::new(&url), keys());
    for line in stdin().lock().lines() {
        let prize = line?.parse().map_err(|race::NoPrize| "no prize")?;
        writeln!(stdout(), "{}", race::winners(&store, &prize, racers))?;
        stdout().flush()?;
    }
    Ok(())
}
