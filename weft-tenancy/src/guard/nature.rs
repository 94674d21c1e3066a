//! What only a table has: uses that change when a filtered subquery takes a table's place.

use std::collections::HashSet;

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    names::{Path, is_system_column, name},
    tree::{child, has_token},
};
use crate::{Refusal, RefusalKind, Table};

/// Refuses `statement` when it uses `reference` as only a table can be used.
///
/// # Errors
/// On whole-row, system-column and schema-qualified uses, and on columns that are left out of
/// GROUP BY because the primary key is in it.
pub(super) fn unchanged(
    statement: &SyntaxNode,
    reference: &Path,
    table: &Table,
) -> Result<(), Refusal> {
    let refuse = |use_of: &str| {
        let detail = format!("the outer join makes it a subquery, which has no {use_of}");
        Err(Refusal::new(RefusalKind::NatureOfTable, detail).on(table.display()))
    };
    for node in statement.descendants() {
        match node.kind() {
            K::FIELD_EXPR => {
                let mut parts = node.children();
                let (Some(base), field) = (parts.next(), parts.next()) else { continue };
                let base_is_qualified = base.kind() == K::FIELD_EXPR && !has_token(&base, K::STAR);
                if base_is_qualified
                    && Path::of(&base).is_ok_and(|path| {
                        path.name == table.name() && path.schema.as_deref() == Some(table.schema())
                    })
                {
                    return refuse("schema-qualified name");
                }
                if !is_named(&base, &reference.name) {
                    continue;
                }
                match field.map(|field| name(&field)) {
                    Some(Ok(field)) if is_system_column(&field) => return refuse("system columns"),
                    Some(_) => {}
                    None if node.parent().is_some_and(|parent| parent.kind() == K::TARGET) => {}
                    None => return refuse("row of the table's own type"),
                }
            }
            K::NAME_REF if !is_part_of_a_path(&node) => {
                if is_named(&node, &reference.name) {
                    return refuse("row of the table's own type");
                }
                if name(&node).is_ok_and(|column| is_system_column(&column)) {
                    return refuse("system columns");
                }
            }
            _ => {}
        }
    }
    if depends_on_the_key(statement, &reference.name) {
        return refuse("primary key for GROUP BY to stand on");
    }
    Ok(())
}

fn is_named(node: &SyntaxNode, wanted: &str) -> bool {
    node.kind() == K::NAME_REF && name(node).is_ok_and(|name| name == wanted)
}

fn is_part_of_a_path(node: &SyntaxNode) -> bool {
    node.parent().is_some_and(|parent| {
        parent.kind() == K::FIELD_EXPR
            || parent.kind() == K::LOCKING_OF
            || (parent.kind() == K::CALL_EXPR && parent.children().next().as_ref() == Some(node))
    })
}

/// Whether a column of `alias` stands outside of aggregates without being grouped by.
fn depends_on_the_key(statement: &SyntaxNode, alias: &str) -> bool {
    let Some(groups) = child(statement, K::GROUP_BY_CLAUSE) else { return false };
    let mut grouped = HashSet::new();
    for group in groups.descendants() {
        match group.kind() {
            K::NAME_REF if !is_part_of_a_path(&group) => grouped.extend(name(&group)),
            K::FIELD_EXPR => grouped.extend(group.children().last().and_then(|last| name(&last).ok())),
            // By position: Postgres itself says whether that is enough.
            K::LITERAL => return false,
            _ => {}
        }
    }
    let clauses = [K::SELECT_CLAUSE, K::HAVING_CLAUSE, K::ORDER_BY_CLAUSE];
    let mut open: Vec<_> =
        clauses.into_iter().filter_map(|clause| child(statement, clause)).collect();
    while let Some(node) = open.pop() {
        match node.kind() {
            K::CALL_EXPR => {}
            K::FIELD_EXPR if node.children().next().is_some_and(|base| is_named(&base, alias)) => {
                let column = node.children().nth(1).and_then(|column| name(&column).ok());
                if column.is_none_or(|column| !grouped.contains(&column)) {
                    return true;
                }
            }
            _ => open.extend(node.children()),
        }
    }
    false
}
