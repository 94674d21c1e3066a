//! Whether a sign-in asks the same of a store, whatever the state of the account.

mod attempt;

use std::time::SystemTime;

use super::probe::{Op, Probe};
use super::violation::Violation;
use crate::login::LoginStore;

pub use attempt::{Attempt, Flow, Passwords, State};

/// What was seen of one flow: what was asked of the store, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What was asked of the store, and the hashes.
    pub trace: Vec<Op>,
    /// What was answered.
    pub told: String,
}

/// Runs every flow on an account in every state, which it adds to the store, and compares each with the
/// one on no account.
///
/// # Errors
/// The first flow that tells a state.
pub async fn is_the_same_for_all<S: LoginStore>(
    store: S,
    passwords: &Passwords<'_>,
    now: SystemTime,
) -> Result<(), Violation> {
    for flow in Flow::ALL {
        let expected = see(store.clone(), passwords, (flow, State::Unknown), now).await?;
        for state in State::ALL {
            let seen = see(store.clone(), passwords, (flow, state), now).await?;
            if seen != expected {
                let rule = format!("{flow:?} does not tell {state:?} from no account");
                return Err(Violation::new(rule, (seen, expected)));
            }
        }
    }
    let wrong = (Flow::WrongPassword, State::Unknown);
    let expected = see(store.clone(), passwords, wrong, now).await?;
    for state in State::NOT_LET_IN {
        let right = (Flow::RightPassword, state);
        let seen = see(store.clone(), passwords, right, now).await?;
        if seen != expected {
            let rule = format!("the right password of {state:?} is refused like a wrong one");
            return Err(Violation::new(rule, (seen, expected)));
        }
    }
    Ok(())
}

/// Runs a flow on an account of its own.
///
/// # Errors
/// When the store fails.
pub async fn see<S: LoginStore>(
    store: S,
    passwords: &Passwords<'_>,
    case: (Flow, State),
    now: SystemTime,
) -> Result<Seen, Violation> {
    let probe = Probe::new(store);
    let attempt = Attempt::prepare(probe.clone(), passwords, case, now).await?;
    let attempt = attempt.with_offload(probe.clone());
    probe.take_trace();
    let told = attempt.run().await?;
    let trace = probe.take_trace();
    Ok(Seen { trace, told })
}
