//! What sessions begin with.

use super::{Examination, Finding, Rule};
use crate::guard::quote;

/// Settings that change who acts, what a name means, how a text is read, or what policies and
/// triggers do.
const FORBIDDEN: [&str; 6] = [
    "role",
    "row_security",
    "search_path",
    "session_authorization",
    "session_replication_role",
    "standard_conforming_strings",
];

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let roads = on.roads();
    let database = &on.catalog.database.name;
    let mut found = Vec::new();
    for setting in &on.catalog.settings {
        let role = setting.role.as_deref();
        let name = setting.name.to_ascii_lowercase();
        let forbidden = FORBIDDEN.contains(&name.as_str()) || name.starts_with("weft.");
        if !forbidden || role.is_some_and(|role| !roads.contains(&role)) {
            continue;
        }
        let (whose, altered) = match (role, setting.database) {
            (Some(role), false) => (role.to_owned(), format!("ROLE {}", quote(role))),
            (Some(role), true) => (
                format!("{role} in database {database}"),
                format!("ROLE {} IN DATABASE {}", quote(role), quote(database)),
            ),
            (None, true) => (
                format!("database {database}"),
                format!("DATABASE {}", quote(database)),
            ),
            (None, false) => ("every role".to_owned(), "ROLE ALL".to_owned()),
        };
        let consequence = if name.starts_with("weft.") {
            "a transaction that sets no context has one all the same"
        } else {
            "statements outside a scope mean something else than they say"
        };
        found.push(Finding::new(
            Rule::Setting,
            format!("{name} of {whose}"),
            consequence,
            format!("ALTER {altered} RESET {};", reset(&name)),
        ));
    }
    found
}

/// The name where it needs no quotes, else all of them.
fn reset(name: &str) -> &str {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.".contains(letter);
    if name.chars().all(plain) { name } else { "ALL" }
}
