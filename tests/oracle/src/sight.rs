//! What a relation's name stands for, by the rules of Postgres's `parse_cte.c`.

use crate::{
    declaration::{Declaration, Table},
    tree::Tree,
};

/// The CTEs in sight, innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'s, 't> {
    pub(crate) ctes: &'s [&'t str],
    pub(crate) outer: Option<&'s Sight<'s, 't>>,
}

/// What a name in FROM stands for.
pub(crate) enum Meaning<'d> {
    Cte,
    Table(&'d Table),
    Unknown,
}

impl Sight<'_, '_> {
    pub(crate) const NOTHING: Sight<'static, 'static> = Sight {
        ctes: &[],
        outer: None,
    };

    /// Whether a CTE of that name is in sight.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.ctes.contains(&name) || self.outer.is_some_and(|outer| outer.has(name))
    }

    /// What the RangeVar `relation` stands for in FROM; qualified names never mean a CTE.
    pub(crate) fn meaning<'d>(&self, relation: &Tree, declaration: &'d Declaration) -> Meaning<'d> {
        if schema(relation).is_none() && self.has(relation.text("relname")) {
            return Meaning::Cte;
        }
        target(relation, declaration).map_or(Meaning::Unknown, Meaning::Table)
    }
}

/// The table that a write to the RangeVar `relation` is aimed at: never a CTE.
pub(crate) fn target<'d>(relation: &Tree, declaration: &'d Declaration) -> Option<&'d Table> {
    if relation.some("catalogname").is_some() {
        return None;
    }
    declaration.table(schema(relation), relation.text("relname"))
}

/// The schema that a RangeVar names.
pub(crate) fn schema(relation: &Tree) -> Option<&str> {
    relation
        .some("schemaname")
        .map(|_| relation.text("schemaname"))
}

/// For each CTE of a WITH clause the names of that clause which its statement sees, and last those
/// that the statement carrying the clause sees.
pub(crate) fn with(clause: &Tree) -> Vec<Vec<&str>> {
    let names: Vec<_> = clause
        .list("ctes")
        .iter()
        .map(|cte| cte.text("ctename"))
        .collect();
    let recursive = clause.number("recursive") != 0;
    (0..=names.len())
        .map(|at| {
            if recursive {
                names.clone()
            } else {
                names[..at].to_vec()
            }
        })
        .collect()
}
