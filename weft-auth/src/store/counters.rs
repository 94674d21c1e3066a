use std::time::SystemTime;

use super::{Answer, Store};
use crate::pseudonym::Pseudonym;
use crate::throttle::{Charge, FailureCharge};

/// Counters, by pseudonyms: how often, and how often in vain.
///
/// # Security
/// What is counted is committed before the method returns, and the caller hashes or compares only then: an
/// attempt that crashes, is aborted or rolled back has been counted (CVE-2026-27801, CVE-2026-35597).
pub trait CounterStore: Store {
    /// Takes one from each rate that admits one more ([`Rate::admit`](crate::throttle::Rate::admit) says
    /// which, and has the statement), and says whether all did.
    fn take(
        &self,
        charges: &[Charge],
        now: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Counts one failure if [`Backoff::admit`](crate::throttle::Backoff::admit) does, and says the how
    /// many it is in a row. `None`: not admitted, not counted.
    fn count_failure(
        &self,
        charge: &FailureCharge,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<u32>, Self>> + Send;

    /// Forgets the failures under those keys.
    fn clear_failures(&self, keys: &[Pseudonym]) -> impl Future<Output = Answer<(), Self>> + Send;

    /// Deletes up to `most` rates that were even by then, and up to as many failures whose wait was over, and
    /// says how many. Failures that lock ([`Backoff::LOCK`](crate::throttle::Backoff::LOCK)) stay: no time opens
    /// a lock.
    fn purge_counters(
        &self,
        before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;
}
