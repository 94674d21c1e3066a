use std::fmt;

use super::{Finding, Level, Observatory};

/// What was found.
#[derive(Debug, Clone)]
pub struct Report {
    findings: Vec<Finding>,
    observatory: Observatory,
}

impl Report {
    pub(super) fn new(findings: Vec<Finding>, observatory: Observatory) -> Report {
        Report {
            findings,
            observatory,
        }
    }

    /// The gaps, those first that are asked of everybody.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// How the Observatory would grade the site.
    pub fn observatory(&self) -> &Observatory {
        &self.observatory
    }

    /// Whether nothing is missing up to that level.
    pub fn satisfies(&self, level: Level) -> bool {
        self.findings.iter().all(|finding| finding.level() > level)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let (grade, score) = (self.observatory.grade(), self.observatory.score());
        write!(f, "Observatory: {grade} ({score})")
    }
}
