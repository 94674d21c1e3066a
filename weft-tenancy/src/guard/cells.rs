//! Cells of the caller's that carry an organisation or a shop: what may stand in them.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    Cell, Check,
    names::{Path, name, tokens},
    tree::{child, has_token, is_query, only_child},
};
use crate::{KeyType, Refusal, RefusalKind, Table};

/// Whose cell it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Org,
    Shop,
}

/// The check that keeps a cell to the scope.
///
/// # Errors
/// When the cell is anything but a bind or a literal of the key's type: DEFAULT, NULL and
/// expressions cannot be compared before they are sent.
pub(super) fn check(
    cell: Option<&SyntaxNode>,
    table: &Table,
    column: &str,
    owner: Owner,
    key: KeyType,
) -> Result<Check, Refusal> {
    let cell = cell.and_then(|cell| value(cell, key)).ok_or_else(|| {
        let (kind, whose) = match owner {
            Owner::Org => (RefusalKind::OrgCell, "the organisation"),
            Owner::Shop => (RefusalKind::ShopCell, "the shop"),
        };
        let detail = format!("column {column} takes a bind or literal of {whose}, nothing else");
        Refusal::new(kind, detail).on(table.display())
    })?;
    Ok(Check {
        table: table.display().into(),
        column: column.into(),
        shop: owner == Owner::Shop,
        cell,
    })
}

/// What a cell holds, if it is a bind or a literal of the key's type.
pub(super) fn value(cell: &SyntaxNode, key: KeyType) -> Option<Cell> {
    match cell.kind() {
        K::CAST_EXPR if !has_token(cell, K::TREAT_KW) => {
            let named = cell.children().find(|part| part.kind() == K::PATH_TYPE)?;
            let spelled: Vec<_> = tokens(&named)
                .map(|token| token.text().to_ascii_lowercase())
                .collect();
            let spelled: Vec<_> = spelled.iter().map(String::as_str).collect();
            let fits = match key {
                KeyType::Uuid => matches!(spelled[..], ["uuid"]),
                KeyType::I64 => matches!(spelled[..], ["int8" | "bigint"]),
                KeyType::I32 => matches!(spelled[..], ["int4" | "int" | "integer"]),
            };
            let inner = cell.children().find(|part| part.kind() == K::LITERAL)?;
            if fits { value(&inner, key) } else { None }
        }
        K::PAREN_EXPR => value(&only_child(cell)?, key),
        K::LITERAL => {
            let mut tokens = tokens(cell);
            let (token, None) = (tokens.next()?, tokens.next()) else {
                return None;
            };
            let text = token.text();
            let literal = match token.kind() {
                K::POSITIONAL_PARAM => return Some(Cell::Bind(text.get(1..)?.parse().ok()?)),
                K::INT_NUMBER => text.to_owned(),
                K::STRING => text
                    .strip_prefix('\'')?
                    .strip_suffix('\'')?
                    .replace("''", "'"),
                _ => return None,
            };
            key.parse(&literal)?;
            Some(Cell::Literal(literal.into()))
        }
        _ => None,
    }
}

/// `excluded.column`: the proposed row, whose cell was checked where it was written.
pub(super) fn is_excluded(cell: &SyntaxNode, column: &str) -> bool {
    cell.kind() == K::FIELD_EXPR
        && !has_token(cell, K::STAR)
        && Path::of(cell)
            .is_ok_and(|path| path.schema.as_deref() == Some("excluded") && path.name == column)
}

/// The cells that the rows of an INSERT's source have at position `at`.
///
/// # Errors
/// When the position cannot be told: a `*` before it, a row that is too short, TABLE.
pub(super) fn at(source: &SyntaxNode, at: usize) -> Result<Vec<SyntaxNode>, Refusal> {
    let mut cells = Vec::new();
    for arm in arms(source) {
        match arm.kind() {
            K::VALUES => {
                let rows = child(&arm, K::ROW_LIST)
                    .into_iter()
                    .flat_map(|rows| rows.children());
                for row in rows {
                    let row = row_of(&row).ok_or_else(cannot_tell)?;
                    cells.push(nth(row.into_iter(), at)?);
                }
            }
            K::SELECT => {
                let targets = child(&arm, K::SELECT_CLAUSE)
                    .and_then(|clause| child(&clause, K::TARGET_LIST))
                    .ok_or_else(cannot_tell)?;
                let target = targets.children().map(|target| {
                    // A bare `*` has no expression: the target itself stands for it.
                    target.children().next().unwrap_or(target)
                });
                cells.push(nth(target, at)?);
            }
            _ => return Err(cannot_tell()),
        }
    }
    Ok(cells)
}

/// The cells at a position counted from the end of each row, none if a row is too short.
pub(super) fn from_end(source: &SyntaxNode, from_end: usize) -> Option<Vec<SyntaxNode>> {
    let mut cells = Vec::new();
    for arm in arms(source) {
        let rows: Vec<Vec<_>> = match arm.kind() {
            K::VALUES => child(&arm, K::ROW_LIST)?
                .children()
                .map(|row| row_of(&row))
                .collect::<Option<_>>()?,
            K::SELECT => {
                let targets = child(&child(&arm, K::SELECT_CLAUSE)?, K::TARGET_LIST)?;
                vec![targets.children().collect()]
            }
            _ => return None,
        };
        for row in rows {
            cells.push(row.get(row.len().checked_sub(from_end + 1)?)?.clone());
        }
    }
    Some(cells)
}

/// The cells of a row of VALUES, if there is one for each comma and one more: an expression that the
/// parser took for two would shift all behind it.
fn row_of(row: &SyntaxNode) -> Option<Vec<SyntaxNode>> {
    let cells: Vec<_> = row.children().collect();
    let commas = row
        .children_with_tokens()
        .filter(|part| part.kind() == K::COMMA);
    (cells.len() == commas.count() + 1).then_some(cells)
}

fn nth(cells: impl Iterator<Item = SyntaxNode>, at: usize) -> Result<SyntaxNode, Refusal> {
    for (position, cell) in cells.enumerate() {
        if spreads(&cell) {
            break;
        }
        if position == at {
            return Ok(cell);
        }
    }
    Err(cannot_tell())
}

/// Whether a cell can become several: a `*`, in however many parentheses.
fn spreads(cell: &SyntaxNode) -> bool {
    match cell.kind() {
        K::TARGET | K::FIELD_EXPR => has_token(cell, K::STAR),
        K::PAREN_EXPR => cell.children().any(|inner| spreads(&inner)),
        _ => false,
    }
}

fn cannot_tell() -> Refusal {
    Refusal::new(
        RefusalKind::OrgCell,
        "which cell belongs to the column cannot be told",
    )
}

/// The SELECT, VALUES and TABLE nodes whose rows a query puts out, set operations taken apart.
pub(super) fn arms(query: &SyntaxNode) -> Vec<SyntaxNode> {
    let mut arms = Vec::new();
    let mut open = vec![query.clone()];
    while let Some(node) = open.pop() {
        match node.kind() {
            K::COMPOUND_SELECT | K::PAREN_SELECT | K::PAREN_EXPR => {
                let queries = |kind| is_query(kind) || kind == K::PAREN_EXPR;
                open.extend(node.children().filter(|child| queries(child.kind())));
            }
            _ => arms.push(node),
        }
    }
    arms
}

/// One assignment of a SET clause.
pub(super) struct Assignment {
    pub(super) column: String,
    /// Only a part of the column is set: a subscript or a field.
    pub(super) partial: bool,
    /// The value; none for DEFAULT and for what a subquery yields.
    pub(super) value: Option<SyntaxNode>,
}

/// The assignments of a SET clause, one for each column. Where values do not stand one for one
/// against the columns, none of them is taken for the value of any.
///
/// # Errors
/// When a name cannot be decoded.
pub(super) fn assignments(set: &SyntaxNode) -> Result<Vec<Assignment>, Refusal> {
    let mut all = Vec::new();
    let columns = child(set, K::SET_COLUMN_LIST)
        .into_iter()
        .flat_map(|list| list.children());
    for column in columns {
        let of_kind = |node: &SyntaxNode, kind| -> Vec<_> {
            node.children()
                .filter(|child| child.kind() == kind)
                .collect()
        };
        let targets = child(&column, K::COLUMN_TARGET_LIST).unwrap_or_else(|| column.clone());
        let targets = of_kind(&targets, K::COLUMN_TARGET);
        let values = child(&column, K::SET_EXPR_LIST).unwrap_or_else(|| column.clone());
        let values: Vec<_> = of_kind(&values, K::SET_EXPR)
            .iter()
            .map(only_child)
            .collect();
        let one_for_one = values.len() == targets.len() && !values.iter().flatten().any(spreads);
        for (at, target) in targets.iter().enumerate() {
            let (column, partial) = target_column(target)?;
            let value = values.get(at).filter(|_| one_for_one).cloned().flatten();
            all.push(Assignment {
                column,
                partial,
                value,
            });
        }
    }
    Ok(all)
}

/// The column of a COLUMN_TARGET, and whether only a part of it is meant.
pub(super) fn target_column(target: &SyntaxNode) -> Result<(String, bool), Refusal> {
    let column = child(target, K::COLUMN_NAME_REF)
        .ok_or_else(|| Refusal::new(RefusalKind::Name, "a column without a name"))?;
    Ok((name(&column)?, target.children().count() > 1))
}
