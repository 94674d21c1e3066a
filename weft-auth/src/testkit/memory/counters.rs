use std::time::SystemTime;

use super::Memory;
use crate::pseudonym::Pseudonym;
use crate::store::{Answer, CounterStore};
use crate::throttle::{Backoff, Charge, FailureCharge};

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

    fn purge_counters(&self, before: SystemTime) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let count = tables.rates.len() + tables.failures.len();
            tables.rates.retain(|_, even_at| *even_at >= before);
            tables.failures.retain(|_, failures| {
                failures.next_at >= before || failures.count >= Backoff::LOCK
            });
            (count - tables.rates.len() - tables.failures.len()) as u64
        })
    }
}
