//! What a hasher is made of.

use std::fmt;

use super::params::Params;
use super::pepper::Peppers;
use crate::NoRandomness;

/// How many may wait for each permit, unless it is said: half a second's worth at 30 ms a hash.
const WAITING_PER_PERMIT: usize = 16;

/// Parameters, peppers and the memory that all hashes together may take.
///
/// ```
/// use weft_auth::password::{Config, Hasher, Params};
///
/// // 4 permits: each can hold the 38 MiB that a stored hash may ask for.
/// let hasher = Hasher::new(Config::new(Params::OWASP, 160 << 20))?;
/// assert_eq!(hasher.permits(), 4);
///
/// // 8, where no stored hash has more memory than new ones.
/// let config = Config::new(Params::OWASP, 160 << 20).with_stored_memory(19_456);
/// assert_eq!(Hasher::new(config)?.permits(), 8);
/// # Ok::<(), weft_auth::password::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Config {
    pub(super) params: Params,
    pub(super) peppers: Peppers,
    pub(super) stored_memory: u32,
    pub(super) wipes_after_each: bool,
    budget: usize,
    waiting: Option<usize>,
}

/// Why a hasher cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The budget is less than one hash may take.
    Budget,
    /// Stored hashes may have less memory than new ones.
    StoredMemory,
    /// The system did not give the memory of the budget.
    Memory,
    /// The system gave no randomness.
    Randomness,
}

impl Config {
    /// Hashes of those parameters, within `budget` bytes of memory for all that run at once.
    ///
    /// There are as many permits as the budget has room for. More than the machine has cores make each
    /// hash slower and none sooner.
    pub fn new(params: Params, budget: usize) -> Config {
        Config {
            params,
            peppers: Peppers::none(),
            stored_memory: params.memory.saturating_mul(2),
            wipes_after_each: false,
            budget,
            waiting: None,
        }
    }

    /// The same with peppers.
    pub fn with_peppers(mut self, peppers: Peppers) -> Config {
        self.peppers = peppers;
        self
    }

    /// The same with another bound on the KiB that a stored hash may ask for, which is twice what new
    /// ones take otherwise. What asks for more is refused for the price of a new one.
    pub fn with_stored_memory(mut self, kib: u32) -> Config {
        self.stored_memory = kib;
        self
    }

    /// The same with another number of sign-ins that may wait, which is 16 for each permit otherwise.
    pub fn with_waiting(mut self, waiting: usize) -> Config {
        self.waiting = Some(waiting);
        self
    }

    /// The same, but memory is overwritten after each hash, and not only when it goes back to the system.
    ///
    /// # Security
    /// What a hash leaves behind stays until the next one overwrites it. Whoever reads it in between (a
    /// core dump, a debugger) can test passwords against its early blocks at far less than a hash's cost,
    /// most of all where there is one pass. `benches/README.md` says what this takes.
    pub fn with_wiping_after_each_hash(mut self) -> Config {
        self.wipes_after_each = true;
        self
    }

    /// How many hashes fit into the budget.
    pub(super) fn permits(&self) -> Result<usize, ConfigError> {
        if self.stored_memory < self.params.memory {
            return Err(ConfigError::StoredMemory);
        }
        let each = usize::try_from(u64::from(self.stored_memory) * 1024);
        match each.map(|each| self.budget / each) {
            Ok(permits) if permits > 0 => Ok(permits),
            _ => Err(ConfigError::Budget),
        }
    }

    pub(super) fn waiting(&self, permits: usize) -> usize {
        let otherwise = permits.saturating_mul(WAITING_PER_PERMIT);
        self.waiting.unwrap_or(otherwise)
    }
}

impl From<NoRandomness> for ConfigError {
    fn from(_: NoRandomness) -> ConfigError {
        ConfigError::Randomness
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConfigError::Budget => "the budget is less than one hash may take",
            ConfigError::StoredMemory => "stored hashes may have less memory than new ones",
            ConfigError::Memory => "the system did not give the memory of the budget",
            ConfigError::Randomness => "the system has no randomness to give",
        })
    }
}

impl std::error::Error for ConfigError {}
