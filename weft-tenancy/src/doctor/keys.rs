//! Whether the columns that say whose a row is are there, always filled, and never by the server.

use super::{Examination, Finding, Rule};
use crate::guard::quote;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (table, relation) in on.declared().filter(|(_, relation)| relation.is_table()) {
        let alter = format!("ALTER TABLE {}", relation.quoted());
        let keys = [
            (table.org_column(), on.tenancy.key()),
            (table.shop_column(), on.tenancy.shop_key()),
        ];
        for (column, key) in keys {
            let Some(name) = column else { continue };
            let object = format!("{}.{name}", relation.display());
            let quoted = quote(name);
            let Some(column) = relation.column(name) else {
                found.push(Finding::new(
                    Rule::Column,
                    object,
                    "nothing says whose the rows are",
                    format!("{alter} ADD COLUMN {quoted} {} NOT NULL;", key.sql_name()),
                ));
                continue;
            };
            if !column.not_null {
                found.push(Finding::new(
                    Rule::Nullable,
                    object.clone(),
                    "a row without it is nobody's, and foreign keys do not check it",
                    format!("{alter} ALTER COLUMN {quoted} SET NOT NULL;"),
                ));
            }
            let is_root = on.root().is_some_and(|(root, _)| root == table);
            if let Some(filled) = &column.filled
                && table.org_column() == Some(name)
                && !is_root
            {
                found.push(Finding::new(
                    Rule::KeyDefault,
                    object,
                    "an INSERT that leaves it out writes into an organisation nobody chose",
                    format!("{alter} ALTER COLUMN {quoted} DROP {filled};"),
                ));
            }
        }
        if let Some(name) = table.soft_delete()
            && relation.column(name).is_none()
        {
            found.push(Finding::new(
                Rule::Column,
                format!("{}.{name}", relation.display()),
                "every statement on the table fails",
                format!("{alter} ADD COLUMN {} timestamptz;", quote(name)),
            ));
        }
    }
    found
}
