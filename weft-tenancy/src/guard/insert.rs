//! INSERT: the organisation filled or checked in every row, the conflict's update guarded.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    cells::{self, Owner},
    names::{Path, alias_name, quote},
    pass::{Pass, writable},
    query::output,
    sight::{Columns, Item, Sight},
    tree::{child, end, is_query, unsupported},
};
use crate::{Class, Refusal, RefusalKind, Table};

impl<'t> Pass<'t> {
    pub(super) fn insert(
        &mut self,
        node: &SyntaxNode,
        outer: &Sight<'_, 't>,
    ) -> Result<Columns, Refusal> {
        let with = self.with(child(node, K::WITH_CLAUSE).as_ref(), outer)?;
        let relation = child(node, K::RELATION_NAME_REF).ok_or_else(|| unsupported(node))?;
        let path = Path::of(&relation)?;
        let table = writable(&path, self.tenancy)?;
        if matches!(table.class(), Class::Root { .. }) {
            let detail = "the organisation's own row cannot be inserted";
            return Err(Refusal::new(RefusalKind::RootTable, detail).on(table.display()));
        }
        self.guards.tables.insert(table.display());
        let target = target(&path, child(node, K::REQUIRED_AS_ALIAS).as_ref(), table)?;
        if target.path.name == "excluded" {
            let detail = "excluded is the name of the proposed row";
            return Err(Refusal::new(RefusalKind::Name, detail).on(table.display()));
        }
        let reference = target.path.clone();
        let source = node.children().find(|child| is_query(child.kind()));
        let columns = child(node, K::COLUMN_TARGET_LIST);
        let (Some(source), Some(columns)) = (source, columns) else {
            let detail = "INSERT needs a list of columns and rows to put into them";
            return Err(Refusal::new(RefusalKind::MissingColumns, detail).on(table.display()));
        };
        let cells = self.owners(table, &columns, &source, &with)?;
        self.query_with_cells(&source, &with, &cells)?;

        let mut level = Sight::within(&with);
        level.add(target)?;
        let mut returned = Columns::unknown();
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE
                | K::RELATION_NAME_REF
                | K::REQUIRED_AS_ALIAS
                | K::COLUMN_TARGET_LIST
                | K::OVERRIDING_SYSTEM_VALUE
                | K::OVERRIDING_USER_VALUE => {}
                K::ON_CONFLICT_CLAUSE => self.on_conflict(&part, table, &reference, &with)?,
                K::RETURNING_CLAUSE => returned = self.returning(&part, table, &mut level)?,
                kind if is_query(kind) => {}
                _ => return Err(unsupported(&part)),
            }
        }
        Ok(returned)
    }

    /// Checks the cells of organisation and shop where the caller gives them; where not, adds the
    /// columns and returns the cells that each row has to get.
    fn owners(
        &mut self,
        table: &'t Table,
        columns: &SyntaxNode,
        source: &SyntaxNode,
        sight: &Sight<'_, 't>,
    ) -> Result<String, Refusal> {
        let mut given = Vec::new();
        for target in columns.children() {
            for accessor in target.children().skip(1) {
                self.walk(&accessor, sight)?;
            }
            given.push(cells::target_column(&target)?);
        }
        let shop = table.shop_column().filter(|_| self.shape.narrowed);
        let owners = [
            (table.org_column(), Owner::Org, self.tenancy.key()),
            (shop, Owner::Shop, self.tenancy.shop_key()),
        ];
        let mut added = String::new();
        let mut appended = String::new();
        for (column, owner, key) in owners {
            let Some(column) = column else { continue };
            let mut places = given
                .iter()
                .enumerate()
                .filter(|(_, (name, _))| name == column);
            match (places.next(), places.next()) {
                (None, _) => {
                    added += &format!(", {}", quote(column));
                    appended += ", ";
                    appended += &match owner {
                        Owner::Org => self.guards.org_value(),
                        Owner::Shop => {
                            self.checks.push(super::Check {
                                table: table.display().into(),
                                column: column.into(),
                                shop: true,
                                cell: super::Cell::Shops,
                            });
                            self.guards.shop_value()
                        }
                    };
                }
                (Some((at, (_, false))), None) => {
                    for cell in
                        cells::at(source, at).map_err(|refusal| refusal.on(table.display()))?
                    {
                        self.checks
                            .push(cells::check(Some(&cell), table, column, owner, key)?);
                    }
                }
                _ => {
                    return Err(cells::check(None, table, column, owner, key)
                        .map(drop)
                        .err()
                        .unwrap_or_else(|| unsupported(columns)));
                }
            }
        }
        if !added.is_empty() {
            self.edits.insert(end(columns) - 1, added);
        }
        Ok(appended)
    }

    fn on_conflict(
        &mut self,
        clause: &SyntaxNode,
        table: &'t Table,
        reference: &Path,
        with: &Sight<'_, 't>,
    ) -> Result<(), Refusal> {
        let mut level = Sight::within(with);
        level.add(Item {
            path: reference.clone(),
            aliased: false,
            columns: Columns::of(table),
            table: Some(table),
            reaches_shared: false,
            hidden: false,
        })?;
        level.add(named_row("excluded", table))?;
        for part in clause.children() {
            match part.kind() {
                K::CONFLICT_ON_CONSTRAINT | K::CONFLICT_DO_NOTHING => {}
                K::CONFLICT_ON_INDEX => {
                    for part in part.children() {
                        let expressions = match part.kind() {
                            K::CONFLICT_INDEX_ITEM_LIST => part
                                .children()
                                .flat_map(|item| item.children())
                                .filter(|node| node.kind() != K::OP_CLASS_REF)
                                .collect(),
                            K::WHERE_CLAUSE => part.children().collect(),
                            _ => vec![part],
                        };
                        for expression in expressions {
                            self.walk(&expression, &level)?;
                        }
                    }
                }
                K::CONFLICT_DO_UPDATE_SET => {
                    let set = child(&part, K::SET_CLAUSE).ok_or_else(|| unsupported(&part))?;
                    self.set(&set, table, &level, true)?;
                    let filter = child(&part, K::WHERE_CLAUSE);
                    for condition in filter.iter().flat_map(|filter| filter.children()) {
                        self.walk(&condition, &level)?;
                    }
                    let guards = self.guards.conditions(table, reference);
                    self.filter(filter.as_ref(), end(&set), &guards)?;
                }
                _ => return Err(unsupported(&part)),
            }
        }
        Ok(())
    }

    /// SET: an organisation never changes, a shop stays within a narrowed scope.
    pub(super) fn set(
        &mut self,
        set: &SyntaxNode,
        table: &'t Table,
        sight: &Sight<'_, 't>,
        upsert: bool,
    ) -> Result<(), Refusal> {
        for assignment in cells::assignments(set)? {
            let column = assignment.column.as_str();
            let value = assignment.value.filter(|_| !assignment.partial);
            if table.org_column() == Some(column) {
                if matches!(table.class(), Class::Root { .. }) {
                    let detail = "the organisation's own row cannot be re-keyed";
                    return Err(Refusal::new(RefusalKind::RootTable, detail).on(table.display()));
                }
                if upsert
                    && value
                        .as_ref()
                        .is_some_and(|value| cells::is_excluded(value, column))
                {
                    continue;
                }
                let bind = value.filter(|value| {
                    value
                        .descendants_with_tokens()
                        .any(|part| part.kind() == K::POSITIONAL_PARAM)
                });
                let key = self.tenancy.key();
                self.checks
                    .push(cells::check(bind.as_ref(), table, column, Owner::Org, key)?);
            } else if self.shape.narrowed && table.shop_column() == Some(column) {
                let key = self.tenancy.shop_key();
                self.checks.push(cells::check(
                    value.as_ref(),
                    table,
                    column,
                    Owner::Shop,
                    key,
                )?);
            }
        }
        for list in set.children() {
            for column in list.children() {
                for part in column.children() {
                    match part.kind() {
                        K::COLUMN_TARGET => self.walk_children(&part, sight)?,
                        K::COLUMN_TARGET_LIST => {
                            for target in part.children() {
                                self.walk_children(&target, sight)?;
                            }
                        }
                        _ => self.walk(&part, sight)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// RETURNING, with the names it gives to the old and the new row.
    pub(super) fn returning(
        &mut self,
        clause: &SyntaxNode,
        table: &'t Table,
        level: &mut Sight<'_, 't>,
    ) -> Result<Columns, Refusal> {
        let mut old_and_new = ["old".to_owned(), "new".to_owned()];
        for option in clause.descendants() {
            match option.kind() {
                K::RETURNING_OLD => old_and_new[0] = alias_name(&option)?,
                K::RETURNING_NEW => old_and_new[1] = alias_name(&option)?,
                _ => {}
            }
        }
        for name in old_and_new {
            if !level.items.iter().any(|item| item.path.name == name) {
                level.add(named_row(&name, table))?;
            }
        }
        self.walk(clause, level)?;
        let targets = child(clause, K::TARGET_LIST).ok_or_else(|| unsupported(clause))?;
        Ok(output(&targets, level))
    }
}

/// The target of a write as an item in sight.
pub(super) fn target<'t>(
    path: &Path,
    alias: Option<&SyntaxNode>,
    table: &'t Table,
) -> Result<Item<'t>, Refusal> {
    let path = match alias {
        Some(alias) => Path {
            schema: None,
            name: alias_name(alias)?,
        },
        None => path.clone(),
    };
    Ok(Item {
        path,
        aliased: alias.is_some(),
        columns: Columns::of(table),
        table: Some(table),
        reaches_shared: false,
        hidden: false,
    })
}

fn named_row<'t>(name: &str, table: &'t Table) -> Item<'t> {
    Item {
        path: Path {
            schema: None,
            name: name.to_owned(),
        },
        aliased: true,
        columns: Columns::of(table),
        table: Some(table),
        reaches_shared: false,
        hidden: false,
    }
}
