//! Works that take turns, so that whatever else the machine does falls on all of them.

use std::array;

use crate::Interval;
use crate::clock::timed;

/// What one call of one work took, in microseconds, round by round.
#[derive(Debug, Clone, Default)]
pub struct Series {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

/// Runs each of `works` once per round with the number of `calls` it is to make. Each round begins
/// with the next of them, so that none always follows the same one; an unmeasured round comes first.
pub fn in_turns<const N: usize>(
    rounds: usize,
    calls: u32,
    mut works: [&mut dyn FnMut(u32); N],
) -> [Series; N] {
    let mut series = array::from_fn(|_| Series::default());
    works.iter_mut().for_each(|work| work(calls));
    for round in 0..rounds {
        for turn in 0..N {
            let at = (round + turn) % N;
            let spent = timed(|| works[at](calls));
            let micros = |time: std::time::Duration| time.as_secs_f64() * 1e6 / f64::from(calls);
            series[at].wall.push(micros(spent.wall));
            series[at].cpu.push(micros(spent.cpu));
        }
    }
    series
}

impl Series {
    /// What is left of each call when one of `other` in the same round is taken off.
    pub fn without(&self, other: &Series) -> Series {
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        Series {
            wall: less(&self.wall, &other.wall),
            cpu: less(&self.cpu, &other.cpu),
        }
    }

    /// Microseconds a call.
    pub fn wall(&self) -> Interval {
        Interval::of(self.wall.iter().copied())
    }

    /// Microseconds a call on the processor, of this thread.
    pub fn cpu(&self) -> Interval {
        Interval::of(self.cpu.iter().copied())
    }

    /// How many times `other` a call takes, by pairs of the same round.
    pub fn ratio(&self, other: &Series) -> Interval {
        Interval::of(self.wall.iter().zip(&other.wall).map(|(a, b)| a / b))
    }

    /// Microseconds that a call takes longer than one of `other`.
    pub fn added(&self, other: &Series) -> Interval {
        Interval::of(self.wall.iter().zip(&other.wall).map(|(a, b)| a - b))
    }

    /// Microseconds on the processor, of this thread, that a call takes more than one of `other`.
    pub fn added_cpu(&self, other: &Series) -> Interval {
        Interval::of(self.cpu.iter().zip(&other.cpu).map(|(a, b)| a - b))
    }

    /// One line: both times, the ratio, and what is added.
    pub fn against(&self, other: &Series, question: &str) -> String {
        format!(
            "{question}: {:.1} µs against {:.1} µs, {:.3} times, {:.2} µs more on the client's processor",
            self.wall().median,
            other.wall().median,
            self.ratio(other),
            self.added_cpu(other)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn each_begins_a_round_in_its_turn() {
        let order = RefCell::new(String::new());
        let note = |name| {
            let order = &order;
            move |calls: u32| order.borrow_mut().push_str(&format!("{name}{calls} "))
        };
        let (mut a, mut b, mut c) = (note('a'), note('b'), note('c'));
        let series = in_turns(3, 7, [&mut a, &mut b, &mut c]);
        assert_eq!(
            order.borrow().as_str(),
            "a7 b7 c7 a7 b7 c7 b7 c7 a7 c7 a7 b7 "
        );
        assert!(series.iter().all(|series| series.wall.len() == 3));
    }

    #[test]
    fn pairs_of_a_round_are_compared() {
        let series = |wall: [f64; 3]| Series {
            wall: wall.into(),
            cpu: vec![0.0; 3],
        };
        let (ours, theirs) = (series([2.0, 20.0, 6.0]), series([1.0, 10.0, 2.0]));
        assert_eq!(ours.ratio(&theirs).median, 2.0);
        assert_eq!(ours.added(&theirs).median, 4.0);
        assert_eq!(ours.without(&theirs).ratio(&theirs).median, 1.0);
    }
}
