//! What does it cost to decide on a session whose row is loaded, and to go from its cookie's text to the
//! decision?

#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, SystemTime};

use weft_auth::session::{Device, Policy, Proof, Proofs, Record};
use weft_auth::token::{Session, Token};
use weft_auth::{AccountId, SessionId};
use weft_benches::in_turns;

fn main() -> Result<(), Box<dyn Error>> {
    let now = SystemTime::now();
    let ago = |minutes: u64| now - Duration::from_secs(minutes * 60);
    let policy = Policy::default();
    let token = Token::<Session>::generate()?;
    let digest = token.digest();
    let live = Record {
        id: SessionId::generate()?,
        account: AccountId::generate()?,
        created_at: ago(9_000),
        rotated_at: ago(9_000),
        last_seen_at: ago(3),
        remembered: true,
        proofs: Proofs::of(Proof::Password, ago(9_000)).with(Proof::Totp, ago(5)),
        connection: None,
        device: Device::new("a browser"),
    };
    let idle = Record {
        last_seen_at: ago(60 * 24 * 30),
        created_at: ago(60 * 24 * 29),
        ..live.clone()
    };

    let decide = |record: &Record| {
        let judged = policy.judge(black_box(record), digest, now);
        let two = judged
            .ok()
            .and_then(|session| session.into_two_factors().ok());
        two.is_some_and(|session| session.recently_authenticated(now).is_ok())
    };
    let [good, over, read] = in_turns(
        401,
        20_000,
        [
            &mut |calls| (0..calls).for_each(|_| assert!(decide(&live))),
            &mut |calls| (0..calls).for_each(|_| assert!(!decide(&idle))),
            &mut |calls| {
                for _ in 0..calls {
                    let token = Token::<Session>::parse(black_box(token.expose()));
                    let digest = token.expect("a token").digest();
                    assert!(policy.judge(black_box(&live), digest, now).is_ok());
                }
            },
        ],
    );
    println!(
        "a good session, for two factors proved just now: {:.3} µs",
        good.wall()
    );
    println!("one that is over: {:.3} µs", over.wall());
    println!(
        "from the cookie's text, with its digest: {:.3} µs",
        read.wall()
    );
    Ok(())
}
