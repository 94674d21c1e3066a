use std::fmt;

/// A gap between a configuration and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    id: &'static str,
    level: Level,
    gap: String,
    source: &'static str,
    cure: &'static str,
}

/// How far one has to go to be asked for it, by the levels of ASVS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Asked of everybody.
    L1,
    /// Asked of most.
    L2,
    /// Asked where most is at stake.
    L3,
    /// Not asked, and better all the same.
    Advice,
}

impl Finding {
    /// A stable name.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// Of whom it is asked.
    pub fn level(&self) -> Level {
        self.level
    }

    /// What is missing.
    pub fn gap(&self) -> &str {
        &self.gap
    }

    /// Who asks for it.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// What mends it.
    pub fn cure(&self) -> &'static str {
        self.cure
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            id,
            level,
            gap,
            source,
            cure,
        } = self;
        write!(f, "{id} ({level:?}): {gap} ({source}); {cure}")
    }
}

/// Findings as rules collect them.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// A finding, unless that holds.
    pub(super) fn unless(
        &mut self,
        holds: bool,
        (id, level, source): (&'static str, Level, &'static str),
        gap: impl Into<String>,
        cure: &'static str,
    ) {
        if !holds {
            let gap = gap.into();
            self.0.push(Finding {
                id,
                level,
                gap,
                source,
                cure,
            });
        }
    }

    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| finding.level);
        self.0
    }
}
