//! Whether the policies are those of the declaration, no more and no less.

use super::catalog::{LivePolicy, Relation};
use super::{Examination, Finding, Rule, deparsed};
use crate::guard::quote;
use crate::policy::Policy;

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for tenant in on.tenants() {
        let relation = tenant.relation;
        let expected = match tenant.inherits {
            true => Vec::new(),
            false => on.policies.of(tenant.table),
        };
        for policy in &expected {
            let mut live = relation.policies.iter();
            let live = live.find(|live| live.name == policy.name);
            let wrong = match live {
                None => "it is missing",
                Some(live) if !agrees(on, relation, policy, live) => {
                    "it says something else than the declaration"
                }
                Some(_) => continue,
            };
            let consequence = match policy.restrictive {
                true => format!("{wrong}, so rows of other organisations or shops are in reach"),
                false => format!(
                    "{wrong}, so {} does not see what it should alone",
                    policy.role
                ),
            };
            found.push(Finding::new(
                Rule::Policy,
                format!("{} on {}", policy.name, relation.display()),
                consequence,
                format!("{}{policy};", dropped(relation, policy.name)),
            ));
        }
        let mut strange = relation.policies.iter().collect::<Vec<_>>();
        strange.retain(|live| {
            live.permissive && !expected.iter().any(|policy| policy.name == live.name)
        });
        for live in strange {
            found.push(Finding::new(
                Rule::StrangePolicy,
                format!("{} on {}", live.name, relation.display()),
                "permissive policies are alternatives: it may let rows in that no other does",
                dropped(relation, &live.name),
            ));
        }
    }
    found
}

fn dropped(relation: &Relation, name: &str) -> String {
    format!(
        "DROP POLICY IF EXISTS {} ON {};\n",
        quote(name),
        relation.quoted()
    )
}

fn agrees(
    on: &Examination<'_>,
    relation: &Relation,
    policy: &Policy<'_>,
    live: &LivePolicy,
) -> bool {
    let quoted = |name: Option<&str>| {
        let column = name.and_then(|name| relation.column(name));
        column.map_or("", |column| column.quoted.as_str())
    };
    let table = policy.table;
    let using = match policy.name {
        "weft_org" => deparsed::is_org(quoted(table.org_column()), on.tenancy.key(), on.signed),
        "weft_shop" => deparsed::is_shop(
            quoted(table.shop_column()),
            on.tenancy.shop_key(),
            on.signed,
        ),
        _ => policy.using.clone(),
    };
    let command = match policy.command {
        "SELECT" => 'r',
        _ => '*',
    };
    live.permissive != policy.restrictive
        && live.command == command
        && live.roles == [Some(policy.role.to_owned())]
        && live.using.as_deref() == Some(&using)
        && live.check.is_none()
}
