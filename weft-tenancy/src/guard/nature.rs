//! What only a table has: uses that change when a filtered subquery takes a table's place.

use std::collections::{BTreeMap, HashSet};

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    names::{Path, is_system_column, name},
    tree::{child, has_token},
};
use crate::{Refusal, RefusalKind, Table};

/// The tables of one statement that become subqueries, by the names it knows them by.
pub(super) type Derived<'t> = BTreeMap<String, &'t Table>;

/// Refuses `statement` when it uses one of `derived` as only a table can be used.
///
/// # Errors
/// On whole-row, system-column and schema-qualified uses, and on columns that are left out of
/// GROUP BY because the primary key is in it.
pub(super) fn unchanged(statement: &SyntaxNode, derived: &Derived<'_>) -> Result<(), Refusal> {
    if derived.is_empty() {
        return Ok(());
    }
    for node in statement.descendants() {
        match node.kind() {
            K::FIELD_EXPR => {
                let mut parts = node.children();
                let (Some(base), field) = (parts.next(), parts.next()) else {
                    continue;
                };
                if let Some(table) = qualified(&base, derived) {
                    return refuse(table, "schema-qualified name");
                }
                let Some(table) = named(&base, derived) else {
                    continue;
                };
                match field.map(|field| name(&field)) {
                    Some(Ok(field)) if is_system_column(&field) => {
                        return refuse(table, "system columns");
                    }
                    Some(_) => {}
                    None if node
                        .parent()
                        .is_some_and(|parent| parent.kind() == K::TARGET) => {}
                    None => return refuse(table, "row of the table's own type"),
                }
            }
            K::NAME_REF if !is_part_of_a_path(&node) => {
                if let Some(table) = named(&node, derived) {
                    return refuse(table, "row of the table's own type");
                }
                let is_system = name(&node).is_ok_and(|column| is_system_column(&column));
                if let Some(table) = derived.values().next().filter(|_| is_system) {
                    return refuse(table, "system columns");
                }
            }
            _ => {}
        }
    }
    match depends_on_the_key(statement, derived) {
        Some(table) => refuse(table, "primary key for GROUP BY to stand on"),
        None => Ok(()),
    }
}

fn refuse(table: &Table, use_of: &str) -> Result<(), Refusal> {
    let detail = format!("the outer join makes it a subquery, which has no {use_of}");
    Err(Refusal::new(RefusalKind::NatureOfTable, detail).on(table.display()))
}

/// The derived table that a reference of one name stands for.
fn named<'t>(node: &SyntaxNode, derived: &Derived<'t>) -> Option<&'t Table> {
    let name = name(node).ok().filter(|_| node.kind() == K::NAME_REF)?;
    derived.get(&name).copied()
}

/// The derived table that `schema.table` stands for.
fn qualified<'t>(node: &SyntaxNode, derived: &Derived<'t>) -> Option<&'t Table> {
    if node.kind() != K::FIELD_EXPR || has_token(node, K::STAR) {
        return None;
    }
    let path = Path::of(node).ok()?;
    derived
        .get(&path.name)
        .copied()
        .filter(|table| path.schema.as_deref() == Some(table.schema()) && path.name == table.name())
}

fn is_part_of_a_path(node: &SyntaxNode) -> bool {
    node.parent().is_some_and(|parent| {
        parent.kind() == K::FIELD_EXPR
            || parent.kind() == K::LOCKING_OF
            || (parent.kind() == K::CALL_EXPR && parent.children().next().as_ref() == Some(node))
    })
}

/// A derived table of which a column stands outside of aggregates without being grouped by.
fn depends_on_the_key<'t>(statement: &SyntaxNode, derived: &Derived<'t>) -> Option<&'t Table> {
    let groups = child(statement, K::GROUP_BY_CLAUSE)?;
    let mut grouped = HashSet::new();
    for group in groups.descendants() {
        match group.kind() {
            K::NAME_REF if !is_part_of_a_path(&group) => grouped.extend(name(&group)),
            K::FIELD_EXPR => {
                grouped.extend(group.children().last().and_then(|last| name(&last).ok()));
            }
            // By position: Postgres itself says whether that is enough.
            K::LITERAL => return None,
            _ => {}
        }
    }
    let clauses = [K::SELECT_CLAUSE, K::HAVING_CLAUSE, K::ORDER_BY_CLAUSE];
    let mut open: Vec<_> = clauses
        .into_iter()
        .filter_map(|clause| child(statement, clause))
        .collect();
    while let Some(node) = open.pop() {
        let table = node
            .children()
            .next()
            .and_then(|base| named(&base, derived));
        match (node.kind(), table) {
            (K::CALL_EXPR, _) => {}
            (K::FIELD_EXPR, Some(table)) => {
                let column = node.children().nth(1).and_then(|column| name(&column).ok());
                if column.is_none_or(|column| !grouped.contains(&column)) {
                    return Some(table);
                }
            }
            // Whose column a bare name is cannot be told; in ORDER BY it may be an output's.
            (K::NAME_REF, _)
                if !is_part_of_a_path(&node)
                    && !node.ancestors().any(|up| up.kind() == K::ORDER_BY_CLAUSE)
                    && name(&node).is_ok_and(|column| !grouped.contains(&column)) =>
            {
                return derived.values().next().copied();
            }
            _ => open.extend(node.children()),
        }
    }
    None
}
