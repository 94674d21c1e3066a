//! Whether the roads' roles are login roles and nothing more.

use super::{Examination, Finding, Rule};
use crate::guard::quote;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for road in on.roads() {
        let Some(role) = on.catalog.role(road) else {
            found.push(missing(road));
            continue;
        };
        let attributes = role.attributes.iter();
        found.extend(attributes.map(|attribute| privileged(road, attribute)));
        for group in &role.member_of {
            if let Some(danger) = danger(on, road, group) {
                found.push(Finding::new(
                    Rule::Membership,
                    format!("{road} in {group}"),
                    format!("{road} can become {danger}, with or without INHERIT"),
                    format!("REVOKE {} FROM {};", quote(group), quote(road)),
                ));
            }
        }
    }
    found
}

fn missing(road: &str) -> Finding {
    Finding::new(
        Rule::Role,
        road,
        "the role does not exist, so nothing says what it may do",
        format!(
            "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOREPLICATION NOCREATEROLE NOCREATEDB;",
            quote(road)
        ),
    )
}

fn privileged(road: &str, attribute: &str) -> Finding {
    let consequence = match attribute {
        "SUPERUSER" => "no check of any kind holds it back",
        "BYPASSRLS" => "row security does not hold it back",
        "REPLICATION" => "it can read every change of every table from the log",
        "CREATEROLE" => "it can make roles that may more than itself",
        _ => "it can make databases of its own, and owns them",
    };
    Finding::new(
        Rule::Role,
        format!("{road} {attribute}"),
        consequence,
        format!("ALTER ROLE {} NO{attribute};", quote(road)),
    )
}

/// What `road` becomes through `group` that it must not be.
fn danger(on: &Examination<'_>, road: &str, group: &str) -> Option<String> {
    let roads = on.roads();
    let mut reached: Vec<&str> = on.catalog.becomes(group).into_iter().collect();
    reached.sort_unstable();
    reached.into_iter().find_map(|name| {
        let owner = || {
            let database = &on.catalog.database;
            let mut schemas = on.catalog.schemas.iter();
            database.owner == name
                || schemas.any(|schema| schema.owner == name)
                || on.declared().any(|(_, relation)| relation.owner == name)
        };
        let role = on.catalog.role(name);
        match role.and_then(|role| role.attributes.first()) {
            Some(attribute) => Some(format!("{name}, which is {attribute}")),
            None if name.starts_with("pg_") => Some(format!("the predefined role {name}")),
            None if name != road && roads.contains(&name) => {
                Some(format!("{name}, the role of another road"))
            }
            None if owner() => Some(format!("{name}, which owns what is declared")),
            None => None,
        }
    })
}
