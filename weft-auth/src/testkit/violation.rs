use std::fmt;

/// A rule that a store does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    rule: String,
    found: String,
}

impl Violation {
    pub(super) fn new(rule: impl Into<String>, found: impl fmt::Debug) -> Violation {
        Violation {
            rule: rule.into(),
            found: format!("{found:?}"),
        }
    }

    /// The rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; found and expected: {}", self.rule, self.found)
    }
}

impl std::error::Error for Violation {}

/// Whatever a store fails with breaks the rule that was tested.
pub(super) fn store_failed<E: fmt::Debug>(error: E) -> Violation {
    Violation::new("the store answers", error)
}

/// Whether that is what the rule says.
pub(super) fn holds<T: PartialEq + fmt::Debug>(
    rule: &str,
    found: T,
    expected: T,
) -> Result<(), Violation> {
    let both = (found, expected);
    match both.0 == both.1 {
        true => Ok(()),
        false => Err(Violation::new(rule, both)),
    }
}
