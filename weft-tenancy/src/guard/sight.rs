//! Which names are in sight at a place of a statement, and what they stand for.

use std::collections::HashSet;

use super::{limits::MAX_CHAIN, names::Path};
use crate::{Class, Refusal, RefusalKind, Table, Tenancy};

/// What one query node adds to the names of those around it.
pub(super) struct Sight<'s, 't> {
    outer: Option<&'s Sight<'s, 't>>,
    pub(super) ctes: Vec<(String, Columns)>,
    pub(super) items: Vec<Item<'t>>,
}

/// Something that FROM, USING or a write target put in sight.
pub(super) struct Item<'t> {
    /// The alias, or the path as written.
    pub(super) path: Path,
    pub(super) aliased: bool,
    pub(super) columns: Columns,
    pub(super) table: Option<&'t Table>,
    /// A lock on this item would reach a shared table.
    pub(super) reaches_shared: bool,
    /// It stands within a join whose alias hides it.
    pub(super) hidden: bool,
}

impl<'t> Item<'t> {
    /// Something that is no table and has a name.
    pub(super) fn named(name: String, columns: Columns) -> Item<'t> {
        Item {
            path: Path { schema: None, name },
            aliased: true,
            columns,
            table: None,
            reaches_shared: false,
            hidden: false,
        }
    }
}

impl Item<'_> {
    /// Two names that are the same to Postgres, or to a guard that is written as the names are.
    fn collides_with(&self, other: &Item<'_>) -> bool {
        let told_apart = self.path.schema.is_some() && other.path.schema.is_some();
        self.path.name == other.path.name && !(told_apart && self.path != other.path)
    }

    fn answers_to(&self, path: &Path) -> bool {
        !self.hidden
            && self.path.name == path.name
            && path.schema.as_deref().is_none_or(|schema| {
                !self.aliased && self.table.is_some_and(|table| table.schema() == schema)
            })
    }
}

/// The columns of something in sight, as far as they are known.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) names: HashSet<String>,
    /// Nothing else is a column.
    pub(super) complete: bool,
}

impl Columns {
    pub(super) fn unknown() -> Columns {
        Columns::default()
    }

    /// No column, and nothing else is one.
    pub(super) fn complete() -> Columns {
        Columns {
            complete: true,
            ..Columns::default()
        }
    }

    pub(super) fn of(table: &Table) -> Columns {
        match table.columns() {
            Some(names) => Columns {
                names: names.clone(),
                complete: true,
            },
            None => Columns::unknown(),
        }
    }

    /// Adds the columns of another.
    pub(super) fn absorb(&mut self, other: &Columns) {
        self.names.extend(other.names.iter().cloned());
        self.complete &= other.complete;
    }

    pub(super) fn named(names: impl IntoIterator<Item = String>) -> Columns {
        Columns {
            names: names.into_iter().collect(),
            complete: false,
        }
    }
}

/// What a relation's name stands for.
pub(super) enum Relation<'t> {
    Cte(Columns),
    Table(&'t Table),
}

impl<'s, 't> Sight<'s, 't> {
    pub(super) fn nothing() -> Sight<'s, 't> {
        Sight {
            outer: None,
            ctes: Vec::new(),
            items: Vec::new(),
        }
    }

    pub(super) fn within(outer: &'s Sight<'s, 't>) -> Sight<'s, 't> {
        Sight {
            outer: Some(outer),
            ctes: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// When its name is taken at this level.
    pub(super) fn add(&mut self, item: Item<'t>) -> Result<(), Refusal> {
        if self.items.iter().any(|other| other.collides_with(&item)) {
            return Err(
                Refusal::new(RefusalKind::Name, "an alias is given twice at one level")
                    .on(&item.path.display()),
            );
        }
        bounded(self.items.len())?;
        self.items.push(item);
        Ok(())
    }

    /// The innermost item of this name.
    pub(super) fn item(&self, path: &Path) -> Option<&Item<'t>> {
        self.items
            .iter()
            .find(|item| item.answers_to(path))
            .or_else(|| self.outer?.item(path))
    }

    /// Whether some item in sight could have a column of this name.
    pub(super) fn may_be_column(&self, name: &str) -> bool {
        let mut visible = self.items.iter().filter(|item| !item.hidden);
        visible.any(|item| !item.columns.complete || item.columns.names.contains(name))
            || self.outer.is_some_and(|outer| outer.may_be_column(name))
    }

    /// What a name in FROM, USING, JOIN or TABLE stands for.
    ///
    /// # Errors
    /// When it is neither a CTE in sight nor declared, or declared private.
    pub(super) fn relation(
        &self,
        path: &Path,
        tenancy: &'t Tenancy,
    ) -> Result<Relation<'t>, Refusal> {
        if path.schema.is_none()
            && let Some(columns) = self.cte(&path.name)
        {
            return Ok(Relation::Cte(columns.clone()));
        }
        table(path, tenancy).map(Relation::Table)
    }

    fn cte(&self, name: &str) -> Option<&Columns> {
        self.ctes
            .iter()
            .find(|(cte, _)| cte == name)
            .map(|(_, columns)| columns)
            .or_else(|| self.outer?.cte(name))
    }
}

/// Refuses one more name at a level that has `count` of them.
///
/// # Errors
/// When the level is full.
pub(super) fn bounded(count: usize) -> Result<(), Refusal> {
    if count < MAX_CHAIN {
        return Ok(());
    }
    let detail = format!("over {MAX_CHAIN} tables or CTEs at one level");
    Err(Refusal::new(RefusalKind::TooLong, detail))
}

/// The declared table of this name: what the target of a write always is.
///
/// # Errors
/// When nothing of this name is declared, or it is declared private.
pub(super) fn table<'t>(path: &Path, tenancy: &'t Tenancy) -> Result<&'t Table, Refusal> {
    let Some(table) = tenancy.table(path.schema.as_deref(), &path.name) else {
        let is_catalog = |name: &str| name.starts_with("pg_") || name == "information_schema";
        let (kind, detail) = if is_catalog(path.schema.as_deref().unwrap_or(&path.name)) {
            (
                RefusalKind::CatalogRelation,
                "a relation of the catalog or of the session",
            )
        } else {
            (RefusalKind::UndeclaredTable, "the relation is not declared")
        };
        return Err(Refusal::new(kind, detail).on(&path.display()));
    };
    if matches!(table.class(), Class::Private) {
        let detail = "the table is declared private";
        return Err(Refusal::new(RefusalKind::PrivateTable, detail).on(table.display()));
    }
    Ok(table)
}
