//! How sure a median is.

use std::fmt;

/// A median with its 95 % confidence interval.
///
/// The interval is the sign test's: it asks nothing of the distribution, so that a few rounds in
/// which the machine was busy elsewhere do not move it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Below it the median is with a probability of at most 2.5 %.
    pub low: f64,
    /// The median of the sample.
    pub median: f64,
    /// Above it the median is with a probability of at most 2.5 %.
    pub high: f64,
}

impl Interval {
    /// The median of what `values` are a sample of.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Interval {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let outside = outside(values.len());
        let (low, high) = (values.get(outside), values.iter().nth_back(outside));
        let middle = values.len() / 2;
        let median = match (values.len() % 2, values.get(middle)) {
            (0, Some(upper)) => (values[middle - 1] + upper) / 2.0,
            (_, middle) => middle.copied().unwrap_or(f64::NAN),
        };
        Interval {
            low: low.copied().unwrap_or(f64::NAN),
            median,
            high: high.copied().unwrap_or(f64::NAN),
        }
    }
}

/// How many of `n` sorted values to leave out on each side: the most for which a fair coin, thrown
/// `n` times, shows that many heads or fewer with a probability of at most 2.5 %.
fn outside(n: usize) -> usize {
    let throws = n as f64;
    // Summed as logarithms: 2⁻ⁿ itself is zero for a long series.
    let mut term = -throws * 2_f64.ln();
    let mut sum = 0.0;
    for heads in 0..=n / 2 {
        sum += term.exp();
        if sum > 0.025 {
            return heads.saturating_sub(1);
        }
        term += ((throws - heads as f64) / (heads as f64 + 1.0)).ln();
    }
    0
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        let Interval { low, median, high } = self;
        write!(f, "{median:.digits$} [{low:.digits$}, {high:.digits$}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The critical values of the sign test, two-sided at 5 %, as tables print them: the largest
    /// count of the rarer sign that is still significant.
    #[test]
    fn it_leaves_out_what_the_tables_of_the_sign_test_say() {
        for (n, critical) in [
            (6, 0),
            (10, 1),
            (15, 3),
            (20, 5),
            (25, 7),
            (50, 17),
            (100, 39),
        ] {
            assert_eq!(outside(n), critical, "{n}");
        }
        assert_eq!(outside(5), 0);
    }

    #[test]
    fn a_median_lies_within_its_interval_whatever_the_order() {
        let values = (0..101).map(|n| f64::from(n * 37 % 101));
        let found = Interval::of(values);
        assert_eq!((found.low, found.median, found.high), (40.0, 50.0, 60.0));
        assert_eq!(Interval::of([4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(format!("{found:.1}"), "50.0 [40.0, 60.0]");
    }

    #[test]
    fn a_long_series_does_not_vanish_in_rounding() {
        let left_out = outside(10_000) as f64;
        // The normal approximation: n / 2 - 1.96 · √n / 2.
        assert!((left_out - 4_901.0).abs() < 2.0, "{left_out}");
    }

    #[test]
    fn few_values_bound_nothing_closer_than_themselves() {
        let found = Interval::of([3.0, 1.0, 2.0]);
        assert_eq!((found.low, found.median, found.high), (1.0, 2.0, 3.0));
    }
}
