//! Whether there is a relation that nobody thought of.

use super::{Examination, Finding, Rule};
use crate::policy::dollar_tag;

/// The table of unscoped accesses.
pub(super) const AUDIT: &str = "weft_unscoped_audit";
/// The schema of the signed context.
pub(super) const OURS: &str = "weft";

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let inherited = on
        .declared()
        .flat_map(|(_, relation)| on.catalog.descendants(relation));
    let inherited: Vec<_> = inherited.collect();
    let mut found = Vec::new();
    for relation in &on.catalog.relations {
        let ours =
            relation.schema() == OURS || relation.schema() == "public" && relation.name() == AUDIT;
        if relation.kind == 'S'
            || relation.extension
            || ours
            || on.table(relation).is_some()
            || inherited.iter().any(|child| child.is(relation))
        {
            continue;
        }
        let (kind, name) = (relation.kind_word(), relation.quoted());
        let rows = match relation.is_table() {
            true => unless_rows(&name),
            false => String::new(),
        };
        found.push(Finding::new(
            Rule::Undeclared,
            relation.display(),
            "nothing says whose its rows are, so nothing keeps them apart",
            format!("-- or declare it\n{rows}DROP {kind} {name};"),
        ));
    }
    found
}

/// SQL that fails where a SELECT from `source` finds a row, so that what follows loses nothing.
pub(super) fn unless_rows(source: &str) -> String {
    let tag = dollar_tag(source);
    format!(
        "DO {tag} BEGIN\n    \
             SET LOCAL row_security = off;\n    \
             IF EXISTS (SELECT FROM {source}) THEN\n        \
                 RAISE EXCEPTION 'there are rows to lose';\n    \
             END IF;\n\
         END {tag};\n"
    )
}
