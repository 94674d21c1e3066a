//! What browsers report that the policy of a page kept them from: for the log, and for a look.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use weft_auth::headers::report::{Reports, Violation};

use crate::site::Site;

/// The latest violations. Anybody can report, so there are only so many, and so many a minute.
#[derive(Default)]
pub struct Violations {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The latest come last.
    seen: Vec<Seen>,
    /// When the minute began, and how many were taken in it.
    minute: Option<SystemTime>,
    taken: u32,
}

/// A violation, as often as it was reported.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What it was, as the latest report had it.
    pub violation: Violation,
    /// The path of the page.
    pub path: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub at: SystemTime,
}

impl Violations {
    /// Keeps what `reports` say of pages of this site, and logs it.
    pub fn take(&self, site: &Site, reports: &Reports, now: SystemTime) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for violation in reports.violations() {
            let Some(path) = violation.document().strip_prefix(site.origin().as_str()) else {
                continue;
            };
            if !path.starts_with('/') || !kept.has_room(now) {
                continue;
            }
            tracing::warn!(
                directive = violation.directive(),
                blocked = violation.blocked(),
                path,
                source = violation.source(),
                enforced = violation.is_enforced(),
                "a browser reports what the policy of a page does not allow"
            );
            kept.count(violation, path, now);
        }
    }

    /// The latest first.
    pub fn seen(&self) -> Vec<Seen> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.seen.iter().rev().cloned().collect()
    }
}

impl Kept {
    fn has_room(&mut self, now: SystemTime) -> bool {
        let since = self.minute.and_then(|begun| now.duration_since(begun).ok());
        if since.is_none_or(|since| since >= MINUTE) {
            (self.minute, self.taken) = (Some(now), 0);
        }
        self.taken += 1;
        if self.taken == A_MINUTE + 1 {
            tracing::warn!("browsers report too much: the rest of this minute is passed over");
        }
        self.taken <= A_MINUTE
    }

    fn count(&mut self, violation: &Violation, path: &str, now: SystemTime) {
        let is_same = |seen: &Seen| {
            let what = |of: &Violation| (of.directive().to_owned(), of.blocked().to_owned());
            seen.path == path && what(&seen.violation) == what(violation)
        };
        let before = match self.seen.iter().position(is_same) {
            Some(at) => self.seen.remove(at).count,
            None if self.seen.len() == MOST => {
                self.seen.remove(0);
                0
            }
            None => 0,
        };
        self.seen.push(Seen {
            violation: violation.clone(),
            path: path.to_owned(),
            count: before + 1,
            at: now,
        });
    }
}

const MOST: usize = 100;
const A_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn site() -> Site {
        let keys = "test:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";
        Site::new("https://inbox.example.com", &keys.parse().unwrap()).unwrap()
    }

    fn report(document: &str, blocked: &str) -> Reports {
        let body = json!({ "csp-report": {
            "document-uri": document, "effective-directive": "img-src", "blocked-uri": blocked
        } });
        Reports::parse("application/csp-report", body.to_string().as_bytes()).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn what_comes_again_is_counted_and_comes_first() {
        let violations = Violations::default();
        for blocked in ["data", "inline", "data"] {
            let report = report("https://inbox.example.com/reset?token=secret", blocked);
            violations.take(&site(), &report, at(1));
        }
        let seen = violations.seen();
        let said = seen
            .iter()
            .map(|seen| (seen.violation.blocked(), seen.count));
        assert_eq!(said.collect::<Vec<_>>(), [("data", 2), ("inline", 1)]);
        assert!(seen.iter().all(|seen| seen.path == "/reset"), "{seen:?}");
    }

    #[test]
    fn pages_of_others_are_not_ours() {
        let violations = Violations::default();
        for document in [
            "https://evil.example/",
            "https://inbox.example.com.evil.example/",
            "https://inbox.example.com:8443/",
            "http://inbox.example.com/",
            "about",
        ] {
            violations.take(&site(), &report(document, "data"), at(1));
        }
        assert_eq!(violations.seen().len(), 0);
    }

    #[test]
    fn a_flood_fills_neither_memory_nor_log() {
        let violations = Violations::default();
        for number in 0..1000 {
            let blocked = format!("https://evil.example/{number}");
            let report = report("https://inbox.example.com/", &blocked);
            violations.take(&site(), &report, at(1));
        }
        assert_eq!(violations.seen().len(), 60);
        for number in 0..1000_u64 {
            let blocked = format!("https://evil.example/later/{number}");
            let report = report("https://inbox.example.com/", &blocked);
            violations.take(&site(), &report, at(100 + number));
        }
        let seen = violations.seen();
        assert_eq!(seen.len(), MOST);
        assert!(
            seen[0].violation.blocked().ends_with("/later/999"),
            "{:?}",
            seen[0]
        );
        // A clock that is set back does not stop them.
        violations.take(
            &site(),
            &report("https://inbox.example.com/", "data"),
            at(0),
        );
        assert_eq!(violations.seen()[0].violation.blocked(), "data");
    }
}
