use std::time::Duration;

/// How much longer to wait before a refusal goes out, so that all take a multiple of `quantum`.
///
/// # Security
/// It is for the time in which stored hashes have other parameters than new ones, whose cost would tell
/// that there is an account. Choose a quantum above what the dearest of them takes, measure from the
/// arrival of the request, and drop it when [`Hasher::needs_rehash`] finds no hash any more.
///
/// ```
/// use std::time::Duration;
/// use weft_auth::login::padding;
///
/// let [quantum, took] = [250, 80].map(Duration::from_millis);
/// assert_eq!(padding(took, quantum), Duration::from_millis(170));
/// ```
///
/// [`Hasher::needs_rehash`]: crate::password::Hasher::needs_rehash
pub fn padding(took: Duration, quantum: Duration) -> Duration {
    let quantum_nanos = quantum.as_nanos();
    let over = took.as_nanos().checked_rem(quantum_nanos).unwrap_or(0);
    match over {
        0 => Duration::ZERO,
        over => u64::try_from(quantum_nanos - over).map_or(quantum, Duration::from_nanos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_take_a_multiple_of_the_quantum() {
        let padded = |took| {
            let took = Duration::from_millis(took);
            (took + padding(took, Duration::from_millis(250))).as_millis()
        };
        assert_eq!(
            [0, 1, 249, 250, 251, 999].map(padded),
            [0, 250, 250, 250, 500, 1_000]
        );
        assert_eq!(
            padding(Duration::from_secs(1), Duration::ZERO),
            Duration::ZERO
        );
    }
}
