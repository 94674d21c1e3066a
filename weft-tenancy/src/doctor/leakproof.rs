//! Whether the server dares to use an index below row security: a function that may tell of its
//! arguments in an error must not see the rows of others.

use super::{Examination, Finding, Rule};

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for tenant in on.tenants().into_iter().filter(|tenant| !tenant.inherits) {
        for index in &tenant.relation.indexes {
            if index.leaks.is_empty() {
                continue;
            }
            let marks = index.leaks.iter();
            let marks = marks.map(|function| format!("ALTER FUNCTION {function} LEAKPROOF;\n"));
            found.push(Finding::new(
                Rule::Leakproof,
                format!("{} on {}", index.name, tenant.relation.display()),
                format!(
                    "below row security it finds by what stands before {} at most",
                    index.leaks.join(", ")
                ),
                format!(
                    "-- only where their errors may quote a row of another organisation\n{}",
                    marks.collect::<String>()
                ),
            ));
        }
    }
    found
}
