//! Whether the second layer is on, for the owner too.

use super::{Examination, Finding, Rule};

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for tenant in on.tenants() {
        let relation = tenant.relation;
        if !relation.is_table() {
            continue;
        }
        let alter = |word| {
            format!(
                "ALTER TABLE {} {word} ROW LEVEL SECURITY;",
                relation.quoted()
            )
        };
        let (consequence, remedy) = match (relation.row_security, relation.forced) {
            (true, true) => continue,
            (false, false) => (
                "a statement that misses the guard reaches every organisation",
                format!("{}\n{}", alter("ENABLE"), alter("FORCE")),
            ),
            (false, true) => (
                "a statement that misses the guard reaches every organisation",
                alter("ENABLE"),
            ),
            (true, false) => (
                "the owner, and what runs as the owner, is not held back",
                alter("FORCE"),
            ),
        };
        found.push(Finding::new(
            Rule::RowSecurity,
            relation.display(),
            consequence,
            remedy,
        ));
    }
    found
}
