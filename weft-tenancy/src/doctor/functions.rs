//! Whether there is code in reach that no guard looks into.

use super::catalog::Function;
use super::examination::all_quoted;
use super::undeclared::OURS;
use super::{Examination, Finding, Rule};

/// What policies of a signed context call, of the schema `weft`.
const SIGNED: [&str; 2] = ["signed_org", "signed_shops"];

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let functions = on.catalog.functions.iter();
    let functions = functions
        .filter(|function| !(function.schema == OURS && SIGNED.contains(&function.name.as_str())));
    functions
        .filter_map(|function| judge(on, function))
        .collect()
}

fn judge(on: &Examination<'_>, function: &Function) -> Option<Finding> {
    let mut roads = on.roads();
    roads.retain(|road| in_reach(on, road, function));
    let app = on.roles.app();
    let (rule, consequence) = if function.definer && !roads.is_empty() {
        let consequence = "it runs as its owner, whatever the caller may and wherever it came from";
        (Rule::Definer, consequence)
    } else if function.extension || !roads.contains(&app) {
        return None;
    } else if !function.trusted {
        let consequence = "it reaches the server's memory and files, and no row security holds it";
        (Rule::Language, consequence)
    } else if on.tenancy.functions().contains_key(&function.name) {
        return None;
    } else {
        let consequence = "a statement may call it by the name of an allowed one, unseen";
        (Rule::Function, consequence)
    };
    let holders = on.holders(&roads, &function.grants, &function.owner);
    let revoke = format!(
        "REVOKE EXECUTE ON ROUTINE {} FROM {};",
        function.quoted(),
        all_quoted(holders)
    );
    Some(Finding::new(rule, function.display(), consequence, revoke))
}

/// Whether `road` may execute it and name its schema.
fn in_reach(on: &Examination<'_>, road: &str, function: &Function) -> bool {
    let mut schemas = on.catalog.schemas.iter();
    let schema = schemas.find(|schema| schema.name == function.schema);
    schema.is_some_and(|schema| on.may(road, &schema.grants, "USAGE"))
        && on.may(road, &function.grants, "EXECUTE")
}
