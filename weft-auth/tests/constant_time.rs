//! Whether there is an account, and in what state, costs no instruction of the hash, and of what is around
//! it no more than a thousandth of a sign-in's at the least cost there is.
//!
//! Counts say nothing of caches. The look-up is that of the store in memory: what a database does and
//! returns is not among them.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use weft_auth::password::{Config, Hasher, Params};
use weft_auth::store::AccountStore;
use weft_auth::testkit::trace::{Attempt, Flow, Passwords, State};
use weft_auth::testkit::{Memory, Threads};
use weft_callgrind::{between_two_calls, count};

/// Twice the memory of [`Params::insecure_for_tests`].
const FORMER: &str = "$argon2id$v=19$m=128,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                      $AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Where a hash is computed.
const HASH: &str = "weft_auth::password::argon2id::derive";

/// What cannot be read is parsed as far as it goes, and the dummy after it.
const A_SECOND_PARSE: u64 = 4_000;

/// What a flow on an account in some state takes.
struct Counted {
    flow: Flow,
    state: State,
    around: u64,
    hash: u64,
}

fn main() {
    if weft_callgrind::is_counted() {
        let hasher = hasher();
        let passwords = Threads::block_on(Passwords::new(&hasher, FORMER)).unwrap();
        return weft_callgrind::rounds(|| run(&passwords));
    }
    if let Some(why) = weft_callgrind::missing() {
        return println!("skipped: {why}");
    }
    let around = count(&["constant_time::counted*", HASH])
        .unwrap()
        .into_iter();
    let mut counts = around.zip(count(&[HASH]).unwrap());
    let counted: Vec<Counted> = cases()
        .zip(counts.by_ref())
        .map(|((flow, state), (around, hash))| Counted {
            flow,
            state,
            around,
            hash,
        })
        .collect();
    compare(&counted);
    let careless: Vec<(u64, u64)> = counts.collect();
    println!("careless, of somebody and of nobody: {careless:?}");
    assert_ne!(careless[0].1, careless[1].1, "a missing hash is not seen");
    assert!(
        careless[0].0.abs_diff(careless[1].0) > tolerance(&counted),
        "what tells nobody apart is not seen"
    );
}

/// Compares each flow on an account in each state with the one on an account that is in order.
fn compare(counted: &[Counted]) {
    let tolerance = tolerance(counted);
    for one in counted {
        let Counted { flow, state, .. } = *one;
        let tried = match flow {
            Flow::RightPassword => Flow::WrongPassword,
            flow => flow,
        };
        let active = of(counted, (tried, State::Active));
        let off = one.around.abs_diff(active.around);
        println!(
            "{flow:?} {state:?}: {} around a hash of {}, off by {off}",
            one.around, one.hash
        );
        let bound = match (tried, state) {
            (Flow::WrongPassword | Flow::LockingPassword, State::Unreadable) => A_SECOND_PARSE,
            _ => tolerance,
        };
        assert!(off <= bound, "instructions around the hash tell the state");
        let verified = matches!(tried, Flow::WrongPassword | Flow::LockingPassword);
        match verified && state == State::FormerParameters {
            true => assert_ne!(one.hash, active.hash, "other parameters are not seen"),
            false => assert_eq!(
                one.hash, active.hash,
                "instructions of the hash tell the state"
            ),
        }
    }
}

/// A thousandth of a sign-in.
fn tolerance(counted: &[Counted]) -> u64 {
    let active = of(counted, (Flow::WrongPassword, State::Active));
    assert!(active.around.min(active.hash) > 0, "nothing was counted");
    (active.around + active.hash) / 1_000
}

fn of(counted: &[Counted], (flow, state): (Flow, State)) -> &Counted {
    let same = |one: &&Counted| (one.flow, one.state) == (flow, state);
    counted.iter().find(same).unwrap()
}

fn cases() -> impl Iterator<Item = (Flow, State)> {
    let every = Flow::ALL.into_iter();
    let alike = every.flat_map(|flow| State::ALL.map(|state| (flow, state)));
    alike.chain(State::NOT_LET_IN.map(|state| (Flow::RightPassword, state)))
}

fn run(passwords: &Passwords<'_>) {
    for case in cases() {
        let (_, attempt) = prepare(passwords, case);
        let told = counted(&attempt);
        between_two_calls();
        drop(black_box(told));
    }
    for state in [State::Active, State::Unknown] {
        let (store, attempt) = prepare(passwords, (Flow::WrongPassword, state));
        let told = counted_and_careless(&store, &attempt);
        between_two_calls();
        drop(black_box(told));
    }
}

/// A flow on a store that has one account, its own or another's, so that each look-up compares one.
fn prepare(passwords: &Passwords<'_>, case: (Flow, State)) -> (Memory, Attempt<Memory>) {
    let store = Memory::new();
    let now = UNIX_EPOCH + Duration::from_secs(1_764_000_000);
    let prepare = |case| {
        let attempt = Attempt::prepare(store.clone(), passwords, case, now);
        Threads::block_on(attempt).unwrap()
    };
    if case.1 == State::Unknown {
        prepare((Flow::WrongPassword, State::Active));
    }
    let attempt = prepare(case);
    (store, attempt)
}

#[inline(never)]
fn counted(attempt: &Attempt<Memory>) -> String {
    Threads::block_on(black_box(attempt).run()).unwrap()
}

/// The mistake that this test is there to see.
#[inline(never)]
fn counted_and_careless(store: &Memory, attempt: &Attempt<Memory>) -> Option<String> {
    let account = Threads::block_on(store.account_by_mailbox(attempt.mailbox()));
    account.unwrap()?;
    Some(Threads::block_on(attempt.run()).unwrap())
}

fn hasher() -> Hasher {
    let config = Config::new(Params::insecure_for_tests(), 1 << 20);
    Hasher::new(config.with_stored_memory(128)).unwrap()
}
