//! One token in the place of another, with both in force for a while.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::grant::Grant;
use super::scope::Scope;

/// The longest that both may be in force.
const LONGEST_OVERLAP: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What to write when a token is exchanged, both in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it is a decision until it is written"]
pub struct Rotation<S: Scope> {
    /// The new end of the old token.
    pub old_expires_at: SystemTime,
    /// The new token's row.
    pub new: Grant<S>,
}

/// Why a token is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationError {
    /// It has expired: what is not in force makes nothing new.
    Expired,
    /// Both would be in force for more than 7 days.
    Overlap,
    /// A time would lie beyond what the clock can say.
    Time,
}

impl<S: Scope> Grant<S> {
    /// The new token has the scopes of the old one and lives as long from now on as that one was to; the
    /// old one ends after `overlap`, or when it would have.
    ///
    /// # Errors
    /// When the old one has expired, or both would be in force for more than 7 days.
    ///
    /// # Security
    /// Without an overlap the old one ends at once, which is what to do with a token that leaked.
    pub fn rotate(&self, now: SystemTime, overlap: Duration) -> Result<Rotation<S>, RotationError> {
        if self.has_expired(now) {
            return Err(RotationError::Expired);
        }
        if overlap > LONGEST_OVERLAP {
            return Err(RotationError::Overlap);
        }
        let after = |time: Duration| now.checked_add(time).ok_or(RotationError::Time);
        let end = after(overlap)?;
        let life = self.expires_at.map(|end| {
            let life = end.duration_since(self.created_at);
            life.unwrap_or_default()
        });
        Ok(Rotation {
            old_expires_at: self.expires_at.map_or(end, |before| before.min(end)),
            new: Grant {
                scopes: self.scopes.clone(),
                created_at: now,
                expires_at: life.map(after).transpose()?,
                last_used_at: None,
            },
        })
    }
}

impl fmt::Display for RotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RotationError::Expired => "the token has expired",
            RotationError::Overlap => "the old token would be in force for more than 7 days",
            RotationError::Time => "the time is beyond what the clock can say",
        })
    }
}

impl std::error::Error for RotationError {}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::token::scope::Scopes;
    use crate::token::scope::tests::Orders;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn day(days: u32) -> SystemTime {
        UNIX_EPOCH + DAY * days
    }

    fn grant(expires_at: Option<SystemTime>) -> Grant<Orders> {
        Grant {
            scopes: Scopes::new([Orders::Read]),
            created_at: day(10),
            expires_at,
            last_used_at: Some(day(20)),
        }
    }

    #[test]
    fn both_are_in_force_for_the_overlap() {
        let rotation = grant(Some(day(100))).rotate(day(30), DAY).unwrap();
        assert_eq!(rotation.old_expires_at, day(31));
        let new = Grant {
            created_at: day(30),
            expires_at: Some(day(120)),
            last_used_at: None,
            ..grant(None)
        };
        assert_eq!(rotation.new, new);
    }

    #[test]
    fn the_old_one_never_gains_time() {
        let rotation = grant(Some(day(33))).rotate(day(30), DAY * 7).unwrap();
        assert_eq!(rotation.old_expires_at, day(33));
        let endless = grant(None).rotate(day(30), DAY * 7).unwrap();
        assert_eq!(endless.old_expires_at, day(37));
        assert_eq!(endless.new.expires_at, None);
    }

    #[test]
    fn a_leaked_one_ends_at_once() {
        let rotation = grant(None).rotate(day(30), Duration::ZERO).unwrap();
        let old = grant(Some(rotation.old_expires_at));
        assert!(old.check(Orders::Read, day(30)).is_err());
    }

    #[test]
    fn what_is_not_in_force_makes_nothing_new() {
        let rotate = |end, overlap| grant(end).rotate(day(30), overlap).unwrap_err();
        assert_eq!(rotate(Some(day(30)), DAY), RotationError::Expired);
        let over = LONGEST_OVERLAP + Duration::from_nanos(1);
        assert_eq!(rotate(None, over), RotationError::Overlap);
        assert_eq!(rotate(None, Duration::MAX), RotationError::Overlap);
    }
}
