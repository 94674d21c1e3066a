//! Whether partitions and children are in reach by their own names, past their parent's policies.

use super::{Examination, Finding, Rule};

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for tenant in on.tenants().into_iter().filter(|tenant| tenant.inherits) {
        let relation = tenant.relation;
        for holder in on.holders(&on.roads(), relation.all_grants(), &relation.owner) {
            found.push(Finding::new(
                Rule::Partition,
                format!("{} to {holder}", relation.display()),
                format!(
                    "the policies of {} do not hold here",
                    tenant.table.display()
                ),
                format!(
                    "REVOKE ALL ON {} FROM {};",
                    relation.quoted(),
                    holder.quoted()
                ),
            ));
        }
    }
    found
}
