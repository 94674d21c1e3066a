//! Whether what all organisations read holds nothing of one of them.

use super::undeclared::unless_rows;
use super::{Examination, Finding, Rule};
use crate::{Class, guard::quote};

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let tables = on.tenancy.tables().iter();
    let org_columns = tables.filter(|table| !matches!(table.class(), Class::Root { .. }));
    let org_columns: Vec<&str> = org_columns.filter_map(|table| table.org_column()).collect();
    let mut found = Vec::new();
    for (table, relation) in on.declared() {
        if *table.class() != Class::Shared {
            continue;
        }
        let columns = relation.columns.iter();
        for column in columns.filter(|column| org_columns.contains(&column.name.as_str())) {
            let name = relation.quoted();
            let quoted = quote(&column.name);
            found.push(Finding::new(
                Rule::SharedTable,
                format!("{}.{}", relation.display(), column.name),
                "it looks like a tenant's table, and every organisation reads all of it",
                format!(
                    "-- or declare it as a table of organisations\n{}\
                     ALTER TABLE {name} DROP COLUMN {quoted};",
                    unless_rows(&format!("{name} WHERE {quoted} IS NOT NULL"))
                ),
            ));
        }
    }
    found
}
