//! What the promises cost, each figure a ratio against a peer in the same run.

use std::time::{Duration, Instant};

/// Runs `ours` and `peers` in alternating rounds, so that whatever else the machine does falls on
/// both, and returns the median time of one call of each.
pub fn compare(
    rounds: usize,
    calls: u32,
    mut ours: impl FnMut(),
    mut peers: impl FnMut(),
) -> (Duration, Duration) {
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        times.0.push(timed(calls, &mut ours));
        times.1.push(timed(calls, &mut peers));
    }
    (median(times.0), median(times.1))
}

/// One line of a report: both times, and ours as a multiple of the peer's.
pub fn report(question: &str, (ours, peers): (Duration, Duration)) -> String {
    let ratio = ours.as_secs_f64() / peers.as_secs_f64();
    format!("{question}: {ours:.1?} against {peers:.1?}, {ratio:.2} times")
}

fn timed(calls: u32, work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        work();
    }
    start.elapsed() / calls
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
