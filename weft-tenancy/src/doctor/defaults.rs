//! Whether tables of the future are open to a road on the day they are made.

use super::{Examination, Finding, Rule};
use crate::guard::quote;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for defaults in &on.catalog.defaults {
        let (place, within) = match &defaults.schema {
            Some(schema) => (
                format!("schema {schema}"),
                format!(" IN SCHEMA {}", quote(schema)),
            ),
            None => ("every schema".to_owned(), String::new()),
        };
        for holder in on.holders(&on.roads(), &defaults.grants, &defaults.owner) {
            found.push(Finding::new(
                Rule::DefaultPrivilege,
                format!("tables of {} in {place} to {holder}", defaults.owner),
                "a table is in reach before it has policies, and a partition for ever",
                format!(
                    "ALTER DEFAULT PRIVILEGES FOR ROLE {}{within} REVOKE ALL ON TABLES FROM {};",
                    quote(&defaults.owner),
                    holder.quoted()
                ),
            ));
        }
    }
    found
}
