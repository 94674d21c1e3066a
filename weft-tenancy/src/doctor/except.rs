//! What stays as it is, and the written reason.

use std::fmt;

use serde::Serialize;

use super::{Doctor, Rule};

/// Something that stays as it is for a written reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exception {
    /// The rule.
    pub rule: Rule,
    /// The finding's object, exactly.
    pub object: String,
    /// Why.
    pub reason: String,
}

/// Why an exception was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExceptionError {
    /// It has no reason.
    NoReason {
        /// What it was to be for.
        object: String,
    },
    /// There is no such rule.
    Rule {
        /// The name that was given.
        name: String,
    },
    /// The text is not TOML, or an entry is not of a rule, an object and a reason.
    Toml {
        /// What the TOML reader said.
        message: String,
    },
}

impl Doctor<'_> {
    /// Leaves out the finding of `rule` on exactly `object`, for a written `reason`.
    ///
    /// # Errors
    /// Without a reason.
    pub fn except(
        mut self,
        rule: Rule,
        object: &str,
        reason: &str,
    ) -> Result<Self, ExceptionError> {
        let object = object.to_owned();
        if reason.trim().is_empty() {
            return Err(ExceptionError::NoReason { object });
        }
        self.exceptions.push(Exception {
            rule,
            object,
            reason: reason.to_owned(),
        });
        Ok(self)
    }

    /// The same for each `[[except]]` of a TOML text, which may be a whole declaration.
    ///
    /// # Errors
    /// When the text is not TOML, or an entry has no known rule, no object or no reason.
    #[cfg(feature = "toml")]
    pub fn except_toml(self, text: &str) -> Result<Self, ExceptionError> {
        let file: File = toml::from_str(text).map_err(|error| ExceptionError::Toml {
            message: error.to_string(),
        })?;
        file.except.into_iter().try_fold(self, |doctor, entry| {
            let rule = Rule::from_name(&entry.rule);
            let rule = rule.ok_or(ExceptionError::Rule { name: entry.rule })?;
            doctor.except(rule, &entry.object, &entry.reason)
        })
    }
}

#[cfg(feature = "toml")]
#[derive(serde::Deserialize)]
struct File {
    #[serde(default)]
    except: Vec<Entry>,
}

#[cfg(feature = "toml")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    object: String,
    reason: String,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.object, self.rule, self.reason)
    }
}

impl fmt::Display for ExceptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExceptionError::NoReason { object } => {
                write!(f, "an exception for {object:?} needs a reason")
            }
            ExceptionError::Rule { name } => write!(f, "an exception names no rule by {name:?}"),
            ExceptionError::Toml { message } => f.write_str(message),
        }
    }
}

impl std::error::Error for ExceptionError {}
