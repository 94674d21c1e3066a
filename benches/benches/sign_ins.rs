//! What do fifty sign-ins at once take, with memory for four hashes and room for sixteen that wait?

#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use weft_auth::password::{Config, Hasher, Params, Password};

const BUDGET: usize = 4 * (19 << 20);

/// What became of one, and after what time.
enum End {
    Refused(Duration),
    Verified(Duration),
}

fn main() -> Result<(), Box<dyn Error>> {
    let before = most_resident()?;
    let config = Config::new(Params::OWASP, BUDGET).with_stored_memory(19_456);
    let hasher = Hasher::new(config.with_waiting(16))?;
    let all_there = Barrier::new(50);
    let ends: Vec<End> = thread::scope(|scope| {
        let sign_ins: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| sign_in(&hasher, &all_there)))
            .collect();
        let ends = sign_ins.into_iter().map(|thread| thread.join());
        ends.collect::<Result<_, _>>().expect("no thread panicked")
    });
    let longest = |refused: bool| {
        let times = ends.iter().filter_map(|end| match end {
            End::Refused(time) if refused => Some(*time),
            End::Verified(time) if !refused => Some(*time),
            _ => None,
        });
        let times: Vec<Duration> = times.collect();
        (times.len(), times.into_iter().max().unwrap_or_default())
    };
    let ((refused, refusal), (verified, wait)) = (longest(true), longest(false));
    println!("{} permits", hasher.permits());
    println!("verified: {verified}, the last one after {wait:.0?}");
    println!("refused: {refused}, after {refusal:.0?} at most");
    let added = (most_resident()? - before) / 1024;
    println!("memory: {added} MiB more at most, of {} MiB", BUDGET >> 20);
    Ok(())
}

fn sign_in(hasher: &Hasher, all_there: &Barrier) -> End {
    let typed = Password::new("correct horse battery staple").expect("a password");
    all_there.wait();
    let since = Instant::now();
    let Ok(place) = hasher.enter() else {
        return End::Refused(since.elapsed());
    };
    let permit = place.wait_at_most(Duration::from_secs(60));
    let refused = permit.expect("a permit").verify(None, &typed).is_err();
    assert!(refused);
    End::Verified(since.elapsed())
}

/// KiB that this process has had in memory at most.
fn most_resident() -> Result<usize, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_ascii_whitespace().next());
    Ok(number.ok_or("no VmHWM")?.parse()?)
}
