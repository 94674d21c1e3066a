//! Does the time of a refused sign-in tell whether there is an account, and in what state?
//!
//! `cargo bench -p weft-benches --bench login_timing -- [rounds] [seed]`

#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use weft_auth::login::LoginStore;
use weft_auth::password::{Config, Hasher, Params};
use weft_auth::testkit::Threads;
use weft_auth::testkit::trace::{Attempt, Flow, Passwords, State};
use weft_benches::{Interval, bootstrap, welch};
use weft_tests::auth::Tables;
use weft_tests::random::Random;

const ROUNDS: u64 = 2_000;

/// Half the width of an interval that says something, in microseconds.
const CLOSE: f64 = 50.0;

/// A hash with the cost of OWASP's preset of 7 MiB, and one with a hundredth less memory than its default.
const FORMER: [&str; 2] = [
    "$argon2id$v=19$m=7168,t=5,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "$argon2id$v=19$m=19264,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
];

/// What is expected of a series.
#[derive(Clone, Copy)]
enum Expected {
    /// It is what others are compared with.
    Baseline,
    /// It is not told apart.
    Alike,
    /// It is, or nothing would be.
    Apart,
}

/// Who signs in.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    state: State,
    /// Which former hash there is.
    former: usize,
    careless: bool,
    expected: Expected,
}

const fn case(name: &'static str, state: State, expected: Expected) -> Case {
    Case {
        name,
        state,
        former: 0,
        careless: false,
        expected,
    }
}

const CASES: [Case; 11] = [
    case("wrong password", State::Active, Expected::Baseline),
    case("the same again", State::Active, Expected::Alike),
    case("no account", State::Unknown, Expected::Alike),
    case("no password", State::NoPassword, Expected::Alike),
    case("unverified", State::Unverified, Expected::Alike),
    case("suspended", State::Suspended, Expected::Alike),
    case("second factor", State::SecondFactor, Expected::Alike),
    case("unreadable hash", State::Unreadable, Expected::Alike),
    case("7 MiB, 5 passes", State::FormerParameters, Expected::Apart),
    Case {
        former: 1,
        ..case(
            "a hundredth less memory",
            State::FormerParameters,
            Expected::Apart,
        )
    },
    Case {
        careless: true,
        ..case("no account, no dummy", State::Unknown, Expected::Apart)
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let rounds = numbers.next().unwrap_or(ROUNDS);
    let seed = match numbers.next() {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    };
    println!("{rounds} rounds, seed {seed}, load {}", load()?);
    let series = measure(rounds, &mut Random::new(seed))?;
    println!("load {}", load()?);
    let mut random = Random::new(seed);
    for (case, times) in CASES.iter().zip(&series) {
        report(case, times, &series[0], &mut random);
    }
    Ok(())
}

/// The microseconds of each case, round by round.
fn measure(rounds: u64, random: &mut Random) -> Result<[Vec<f64>; CASES.len()], Box<dyn Error>> {
    let hasher = Hasher::new(Config::new(Params::OWASP, 20 << 20).with_stored_memory(19_456))?;
    let of = |former| Threads::block_on(Passwords::new(&hasher, former));
    let passwords = [of(FORMER[0])?, of(FORMER[1])?];
    let tables = Tables::new();
    let store = tables.pooled();
    let mut series = [const { Vec::new() }; CASES.len()];
    for round in 0..=rounds {
        let mut prepared = Vec::new();
        for (place, case) in CASES.iter().enumerate() {
            let flow = (Flow::WrongPassword, case.state);
            let passwords = &passwords[case.former];
            let attempt = Attempt::prepare(store.clone(), passwords, flow, SystemTime::now());
            prepared.push((place, Threads::block_on(attempt)?));
        }
        random.shuffle(&mut prepared);
        for (place, attempt) in prepared {
            let since = Instant::now();
            let told = Threads::block_on(sign_in(&store, &attempt, CASES[place].careless))?;
            let micros = since.elapsed().as_secs_f64() * 1e6;
            assert_eq!(told, "Refused(Refusal(Credentials))");
            // The first round warms up.
            if round > 0 {
                series[place].push(micros);
            }
        }
    }
    Ok(series)
}

/// A sign-in, or one with the mistake that this is there to see.
async fn sign_in<S: LoginStore>(
    store: &S,
    attempt: &Attempt<S>,
    careless: bool,
) -> Result<String, Box<dyn Error>> {
    if careless && store.account_by_mailbox(attempt.mailbox()).await?.is_none() {
        return Ok("Refused(Refusal(Credentials))".to_owned());
    }
    Ok(attempt.run().await?)
}

fn report(case: &Case, times: &[f64], baseline: &[f64], random: &mut Random) {
    let name = case.name;
    if let Expected::Baseline = case.expected {
        return println!("{name}: {:.0} µs", Interval::of(times.iter().copied()));
    }
    let added: Vec<f64> = times.iter().zip(baseline).map(|(a, b)| a - b).collect();
    let interval = bootstrap(&added, |limit| random.below(limit));
    let half = (interval.high - interval.low) / 2.0;
    let apart = interval.low > 0.0 || interval.high < 0.0;
    let verdict = match (case.expected, apart) {
        (Expected::Apart, true) => "told apart, as it has to be",
        (Expected::Apart, false) => "not told apart, so that the others say nothing",
        (_, true) => "told apart: missed",
        (_, false) if half > CLOSE => "too wide to say",
        (_, false) => "not told apart: met",
    };
    println!(
        "{name}: adds {interval:.1} µs, half-width {half:.1}; sign test {:.1}; t {:.1}; {verdict}",
        Interval::of(added),
        welch(times, baseline)
    );
}

/// What the machine did beside, over 1, 5 and 15 minutes.
fn load() -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}
