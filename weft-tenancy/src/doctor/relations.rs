//! Whether what is declared is there, as a table.

use super::catalog::Relation;
use super::examination::list;
use super::{Examination, Finding, Rule};
use crate::policy::qualified;
use crate::{Class, Table, guard::quote};

pub(super) fn examine(on: &Examination<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for table in on.tenancy.tables() {
        match on.catalog.relation(table.schema(), table.name()) {
            None => found.push(Finding::new(
                Rule::Relation,
                table.display(),
                "it is declared and does not exist",
                create(on, table),
            )),
            Some(relation) if !relation.is_table() => found.push(copied(relation)),
            Some(_) => {}
        }
    }
    for tenant in on.tenants() {
        if tenant.relation.kind == 'f' {
            found.push(detached(on, tenant.relation));
        }
    }
    found
}

/// The least that the declaration asks for; the columns are for a migration to add.
fn create(on: &Examination<'_>, table: &Table) -> String {
    let name = qualified(table);
    let key = on.tenancy.key().sql_name();
    let (org, shop) = match table.class() {
        Class::Root { id } => {
            let mut sql = format!(
                "CREATE TABLE {name} ({} {key} NOT NULL PRIMARY KEY);\n",
                quote(id)
            );
            sql += &on.policies.table_sql(table);
            return sql;
        }
        Class::Org { org } => (org, None),
        Class::Shop { org, shop } => (org, Some(shop)),
        Class::Shared | Class::Private => return format!("CREATE TABLE {name} ();"),
    };
    let mut columns = format!("{} {key} NOT NULL", quote(org));
    if let Some((root, id)) = on.root() {
        columns += &format!(" REFERENCES {} ({})", qualified(root), quote(id));
    }
    if let Some(shop) = shop {
        let key = on.tenancy.shop_key().sql_name();
        columns += &format!(", {} {key} NOT NULL", quote(shop));
    }
    if shop.is_none_or(|shop| shop != "id") {
        columns += &format!(", {} {key} NOT NULL", quote("id"));
    }
    if let Some(deleted) = table.soft_delete() {
        columns += &format!(", {} timestamptz", quote(deleted));
    }
    let primary = list([org.as_str(), "id"]);
    format!(
        "CREATE TABLE {name} ({columns}, PRIMARY KEY ({primary}));\n{}",
        on.policies.table_sql(table)
    )
}

/// A table in its place, with the rows it shows.
fn copied(relation: &Relation) -> Finding {
    let (name, kind) = (relation.quoted(), relation.kind_word());
    let copy = format!("{}.{}", quote(relation.schema()), quote("weft copy"));
    Finding::new(
        Rule::Relation,
        relation.display(),
        format!(
            "it is a {}, on which row security cannot be",
            kind.to_lowercase()
        ),
        format!(
            "CREATE TABLE {copy} AS TABLE {name};\n\
             DROP {kind} {name};\n\
             ALTER TABLE {copy} RENAME TO {};",
            quote(relation.name())
        ),
    )
}

/// A foreign table among the partitions or children of a tenant table.
fn detached(on: &Examination<'_>, child: &Relation) -> Finding {
    let leave = child.parents.iter().map(|parent| {
        let name = format!("{}.{}", quote(&parent.0), quote(&parent.1));
        let parent = on.catalog.relation(&parent.0, &parent.1);
        if parent.is_some_and(|parent| parent.kind == 'p') {
            format!("ALTER TABLE {name} DETACH PARTITION {};\n", child.quoted())
        } else {
            format!(
                "ALTER FOREIGN TABLE {} NO INHERIT {name};\n",
                child.quoted()
            )
        }
    });
    Finding::new(
        Rule::Relation,
        child.display(),
        "rows of tenants lie on another server, where no row security of this one holds",
        leave.collect::<String>(),
    )
}
