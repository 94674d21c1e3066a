//! Whether a reference can leave its organisation: the server checks it without row security.

use super::catalog::{ForeignKey, Relation};
use super::rebuild::{dropped, foreign_key, table_of, wanted};
use super::{Examination, Finding, Rule};
use crate::{Class, KeyType};

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for child in &on.catalog.relations {
        for key in &child.foreign_keys {
            if let Some((consequence, remedy)) = judge(on, child, key) {
                found.push(Finding::new(
                    Rule::ForeignKey,
                    format!("{} on {}", key.name, child.display()),
                    consequence,
                    remedy,
                ));
            }
        }
    }
    found
}

fn judge(
    on: &Examination<'_>,
    child: &Relation,
    key: &ForeignKey,
) -> Option<(&'static str, String)> {
    if let Some(pairs) = wanted(on, child, key) {
        return (!is_paired(on, child, key)).then(|| {
            let consequence = "a row can point at another organisation's or shop's, learn that it exists, and be deleted with it";
            (consequence, foreign_key(on, child, key, &pairs))
        });
    }
    let own = table_of(on, child)?;
    let parent = on.catalog.relation(&key.parent.0, &key.parent.1)?;
    let other = table_of(on, parent)?;
    match (own.class(), other.class()) {
        (Class::Shared, _) if other.org_column().is_some() => Some((
            "what every organisation reads points at a row of one",
            dropped(child, &key.name),
        )),
        (_, Class::Private) if own.org_column().is_some() && is_guessable(parent, key) => Some((
            "whoever writes a value learns whether the private table has it",
            dropped(child, &key.name),
        )),
        _ => None,
    }
}

/// Whether organisation stands beside organisation, and shop beside shop.
pub(super) fn is_paired(on: &Examination<'_>, child: &Relation, key: &ForeignKey) -> bool {
    let Some(wanted) = wanted(on, child, key) else {
        return false;
    };
    let pairs: Vec<_> = key.columns.iter().zip(&key.parent_columns).collect();
    pairs.len() == wanted.len()
        && wanted
            .iter()
            .all(|(column, parents)| pairs.contains(&(column, parents)))
}

/// A uuid cannot be guessed.
fn is_guessable(parent: &Relation, key: &ForeignKey) -> bool {
    !key.parent_columns.iter().any(|name| {
        let column = parent.column(name);
        column.is_some_and(|column| column.type_oid == KeyType::Uuid.oid())
    })
}
