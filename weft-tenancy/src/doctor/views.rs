//! Whether a view shows rows that its reader could not read, or keeps a copy of them.

use super::catalog::{Name, Relation};
use super::examination::all_quoted;
use super::{Examination, Finding, Rule};
use crate::Class;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let views = on.catalog.relations.iter().filter(|view| {
        matches!(view.kind, 'v' | 'm') && !view.extension && on.table(view).is_none()
    });
    views.filter_map(|view| judge(on, view)).collect()
}

fn judge(on: &Examination<'_>, view: &Relation) -> Option<Finding> {
    let closed = reads_closed(on, view);
    let readers = on.holders(&on.roads(), view.all_grants(), &view.owner);
    let (consequence, remedy) = match view.kind {
        _ if !closed && readers.is_empty() => return None,
        'v' if view.security_invoker => return None,
        'v' => (
            "it reads as its owner, past the policies and privileges of its reader",
            format!(
                "ALTER VIEW {} SET (security_invoker = true);",
                view.quoted()
            ),
        ),
        _ if closed => (
            "it is a copy of tenants' or private rows, on which row security cannot be",
            format!("DROP MATERIALIZED VIEW {};", view.quoted()),
        ),
        _ => (
            "row security cannot be on it",
            format!(
                "REVOKE ALL ON {} FROM {};",
                view.quoted(),
                all_quoted(readers)
            ),
        ),
    };
    Some(Finding::new(
        Rule::View,
        view.display(),
        consequence,
        remedy,
    ))
}

/// Whether it reads, at whatever remove, a table that is not for everybody.
fn reads_closed(on: &Examination<'_>, view: &Relation) -> bool {
    let mut seen: Vec<&Name> = Vec::new();
    let mut open: Vec<&Name> = view.reads.iter().collect();
    while let Some(name) = open.pop() {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        match on.tenancy.table(Some(&name.0), &name.1) {
            Some(table) if *table.class() != Class::Shared => return true,
            _ => {}
        }
        let relation = on.catalog.relation(&name.0, &name.1).into_iter();
        open.extend(relation.flat_map(|relation| &relation.reads));
    }
    let mut tenants = on.tenants().into_iter();
    tenants.any(|tenant| {
        let is_it =
            |name: &&Name| name.0 == tenant.relation.schema() && name.1 == tenant.relation.name();
        seen.iter().any(is_it)
    })
}
