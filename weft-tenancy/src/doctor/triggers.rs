//! Whether statements on declared tables set off others, which no guard has seen.

use super::{Examination, Finding, Rule};
use crate::guard::quote;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let declared = on.declared().map(|(_, relation)| relation);
    let inheriting = on.tenants().into_iter().filter(|tenant| tenant.inherits);
    let relations = declared.chain(inheriting.map(|tenant| tenant.relation));
    let mut found = Vec::new();
    for relation in relations {
        let (display, on_table) = (relation.display(), relation.quoted());
        let drop = |kind, name: &str| format!("DROP {kind} {} ON {on_table};", quote(name));
        for name in &relation.triggers {
            found.push(Finding::new(
                Rule::Trigger,
                format!("{name} on {display}"),
                "it runs statements that no guard has seen, and does not run on a distributed table",
                drop("TRIGGER", name),
            ));
        }
        for name in &relation.rules {
            found.push(Finding::new(
                Rule::RewriteRule,
                format!("{name} on {display}"),
                "it turns a guarded statement into another",
                drop("RULE", name),
            ));
        }
    }
    found
}
