//! Keys and foreign keys written anew, with the organisation in them.

use super::Examination;
use super::catalog::{ForeignKey, Index, Relation};
use super::examination::list;
use crate::guard::quote;

/// The columns of a foreign key, each with the one it refers to.
pub(super) type Pairs = Vec<(String, String)>;

/// What the foreign key of `child` is to pair: organisations, shops if both have one, then its own.
/// Nothing unless both tables belong to tenants.
pub(super) fn wanted(on: &Examination<'_>, child: &Relation, key: &ForeignKey) -> Option<Pairs> {
    let own = table_of(on, child)?;
    let parent = on.catalog.relation(&key.parent.0, &key.parent.1)?;
    let other = table_of(on, parent)?;
    let mut pairs = vec![(own.org_column()?.to_owned(), other.org_column()?.to_owned())];
    if let (Some(shop), Some(parents)) = (own.shop_column(), other.shop_column()) {
        pairs.push((shop.to_owned(), parents.to_owned()));
    }
    if matches!(other.class(), crate::Class::Root { .. }) {
        return Some(pairs);
    }
    for (column, parents) in key.columns.iter().zip(&key.parent_columns) {
        if !pairs.iter().any(|(known, _)| known == column)
            && !pairs.iter().any(|(_, known)| known == parents)
        {
            pairs.push((column.clone(), parents.clone()));
        }
    }
    Some(pairs)
}

/// What the relation, or the one it inherits from, is declared as.
pub(super) fn table_of<'e>(on: &Examination<'e>, relation: &Relation) -> Option<&'e crate::Table> {
    on.table(relation).or_else(|| {
        let mut tenants = on.tenants().into_iter();
        let tenant = tenants.find(|tenant| tenant.relation.is(relation));
        tenant.map(|tenant| tenant.table)
    })
}

pub(super) fn dropped(relation: &Relation, constraint: &str) -> String {
    let (table, name) = (relation.quoted(), quote(constraint));
    format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name};\n")
}

/// The foreign key over `pairs`, with what its actions may stay of.
pub(super) fn added(
    on: &Examination<'_>,
    child: &Relation,
    key: &ForeignKey,
    pairs: &Pairs,
    cascades: bool,
) -> String {
    let table = table_of(on, child);
    let is_key = |column: &str| {
        table.is_some_and(|table| {
            table.org_column() == Some(column) || table.shop_column() == Some(column)
        })
    };
    let columns = pairs.iter().map(|(column, _)| column.as_str());
    let mut set: Vec<&str> = columns.clone().filter(|column| !is_key(column)).collect();
    if !key.set_columns.is_empty() {
        set.retain(|column| key.set_columns.iter().any(|named| named == column));
    }
    let on_delete = match key.on_delete {
        'r' => " ON DELETE RESTRICT".to_owned(),
        'c' if cascades => " ON DELETE CASCADE".to_owned(),
        'n' if !set.is_empty() => format!(" ON DELETE SET NULL ({})", list(set)),
        'd' if !set.is_empty() => format!(" ON DELETE SET DEFAULT ({})", list(set)),
        _ => String::new(),
    };
    let on_update = match key.on_update {
        'r' => " ON UPDATE RESTRICT",
        _ => "",
    };
    let deferrable = match (key.deferrable, key.deferred) {
        (_, true) => " DEFERRABLE INITIALLY DEFERRED",
        (true, false) => " DEFERRABLE",
        (false, false) => "",
    };
    format!(
        "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}.{} ({}){on_delete}{on_update}{deferrable};\n",
        child.quoted(),
        quote(&key.name),
        list(columns),
        quote(&key.parent.0),
        quote(&key.parent.1),
        list(pairs.iter().map(|(_, parents)| parents)),
    )
}

/// Drops the foreign key, sees to the key it needs, and makes it anew.
pub(super) fn foreign_key(
    on: &Examination<'_>,
    child: &Relation,
    key: &ForeignKey,
    pairs: &Pairs,
) -> String {
    let Some(parent) = on.catalog.relation(&key.parent.0, &key.parent.1) else {
        return dropped(child, &key.name);
    };
    if let Some(referred) = referred(parent, key)
        && let Some(org) = table_of(on, parent).and_then(|table| table.org_column())
        && !holds(referred, org)
    {
        return unique_key(on, parent, referred, org);
    }
    let mut sql = dropped(child, &key.name);
    sql += &needed_key(parent, pairs);
    sql + &added(on, child, key, pairs, true)
}

/// The unique key with `org` in front, and every foreign key that refers to it along with it.
pub(super) fn unique_key(
    on: &Examination<'_>,
    relation: &Relation,
    index: &Index,
    org: &str,
) -> String {
    let mut referring = Vec::new();
    for child in &on.catalog.relations {
        let keys = child.foreign_keys.iter().filter(|key| {
            key.parent.0 == relation.schema()
                && key.parent.1 == relation.name()
                && referred(relation, key).is_some_and(|referred| referred.name == index.name)
        });
        referring.extend(keys.map(|key| (child, key)));
    }
    let drops = referring
        .iter()
        .map(|(child, key)| dropped(child, &key.name));
    let mut sql: String = drops.collect();
    sql += &with_org(relation, index, org);
    for (child, key) in referring {
        match wanted(on, child, key) {
            Some(pairs) => {
                if pairs.len() > key.columns.len() + 1 {
                    sql += &needed_key(relation, &pairs);
                }
                sql += &added(on, child, key, &pairs, true);
            }
            None => {
                let (key, child) = (quote(&key.name), child.quoted());
                sql += &format!("-- {key} of {child} has no organisation to carry: it is gone\n");
            }
        }
    }
    sql
}

fn with_org(relation: &Relation, index: &Index, org: &str) -> String {
    let org = quote(org);
    match &index.constraint {
        Some(constraint) => {
            let (extension, front) = match constraint.exclusion {
                true => (
                    "CREATE EXTENSION IF NOT EXISTS btree_gist;\n",
                    format!("({org} WITH =, "),
                ),
                false => ("", format!("({org}, ")),
            };
            let definition = constraint.definition.replacen('(', &front, 1);
            let (table, name) = (relation.quoted(), quote(&constraint.name));
            format!(
                "{extension}{}ALTER TABLE {table} ADD CONSTRAINT {name} {definition};\n",
                dropped(relation, &constraint.name)
            )
        }
        None => {
            let columns = index.definition.strip_prefix(index.head.as_str());
            let name = format!("{}.{}", quote(relation.schema()), quote(&index.name));
            // Not ONLY: the partitions' indexes are made with it.
            let head = index.head.replacen("ON ONLY ", "ON ", 1);
            format!(
                "DROP INDEX IF EXISTS {name};\n{head}{org}, {};\n",
                columns.unwrap_or_default()
            )
        }
    }
}

/// A unique key over what `pairs` refer to, unless `parent` has one.
fn needed_key(parent: &Relation, pairs: &Pairs) -> String {
    let columns: Vec<&String> = pairs.iter().map(|(_, parents)| parents).collect();
    let fits = |index: &&Index| {
        index.unique && index.usable && index.columns.len() == columns.len() && {
            let mut columns = columns.iter();
            columns.all(|column| holds(index, column))
        }
    };
    if parent.indexes.iter().any(|index| fits(&index)) {
        return String::new();
    }
    format!(
        "ALTER TABLE {} ADD UNIQUE ({});\n",
        parent.quoted(),
        list(columns)
    )
}

/// The unique key that the foreign key refers to.
fn referred<'r>(parent: &'r Relation, key: &ForeignKey) -> Option<&'r Index> {
    parent.indexes.iter().find(|index| {
        index.unique && index.usable && index.columns.len() == key.parent_columns.len() && {
            let mut columns = key.parent_columns.iter();
            columns.all(|column| holds(index, column))
        }
    })
}

pub(super) fn holds(index: &Index, column: &str) -> bool {
    let mut columns = index.columns.iter();
    columns.any(|key| key.as_deref() == Some(column))
}
