//! FROM and USING: what comes into sight, and where its guard goes.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    lock::reads_shared,
    names::{Path, alias_name, column_list, decode, name, quote, tokens},
    nature,
    pass::Pass,
    place::{Joined, Place, Step},
    sight::{Columns, Item, Relation, Sight},
    tree::{child, end, has_token, only_child, start, unsupported},
};
use crate::{Class, Refusal, RefusalKind, Table};

impl<'t> Pass<'t> {
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
                    let merged = alias
                        .parent()
                        .and_then(|using| child(&using, K::COLUMN_REF_LIST));
                    let merged = merged.into_iter().flat_map(|list| list.children());
                    let merged = merged
                        .map(|column| name(&column))
                        .collect::<Result<Vec<_>, _>>()?;
                    let mut item = Item::named(alias_name(alias)?, Columns::named(merged));
                    item.reaches_shared = level.items.iter().any(|item| item.reaches_shared);
                    level.add(item)?;
                }
                Step::Open => opened.push(level.items.len()),
                Step::Close(alias) => {
                    let from = opened.pop().unwrap_or_default();
                    let mut item = Item::named(alias_name(alias)?, Columns::complete());
                    for within in &mut level.items[from..] {
                        item.columns.absorb(&within.columns);
                        item.reaches_shared |= within.reaches_shared;
                        within.hidden = true;
                    }
                    self.walk(alias, with)?;
                    let renamed = column_list(alias)?;
                    item.columns.names.extend(renamed);
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
                    let of_name = level
                        .items
                        .iter()
                        .filter(|item| item.path.name == reference.name);
                    if of_name.count() > 1 {
                        let detail = "two tables of one name, and one becomes a subquery";
                        return Err(Refusal::new(RefusalKind::Name, detail).on(table.display()));
                    }
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
            None => format!(" AS {}", quote(&path.name)),
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
        columns.names.extend(renamed);
        let mut item = Item::named(alias_name(alias)?, columns);
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
        let implied = implied_name(leaf);
        let mut columns = Columns::named(implied.clone());
        columns.names.extend(RESULTS.map(str::to_owned));
        for part in leaf
            .descendants()
            .filter(|part| part.kind() == K::COLUMN_NAME)
        {
            columns.names.insert(name(&part)?);
        }
        let alias = alias.filter(|alias| child(alias, K::TABLE_ALIAS).is_some());
        let Some(name) = alias.map(alias_name).transpose()?.or(implied) else {
            return Ok(());
        };
        // The one column of a function is named as its alias is.
        columns.names.insert(name.clone());
        level.add(Item::named(name, columns))
    }
}

/// Where the guards of one FROM clause go.
struct Placed<'t> {
    of_where: Vec<String>,
    of_condition: Vec<Vec<String>>,
    derived: nature::Derived<'t>,
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
        // Columns beyond the list keep their names.
        item.columns.names.extend(renamed);
    }
    Ok(item)
}

/// Names of columns that built-in functions in FROM return.
const RESULTS: [&str; 3] = ["key", "value", "ordinality"];

/// The name a function in FROM has without an alias.
fn implied_name(leaf: &SyntaxNode) -> Option<String> {
    let call = child(leaf, K::CALL_EXPR)?;
    let callee = call.children().next()?;
    let last = tokens(&callee).last()?;
    decode(last.text()).ok()
}
