//! Whether an organisation's rows can be found without reading everybody's.

use super::{Examination, Finding, Rule};
use crate::guard::quote;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    // Partitions have the indexes of their parent.
    let tenants = on.tenants().into_iter().filter(|tenant| !tenant.inherits);
    let without = tenants.filter(|tenant| {
        let mut indexes = tenant.relation.indexes.iter();
        let leads = |column: &Option<String>| column.as_deref() == Some(tenant.org);
        !indexes.any(|index| index.usable && index.columns.first().is_some_and(leads))
    });
    let finding = without.map(|tenant| {
        Finding::new(
            Rule::Index,
            tenant.relation.display(),
            "every statement of an organisation reads the rows of all",
            format!(
                "CREATE INDEX ON {} ({});",
                tenant.relation.quoted(),
                quote(tenant.org)
            ),
        )
    });
    finding.collect()
}
