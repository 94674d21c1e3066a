//! Counts a program's own instructions, for tests of what takes equally long.
//!
//! Callgrind counts those of the very program that asks, which runs itself; of the release build, on a
//! processor without instructions for SHA-256, and it says nothing of caches.
//!
//! ```no_run
//! # fn what_is_counted() {}
//! if weft_callgrind::is_counted() {
//!     return weft_callgrind::rounds(what_is_counted);
//! }
//! if let Some(why) = weft_callgrind::missing() {
//!     return println!("skipped: {why}");
//! }
//! let counts = weft_callgrind::count(&["*what_is_counted*"]);
//! ```

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio, id};
use std::{env, fs, io};

/// The last of them counts; before it the allocator may take other ways.
const ROUNDS: usize = 4;

/// Told so, the program does what is counted.
const COUNTED: &str = "--counted";

/// Whether this is the run that is counted.
pub fn is_counted() -> bool {
    env::args().any(|argument| argument == COUNTED)
}

/// Does what is counted, as often as it takes.
pub fn rounds(work: impl FnMut()) {
    std::iter::repeat_with(work).take(ROUNDS).for_each(drop);
}

/// Stands between two calls that are counted apart, and after the last one.
#[inline(never)]
pub fn between_two_calls() {
    black_box(());
}

/// Why nothing can be counted.
pub fn missing() -> Option<&'static str> {
    if cfg!(debug_assertions) {
        return Some("not a release build");
    }
    let valgrind = Command::new("valgrind").arg("--version").output();
    valgrind.is_err().then_some("valgrind is not installed")
}

/// The instructions of each call in the last round: those within functions of the first of these names,
/// without those within functions of the next one in them.
///
/// # Errors
/// When the program fails, or valgrind.
pub fn count(names: &[&str]) -> io::Result<Vec<u64>> {
    let folder = env::temp_dir().join(format!("weft-callgrind-{}", id()));
    fs::create_dir_all(&folder)?;
    let counts = run(names, &folder.join("out"));
    fs::remove_dir_all(&folder)?;
    let counts = counts?;
    Ok(counts[counts.len() / ROUNDS * (ROUNDS - 1)..].to_vec())
}

fn run(names: &[&str], report: &Path) -> io::Result<Vec<u64>> {
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg("--dump-before=*weft_callgrind*between_two_calls*")
        .args(names.iter().map(|name| format!("--toggle-collect={name}")))
        .arg(format!("--callgrind-out-file={}", report.display()))
        .arg(env::current_exe()?)
        .arg(COUNTED)
        .stdout(Stdio::null())
        .status()?;
    if !ran.success() {
        return Err(io::Error::other("what was to be counted failed"));
    }
    let number = (1..).map_while(|number| {
        let text = fs::read_to_string(format!("{}.{number}", report.display()));
        text.ok()
    });
    let total = |text: String| {
        let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
        let total = total.and_then(|total| total.trim().parse().ok());
        total.ok_or_else(|| io::Error::other("a report of callgrind's has no total"))
    };
    number.map(total).collect()
}
