//! WITH: which names it brings in sight, and of what.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    cells::arms,
    names::{column_list, name},
    pass::Pass,
    query::output,
    sight::{Columns, Sight, bounded},
    tree::{child, has_token, is_query, unsupported},
};
use crate::{Refusal, RefusalKind};

impl<'t> Pass<'t> {
    /// The names that a WITH clause adds; its statements are guarded on the way.
    pub(super) fn with<'s>(
        &mut self,
        clause: Option<&SyntaxNode>,
        outer: &'s Sight<'s, 't>,
    ) -> Result<Sight<'s, 't>, Refusal> {
        let mut sight = Sight::within(outer);
        let Some(clause) = clause else {
            return Ok(sight);
        };
        let recursive = has_token(clause, K::RECURSIVE_KW);
        let tables: Vec<_> = clause.children().collect();
        bounded(tables.len().saturating_sub(1))?;
        if recursive {
            for table in &tables {
                // Its own rows are those of its first arm.
                let mut columns = Columns::named(column_list(table)?);
                if let Some(targets) = first_targets(table) {
                    columns.absorb(&output(&targets, outer));
                }
                sight.ctes.push((cte_name(table)?, columns));
            }
        }
        for (at, table) in tables.iter().enumerate() {
            let mut columns = Columns::unknown();
            for part in table.children() {
                match part.kind() {
                    K::CTE_NAME | K::COLUMN_LIST | K::MATERIALIZED | K::NOT_MATERIALIZED => {}
                    K::SEARCH_CLAUSE | K::CYCLE_CLAUSE => self.walk(&part, &sight)?,
                    _ => columns = self.any_statement(&part, &sight)?,
                }
            }
            let mut additions = table.descendants();
            while let Some(part) = additions.find(|part| adds_a_column(part.kind())) {
                let added = child(&part, K::COLUMN_NAME_REF);
                columns
                    .names
                    .extend(added.and_then(|column| name(&column).ok()));
            }
            let renamed = column_list(table)?;
            columns.names.extend(renamed);
            let name = cte_name(table)?;
            if recursive {
                sight.ctes[at].1 = columns;
            } else if sight.ctes.iter().any(|(other, _)| *other == name) {
                return Err(Refusal::new(RefusalKind::Name, "two CTEs of one name").on(&name));
            } else {
                sight.ctes.push((name, columns));
            }
        }
        Ok(sight)
    }
}

/// The WITH that governs `node`: its own, or that of the leftmost arm, which the parser hands it to.
pub(super) fn with_clause(node: &SyntaxNode) -> Option<SyntaxNode> {
    let mut node = node.clone();
    while node.kind() == K::COMPOUND_SELECT {
        node = node.children().next()?;
    }
    child(&node, K::WITH_CLAUSE)
}

fn cte_name(table: &SyntaxNode) -> Result<String, Refusal> {
    child(table, K::CTE_NAME)
        .ok_or_else(|| unsupported(table))
        .and_then(|node| name(&node))
}

/// The target list of the first arm of a CTE's query.
fn first_targets(table: &SyntaxNode) -> Option<SyntaxNode> {
    let query = table.children().find(|part| is_query(part.kind()))?;
    let first = arms(&query).into_iter().last()?;
    child(&child(&first, K::SELECT_CLAUSE)?, K::TARGET_LIST)
}

/// SEARCH and CYCLE add columns of their own.
fn adds_a_column(kind: K) -> bool {
    matches!(
        kind,
        K::SEARCH_SET_COLUMN | K::CYCLE_SET_COLUMN | K::CYCLE_PATH
    )
}
