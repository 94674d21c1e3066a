//! Whether a road has a privilege that row security does not govern, or that its work does not need.

use std::collections::BTreeMap;

use super::catalog::{Grant, Relation};
use super::undeclared::{AUDIT, OURS};
use super::{Examination, Finding, Rule};
use crate::{Class, guard::quote};

/// Row security does not look at these; the first empties a table of everybody's rows.
const UNGOVERNED: [&str; 4] = ["TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"];
const WRITES: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];
const ROWS: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Found::default();
    let database = &on.catalog.database;
    let object = ("database", database.name.as_str());
    for road in on.roads() {
        let named = (object.0, object.1.to_owned(), quote(object.1));
        let because = "it makes schemas of its own, whose names hide declared ones";
        found.note(
            on,
            road,
            &named,
            (&database.grants, &database.owner),
            &["CREATE"],
            because,
        );
        let because = "a temporary table takes a declared name for the rest of the session";
        found.note(
            on,
            road,
            &named,
            (&database.grants, &database.owner),
            &["TEMPORARY"],
            because,
        );
        for schema in &on.catalog.schemas {
            let named = ("schema", schema.name.clone(), quote(&schema.name));
            let because = "it makes tables and functions that nobody declared";
            found.note(
                on,
                road,
                &named,
                (&schema.grants, &schema.owner),
                &["CREATE"],
                because,
            );
        }
        for relation in on
            .catalog
            .relations
            .iter()
            .filter(|relation| !relation.extension)
        {
            let grants: Vec<Grant> = relation.all_grants().cloned().collect();
            let kind = if relation.kind == 'S' { "sequence" } else { "" };
            let named = (kind, relation.display(), relation.quoted());
            for (privileges, because) in forbidden(on, road, relation) {
                found.note(
                    on,
                    road,
                    &named,
                    (&grants, &relation.owner),
                    privileges,
                    because,
                );
            }
        }
    }
    found.0.into_values().collect()
}

/// What `road` must not have on `relation`, and why.
fn forbidden(
    on: &Examination<'_>,
    road: &str,
    relation: &Relation,
) -> Vec<(&'static [&'static str], &'static str)> {
    if relation.kind == 'S' {
        let because =
            "it tells how much all organisations do, or sets back their ids; USAGE is enough";
        return vec![(&["SELECT", "UPDATE"], because)];
    }
    let mut forbidden: Vec<(&'static [&'static str], _)> =
        vec![(&UNGOVERNED, "row security does not govern it")];
    let (is_app, is_auth) = (road == on.roles.app(), on.roles.auth() == Some(road));
    if relation.schema() == OURS {
        forbidden.push((
            &ROWS,
            "with the keys it signs the context of any organisation",
        ));
    } else if relation.schema() == "public" && relation.name() == AUDIT {
        let privileges: &'static [&'static str] = match on.roles.unscoped() == Some(road) {
            true => &["SELECT", "UPDATE", "DELETE"],
            false => &ROWS,
        };
        forbidden.push((privileges, "the record is kept from those whom it records"));
    }
    match on.table(relation).map(|table| table.class()) {
        Some(Class::Shared) if is_app || is_auth => {
            forbidden.push((&WRITES, "what it writes, every organisation reads"));
        }
        Some(Class::Private) if is_app => {
            forbidden.push((&ROWS, "no scope reaches the table, so nothing good does"));
        }
        Some(Class::Root { .. } | Class::Org { .. } | Class::Shop { .. }) if is_auth => {
            forbidden.push((&WRITES, "no policy keeps its organisations apart"));
        }
        _ => {}
    }
    forbidden
}

/// Findings by their objects: everybody's privileges are found once, not for each road.
#[derive(Default)]
struct Found(BTreeMap<String, Finding>);

impl Found {
    fn note(
        &mut self,
        on: &Examination<'_>,
        road: &str,
        (kind, name, quoted): &(&str, String, String),
        (grants, owner): (&[Grant], &str),
        privileges: &[&str],
        because: &str,
    ) {
        for privilege in privileges {
            let of_it = grants.iter().filter(|grant| grant.privilege == *privilege);
            for holder in on.holders(&[road], of_it, owner) {
                let thing = [*kind, name].join(" ");
                let object = format!("{privilege} on {} to {holder}", thing.trim_start());
                let remedy = format!(
                    "REVOKE {privilege} ON {} {quoted} FROM {};",
                    if kind.is_empty() { "TABLE" } else { kind }.to_uppercase(),
                    holder.quoted()
                );
                let finding = Finding::new(Rule::Privilege, object.clone(), because, remedy);
                self.0.entry(object).or_insert(finding);
            }
        }
    }
}
