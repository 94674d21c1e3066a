//! SELECT, VALUES, TABLE and their combinations, with WITH and FROM.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    names::{Path, name, tokens},
    nature,
    pass::Pass,
    place::{Joined, Place, Step},
    sight::{Columns, Item, Relation, Sight, bounded},
    tree::{child, end, has_token, is_query, only_child, start, unsupported},
};
use crate::{Class, Refusal, RefusalKind, Table};

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
                let entry = (cte_name(table)?, Columns::named(column_list(table)?));
                sight.ctes.push(entry);
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
            // SEARCH and CYCLE add columns of their own, and a list renames.
            if child(table, K::SEARCH_CLAUSE)
                .or_else(|| child(table, K::CYCLE_CLAUSE))
                .is_some()
            {
                columns = Columns::unknown();
            }
            let renamed = column_list(table)?;
            if !renamed.is_empty() {
                columns = Columns::named(renamed);
            }
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
            let alias = super::names::quote(&path.name);
            self.edits.insert(end(&relation), format!(") AS {alias} "));
            self.filter(None, end(&relation), &guards)?;
        }
        let mut within = Sight::within(sight);
        within.add(plain_item(path.name, columns.clone()))?;
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

    /// Resolves a FROM or USING clause into `level`, guards what is guarded within it, and returns
    /// the conditions that belong into the statement's WHERE.
    pub(super) fn from(
        &mut self,
        clause: &SyntaxNode,
        statement: &SyntaxNode,
        with: &Sight<'_, 't>,
        level: &mut Sight<'_, 't>,
    ) -> Result<Vec<String>, Refusal> {
        let (joined, places) = Joined::read(clause)?;
        let mut placed = Placed {
            of_where: Vec::new(),
            of_condition: vec![Vec::new(); joined.conditions.len()],
            derived: nature::Derived::new(),
        };
        let mut opened = Vec::new();
        for step in &joined.steps {
            match step {
                Step::Leaf(at) => {
                    let leaf = &joined.leaves[*at];
                    let alias = child(leaf, K::FROM_ALIAS);
                    let alias = alias.as_ref();
                    match leaf.kind() {
                        K::RELATION_FROM_ITEM => {
                            self.relation(leaf, alias, places[*at], with, level, &mut placed)?;
                        }
                        K::PAREN_FROM_ITEM => self.subquery(leaf, alias, with, level)?,
                        _ => self.function_item(leaf, alias, level)?,
                    }
                }
                Step::Condition(at) => {
                    let condition = &joined.conditions[*at];
                    let expression = only_child(condition).ok_or_else(|| unsupported(condition))?;
                    self.walk(&expression, level)?;
                    self.conjoin(&expression, &placed.of_condition[*at]);
                }
                Step::Using(alias) => {
                    level.add(plain_item(alias_name(alias)?, Columns::unknown()))?;
                }
                Step::Open => opened.push(level.items.len()),
                Step::Close(alias) => {
                    let from = opened.pop().unwrap_or_default();
                    let mut item = plain_item(alias_name(alias)?, Columns::complete());
                    for within in &mut level.items[from..] {
                        item.columns.absorb(&within.columns);
                        item.reaches_shared |= within.reaches_shared;
                        within.hidden = true;
                    }
                    self.walk(alias, with)?;
                    let renamed = column_list(alias)?;
                    if !renamed.is_empty() {
                        item.columns = Columns::named(renamed);
                    }
                    level.add(item)?;
                }
            }
        }
        nature::unchanged(statement, &placed.derived)?;
        Ok(placed.of_where)
    }

    fn relation(
        &mut self,
        leaf: &SyntaxNode,
        alias: Option<&SyntaxNode>,
        place: Place,
        with: &Sight<'_, 't>,
        level: &mut Sight<'_, 't>,
        placed: &mut Placed<'t>,
    ) -> Result<(), Refusal> {
        let relation = child(leaf, K::RELATION_NAME_REF).ok_or_else(|| unsupported(leaf))?;
        let path = Path::of(&relation)?;
        let found = with.relation(&path, self.tenancy)?;
        self.sample(leaf, with)?;
        if let Some(alias) = alias {
            self.walk(alias, with)?;
        }
        let item = relation_item(&path, alias, &found)?;
        let reference = item.path.clone();
        level.add(item)?;
        let Relation::Table(table) = found else {
            return Ok(());
        };
        let renamed = alias.is_some_and(|alias| child(alias, K::COLUMN_LIST).is_some());
        match place {
            Place::Where if !renamed => {
                placed
                    .of_where
                    .extend(self.guards.conditions(table, &reference));
            }
            Place::On(at) if !renamed => {
                placed.of_condition[at].extend(self.guards.conditions(table, &reference));
            }
            _ => {
                self.derive(leaf, alias, table, &path)?;
                if table.org_column().is_some() {
                    placed.derived.insert(reference.name, table);
                }
            }
        }
        Ok(())
    }

    /// `t` becomes `(SELECT * FROM t WHERE …) AS t`.
    fn derive(
        &mut self,
        leaf: &SyntaxNode,
        alias: Option<&SyntaxNode>,
        table: &'t Table,
        path: &Path,
    ) -> Result<(), Refusal> {
        let guards = self.guards.conditions(table, path);
        if guards.is_empty() {
            return Ok(());
        }
        if has_token(leaf, K::LATERAL_KW) {
            return Err(unsupported(leaf));
        }
        let sample = child(leaf, K::TABLESAMPLE_CLAUSE);
        if sample.is_some() {
            // Postgres writes the sample behind the alias, which has to stay outside.
            return Err(unsupported(leaf));
        }
        let relation = child(leaf, K::RELATION_NAME_REF).ok_or_else(|| unsupported(leaf))?;
        let star = leaf
            .children_with_tokens()
            .filter_map(|child| child.into_token())
            .find(|token| token.kind() == K::STAR);
        let behind = star.map_or(end(&relation), |star| star.text_range().end().into());
        self.edits.insert(start(leaf), "(SELECT * FROM ");
        let name = match alias {
            Some(_) => String::new(),
            None => format!(" AS {}", super::names::quote(&path.name)),
        };
        self.edits
            .insert(behind, format!(" WHERE {}){name}", guards.join(" AND ")));
        Ok(())
    }

    /// Samples are drawn over the rows of everybody, so only a whole one is let through.
    fn sample(&mut self, leaf: &SyntaxNode, sight: &Sight<'_, 't>) -> Result<(), Refusal> {
        let Some(sample) = child(leaf, K::TABLESAMPLE_CLAUSE) else {
            return Ok(());
        };
        let words: Vec<_> = child(&sample, K::CALL_EXPR)
            .map(|call| {
                tokens(&call)
                    .map(|token| token.text().to_ascii_lowercase())
                    .collect()
            })
            .unwrap_or_default();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        if !matches!(words[..], ["system" | "bernoulli", "(", "100", ")"]) {
            return Err(unsupported(&sample));
        }
        match child(&sample, K::REPEATABLE_CLAUSE) {
            Some(repeatable) => self.walk(&repeatable, sight),
            None => Ok(()),
        }
    }

    fn subquery(
        &mut self,
        leaf: &SyntaxNode,
        alias: Option<&SyntaxNode>,
        with: &Sight<'_, 't>,
        level: &mut Sight<'_, 't>,
    ) -> Result<(), Refusal> {
        let mut query = leaf
            .children()
            .find(|child| child.kind() != K::FROM_ALIAS)
            .ok_or_else(|| unsupported(leaf))?;
        if query.kind() == K::PAREN_EXPR {
            query = only_child(&query).ok_or_else(|| unsupported(leaf))?;
        }
        let lateral = has_token(leaf, K::LATERAL_KW);
        if has_token(leaf, K::ONLY_KW) {
            return Err(unsupported(leaf));
        }
        let mut columns = self.query(&query, if lateral { &*level } else { with })?;
        let Some(alias) = alias else { return Ok(()) };
        self.walk(alias, with)?;
        let renamed = column_list(alias)?;
        if !renamed.is_empty() {
            columns = Columns::named(renamed);
        }
        let mut item = plain_item(alias_name(alias)?, columns);
        item.reaches_shared = reads_shared(&query, with, self.tenancy);
        level.add(item)
    }

    /// A function or expression in FROM, which sees what stands before it.
    fn function_item(
        &mut self,
        leaf: &SyntaxNode,
        alias: Option<&SyntaxNode>,
        level: &mut Sight<'_, 't>,
    ) -> Result<(), Refusal> {
        if has_token(leaf, K::ONLY_KW) {
            return Err(unsupported(leaf));
        }
        self.walk_children(leaf, level)?;
        let name = match alias {
            Some(alias) if child(alias, K::TABLE_ALIAS).is_some() => alias_name(alias)?,
            _ => match implied_name(leaf) {
                Some(name) => name,
                None => return Ok(()),
            },
        };
        level.add(plain_item(name, Columns::unknown()))
    }

    /// Puts `guards` into a WHERE, which is made at `at` where there is none.
    pub(super) fn filter(
        &mut self,
        clause: Option<&SyntaxNode>,
        at: usize,
        guards: &[String],
    ) -> Result<(), Refusal> {
        match clause {
            Some(clause) => {
                let condition = only_child(clause).ok_or_else(|| unsupported(clause))?;
                self.conjoin(&condition, guards);
            }
            None if guards.is_empty() => {}
            None => self
                .edits
                .insert(at, format!(" WHERE {} ", guards.join(" AND "))),
        }
        Ok(())
    }

    /// `c` becomes `(c) AND guards`: nothing the caller wrote can weaken what follows.
    fn conjoin(&mut self, condition: &SyntaxNode, guards: &[String]) {
        if guards.is_empty() {
            return;
        }
        self.edits.insert(start(condition), "(");
        self.edits
            .insert(end(condition), format!(") AND {} ", guards.join(" AND ")));
    }
}

/// Where the guards of one FROM clause go.
struct Placed<'t> {
    of_where: Vec<String>,
    of_condition: Vec<Vec<String>>,
    derived: nature::Derived<'t>,
}

/// The WITH that governs `node`: its own, or that of the leftmost arm, which the parser hands it to.
fn with_clause(node: &SyntaxNode) -> Option<SyntaxNode> {
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

fn column_list(node: &SyntaxNode) -> Result<Vec<String>, Refusal> {
    let Some(list) = child(node, K::COLUMN_LIST) else {
        return Ok(Vec::new());
    };
    list.children().map(|column| name(&column)).collect()
}

/// The path in a RELATION_NAME: `t`, `ONLY t`, `ONLY (t)`, `t *`.
pub(super) fn relation_path(relation: &SyntaxNode) -> Result<Path, Refusal> {
    let name = child(relation, K::RELATION_NAME_REF).ok_or_else(|| unsupported(relation))?;
    Path::of(&name)
}

pub(super) fn alias_name(alias: &SyntaxNode) -> Result<String, Refusal> {
    child(alias, K::TABLE_ALIAS)
        .ok_or_else(|| unsupported(alias))
        .and_then(|node| name(&node))
}

fn plain_item<'t>(name: String, columns: Columns) -> Item<'t> {
    Item {
        path: Path { schema: None, name },
        aliased: true,
        columns,
        table: None,
        reaches_shared: false,
        hidden: false,
    }
}

fn relation_item<'t>(
    path: &Path,
    alias: Option<&SyntaxNode>,
    found: &Relation<'t>,
) -> Result<Item<'t>, Refusal> {
    let (columns, table) = match found {
        Relation::Cte(columns) => (columns.clone(), None),
        Relation::Table(table) => (Columns::of(table), Some(*table)),
    };
    let mut item = Item {
        path: path.clone(),
        aliased: alias.is_some(),
        columns,
        table,
        reaches_shared: table.is_some_and(|table| matches!(table.class(), Class::Shared)),
        hidden: false,
    };
    if let Some(alias) = alias {
        item.path = Path {
            schema: None,
            name: alias_name(alias)?,
        };
        let renamed = column_list(alias)?;
        if !renamed.is_empty() {
            item.columns = Columns::named(renamed);
        }
    }
    Ok(item)
}

/// The name a function in FROM has without an alias.
fn implied_name(leaf: &SyntaxNode) -> Option<String> {
    let call = child(leaf, K::CALL_EXPR)?;
    let callee = call.children().next()?;
    let last = tokens(&callee).last()?;
    super::names::decode(last.text()).ok()
}

fn token_start(node: &SyntaxNode, kind: K) -> usize {
    node.children_with_tokens()
        .find(|child| child.kind() == kind)
        .map_or(0, |token| token.text_range().start().into())
}

/// Whether a lock on the result of `query` could reach a shared table; a name that a CTE might
/// shadow counts too.
fn reads_shared(query: &SyntaxNode, sight: &Sight<'_, '_>, tenancy: &crate::Tenancy) -> bool {
    query
        .descendants()
        .filter(|node| node.kind() == K::RELATION_NAME_REF)
        .filter_map(|node| Path::of(&node).ok())
        .any(|path| match sight.relation(&path, tenancy) {
            Ok(Relation::Table(table)) => matches!(table.class(), Class::Shared),
            _ => false,
        })
}

/// Locks reach every item, or those of an OF list.
fn lock(clause: &SyntaxNode, level: &Sight<'_, '_>, anything_shared: bool) -> Result<(), Refusal> {
    let Some(of) = child(clause, K::LOCKING_OF) else {
        return if anything_shared {
            Err(locked_shared())
        } else {
            Ok(())
        };
    };
    for reference in of.children() {
        let locked = name(&reference)?;
        match level.items.iter().find(|item| item.path.name == locked) {
            Some(item) if item.reaches_shared => return Err(locked_shared().on(&locked)),
            Some(_) => {}
            None => {
                let detail = "a lock names what is not in FROM";
                return Err(Refusal::new(RefusalKind::Name, detail).on(&locked));
            }
        }
    }
    Ok(())
}

fn locked_shared() -> Refusal {
    let detail = "a lock needs an OF list that leaves shared tables out";
    Refusal::new(RefusalKind::LockedSharedTable, detail)
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
            _ => columns.complete = false,
        }
    }
    columns
}
