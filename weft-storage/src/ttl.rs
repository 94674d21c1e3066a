use std::fmt;
use std::time::Duration;

/// For how long a signature is good: between a second and 15 minutes.
///
/// ```
/// use std::time::Duration;
/// use weft_storage::Ttl;
///
/// assert!(Ttl::new(Duration::from_secs(15 * 60)).is_ok());
/// assert!(Ttl::new(Duration::from_secs(15 * 60 + 1)).is_err());
/// ```
///
/// # Security
/// Whoever has a signed URL has what it is for. Stores take up to seven days; a longer one than this
/// cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(u32);

/// The time is under a second or over 15 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TtlError;

impl Ttl {
    /// 15 minutes.
    pub const MOST: Ttl = Ttl(15 * 60);

    /// That time, in whole seconds.
    ///
    /// # Errors
    /// When it is under a second, or over 15 minutes.
    pub const fn new(ttl: Duration) -> Result<Ttl, TtlError> {
        match ttl.as_secs() {
            0 => Err(TtlError),
            900 if ttl.subsec_nanos() > 0 => Err(TtlError),
            seconds @ 1..=900 => Ok(Ttl(seconds as u32)),
            _ => Err(TtlError),
        }
    }

    /// In seconds.
    pub const fn as_secs(self) -> u32 {
        self.0
    }

    /// The same as a duration.
    pub const fn as_duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

impl fmt::Display for TtlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lifetime is not between a second and 15 minutes")
    }
}

impl std::error::Error for TtlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_15_minutes_cannot_be_said() {
        let ttl = |nanos| Ttl::new(Duration::from_nanos(nanos)).map(Ttl::as_secs);
        const SECOND: u64 = 1_000_000_000;
        assert_eq!(ttl(SECOND), Ok(1));
        assert_eq!(ttl(900 * SECOND), Ok(900));
        for nanos in [0, SECOND - 1, 900 * SECOND + 1, 604_800 * SECOND, u64::MAX] {
            assert_eq!(ttl(nanos), Err(TtlError), "{nanos}");
        }
        assert!(Ttl::new(Duration::MAX).is_err());
        assert_eq!(Ttl::MOST.as_secs(), 900);
    }
}
