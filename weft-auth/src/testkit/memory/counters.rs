use std::time::SystemTime;

use super::{Memory, up_to};
use crate::pseudonym::Pseudonym;
use crate::store::{Answer, CounterStore};
use crate::throttle::{Backoff, Charge, FailureCharge, Failures};

impl CounterStore for Memory {
    fn take(
        &self,
        charges: &[Charge],
        now: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let mut all = true;
            for charge in charges {
                let even_at = tables.rates.get(&charge.key).copied();
                match charge.rate.admit(even_at, now) {
                    Some(next) => drop(tables.rates.insert(charge.key, next)),
                    None => all = false,
                }
            }
            all
        })
    }

    fn count_failure(
        &self,
        charge: &FailureCharge,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<u32>, Self>> + Send {
        self.step(|tables| {
            let stored = tables.failures.get(&charge.key).copied();
            let failures = charge.backoff.admit(stored, now)?;
            tables.failures.insert(charge.key, failures);
            Some(failures.count)
        })
    }

    fn clear_failures(&self, keys: &[Pseudonym]) -> impl Future<Output = Answer<(), Self>> + Send {
        self.step(|tables| tables.failures.retain(|key, _| !keys.contains(key)))
    }

    fn purge_counters(
        &self,
        before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let count = tables.rates.len() + tables.failures.len();
            let mut keep = up_to(most, |even_at: &SystemTime| *even_at < before);
            tables.rates.retain(|_, even_at| keep(even_at));
            let mut keep = up_to(most, |failures: &Failures| {
                failures.next_at < before && failures.count < Backoff::LOCK
            });
            tables.failures.retain(|_, failures| keep(failures));
            (count - tables.rates.len() - tables.failures.len()) as u64
        })
    }
}
