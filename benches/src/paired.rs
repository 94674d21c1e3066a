//! Whether two series that were measured in pairs differ.

use crate::Interval;

const RESAMPLES: usize = 2_000;

/// The median of `values` with its 95 % interval by the bootstrap's percentiles; `below` draws a number
/// below another one.
pub fn bootstrap(values: &[f64], mut below: impl FnMut(usize) -> usize) -> Interval {
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = values.iter().map(|_| values[below(values.len())]);
            Interval::of(drawn).median
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    let outside = RESAMPLES * 25 / 1_000;
    Interval {
        low: medians[outside],
        median: Interval::of(values.iter().copied()).median,
        high: medians[RESAMPLES - 1 - outside],
    }
}

/// Welch's t of two series, as if neither of them depended on what else the machine did.
pub fn welch(a: &[f64], b: &[f64]) -> f64 {
    let moments = |values: &[f64]| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean).powi(2));
        (mean, squares.sum::<f64>() / (count - 1.0) / count)
    };
    let ((of_a, spread_a), (of_b, spread_b)) = (moments(a), moments(b));
    (of_a - of_b) / (spread_a + spread_b).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(state: &mut u64, limit: usize) -> usize {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (*state >> 33) as usize % limit
    }

    #[test]
    fn the_bootstrap_agrees_with_the_sign_test() {
        let mut state = 7;
        let values: Vec<f64> = (0..1_001)
            .map(|_| (0..12).map(|_| linear(&mut state, 1_000) as f64).sum())
            .collect();
        let found = bootstrap(&values, |limit| linear(&mut state, limit));
        let expected = Interval::of(values);
        assert_eq!(found.median, expected.median);
        let width = expected.high - expected.low;
        for (ends, off) in [
            ("low", found.low - expected.low),
            ("high", found.high - expected.high),
        ] {
            assert!(off.abs() < width / 5.0, "{ends}: {found} {expected}");
        }
    }

    /// Student's first example: ten patients, two drugs, hours of sleep gained.
    #[test]
    fn welch_t_of_students_sleep() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        assert!((welch(&first, &second) + 1.860_8).abs() < 1e-4);
    }
}
