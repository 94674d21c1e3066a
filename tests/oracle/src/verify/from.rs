//! FROM: which filters the rows of each item pass through.

use super::Walk;
use crate::{
    condition::{Answer, Filter, answers},
    sight::Sight,
    tree::Tree,
};

impl Walk<'_> {
    /// Walks the FROM items of a level whose WHERE is `condition`; `target` is what an UPDATE or
    /// DELETE is aimed at. Returns the names of the level.
    pub(super) fn from<'t>(
        &mut self,
        items: &'t [Tree],
        condition: &'t Tree,
        target: Option<&'t Tree>,
        sight: &Sight<'_, '_>,
    ) -> Vec<Answer<'t>> {
        let mut names = Vec::new();
        target
            .into_iter()
            .chain(items)
            .for_each(|item| answers(item, &mut names));
        let filter = Filter::new(condition, names.clone());
        self.verdict.refused |= self.is_ambiguous(&names);
        for item in items {
            self.item(item, &[&filter], sight);
        }
        names
    }

    /// Whether Postgres refuses the names of a level: one may come twice only for two tables of two
    /// schemas, both without alias.
    fn is_ambiguous(&self, names: &[Answer<'_>]) -> bool {
        let table = |name: &Answer<'_>| self.declaration.table(name.schema, name.name);
        names.iter().enumerate().any(|(at, name)| {
            names[..at].iter().any(|other| {
                let apart = name.bare
                    && other.bare
                    && table(name).map(|table| &table.name)
                        != table(other).map(|table| &table.name);
                name.name == other.name && !apart
            })
        })
    }

    /// `filters` drop rows of `item` wherever they stand: none of the joins above it can put a row of
    /// NULLs in the place of one that was dropped further in.
    fn item(&mut self, item: &Tree, filters: &[&Filter<'_>], sight: &Sight<'_, '_>) {
        match item.kind() {
            "RangeVar" => self.read(item, item, filters, sight),
            "RangeTableSample" => {
                self.item(item.field("relation"), filters, sight);
                self.rest(item, &["relation"], sight);
            }
            "JoinExpr" => self.join(item, filters, sight),
            "RangeSubselect" => {
                if let Some(relation) = transparent(item) {
                    self.read(relation, item, filters, sight);
                    return;
                }
                self.statement(item.field("subquery"), sight);
                self.rest(item, &["subquery"], sight);
            }
            "RangeFunction" | "RangeTableFunc" | "JsonTable" => self.rest(item, &[], sight),
            other => self.problem(format!("a FROM item of kind {other}")),
        }
    }

    fn join(&mut self, join: &Tree, above: &[&Filter<'_>], sight: &Sight<'_, '_>) {
        let (left, right) = (join.field("larg"), join.field("rarg"));
        let mut names = Vec::new();
        answers(left, &mut names);
        answers(right, &mut names);
        let own = Filter::new(join.field("quals"), names);
        let both: Vec<_> = above.iter().copied().chain([&own]).collect();
        // The side that is kept is not filtered by ON, and what is null-extended not by what is above.
        let (of_left, of_right): (&[&Filter<'_>], &[&Filter<'_>]) = match join.number("jointype") {
            INNER => (&both, &both),
            LEFT => (above, &[&own]),
            RIGHT => (&[&own], above),
            FULL => (&[], &[]),
            other => return self.problem(format!("a join of type {other}")),
        };
        self.item(left, of_left, sight);
        self.item(right, of_right, sight);
        self.rest(join, &["larg", "rarg"], sight);
    }
}

/// The relation of `(SELECT * FROM t) AS a`, as which Postgres also parses `(TABLE t) AS a`: its rows and
/// columns are those of `t`.
fn transparent(item: &Tree) -> Option<&Tree> {
    let query = item.field("subquery");
    let known = ["from_clause", "limit_option", "op", "target_list"];
    let ([target], [relation]) = (query.list("target_list"), query.list("from_clause")) else {
        return None;
    };
    let is_star = matches!(target.field("val").list("fields"), [star] if star.is("AStar"));
    let plain = query
        .fields()
        .iter()
        .all(|(field, _)| known.contains(field));
    let renamed = relation.some("alias").is_some();
    (is_star && plain && !renamed && relation.is("RangeVar")).then_some(relation)
}

const INNER: i64 = pg_query::protobuf::JoinType::JoinInner as i64;
const LEFT: i64 = pg_query::protobuf::JoinType::JoinLeft as i64;
const FULL: i64 = pg_query::protobuf::JoinType::JoinFull as i64;
const RIGHT: i64 = pg_query::protobuf::JoinType::JoinRight as i64;
