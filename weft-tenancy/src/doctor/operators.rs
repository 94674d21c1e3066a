//! Whether operators and casts, which a statement calls without a name, call what is allowed.

use super::catalog::Called;
use super::{Examination, Finding, Rule};
use crate::declare::display_name;
use crate::guard::functions::{Verdict, builtin};
use crate::guard::quote;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for operator in &on.catalog.operators {
        let mut schemas = on.catalog.schemas.iter();
        let in_reach = schemas.any(|schema| {
            schema.name == operator.schema && on.may(on.roles.app(), &schema.grants, "USAGE")
        });
        if !in_reach || is_allowed(on, &operator.calls) {
            continue;
        }
        let sides = format!("({}, {})", operator.left, operator.right);
        let name = display_name(Some(&operator.schema), &operator.name);
        found.push(Finding::new(
            Rule::Operator,
            format!("{name} {sides}"),
            format!(
                "a statement calls {} by it, which is not declared",
                operator.calls.0
            ),
            format!(
                "DROP OPERATOR {}.{} {sides};",
                quote(&operator.schema),
                operator.name
            ),
        ));
    }
    for cast in &on.catalog.casts {
        if is_allowed(on, &cast.calls) {
            continue;
        }
        let pair = format!("({} AS {})", cast.source, cast.target);
        found.push(Finding::new(
            Rule::Cast,
            pair.clone(),
            format!(
                "a statement calls {} by it, which is not declared",
                cast.calls.0
            ),
            format!("DROP CAST {pair};"),
        ));
    }
    found
}

fn is_allowed(on: &Examination<'_>, Called(name, arguments, is_builtin): &Called) -> bool {
    match is_builtin {
        true => builtin(name, Some(*arguments)) == Verdict::Allowed,
        false => on.tenancy.functions().contains_key(name),
    }
}
