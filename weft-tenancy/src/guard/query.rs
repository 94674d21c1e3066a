//! SELECT, VALUES, TABLE and their combinations.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    lock::{lock, locked_shared, reads_shared},
    names::{Path, decode, name, quote, relation_path, tokens},
    pass::Pass,
    sight::{Columns, Item, Relation, Sight},
    tree::{child, end, has_token, is_query, unsupported},
    with::with_clause,
};
use crate::{Class, Refusal};

/// Cells that INSERT appends to each row of its source, each with a leading comma; often none.
pub(super) type Appended<'a> = &'a str;

impl<'t> Pass<'t> {
    pub(super) fn query(
        &mut self,
        node: &SyntaxNode,
        outer: &Sight<'_, 't>,
    ) -> Result<Columns, Refusal> {
        self.query_with_cells(node, outer, "")
    }

    pub(super) fn query_with_cells(
        &mut self,
        node: &SyntaxNode,
        outer: &Sight<'_, 't>,
        cells: Appended<'_>,
    ) -> Result<Columns, Refusal> {
        let with = self.with(with_clause(node).as_ref(), outer)?;
        self.arm(node, &with, cells)
    }

    /// One query node whose WITH is in sight already.
    fn arm(
        &mut self,
        node: &SyntaxNode,
        sight: &Sight<'_, 't>,
        cells: Appended<'_>,
    ) -> Result<Columns, Refusal> {
        match node.kind() {
            K::SELECT => self.select(node, sight, cells),
            K::COMPOUND_SELECT => self.compound(node, sight, cells),
            K::PAREN_SELECT | K::PAREN_EXPR => self.parenthesised(node, sight, cells),
            K::VALUES => self.values(node, sight, cells),
            K::TABLE => self.table(node, sight, cells),
            _ => Err(unsupported(node)),
        }
    }

    fn compound(
        &mut self,
        node: &SyntaxNode,
        sight: &Sight<'_, 't>,
        cells: Appended<'_>,
    ) -> Result<Columns, Refusal> {
        // The left spine can be long: it is taken apart without recursion.
        let mut arms = Vec::new();
        let mut spine = Some(node.clone());
        let mut columns = None;
        while let Some(compound) = spine.take() {
            let mut operands = Vec::new();
            for part in compound.children() {
                match part.kind() {
                    K::UNION | K::INTERSECT | K::EXCEPT => {}
                    kind if is_query(kind) || kind == K::PAREN_EXPR => operands.push(part),
                    _ => self.tail(&part, sight)?,
                }
            }
            let mut operands = operands.into_iter();
            let (Some(left), Some(right), None) =
                (operands.next(), operands.next(), operands.next())
            else {
                return Err(unsupported(&compound));
            };
            if with_clause(&right).is_some() {
                return Err(unsupported(&right));
            }
            arms.push(right);
            if left.kind() == K::COMPOUND_SELECT {
                spine = Some(left);
            } else {
                arms.push(left);
            }
        }
        for arm in arms.into_iter().rev() {
            let of_arm = self.arm(&arm, sight, cells)?;
            columns.get_or_insert(of_arm);
        }
        Ok(columns.unwrap_or_default())
    }

    fn parenthesised(
        &mut self,
        node: &SyntaxNode,
        sight: &Sight<'_, 't>,
        cells: Appended<'_>,
    ) -> Result<Columns, Refusal> {
        let mut columns = Columns::unknown();
        // What stands behind the parentheses sorts and limits the query within.
        let mut within = Sight::within(sight);
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE => {}
                K::SELECT => {
                    let with = self.with(child(&part, K::WITH_CLAUSE).as_ref(), sight)?;
                    columns = self.select_into(&part, &with, cells, &mut within.items)?;
                }
                kind if is_query(kind) => columns = self.query_with_cells(&part, sight, cells)?,
                _ => self.tail(&part, &within)?,
            }
        }
        Ok(columns)
    }

    fn values(
        &mut self,
        node: &SyntaxNode,
        sight: &Sight<'_, 't>,
        cells: Appended<'_>,
    ) -> Result<Columns, Refusal> {
        let mut width = 0;
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE => {}
                K::ROW_LIST => {
                    for row in part.children() {
                        if row.kind() != K::ROW {
                            return Err(unsupported(&row));
                        }
                        width = row.children().count();
                        for cell in row.children() {
                            self.walk(&cell, sight)?;
                        }
                        if !cells.is_empty() {
                            self.edits.insert(end(&row) - 1, cells);
                        }
                    }
                }
                _ => self.tail(&part, sight)?,
            }
        }
        Ok(Columns {
            names: (1..=width).map(|n| format!("column{n}")).collect(),
            complete: true,
        })
    }

    /// `TABLE t` becomes `SELECT *, cells FROM (TABLE t) AS t WHERE …`.
    fn table(
        &mut self,
        node: &SyntaxNode,
        sight: &Sight<'_, 't>,
        cells: Appended<'_>,
    ) -> Result<Columns, Refusal> {
        let relation = child(node, K::RELATION_NAME).ok_or_else(|| unsupported(node))?;
        let path = relation_path(&relation)?;
        let (columns, guards) = match sight.relation(&path, self.tenancy)? {
            Relation::Cte(columns) => (columns, Vec::new()),
            Relation::Table(table) => {
                if child(node, K::LOCKING_CLAUSE).is_some()
                    && matches!(table.class(), Class::Shared)
                {
                    return Err(locked_shared().on(table.display()));
                }
                let alias = Path {
                    schema: None,
                    name: path.name.clone(),
                };
                (Columns::of(table), self.guards.conditions(table, &alias))
            }
        };
        if !guards.is_empty() || !cells.is_empty() {
            let from = token_start(node, K::TABLE_KW);
            self.edits.insert(from, format!("SELECT *{cells} FROM ("));
            let alias = quote(&path.name);
            self.edits.insert(end(&relation), format!(") AS {alias} "));
            self.filter(None, end(&relation), &guards)?;
        }
        let mut within = Sight::within(sight);
        within.add(Item::named(path.name, columns.clone()))?;
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE | K::RELATION_NAME | K::LOCKING_CLAUSE => {}
                _ => self.tail(&part, &within)?,
            }
        }
        Ok(columns)
    }

    /// What may stand behind a query that is not a plain SELECT.
    fn tail(&mut self, clause: &SyntaxNode, sight: &Sight<'_, 't>) -> Result<(), Refusal> {
        match clause.kind() {
            K::ORDER_BY_CLAUSE | K::LIMIT_CLAUSE | K::OFFSET_CLAUSE | K::FETCH_CLAUSE => {
                self.walk(clause, sight)
            }
            _ => Err(unsupported(clause)),
        }
    }

    fn select(
        &mut self,
        node: &SyntaxNode,
        with: &Sight<'_, 't>,
        cells: Appended<'_>,
    ) -> Result<Columns, Refusal> {
        self.select_into(node, with, cells, &mut Vec::new())
    }

    /// Guards a SELECT and hands out what its FROM brought in sight.
    fn select_into(
        &mut self,
        node: &SyntaxNode,
        with: &Sight<'_, 't>,
        cells: Appended<'_>,
        items: &mut Vec<Item<'t>>,
    ) -> Result<Columns, Refusal> {
        let mut level = Sight::within(with);
        let from = child(node, K::FROM_CLAUSE);
        let guards = match &from {
            Some(from) => self.from(from, node, with, &mut level)?,
            None => Vec::new(),
        };
        let mut columns = Columns::unknown();
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE | K::FROM_CLAUSE => {}
                K::WHERE_CLAUSE => {
                    for condition in part.children() {
                        self.walk(&condition, &level)?;
                    }
                }
                K::SELECT_CLAUSE => {
                    self.walk(&part, &level)?;
                    let targets = child(&part, K::TARGET_LIST);
                    columns = targets
                        .as_ref()
                        .map_or(Columns::unknown(), |targets| output(targets, &level));
                    if !cells.is_empty() {
                        let targets = targets.ok_or_else(|| unsupported(&part))?;
                        self.edits.insert(end(&targets), format!("{cells} "));
                    }
                }
                K::LOCKING_CLAUSE => {
                    let anything = from
                        .as_ref()
                        .is_some_and(|from| reads_shared(from, with, self.tenancy));
                    lock(&part, &level, anything)?;
                }
                K::INTO_CLAUSE => return Err(unsupported(&part)),
                _ => self.walk(&part, &level)?,
            }
        }
        if let Some(from) = from {
            self.filter(child(node, K::WHERE_CLAUSE).as_ref(), end(&from), &guards)?;
        }
        items.append(&mut level.items);
        Ok(columns)
    }
}

fn token_start(node: &SyntaxNode, kind: K) -> usize {
    node.children_with_tokens()
        .find(|child| child.kind() == kind)
        .map_or(0, |token| token.text_range().start().into())
}

/// The columns that a target list puts out, as far as their names are certain.
pub(super) fn output(targets: &SyntaxNode, level: &Sight<'_, '_>) -> Columns {
    let mut columns = Columns::complete();
    for target in targets.children() {
        if let Some(label) = child(&target, K::AS_NAME) {
            match child(&label, K::COLUMN_NAME).map(|column| name(&column)) {
                Some(Ok(column)) => drop(columns.names.insert(column)),
                _ => columns.complete = false,
            }
            continue;
        }
        let Some(expression) = target.children().next() else {
            level
                .items
                .iter()
                .for_each(|item| columns.absorb(&item.columns));
            continue;
        };
        match expression.kind() {
            K::NAME_REF => columns.names.extend(name(&expression)),
            K::FIELD_EXPR if has_token(&expression, K::STAR) => {
                let base = expression.children().next().map(|base| Path::of(&base));
                match base.and_then(|path| level.item(&path.ok()?)) {
                    Some(item) => columns.absorb(&item.columns),
                    None => columns.complete = false,
                }
            }
            K::FIELD_EXPR => {
                columns.names.extend(
                    expression
                        .children()
                        .last()
                        .and_then(|last| name(&last).ok()),
                );
            }
            _ => match label(&expression) {
                Some(label) => drop(columns.names.insert(label)),
                None => columns.complete = false,
            },
        }
    }
    columns
}

/// The name that Postgres gives to a column without one, where that is certain.
fn label(expression: &SyntaxNode) -> Option<String> {
    match expression.kind() {
        K::NAME_REF => name(expression).ok(),
        K::CAST_EXPR => label(&expression.children().next()?),
        K::CALL_EXPR => {
            child(expression, K::ARG_LIST)?;
            let callee = expression.children().next()?;
            decode(tokens(&callee).last()?.text()).ok()
        }
        _ => None,
    }
}
