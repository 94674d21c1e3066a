//! Whether keys have the declared types: under others, equal is not what it was (`citext`, `char`,
//! nondeterministic collations), and a bind of the scope does not compare.

use super::catalog::Relation;
use super::rebuild::{Pairs, added, dropped};
use super::{Examination, Finding, Rule};
use crate::{KeyType, Table, guard::quote};

struct Wrong<'e> {
    table: &'e Table,
    relation: &'e Relation,
    column: &'e str,
    key: KeyType,
}

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut wrong = Vec::new();
    for (table, relation) in on.declared().filter(|(_, relation)| relation.is_table()) {
        let keys = [
            (table.org_column(), on.tenancy.key()),
            (table.shop_column(), on.tenancy.shop_key()),
        ];
        for (column, key) in keys {
            let live = column.and_then(|name| relation.column(name));
            if let (Some(column), Some(live)) = (column, live)
                && live.type_oid != key.oid()
            {
                wrong.push(Wrong {
                    table,
                    relation,
                    column,
                    key,
                });
            }
        }
    }
    if wrong.is_empty() {
        return Vec::new();
    }
    let remedy = remedy(on, &wrong);
    let findings = wrong.iter().map(|wrong| {
        Finding::new(
            Rule::KeyType,
            format!("{}.{}", wrong.relation.display(), wrong.column),
            format!(
                "it is not {}, so equal means something else than in the guard",
                wrong.key.sql_name()
            ),
            remedy.clone(),
        )
    });
    findings.collect()
}

/// All of them at once, since foreign keys tie them together.
fn remedy(on: &Examination<'_>, wrong: &[Wrong<'_>]) -> String {
    let (mut before, mut after) = (String::new(), String::new());
    for child in &on.catalog.relations {
        for key in &child.foreign_keys {
            let mut named = wrong.iter().filter(|wrong| {
                let column = &wrong.column.to_owned();
                let is_parent = key.parent.0 == wrong.relation.schema()
                    && key.parent.1 == wrong.relation.name();
                child.is(wrong.relation) && key.columns.contains(column)
                    || is_parent && key.parent_columns.contains(column)
            });
            if named.next().is_some() {
                let columns = key.columns.iter().cloned();
                let pairs: Pairs = columns.zip(key.parent_columns.iter().cloned()).collect();
                before += &dropped(child, &key.name);
                after += &added(on, child, key, &pairs, true);
            }
        }
    }
    let mut alter = String::new();
    for wrong in wrong {
        let (table, column) = (wrong.relation.quoted(), quote(wrong.column));
        let key = wrong.key.sql_name();
        for policy in &wrong.relation.policies {
            before += &format!(
                "DROP POLICY IF EXISTS {} ON {table};\n",
                quote(&policy.name)
            );
        }
        alter += &format!(
            "ALTER TABLE {table} ALTER COLUMN {column} TYPE {key} USING {column}::text::{key};\n"
        );
        after += &on.policies.table_sql(wrong.table);
    }
    before + &alter + &after
}
