//! Hashing and verifying.

use std::fmt;
use std::sync::Arc;

use argon2::Error;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::admission::{Gate, Permit};
use super::argon2id::derive;
use super::config::{Config, ConfigError};
use super::memory::Memory;
use super::params::Params;
use super::pepper::{Pepper, Peppers};
use super::phc::{Phc, StoredError};
use super::plain::Password;
use super::policy::NewPassword;
use super::refusal::{Refusal, RefusalKind};
use crate::random;

/// The bytes of a new salt (OWASP; RFC 9106, section 3.1).
const SALT: usize = 16;
/// The bytes of a new tag.
const TAG: usize = 32;

/// Hashes and verifies passwords, for those who were [admitted](Hasher::enter). Clones share its memory
/// and its queue.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

struct Inner {
    params: Params,
    peppers: Peppers,
    stored_memory: u32,
    wipes_after_each: bool,
    permits: usize,
    dummy: Phc,
    /// Its text, so that an account without a hash to obey has one parsed as well.
    dummy_text: String,
    gate: Gate,
}

/// A hash as it is stored: a PHC string with parameters, pepper's id, salt and tag.
#[derive(Clone)]
pub struct PasswordHash(String);

/// The right password.
#[must_use = "the hash may have to be made anew"]
pub struct Match<'p> {
    password: &'p Password,
    needs_rehash: bool,
}

/// Why nothing was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashError {
    /// The system gave no randomness for a salt.
    Randomness,
    /// Argon2 refused the parameters.
    Params,
}

impl Hasher {
    /// A hasher with all its memory, and a hash that nobody knows the password of for the accounts that
    /// have none.
    ///
    /// # Errors
    /// When the budget is too small for one hash, or the system gives no memory or no randomness.
    pub fn new(config: Config) -> Result<Hasher, ConfigError> {
        let permits = config.permits()?;
        let waiting = config.waiting(permits);
        let memory = (0..permits).map(|_| {
            let memory = Memory::reserve(config.stored_memory, config.params.memory);
            memory.ok_or(ConfigError::Memory)
        });
        let gate = Gate::new(memory.collect::<Result<_, _>>()?, waiting);
        let dummy = Phc {
            params: config.params,
            key_id: config
                .peppers
                .current()
                .map(|pepper| pepper.id().to_owned()),
            salt: random::bytes::<SALT>()?.to_vec(),
            tag: random::bytes::<TAG>()?.to_vec(),
        };
        Ok(Hasher(Arc::new(Inner {
            params: config.params,
            peppers: config.peppers,
            stored_memory: config.stored_memory,
            wipes_after_each: config.wipes_after_each,
            permits,
            dummy_text: dummy.to_string(),
            dummy,
            gate,
        })))
    }

    /// How many may hash at once.
    pub fn permits(&self) -> usize {
        self.0.permits
    }

    /// Whether a stored hash is to be made anew, for a job that looks for old ones.
    ///
    /// # Errors
    /// When it would not be obeyed.
    pub fn needs_rehash(&self, stored: &str) -> Result<bool, StoredError> {
        self.0.read(stored).map(|(phc, _)| self.0.is_old(&phc))
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.0.gate
    }
}

impl Inner {
    /// A stored hash with its pepper's key.
    fn read(&self, stored: &str) -> Result<(Phc, &[u8]), StoredError> {
        let phc = Phc::parse(stored, self.stored_memory)?;
        let key = self.peppers.key(phc.key_id.as_deref())?;
        Ok((phc, key))
    }

    /// The dummy, read as a stored hash is.
    fn dummy(&self) -> (Phc, &[u8]) {
        let read = self.read(&self.dummy_text);
        read.unwrap_or_else(|_| (self.dummy.clone(), self.key()))
    }

    fn key(&self) -> &[u8] {
        self.peppers.current().map_or(&[], Pepper::key)
    }

    fn is_old(&self, phc: &Phc) -> bool {
        phc.params != self.params
            || phc.key_id.as_deref() != self.peppers.current().map(Pepper::id)
            || (phc.salt.len(), phc.tag.len()) != (SALT, TAG)
    }
}

impl Permit {
    /// Whether `password` is the one that was stored; `None` stands for no account, and for an account
    /// without a password.
    ///
    /// It takes the time of a hash: call it where a thread may block.
    ///
    /// # Errors
    /// When it is not, or nothing was stored, or what was stored is not obeyed.
    ///
    /// # Security
    /// Without a hash to obey, the work is that of a new one: the same parameters, the same pepper, the
    /// same memory. A stored hash with *other* parameters costs what they cost, and tells with its time
    /// that the account is there; make such hashes anew, or pad until none are left
    /// ([`Hasher::needs_rehash`] finds them). Check whether the account is locked, verified or owes a
    /// second factor after this and not before.
    pub fn verify<'p>(
        &mut self,
        stored: Option<&str>,
        password: &'p Password,
    ) -> Result<Match<'p>, Refusal> {
        let hasher = self.hasher.clone();
        let inner = &*hasher.0;
        let read = match stored {
            Some(stored) => inner.read(stored).map_err(RefusalKind::Unreadable),
            None => Err(RefusalKind::NoPassword),
        };
        let refusal = read.as_ref().err().copied();
        let (phc, key) = read.unwrap_or_else(|_| inner.dummy());

        let mut tag = Zeroizing::new(vec![0; phc.tag.len()]);
        let derived = self.derive(phc.params, key, (password, &phc.salt), &mut tag);
        let same = tag.as_slice().ct_eq(&phc.tag)
            & Choice::from(u8::from(derived.is_ok()))
            & Choice::from(u8::from(refusal.is_none()));
        match bool::from(same) {
            true => Ok(Match {
                password,
                needs_rehash: inner.is_old(&phc),
            }),
            false => Err(Refusal::new(refusal.unwrap_or(RefusalKind::WrongPassword))),
        }
    }

    /// The hash of a password that the policy let pass.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn hash(&mut self, password: &NewPassword) -> Result<PasswordHash, HashError> {
        self.hash_anew(password.password())
    }

    /// The hash of a password that was right, with the parameters and the pepper of today.
    ///
    /// # Errors
    /// When the system gives no randomness; the old hash is as good as it was, so let nobody wait for this.
    pub fn rehash(&mut self, right: &Match<'_>) -> Result<PasswordHash, HashError> {
        self.hash_anew(right.password)
    }

    fn hash_anew(&mut self, password: &Password) -> Result<PasswordHash, HashError> {
        let hasher = self.hasher.clone();
        let inner = &*hasher.0;
        let salt = random::bytes::<SALT>().map_err(|_| HashError::Randomness)?;
        let mut tag = vec![0; TAG];
        self.derive(inner.params, inner.key(), (password, &*salt), &mut tag)
            .map_err(|_| HashError::Params)?;
        let phc = Phc {
            params: inner.params,
            key_id: inner.dummy.key_id.clone(),
            salt: salt.to_vec(),
            tag,
        };
        Ok(PasswordHash(phc.to_string()))
    }

    fn derive(
        &mut self,
        params: Params,
        key: &[u8],
        (password, salt): (&Password, &[u8]),
        tag: &mut [u8],
    ) -> Result<(), Error> {
        let memory = self.memory.as_mut().ok_or(Error::OutOfMemory)?;
        let derived = derive(params, key, (password.bytes(), salt), memory, tag);
        if self.hasher.0.wipes_after_each {
            memory.wipe();
        }
        derived
    }
}

impl Match<'_> {
    /// Whether the stored hash has other parameters or another pepper than new ones.
    ///
    /// Answer first and [`rehash`](Permit::rehash) then: nobody is to wait for it, and a failure of it
    /// changes nothing.
    pub fn needs_rehash(&self) -> bool {
        self.needs_rehash
    }
}

impl PasswordHash {
    /// The text to store.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("params", &self.0.params)
            .field("peppers", &self.0.peppers)
            .field("permits", &self.0.permits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

impl fmt::Debug for Match<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Match")
            .field("needs_rehash", &self.needs_rehash)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HashError::Randomness => "the system has no randomness to give",
            HashError::Params => "argon2 refused the parameters",
        })
    }
}

impl std::error::Error for HashError {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::password::Policy;

    /// Should somebody guess what the dummy is of, there is still no account.
    #[test]
    fn the_password_of_the_dummy_is_refused() {
        let config = Config::new(Params::insecure_for_tests(), 1 << 20);
        let mut hasher = Hasher::new(config).unwrap();
        let permit = |hasher: &Hasher| hasher.enter().unwrap().wait_at_most(Duration::ZERO);
        let typed = || Password::new("correct horse battery staple").unwrap();
        let chosen = Policy::alone().accept(typed(), &[]).unwrap();
        let stored = permit(&hasher).unwrap().hash(&chosen).unwrap();

        let inner = Arc::get_mut(&mut hasher.0).unwrap();
        inner.dummy = Phc::parse(stored.expose(), 64).unwrap();
        inner.dummy_text = stored.expose().to_owned();
        let mut permit = permit(&hasher).unwrap();
        let verdict = |permit: &mut Permit, stored| permit.verify(stored, &typed()).is_ok();
        assert!(verdict(&mut permit, Some(stored.expose())));
        assert!(!verdict(&mut permit, None));
        assert!(!verdict(&mut permit, Some("")));
    }
}
