use std::fmt;
use std::time::Duration;

use super::purpose::Purpose;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long links are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    sign_in: Duration,
    reset: Duration,
}

/// The time is longer than a link of that purpose may be good, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl Policy {
    /// 10 minutes to sign in and to reset, as ASVS 6.5.5 asks for (level 2).
    ///
    /// ASVS 6.3.6 (level 3) accepts no mailbox as a factor at all; [`TwoFactors`] counts none as the
    /// second.
    ///
    /// [`TwoFactors`]: crate::session::TwoFactors
    pub const ASVS: Policy = Policy {
        sign_in: MINUTE.saturating_mul(10),
        reset: MINUTE.saturating_mul(10),
    };

    /// The same with another time to sign in.
    ///
    /// # Errors
    /// When it is over 15 minutes (Phoenix), or none.
    pub const fn with_sign_in(self, ttl: Duration) -> Result<Policy, TooLong> {
        match ttl.as_secs() >= 1 && ttl.as_secs() <= 15 * 60 {
            true => Ok(Policy {
                sign_in: ttl,
                ..self
            }),
            false => Err(TooLong),
        }
    }

    /// The same with another time to choose a new password.
    ///
    /// # Errors
    /// When it is over an hour (The Copenhagen Book), or none.
    pub const fn with_reset(self, ttl: Duration) -> Result<Policy, TooLong> {
        match ttl.as_secs() >= 1 && ttl.as_secs() <= 60 * 60 {
            true => Ok(Policy { reset: ttl, ..self }),
            false => Err(TooLong),
        }
    }

    /// For how long a link of that purpose is good.
    pub const fn ttl(&self, purpose: Purpose) -> Duration {
        match purpose {
            Purpose::SignIn => self.sign_in,
            Purpose::Reset => self.reset,
            Purpose::ChangeFrom | Purpose::ChangeTo | Purpose::Unlock => HOUR,
            Purpose::Register => DAY,
            Purpose::Invite => DAY.saturating_mul(7),
        }
    }
}

impl Default for Policy {
    /// 15 minutes to sign in, an hour to reset, to change the mailbox and to unlock, a day to register, 7
    /// days to accept an invitation.
    fn default() -> Policy {
        Policy {
            sign_in: 15 * MINUTE,
            reset: HOUR,
        }
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link is not good for that long")
    }
}

impl std::error::Error for TooLong {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_sign_in_is_good_for_15_minutes_at_most() {
        let policy = Policy::default();
        assert_eq!(policy.ttl(Purpose::SignIn), 15 * MINUTE);
        assert_eq!(Policy::ASVS.ttl(Purpose::SignIn), 10 * MINUTE);
        assert_eq!(Policy::ASVS.ttl(Purpose::Reset), 10 * MINUTE);
        for ttl in [Duration::ZERO, 15 * MINUTE + Duration::from_secs(1), DAY] {
            assert_eq!(policy.with_sign_in(ttl), Err(TooLong));
        }
        assert_eq!(policy.with_reset(HOUR + MINUTE), Err(TooLong));
        let short = policy.with_sign_in(MINUTE).unwrap();
        assert_eq!(short.ttl(Purpose::SignIn), MINUTE);
    }
}
