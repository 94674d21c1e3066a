//! Whether a token that was found may be used now.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::scope::{Scope, Scopes};

/// How seldom a use is recorded.
pub(super) const RECORDED_EVERY: Duration = Duration::from_secs(60);

/// What is stored of an API token besides its digest.
///
/// ```
/// # use weft_auth::token::Scope;
/// # #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
/// # enum Orders { Read }
/// # impl Scope for Orders {
/// #     const ALL: &'static [Orders] = &[Orders::Read];
/// #     fn name(self) -> &'static str { "orders:read" }
/// # }
/// use std::time::{Duration, SystemTime};
/// use weft_auth::token::{Grant, Scopes};
///
/// let now = SystemTime::now();
/// let grant = Grant {
///     scopes: Scopes::new([Orders::Read]),
///     created_at: now - Duration::from_secs(3600),
///     expires_at: None,
///     last_used_at: Some(now - Duration::from_secs(61)),
/// };
/// let used = grant.check(Orders::Read, now)?;
/// assert_eq!(used.to_record(), Some(now));
/// # Ok::<(), weft_auth::token::GrantRefusal>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant<S: Scope> {
    /// What it may be used for.
    pub scopes: Scopes<S>,
    /// When it was made.
    pub created_at: SystemTime,
    /// From when on it is not in force, if ever.
    pub expires_at: Option<SystemTime>,
    /// When it was last used, as far as recorded.
    pub last_used_at: Option<SystemTime>,
}

/// A use that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the use may have to be recorded"]
pub struct GrantUse {
    to_record: Option<SystemTime>,
}

/// Why a token may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantRefusal {
    /// There is none: a 401.
    Unknown,
    /// It has expired: a 401, like a token that is not there.
    Expired,
    /// It has not the scope: a 403.
    Scope,
}

impl<S: Scope> Grant<S> {
    /// Whether it is in force and has that scope.
    ///
    /// # Errors
    /// When it has expired, whatever its scopes; and when it lacks the scope.
    pub fn check(&self, needed: S, now: SystemTime) -> Result<GrantUse, GrantRefusal> {
        if self.has_expired(now) {
            return Err(GrantRefusal::Expired);
        }
        if !self.scopes.contains(needed) {
            return Err(GrantRefusal::Scope);
        }
        let recorded = self.last_used_at.is_some_and(|last| {
            // A clock that was set back far leaves a time ahead, which is recorded over.
            let apart = now
                .duration_since(last)
                .unwrap_or_else(|ahead| ahead.duration());
            apart < RECORDED_EVERY
        });
        Ok(GrantUse {
            to_record: (!recorded).then_some(now),
        })
    }

    pub(super) fn has_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

impl GrantUse {
    /// What to write as the last use, at most once a minute.
    pub fn to_record(&self) -> Option<SystemTime> {
        self.to_record
    }
}

impl fmt::Display for GrantRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GrantRefusal::Unknown => "there is no such token",
            GrantRefusal::Expired => "the token has expired",
            GrantRefusal::Scope => "the token has not the scope for this",
        })
    }
}

impl std::error::Error for GrantRefusal {}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::token::scope::tests::Orders;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn grant() -> Grant<Orders> {
        Grant {
            scopes: Scopes::new([Orders::Read]),
            created_at: at(0),
            expires_at: Some(at(1_000)),
            last_used_at: None,
        }
    }

    #[test]
    fn it_is_in_force_up_to_its_end() {
        let check = |now| grant().check(Orders::Read, at(now)).is_ok();
        assert_eq!(
            [0, 999, 1_000, 1_001].map(check),
            [true, true, false, false]
        );
        let endless = Grant {
            expires_at: None,
            ..grant()
        };
        assert!(endless.check(Orders::Read, at(1 << 40)).is_ok());
    }

    #[test]
    fn an_expired_token_does_not_tell_its_scopes() {
        assert_eq!(
            grant().check(Orders::Write, at(5)),
            Err(GrantRefusal::Scope)
        );
        let expired = grant().check(Orders::Write, at(1_000));
        assert_eq!(expired, Err(GrantRefusal::Expired));
    }

    #[test]
    fn a_use_is_recorded_at_most_once_a_minute() {
        let recorded = |last: Option<u64>, now: u64| {
            let grant = Grant {
                last_used_at: last.map(at),
                ..grant()
            };
            grant.check(Orders::Read, at(now)).unwrap().to_record()
        };
        assert_eq!(recorded(None, 500), Some(at(500)));
        assert_eq!(recorded(Some(441), 500), None);
        assert_eq!(recorded(Some(440), 500), Some(at(500)));
        // Clocks that differ a little, and one that was set back.
        assert_eq!(recorded(Some(559), 500), None);
        assert_eq!(recorded(Some(560), 500), Some(at(500)));
    }
}
