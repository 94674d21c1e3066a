//! INSERT and SET: every row that is written stays with its owner.

use std::collections::BTreeSet;

use weft_tenancy::guard::{Cell, Guarded};

use super::Walk;
use crate::{
    condition::{Answer, Filter, parameter},
    declaration::{Key, Owner, Table},
    sight::Sight,
    tree::Tree,
};

/// The cells that the guard says it will check.
pub(super) fn reported(guarded: &Guarded) -> BTreeSet<String> {
    guarded
        .checks()
        .iter()
        .map(|check| {
            let cell = match check.cell() {
                Cell::Bind(number) => format!("${number}"),
                Cell::Literal(text) => text.to_string(),
                Cell::Shops => "the one shop".to_owned(),
            };
            format!("{}.{} = {cell}", check.table(), check.column())
        })
        .collect()
}

impl Walk<'_> {
    pub(super) fn insert(&mut self, node: &Tree, sight: &Sight<'_, '_>) {
        let relation = node.field("relation");
        let source = node.field("select_stmt");
        if source.is("SelectStmt") {
            self.statement(source, sight);
        } else {
            self.problem("INSERT without rows");
        }
        self.rest(
            node,
            &["relation", "select_stmt", "on_conflict_clause"],
            sight,
        );
        let conflict = node.field("on_conflict_clause");
        self.rest(conflict, &[], sight);
        let Some(table) = self.write(relation) else {
            return;
        };
        if table.owner == Owner::Root {
            self.problem("inserts an organisation");
            return;
        }
        let shop = table.shop().filter(|_| self.binds.shops.is_some());
        for column in table.org().into_iter().chain(shop) {
            let named: Vec<_> = node
                .list("cols")
                .iter()
                .map(|target| target.text("name"))
                .collect();
            let mut at = (0..named.len()).filter(|at| named[*at] == column);
            match (at.next(), at.next()) {
                (Some(at), None) if node.list("cols")[at].some("indirection").is_none() => {
                    let place = (at, named.len() - 1 - at);
                    self.cells(source, place, table, column);
                }
                _ => self.problem(format!("INSERT names {column} not exactly once")),
            }
        }
        match conflict.number("action") {
            NONE | NOTHING => {}
            UPDATE => {
                let mut names = Vec::new();
                crate::condition::answers(relation, &mut names);
                names.push(Answer {
                    schema: None,
                    name: "excluded",
                    bare: false,
                    item: conflict,
                });
                let filter = Filter::new(conflict.field("where_clause"), names);
                self.guarded(relation, table, &[&filter]);
                self.set(conflict.list("target_list"), table, true);
            }
            other => self.problem(format!("a conflict action {other}")),
        }
    }

    /// The cells of `column` in all rows of `source`; `place` counts from both ends of a row.
    fn cells(&mut self, source: &Tree, place: (usize, usize), table: &Table, column: &str) {
        if source.field("larg").is("SelectStmt") {
            self.cells(source.field("larg"), place, table, column);
            self.cells(source.field("rarg"), place, table, column);
            return;
        }
        let rows = source.list("values_lists");
        let targets: Vec<_> = source
            .list("target_list")
            .iter()
            .map(|target| target.field("val"))
            .collect();
        let rows = rows
            .iter()
            .map(|row| row.items().iter().collect())
            .chain([targets]);
        for row in rows.filter(|row: &Vec<_>| !row.is_empty()) {
            match cell(&row, place) {
                Ok(cell) => self.cell(cell, table, column),
                Err(Unaligned::Refused) => self.verdict.refused = true,
                Err(Unaligned::Star) => {
                    self.problem(format!("the cell of {column} cannot be told in a row"));
                }
            }
        }
    }

    fn cell(&mut self, cell: &Tree, table: &Table, column: &str) {
        let of_shop = table.shop() == Some(column);
        let value = match self.value(cell, of_shop) {
            Some(Value::Own) => return,
            Some(Value::OneShop) => "the one shop".to_owned(),
            Some(Value::Bind(number)) => format!("${number}"),
            Some(Value::Literal(text)) => text,
            None => return self.problem(format!("the cell of {column} is {cell:?}")),
        };
        self.verdict
            .cells
            .insert(format!("{}.{column} = {value}", table.name.display()));
    }

    /// What a cell holds, if that can be known before it is sent.
    fn value(&self, cell: &Tree, of_shop: bool) -> Option<Value> {
        let (value, ty) = match cell.kind() {
            "TypeCast" => (cell.field("arg"), Some(cell.field("type_name"))),
            _ => (cell, None),
        };
        if of_shop && cell.is("AIndirection") {
            // `($shops::int4[])[1]`, and no other element.
            let array = cell.field("arg");
            let first = matches!(cell.list("indirection"), [index]
                if index.is("AIndices") && index.number("is_slice") == 0
                    && index.field("uidx").field("val").number("ival") == 1);
            let ours =
                parameter(array.field("arg")) == self.binds.shops && self.binds.shops.is_some();
            return (first && ours && is_array(array.field("type_name"))).then_some(Value::OneShop);
        }
        if ty.is_some_and(|ty| !self.is_key(ty, of_shop)) {
            return None;
        }
        match value.kind() {
            "ParamRef" => match parameter(value)? {
                number if number < self.binds.first() => Some(Value::Bind(number)),
                number if number == self.binds.org && !of_shop && ty.is_some() => Some(Value::Own),
                _ => None,
            },
            "AConst" if value.number("isnull") == 0 => {
                let value = value.field("val");
                match value.kind() {
                    "Integer" => Some(Value::Literal(value.number("ival").to_string())),
                    "Float" => Some(Value::Literal(value.text("fval").to_owned())),
                    "String" => Some(Value::Literal(value.text("sval").to_owned())),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_key(&self, ty: &Tree, of_shop: bool) -> bool {
        let wanted = match (of_shop, self.declaration.key) {
            (true, _) => "int4",
            (false, Key::Uuid) => "uuid",
            (false, Key::Int8) => "int8",
        };
        let plain = ty.some("array_bounds").is_none()
            && ty.some("typmods").is_none()
            && ty.number("setof") == 0
            && ty.number("pct_type") == 0;
        let names: Vec<_> = ty.list("names").iter().filter_map(Tree::name).collect();
        plain && (names == [wanted] || names == ["pg_catalog", wanted])
    }

    /// SET never moves a row to another owner.
    pub(super) fn set(&mut self, targets: &[Tree], table: &Table, upsert: bool) {
        let shop = table.shop().filter(|_| self.binds.shops.is_some());
        for target in targets {
            let column = target.text("name");
            let of_org = table.org() == Some(column);
            if !of_org && shop != Some(column) {
                continue;
            }
            let value = assigned(target.field("val"));
            let excluded = upsert && of_org && is_excluded(value, column);
            if table.owner == Owner::Root || target.some("indirection").is_some() {
                self.problem(format!("SET {column}"));
            } else if !excluded {
                if self.binds.in_value(value) {
                    self.problem(format!("SET {column} to the guard's own bind"));
                }
                self.cell(value, table, column);
            }
        }
    }
}

enum Value {
    /// The guard's own bind.
    Own,
    /// The first of the guard's own array.
    OneShop,
    Bind(i64),
    Literal(String),
}

/// Why a cell has no place.
enum Unaligned {
    /// The row is not as long as the list of columns: Postgres refuses that.
    Refused,
    /// A star stands before it and another behind it.
    Star,
}

/// The cell at a place of a row: a star before or behind it is as wide as it likes.
fn cell<'t>(row: &[&'t Tree], (at, from_end): (usize, usize)) -> Result<&'t Tree, Unaligned> {
    let star = |cell: &&Tree| {
        let last = match cell.kind() {
            "ColumnRef" => cell.list("fields").last(),
            _ => cell.list("indirection").last(),
        };
        last.is_some_and(|last| last.is("AStar"))
    };
    let from_start = row.iter().position(star).is_none_or(|star| at < star);
    let to_end = row
        .iter()
        .rev()
        .position(star)
        .is_none_or(|star| from_end < star);
    match (from_start, to_end) {
        (true, true) if row.len() != at + 1 + from_end => Err(Unaligned::Refused),
        (true, _) => row.get(at).copied().ok_or(Unaligned::Refused),
        (_, true) => row
            .iter()
            .rev()
            .nth(from_end)
            .copied()
            .ok_or(Unaligned::Refused),
        _ => Err(Unaligned::Star),
    }
}

fn is_array(ty: &Tree) -> bool {
    ty.list("array_bounds").len() == 1
}

/// The value of one target; of `(a, b) = (x, y)` that of its own column.
fn assigned(value: &Tree) -> &Tree {
    if !value.is("MultiAssignRef") {
        return value;
    }
    let row = value.field("source");
    let at = usize::try_from(value.number("colno") - 1).ok();
    at.and_then(|at| row.list("args").get(at))
        .filter(|_| row.is("RowExpr"))
        .unwrap_or(row)
}

fn is_excluded(value: &Tree, column: &str) -> bool {
    let names: Vec<_> = value.list("fields").iter().map(Tree::name).collect();
    value.is("ColumnRef") && names == [Some("excluded"), Some(column)]
}

const NONE: i64 = 0;
const NOTHING: i64 = pg_query::protobuf::OnConflictAction::OnconflictNothing as i64;
const UPDATE: i64 = pg_query::protobuf::OnConflictAction::OnconflictUpdate as i64;
