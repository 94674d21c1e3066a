//! How often somebody may try: for each account, each network and each mailbox.
//!
//! Limits count before anything is tried, whether the account is there or not, and the store's one
//! statement decides for all processes. Passwords and second factors are counted apart, so that whoever
//! locks one has not locked the other, and a first factor that was right frees no second one.
//!
//! | what | limit | source |
//! |---|---|---|
//! | passwords of one account | waits from the 5th failure in a row, locked at 100 | NIST SP 800-63B, section 3.2.2 |
//! | sign-ins of one network | 10 a minute, 100 an hour | The Copenhagen Book |
//! | mail to one mailbox | 1 a minute, 5 an hour | stricter than Rodauth's 1 in 5 minutes for long |
//! | accounts that one organisation makes for others | 20 a minute, 200 an hour | what somebody types by hand |
//! | second factors of one account | 10 in 15 minutes, locked at 100 in a row | 0.3 % of all codes a day at most |
//! | second factors of one challenge | 5 | Rodauth |
//!
//! A lock is no weapon: a link that is mailed ([`Purpose::SignIn`], [`Purpose::Reset`] or
//! [`Purpose::Unlock`]) gets around it, since it proves the mailbox. The last one ends a lock of second
//! factors as well, and is mailed by the failure that locks.
//!
//! [`Purpose::SignIn`]: crate::link::Purpose::SignIn
//! [`Purpose::Reset`]: crate::link::Purpose::Reset
//! [`Purpose::Unlock`]: crate::link::Purpose::Unlock

mod backoff;
mod network;
mod proxies;
mod rate;

use std::time::Duration;

use crate::pseudonym::{Pseudonym, PseudonymKey};
use crate::{AccountId, Mailbox};

pub use backoff::{Backoff, Failures};
pub use network::Network;
pub use proxies::{NotANetwork, TrustedProxies};
pub use rate::Rate;

/// One to be taken from a [`Rate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Whose rate it is.
    pub key: Pseudonym,
    /// How much of it there is.
    pub rate: Rate,
}

/// One failure to be counted until something succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureCharge {
    /// Whose failure it is.
    pub key: Pseudonym,
    /// What it costs.
    pub backoff: Backoff,
}

/// The limits, with the key under which they are counted.
#[derive(Debug, Clone)]
pub struct Limits(PseudonymKey);

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Limits {
    /// The limits of this page, counted under that key.
    pub fn new(key: PseudonymKey) -> Limits {
        Limits(key)
    }

    /// What a sign-in costs its network.
    pub fn network(&self, network: Network) -> [Charge; 2] {
        let rates = [Rate::new(10, MINUTE), Rate::new(100, HOUR)];
        self.charges(
            ["network a minute", "network an hour"],
            &network.bytes(),
            rates,
        )
    }

    /// What a mail costs its mailbox.
    pub fn mail(&self, mailbox: &Mailbox) -> [Charge; 2] {
        let rates = [Rate::new(1, MINUTE), Rate::new(5, HOUR)];
        let subject = mailbox.as_str().as_bytes();
        self.charges(["mail a minute", "mail an hour"], subject, rates)
    }

    /// What it costs an organisation, by its id, to make an account for somebody who has not asked for it.
    pub fn account_for_another(&self, organization: &[u8; 16]) -> [Charge; 2] {
        let rates = [Rate::new(20, MINUTE), Rate::new(200, HOUR)];
        let names = ["accounts a minute", "accounts an hour"];
        self.charges(names, organization, rates)
    }

    /// What an attempt at a second factor costs its account.
    pub fn second_factor(&self, account: AccountId) -> [Charge; 1] {
        let rates = [Rate::new(10, 15 * MINUTE)];
        self.charges(["second factor a quarter"], account.as_bytes(), rates)
    }

    /// The failures with the passwords of a mailbox, whether or not there is an account.
    pub fn password_failures(&self, mailbox: &Mailbox) -> FailureCharge {
        FailureCharge {
            key: self.0.pseudonym("password", mailbox.as_str().as_bytes()),
            backoff: Backoff::PASSWORD,
        }
    }

    /// The failures with the second factors of an account.
    pub fn second_factor_failures(&self, account: AccountId) -> FailureCharge {
        FailureCharge {
            key: self.0.pseudonym("second factor", account.as_bytes()),
            backoff: Backoff::SECOND_FACTOR,
        }
    }

    fn charges<const N: usize>(
        &self,
        names: [&str; N],
        subject: &[u8],
        rates: [Rate; N],
    ) -> [Charge; N] {
        std::array::from_fn(|place| Charge {
            key: self.0.pseudonym(names[place], subject),
            rate: rates[place],
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Keycloak counted both together, so that guesses at one locked the other (Keycloak #46164).
    #[test]
    fn passwords_and_second_factors_have_counters_of_their_own() {
        let limits = Limits::new(PseudonymKey::new(&[7; 32]));
        let account = AccountId::from_bytes(*b"ada@example.com\0");
        let mailbox = Mailbox::parse("ada@example.com").unwrap();
        let network = Network::of("192.0.2.1".parse().unwrap());
        let mut keys = HashSet::from([
            limits.password_failures(&mailbox).key,
            limits.second_factor_failures(account).key,
            limits.second_factor(account)[0].key,
        ]);
        keys.extend(limits.mail(&mailbox).map(|charge| charge.key));
        keys.extend(limits.network(network).map(|charge| charge.key));
        keys.extend(
            limits
                .account_for_another(account.as_bytes())
                .map(|charge| charge.key),
        );
        assert_eq!(keys.len(), 9);
    }
}
