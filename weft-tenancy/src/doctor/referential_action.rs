//! Whether a referential action changes whose a row is, or reaches rows of other organisations.

use super::catalog::{ForeignKey, Relation};
use super::rebuild::{Pairs, added, dropped, table_of};
use super::{Examination, Finding, Rule};

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for child in &on.catalog.relations {
        for key in &child.foreign_keys {
            let Some(consequence) = judge(on, child, key) else {
                continue;
            };
            let columns = key.columns.iter().cloned();
            let pairs: Pairs = columns.zip(key.parent_columns.iter().cloned()).collect();
            let cascades = !crosses(on, key);
            found.push(Finding::new(
                Rule::ReferentialAction,
                format!("{} on {}", key.name, child.display()),
                consequence,
                dropped(child, &key.name) + &added(on, child, key, &pairs, cascades),
            ));
        }
    }
    found
}

fn judge(on: &Examination<'_>, child: &Relation, key: &ForeignKey) -> Option<&'static str> {
    let table = table_of(on, child)?;
    let org = table.org_column()?;
    let is_key = |column: &String| column == org || table.shop_column() == Some(column);
    let set = match key.set_columns.is_empty() {
        true => &key.columns,
        false => &key.set_columns,
    };
    if matches!(key.on_delete, 'n' | 'd') && set.iter().any(is_key) {
        Some("deleting the parent takes the row's organisation or shop away, or fails")
    } else if matches!(key.on_update, 'c' | 'n' | 'd') && key.columns.iter().any(is_key) {
        Some("re-keying the parent moves the row to another organisation or shop")
    } else if key.on_delete == 'c' && crosses(on, key) {
        Some("deleting one row deletes rows of every organisation, unrecorded")
    } else {
        None
    }
}

/// Whether rows of several organisations refer to one row of the parent.
fn crosses(on: &Examination<'_>, key: &ForeignKey) -> bool {
    let parent = on.catalog.relation(&key.parent.0, &key.parent.1);
    let table = parent.and_then(|parent| table_of(on, parent));
    table.is_some_and(|table| table.org_column().is_none())
}
