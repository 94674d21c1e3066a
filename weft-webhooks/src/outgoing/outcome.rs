use http::StatusCode;

use super::{Answer, Failure, RetryAfter};

/// What one attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered(Answer),
    /// There was no answer.
    Failed(Failure),
}

impl Outcome {
    /// Whether the receiver has the message: it answered 2xx, and nothing else counts.
    pub fn is_delivered(&self) -> bool {
        self.status().is_some_and(|status| status.is_success())
    }

    /// Whether the receiver wants no more messages: it answered 410.
    pub fn is_gone(&self) -> bool {
        self.status() == Some(StatusCode::GONE)
    }

    /// The status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Outcome::Answered(answer) => Some(answer.status()),
            Outcome::Failed(_) => None,
        }
    }

    /// When a receiver that is too busy (429 or 503) wants to be asked again.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        match self {
            Outcome::Answered(answer) if matches!(answer.status().as_u16(), 429 | 503) => {
                answer.retry_after()
            }
            _ => None,
        }
    }

    /// A stable name for logs, in kebab case: `delivered`, `redirected`, `gone`, `busy`, `rejected`,
    /// `server-error`, `unknown-status` or the name of a [`Failure`].
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Failed(failure) => failure.name(),
            Outcome::Answered(answer) => match answer.status().as_u16() {
                200..=299 => "delivered",
                300..=399 => "redirected",
                410 => "gone",
                429 | 503 => "busy",
                400..=499 => "rejected",
                500..=599 => "server-error",
                _ => "unknown-status",
            },
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Outcome {
        Outcome::Answered(answer)
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Outcome {
        Outcome::Failed(failure)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http::HeaderMap;

    use super::*;

    fn answered(status: u16) -> Outcome {
        let status = StatusCode::from_u16(status).unwrap();
        Answer::new(status, &HeaderMap::new(), Vec::new()).into()
    }

    #[test]
    fn only_2xx_is_a_success() {
        for status in 100..1000 {
            let outcome = answered(status);
            assert_eq!(outcome.is_delivered(), (200..300).contains(&status));
            assert_eq!(outcome.is_delivered(), outcome.name() == "delivered");
            assert_eq!(outcome.is_gone(), outcome.name() == "gone");
        }
        for failure in Failure::ALL {
            assert!(!Outcome::from(*failure).is_delivered());
        }
    }

    #[test]
    fn a_status_has_a_name() {
        for (status, name) in [
            (101, "unknown-status"),
            (204, "delivered"),
            (301, "redirected"),
            (308, "redirected"),
            (401, "rejected"),
            (410, "gone"),
            (429, "busy"),
            (500, "server-error"),
            (503, "busy"),
            (999, "unknown-status"),
        ] {
            assert_eq!(answered(status).name(), name);
        }
    }

    #[test]
    fn names_of_failures_are_kebab_case_and_no_status_has_them() {
        let names: HashSet<_> = Failure::ALL.iter().map(|failure| failure.name()).collect();
        assert_eq!(names.len(), Failure::ALL.len());
        for name in &names {
            assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c == b'-'));
        }
        assert!((100..1000).all(|status| !names.contains(answered(status).name())));
    }
}
