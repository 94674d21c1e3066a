//! A catalog beside the declaration it is judged by.

use std::{collections::BTreeSet, fmt};

use super::catalog::{Catalog, Grant, Relation};
use crate::{Policies, Roles, Table, Tenancy, guard::quote};

pub(super) struct Examination<'e> {
    pub(super) catalog: &'e Catalog,
    pub(super) tenancy: &'e Tenancy,
    pub(super) roles: &'e Roles,
    pub(super) policies: Policies<'e>,
    pub(super) signed: bool,
}

/// A table whose rows belong to tenants.
pub(super) struct Tenant<'e> {
    /// What is declared: itself, or what it inherits from.
    pub(super) table: &'e Table,
    pub(super) relation: &'e Relation,
    /// The column that holds the organisation.
    pub(super) org: &'e str,
    /// It is a partition or child, and not declared itself.
    pub(super) inherits: bool,
}

impl<'e> Examination<'e> {
    /// The declared relations that exist.
    pub(super) fn declared(&self) -> impl Iterator<Item = (&'e Table, &'e Relation)> {
        let catalog = self.catalog;
        let tables = self.tenancy.tables().iter();
        tables.filter_map(|table| Some((table, catalog.relation(table.schema(), table.name())?)))
    }

    /// The declared tenant tables, each followed by what inherits from it. While key columns are
    /// missing or of another type, there is nothing else to judge yet.
    pub(super) fn tenants(&self) -> Vec<Tenant<'e>> {
        let mut tenants = Vec::new();
        for (table, relation) in self.declared() {
            let Some(org) = table.org_column() else {
                continue;
            };
            let tenant = |relation, inherits| Tenant {
                table,
                relation,
                org,
                inherits,
            };
            if self.has_keys(table, relation) && relation.is_table() {
                tenants.push(tenant(relation, false));
            }
            let children = self.catalog.descendants(relation).into_iter();
            let children =
                children.filter(|child| self.table(child).is_none() && self.has_keys(table, child));
            tenants.extend(children.map(|child| tenant(child, true)));
        }
        tenants
    }

    /// Whether `relation` has the key columns of `table`, in their types.
    fn has_keys(&self, table: &Table, relation: &Relation) -> bool {
        let keys = [
            (table.org_column(), self.tenancy.key()),
            (table.shop_column(), self.tenancy.shop_key()),
        ];
        keys.into_iter().all(|(name, key)| {
            name.is_none_or(|name| {
                let column = relation.column(name);
                column.is_some_and(|column| column.type_oid == key.oid())
            })
        })
    }

    /// What `relation` is declared as.
    pub(super) fn table(&self, relation: &Relation) -> Option<&'e Table> {
        self.tenancy.table(Some(relation.schema()), relation.name())
    }

    /// The root table and its id.
    pub(super) fn root(&self) -> Option<(&'e Table, &'e str)> {
        let mut tables = self.tenancy.tables().iter();
        tables.find_map(|table| match table.class() {
            crate::Class::Root { id } => Some((table, id.as_str())),
            _ => None,
        })
    }

    /// The login roles: app, auth, unscoped.
    pub(super) fn roads(&self) -> Vec<&'e str> {
        let roles = self.roles;
        let others = roles.auth().into_iter().chain(roles.unscoped());
        std::iter::once(roles.app()).chain(others).collect()
    }

    /// Whether `road` has the privilege, in whatever way.
    pub(super) fn may(&self, road: &str, grants: &[Grant], privilege: &str) -> bool {
        let roles = self.catalog.becomes(road);
        let reaches = |grant: &Grant| grant.to.as_deref().is_none_or(|to| roles.contains(to));
        let mut grants = grants.iter();
        grants.any(|grant| grant.privilege == privilege && reaches(grant))
    }

    /// Through whom one of `roads` has any of `grants`: not the owner, nor another road, which it
    /// must not become in the first place.
    pub(super) fn holders<'g>(
        &self,
        roads: &[&str],
        grants: impl IntoIterator<Item = &'g Grant>,
        owner: &str,
    ) -> BTreeSet<Holder<'g>> {
        let roles: Vec<_> = roads
            .iter()
            .map(|road| self.catalog.becomes(road))
            .collect();
        let holders = grants.into_iter().map(|grant| Holder(grant.to.as_deref()));
        let all = self.roads();
        let reaches = |holder: &Holder<'_>| {
            holder.0.is_none_or(|to| {
                to != owner
                    && (roads.contains(&to) || !all.contains(&to))
                    && roles.iter().any(|roles| roles.contains(to))
            })
        };
        holders.filter(reaches).collect()
    }
}

/// Who holds a privilege, `None` for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder<'g>(Option<&'g str>);

impl Holder<'_> {
    /// Whether it holds this very grant.
    pub(super) fn is(self, grant: &Grant) -> bool {
        self.0 == grant.to.as_deref()
    }

    /// As GRANT spells it.
    pub(super) fn quoted(self) -> String {
        self.0.map_or_else(|| self.to_string(), quote)
    }
}

impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or("PUBLIC"))
    }
}

/// As REVOKE lists them.
pub(super) fn all_quoted<'g>(holders: impl IntoIterator<Item = Holder<'g>>) -> String {
    let quoted: Vec<_> = holders.into_iter().map(Holder::quoted).collect();
    quoted.join(", ")
}

/// Quoted names with commas between.
pub(super) fn list<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| quote(name.as_ref())).collect();
    names.join(", ")
}
