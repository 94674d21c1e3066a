use std::fmt;

/// Why a statement was not sent.
///
/// Inside Diesel it travels as [`diesel::result::Error::QueryBuilderError`]; [`Refusal::of`] gets it
/// back. The message names the statement's kind, the table and the rule, never a value.
///
/// [`diesel::result::Error::QueryBuilderError`]: https://docs.rs/diesel/2.3/diesel/result/enum.Error.html
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    kind: RefusalKind,
    table: Option<Box<str>>,
    statement: Option<&'static str>,
    detail: Box<str>,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, detail: impl Into<Box<str>>) -> Refusal {
        Refusal {
            kind,
            table: None,
            statement: None,
            detail: detail.into(),
        }
    }

    pub(crate) fn on(mut self, table: &str) -> Refusal {
        self.table = Some(table.into());
        self
    }

    pub(crate) fn in_statement(mut self, statement: &'static str) -> Refusal {
        self.statement.get_or_insert(statement);
        self
    }

    /// The rule that was broken; stable, for programs.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The table the refusal is about, `schema.table` or bare where the schema is `public`.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// The refusal behind a Diesel error, if it was one.
    #[cfg(feature = "diesel")]
    pub fn of(error: &diesel::result::Error) -> Option<&Refusal> {
        match error {
            diesel::result::Error::QueryBuilderError(source) => source.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(statement) = self.statement {
            write!(f, "{statement} ")?;
        }
        if let Some(table) = &self.table {
            write!(f, "on {table} ")?;
        }
        write!(f, "refused ({}): {}", self.kind.name(), self.detail)
    }
}

impl std::error::Error for Refusal {}

#[cfg(feature = "diesel")]
impl From<Refusal> for diesel::result::Error {
    fn from(refusal: Refusal) -> diesel::result::Error {
        diesel::result::Error::QueryBuilderError(Box::new(refusal))
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $name:literal, $sentence:literal;)*) => {
        /// The rules a statement can break.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalKind {
            $(#[doc = $sentence] $kind,)*
        }

        impl RefusalKind {
            /// Every kind there is.
            pub const ALL: &'static [RefusalKind] = &[$(RefusalKind::$kind,)*];

            /// The kind's stable name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(RefusalKind::$kind => $name,)* }
            }

            /// One sentence that says what the rule is.
            pub const fn sentence(self) -> &'static str {
                match self { $(RefusalKind::$kind => $sentence,)* }
            }
        }
    };
}

kinds! {
    Unparseable, "unparseable", "The text is not one statement that the parser can read.";
    TooLarge, "too-large", "The text is longer than the limit.";
    TooDeep, "too-deep", "Parentheses, CASE, NOT or other nesting go deeper than the limit.";
    TooLong, "too-long", "A chain of operators, joins or set operations is longer than the limit.";
    MultipleStatements, "multiple-statements", "More than one statement in one text.";
    StatementKind, "statement-kind", "Only SELECT, VALUES, TABLE, INSERT, UPDATE and DELETE run in a scope.";
    UndeclaredTable, "undeclared-table", "The relation is neither declared nor a CTE in sight.";
    PrivateTable, "private-table", "The table is declared private: no scope reaches it.";
    CatalogRelation, "catalog-relation", "Catalog, information-schema and temporary relations are out of reach.";
    ReadOnlyTable, "read-only-table", "Shared tables are read-only in a scope.";
    LockedSharedTable, "locked-shared-table", "A lock would reach a table that is shared by all organisations.";
    RootTable, "root-table", "The organisation's own row cannot be inserted, deleted or re-keyed in a scope.";
    Function, "function", "The function is not on the list of those that cannot read past the guard.";
    Type, "type", "A cast to a type that is neither built in nor declared.";
    Operator, "operator", "An operator of a schema other than pg_catalog.";
    UnsupportedSyntax, "unsupported-syntax", "A construct for which no guard is proved.";
    Name, "name", "A name that Postgres would truncate, or that stands for two things at once.";
    NatureOfTable, "nature-of-table", "The guard would turn the table into a subquery, and the statement uses what only a table has.";
    MissingColumns, "missing-columns", "INSERT needs a list of columns.";
    OrgCell, "org-cell", "The organisation's cell must be a literal or bind equal to the scope.";
    ShopCell, "shop-cell", "In a narrowed scope a shop cell must be a literal or bind within the scope.";
    OrgMismatch, "org-mismatch", "The statement names another organisation than the scope's.";
    ShopMismatch, "shop-mismatch", "The statement names a shop outside the scope.";
    AmbiguousShop, "ambiguous-shop", "No shop is given, and the scope does not hold exactly one.";
    Placeholder, "placeholder", "A placeholder has no bind, or there is no number left for the guard's own.";
    ScopeKey, "scope-key", "The scope's key is not of the declared type.";
    Control, "control", "Batches, transaction control and settings do not pass through a scope.";
    SearchPath, "search-path", "A declared name resolves to another relation on this connection.";
    RowSecurity, "row-security", "Row-level security does not hold the role to a declared table.";
    Connection, "connection", "The connection is in a state in which the guard cannot vouch for it.";
    Audit, "audit", "An unscoped statement has no committed audit record.";
    Unproved, "unproved", "The guarded text did not pass its own verification.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_unique() {
        let names: std::collections::HashSet<_> =
            RefusalKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), RefusalKind::ALL.len());
        for name in names {
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{name}"
            );
        }
    }

    #[test]
    fn the_message_names_statement_table_and_rule() {
        let refusal = Refusal::new(RefusalKind::OrgCell, "org_id is an expression")
            .on("orders")
            .in_statement("INSERT");
        assert_eq!(
            refusal.to_string(),
            "INSERT on orders refused (org-cell): org_id is an expression"
        );
    }
}
