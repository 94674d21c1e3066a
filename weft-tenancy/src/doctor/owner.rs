//! Whether a road owns anything: an owner alters, grants and drops what is its own.

use super::{Examination, Finding, Rule};
use crate::guard::quote;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let roads = on.roads();
    let catalog = on.catalog;
    let owned = |owner: &str, object: String, altered: String| {
        roads.contains(&owner).then(|| {
            Finding::new(
                Rule::Owner,
                object,
                format!("{owner} can switch row security off, drop policies and grant itself more"),
                format!("ALTER {altered} OWNER TO CURRENT_USER;"),
            )
        })
    };
    let database = owned(
        &catalog.database.owner,
        format!("database {}", catalog.database.name),
        format!("DATABASE {}", quote(&catalog.database.name)),
    );
    let schemas = catalog.schemas.iter().filter_map(|schema| {
        let object = format!("schema {}", schema.name);
        owned(
            &schema.owner,
            object,
            format!("SCHEMA {}", quote(&schema.name)),
        )
    });
    // A sequence of a column changes hands with its table.
    let relations = catalog
        .relations
        .iter()
        .filter(|relation| relation.kind != 'S');
    let relations = relations.filter_map(|relation| {
        let altered = format!("{} {}", relation.kind_word(), relation.quoted());
        owned(&relation.owner, relation.display(), altered)
    });
    let functions = catalog.functions.iter().filter_map(|function| {
        let altered = format!("ROUTINE {}", function.quoted());
        owned(&function.owner, function.display(), altered)
    });
    let found = database.into_iter().chain(schemas);
    found.chain(relations).chain(functions).collect()
}
