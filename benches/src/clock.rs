//! Time on the wall and time on the processor.

use std::fs;
use std::time::{Duration, Instant};

/// What a piece of work took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// Runs `work`.
pub(crate) fn timed(work: impl FnOnce()) -> Spent {
    let (cpu, wall) = (on_cpu(), Instant::now());
    work();
    Spent {
        wall: wall.elapsed(),
        cpu: on_cpu().saturating_sub(cpu),
    }
}

/// How long this thread has been on a processor, as the kernel counted when it was last taken off:
/// to the nanosecond for work that waits for a server.
#[allow(clippy::expect_used)]
fn on_cpu() -> Duration {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux's schedstat");
    let first = counted.split_ascii_whitespace().next();
    let nanos = first.and_then(|number| number.parse().ok());
    Duration::from_nanos(nanos.expect("a number of nanoseconds"))
}
