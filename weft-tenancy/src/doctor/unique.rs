//! Whether unique keys keep to one organisation: another's value shows by the error it causes.

use super::catalog::{Index, Relation};
use super::examination::list;
use super::rebuild::{holds, unique_key};
use super::{Examination, Finding, Rule};
use crate::Class;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for tenant in on.tenants() {
        let relation = tenant.relation;
        let keys = relation
            .indexes
            .iter()
            .filter(|index| index.unique && !index.inherited && !holds(index, tenant.org));
        let is_root = matches!(tenant.table.class(), Class::Root { .. });
        for index in keys {
            if is_root && !writable(on, relation, index) {
                continue;
            }
            let remedy = match is_root {
                true => withdrawn(on, relation, tenant.org),
                false => unique_key(on, relation, index, tenant.org),
            };
            found.push(Finding::new(
                Rule::UniqueKey,
                format!("{} on {}", index.name, relation.display()),
                "whoever writes a value learns whether another organisation has it, and may lock its row",
                remedy,
            ));
        }
    }
    found
}

/// Whether the application may write a column of the root's key.
fn writable(on: &Examination<'_>, root: &Relation, index: &Index) -> bool {
    let app = on.roles.app();
    ["INSERT", "UPDATE"].iter().any(|privilege| {
        on.may(app, &root.grants, privilege)
            || root
                .columns
                .iter()
                .any(|column| in_key(index, &column.name) && on.may(app, &column.grants, privilege))
    })
}

/// A key over an expression may be over any column.
fn in_key(index: &Index, column: &str) -> bool {
    holds(index, column) || index.columns.contains(&None)
}

/// Leaves the application UPDATE on the columns of no key.
fn withdrawn(on: &Examination<'_>, root: &Relation, id: &str) -> String {
    let app = on.roles.app();
    let mut sql = String::new();
    for holder in on.holders(&[app], root.all_grants(), &root.owner) {
        let (table, to) = (root.quoted(), holder.quoted());
        sql += &format!("REVOKE INSERT, UPDATE ON {table} FROM {to};\n");
        let left = root.columns.iter().filter(|column| {
            let mut keys = root.indexes.iter().filter(|index| index.unique);
            let grants = root.grants.iter().chain(&column.grants);
            let mut updates = grants.filter(|grant| grant.privilege == "UPDATE");
            column.name != id
                && !keys.any(|index| in_key(index, &column.name))
                && updates.any(|grant| holder.is(grant))
        });
        let left: Vec<&str> = left.map(|column| column.name.as_str()).collect();
        if !left.is_empty() {
            sql += &format!("GRANT UPDATE ({}) ON {table} TO {to};\n", list(left));
        }
    }
    sql
}
