//! Does verifying a password in memory that is kept cost less than with the bare `argon2`, what does wiping
//! that memory each time cost, and what does Debian's library take?

#![allow(missing_docs, clippy::print_stdout)]

use std::cell::RefCell;
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Version};
use weft_auth::password::{Config, Hasher, Params, Password, Permit, Policy};
use weft_benches::{Interval, in_turns};

const ROUNDS: usize = 101;
const TYPED: &str = "correct horse battery staple";

fn main() -> Result<(), Box<dyn Error>> {
    for (name, params, (memory, passes)) in [
        ("19 MiB, 2 passes (OWASP)", Params::OWASP, (19_456, 2)),
        ("46 MiB, 1 pass", Params::OWASP_46_MIB, (47_104, 1)),
    ] {
        let config = Config::new(params, 128 << 20);
        let mut kept = permit(config.clone())?;
        let mut wiped = permit(config.with_wiping_after_each_hash())?;
        let password = Password::new(TYPED)?;
        let chosen = Policy::alone().accept(Password::new(TYPED)?, &[])?;
        let stored = kept.hash(&chosen)?;
        let inner = argon2::Params::new(memory, passes, 1, None)?;
        let bare = Argon2::new(Algorithm::Argon2id, Version::V0x13, inner);
        let debian = RefCell::new(Vec::new());

        let [ours, theirs, wiping, _] = in_turns(
            ROUNDS,
            1,
            [
                &mut |_| {
                    let right = kept.verify(Some(stored.expose()), &password);
                    assert!(black_box(right).is_ok());
                },
                &mut |_| {
                    let mut tag = [0; 32];
                    bare.hash_password_into(TYPED.as_bytes(), &[7; 16], &mut tag)
                        .expect("a hash");
                    black_box(tag);
                },
                &mut |_| {
                    let right = wiped.verify(Some(stored.expose()), &password);
                    assert!(black_box(right).is_ok());
                },
                &mut |_| debian.borrow_mut().extend(command(memory, passes)),
            ],
        );
        println!("{name}:");
        println!(
            "  {}",
            ours.against(&theirs, "kept memory against the bare crate")
        );
        println!(
            "  wiping after each hash adds {:.0} µs",
            wiping.added(&ours)
        );
        println!(
            "  with it, against the bare crate: {:.3}",
            wiping.ratio(&theirs)
        );
        match debian.into_inner() {
            times if times.is_empty() => println!("  Debian's library: no command `argon2`"),
            times => println!(
                "  on the processor: {:.1} ms, Debian's library {:.1} ms",
                ours.cpu().median / 1e3,
                Interval::of(times)
            ),
        }
    }
    Ok(())
}

fn permit(config: Config) -> Result<Permit, Box<dyn Error>> {
    let place = Hasher::new(config)?.enter()?;
    Ok(place.wait_at_most(Duration::ZERO)?)
}

/// Milliseconds of one hash, as Debian's command counts them.
fn command(memory: u32, passes: u32) -> Option<f64> {
    let mut child = Command::new("argon2")
        .args(["saltsaltsaltsalt", "-id", "-l", "32", "-p", "1"])
        .args(["-k", &memory.to_string(), "-t", &passes.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(TYPED.as_bytes()).ok()?;
    let said = String::from_utf8(child.wait_with_output().ok()?.stdout).ok()?;
    let line = said
        .lines()
        .find_map(|line| line.strip_suffix(" seconds"))?;
    line.parse::<f64>().ok().map(|seconds| seconds * 1e3)
}
