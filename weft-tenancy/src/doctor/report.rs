//! What an examination came to.

use std::fmt;

use serde::Serialize;

use super::{Exception, Finding};

/// What was found, what was excepted, and which exceptions have nothing left to except.
///
/// [`Display`](fmt::Display) is for people; as JSON (`serde`) it has the same parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What is to be mended.
    pub findings: Vec<Finding>,
    /// What stays, and why.
    pub excepted: Vec<Exception>,
    /// Exceptions that match nothing; take them out.
    pub stale: Vec<Exception>,
}

impl Report {
    /// Whether nothing but advice was found.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.advice)
    }

    pub(super) fn new(found: Vec<Finding>, exceptions: &[Exception]) -> Report {
        let matches = |finding: &Finding, exception: &Exception| {
            finding.rule == exception.rule && finding.object == exception.object
        };
        let (excepted, stale) = exceptions
            .iter()
            .cloned()
            .partition(|exception| found.iter().any(|finding| matches(finding, exception)));
        let mut findings = found;
        findings.retain(|finding| {
            !exceptions
                .iter()
                .any(|exception| matches(finding, exception))
        });
        Report {
            findings,
            excepted,
            stale,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}\n")?;
        }
        for exception in &self.excepted {
            writeln!(f, "excepted: {exception}")?;
        }
        for exception in &self.stale {
            writeln!(f, "stale exception, matches nothing: {exception}")?;
        }
        let advice = self.findings.iter().filter(|finding| finding.advice);
        let advice = advice.count();
        write!(f, "{} findings", self.findings.len() - advice)?;
        write!(f, ", {advice} of advice, {} excepted", self.excepted.len())
    }
}
