//! Conditions of guards: what they look like, and where they hold.

use crate::{
    declaration::{Declaration, Table},
    sight::schema,
    tree::Tree,
};

/// The numbers of the guard's own binds, and what of the scope decides which conditions there are.
#[derive(Debug, Clone, Copy)]
pub struct Binds {
    /// The organisation's.
    pub org: i64,
    /// The shops', in a narrowed scope.
    pub shops: Option<i64>,
    /// Rows that are soft-deleted are shown.
    pub show_deleted: bool,
}

/// The condition of a guard on one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guard<'t> {
    /// `….column = $org`
    Org(&'t str),
    /// `….column = ANY($shops)`
    Shop(&'t str),
    /// `….column IS NULL`
    Deleted(&'t str),
}

impl Binds {
    /// The first number that is the guard's.
    pub(crate) fn first(&self) -> i64 {
        self.shops.map_or(self.org, |shops| shops.min(self.org))
    }

    /// The conditions that keep `table` to the scope.
    pub(crate) fn guards(&self, table: &Table) -> Vec<Guard<'static>> {
        let shop = table.shop().filter(|_| self.shops.is_some());
        let deleted = table.deleted().filter(|_| !self.show_deleted);
        let guards = [
            table.org().map(Guard::Org),
            shop.map(Guard::Shop),
            deleted.map(Guard::Deleted),
        ];
        guards.into_iter().flatten().collect()
    }

    /// Reads `condition` as a guard: what it is on, and the names before the column.
    pub(crate) fn read<'t>(&self, condition: &'t Tree) -> Option<(Guard<'t>, &'t [Tree])> {
        match condition.kind() {
            "NullTest" if condition.number("nulltesttype") == IS_NULL => {
                let (column, base) = reference(condition.field("arg"))?;
                Some((Guard::Deleted(column), base))
            }
            "AExpr" if operator(condition) == Some("=") => {
                let (column, base) = reference(condition.field("lexpr"))?;
                let bind = Some(parameter(condition.field("rexpr"))?);
                match condition.number("kind") {
                    OP if bind == Some(self.org) => Some((Guard::Org(column), base)),
                    OP_ANY if bind == self.shops => Some((Guard::Shop(column), base)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether `value` holds a bind of the guard's.
    pub(crate) fn in_value(&self, value: &Tree) -> bool {
        parameter(value).is_some_and(|number| number >= self.first())
            || value.children().any(|child| self.in_value(child))
    }
}

const OP: i64 = pg_query::protobuf::AExprKind::AexprOp as i64;
const OP_ANY: i64 = pg_query::protobuf::AExprKind::AexprOpAny as i64;
const AND: i64 = pg_query::protobuf::BoolExprType::AndExpr as i64;
const IS_NULL: i64 = pg_query::protobuf::NullTestType::IsNull as i64;

/// The number of `$k`.
pub(crate) fn parameter(tree: &Tree) -> Option<i64> {
    tree.is("ParamRef").then(|| tree.number("number"))
}

fn operator(expression: &Tree) -> Option<&str> {
    match expression.list("name") {
        [name] => name.name(),
        _ => None,
    }
}

/// A reference to a column: its name, and the names before it.
fn reference(tree: &Tree) -> Option<(&str, &[Tree])> {
    let (column, base) = tree
        .list("fields")
        .split_last()
        .filter(|_| tree.is("ColumnRef"))?;
    Some((column.name()?, base))
}

/// The conditions that `condition` is the AND of.
pub(crate) fn conjuncts<'t>(condition: &'t Tree, into: &mut Vec<&'t Tree>) {
    match condition {
        Tree::Nothing => {}
        condition if condition.is("BoolExpr") && condition.number("boolop") == AND => {
            condition
                .list("args")
                .iter()
                .for_each(|part| conjuncts(part, into));
        }
        condition => into.push(condition),
    }
}

/// A name that a FROM item answers to.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'t> {
    pub(crate) schema: Option<&'t str>,
    pub(crate) name: &'t str,
    /// The RangeVar behind it, if it is one that has no alias.
    pub(crate) bare: bool,
    pub(crate) item: &'t Tree,
}

impl Answer<'_> {
    fn answers(&self, base: &[Tree], declaration: &Declaration) -> bool {
        match base {
            [name] => name.name() == Some(self.name),
            [schema, name] => {
                let declared = declaration.table(self.schema, self.name);
                self.bare
                    && name.name() == Some(self.name)
                    && declared.is_some_and(|table| schema.name() == Some(&table.name.schema))
            }
            _ => false,
        }
    }
}

/// A condition that drops rows, and the names by which it can speak of them.
pub(crate) struct Filter<'t> {
    conditions: Vec<&'t Tree>,
    names: Vec<Answer<'t>>,
}

impl<'t> Filter<'t> {
    pub(crate) fn new(condition: &'t Tree, names: Vec<Answer<'t>>) -> Filter<'t> {
        let mut conditions = Vec::new();
        conjuncts(condition, &mut conditions);
        Filter { conditions, names }
    }

    /// Whether `guard` on `item` is one of the conditions, under a name that is the item's alone.
    pub(crate) fn holds(
        &self,
        guard: &Guard<'_>,
        item: &Tree,
        binds: &Binds,
        declaration: &Declaration,
    ) -> Held {
        let mut held = Held::No;
        for (found, base) in self
            .conditions
            .iter()
            .filter_map(|condition| binds.read(condition))
        {
            let mut meant = self
                .names
                .iter()
                .filter(|name| name.answers(base, declaration));
            if found != *guard || !meant.clone().any(|name| std::ptr::eq(name.item, item)) {
                continue;
            }
            meant.next();
            held = held.max(if meant.next().is_none() {
                Held::Yes
            } else {
                Held::Ambiguous
            });
        }
        held
    }
}

/// Whether a guard holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    No,
    /// Its name is that of two items of the level: Postgres refuses that.
    Ambiguous,
    Yes,
}

/// The names that a FROM item answers to outside of itself.
pub(crate) fn answers<'t>(item: &'t Tree, into: &mut Vec<Answer<'t>>) {
    let mut alias = |alias: &'t Tree| {
        into.push(Answer {
            schema: None,
            name: alias.text("aliasname"),
            bare: false,
            item,
        });
    };
    if let Some(given) = item.some("alias") {
        return alias(given);
    }
    match item.kind() {
        "JoinExpr" => {
            if let Some(of_using) = item.some("join_using_alias") {
                alias(of_using);
            }
            answers(item.field("larg"), into);
            answers(item.field("rarg"), into);
        }
        "RangeTableSample" => answers(item.field("relation"), into),
        "RangeVar" => {
            let name = item.text("relname");
            into.push(Answer {
                schema: schema(item),
                name,
                bare: true,
                item,
            });
        }
        "RangeFunction" => {
            let name = item.list("functions").first().and_then(|function| {
                function
                    .items()
                    .first()
                    .and_then(|call| call.list("funcname").last()?.name())
            });
            into.extend(name.map(|name| Answer {
                schema: None,
                name,
                bare: false,
                item,
            }));
        }
        _ => {}
    }
}
