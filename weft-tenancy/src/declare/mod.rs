//! Which table belongs to whom: the one declaration that drives everything.

#[cfg(feature = "diesel")]
#[doc(hidden)]
pub mod macros;
#[cfg(feature = "toml")]
mod toml;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    sync::{Arc, atomic::AtomicUsize},
};

use crate::{KeyType, guard::Cache};

/// What every table of the database is to a tenant; made by [`tenancy!`](crate::tenancy) or
/// [`Tenancy::from_toml`].
///
/// Cloning is cheap, and clones share the cache of guarded statements.
#[derive(Clone)]
pub struct Tenancy {
    declared: Arc<Declared>,
}

pub(crate) struct Declared {
    key: KeyType,
    shop_key: KeyType,
    tables: Vec<Table>,
    by_name: HashMap<(String, String), usize>,
    schemas: Vec<String>,
    functions: BTreeMap<String, String>,
    types: HashSet<String>,
    fields: HashSet<String>,
    /// False only where a test takes the hook's conditions out.
    pub(crate) scopes_rows: bool,
    pub(crate) cache: Cache,
    pub(crate) longest_text: AtomicUsize,
    #[cfg(feature = "diesel")]
    settings: std::sync::OnceLock<crate::session::Settings>,
}

/// One declared relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    schema: String,
    name: String,
    display: String,
    class: Class,
    soft_delete: Option<String>,
    columns: Option<HashSet<String>>,
}

/// To whom the rows of a table belong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// The table of organisations: a scope sees the one row whose id is its own.
    Root {
        /// The primary key, which is the organisation's id.
        id: String,
    },
    /// Rows of one organisation.
    Org {
        /// The column that says which.
        org: String,
    },
    /// Rows of one shop of one organisation.
    Shop {
        /// The column that names the organisation.
        org: String,
        /// The column that names the shop.
        shop: String,
    },
    /// Rows of nobody, readable by all: plans, countries, currencies.
    Shared,
    /// Out of reach of every scope: users, sessions, tokens.
    Private,
}

impl Table {
    /// A relation `schema.name` of the given class.
    pub(crate) fn new(schema: &str, name: &str, class: Class) -> Table {
        Table {
            schema: schema.to_owned(),
            name: name.to_owned(),
            display: display_name(Some(schema), name),
            class,
            soft_delete: None,
            columns: None,
        }
    }

    /// The schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The name, without its schema.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `schema.name`, or the bare name where the schema is `public`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// To whom its rows belong.
    pub fn class(&self) -> &Class {
        &self.class
    }

    /// The column that hides a row when it is not null.
    pub fn soft_delete(&self) -> Option<&str> {
        self.soft_delete.as_deref()
    }

    /// The columns, where the declaration knows them (`tenancy!` does, TOML does not).
    pub fn columns(&self) -> Option<&HashSet<String>> {
        self.columns.as_ref()
    }

    /// The column that holds the organisation: `id` on the root table.
    pub fn org_column(&self) -> Option<&str> {
        match &self.class {
            Class::Root { id } => Some(id),
            Class::Org { org } | Class::Shop { org, .. } => Some(org),
            Class::Shared | Class::Private => None,
        }
    }

    /// The column that holds the shop.
    pub fn shop_column(&self) -> Option<&str> {
        match &self.class {
            Class::Shop { shop, .. } => Some(shop),
            _ => None,
        }
    }
}

impl Tenancy {
    /// The type of every organisation column.
    pub fn key(&self) -> KeyType {
        self.declared.key
    }

    /// The type of every shop column.
    pub fn shop_key(&self) -> KeyType {
        self.declared.shop_key
    }

    /// Every declared relation, in the order of the declaration.
    pub fn tables(&self) -> &[Table] {
        &self.declared.tables
    }

    /// The schemas an unqualified name is looked up in, in order: `public`, then the others as declared.
    pub fn schemas(&self) -> &[String] {
        &self.declared.schemas
    }

    /// The declared relation that `schema.name`, or a bare `name`, stands for.
    pub fn table(&self, schema: Option<&str>, name: &str) -> Option<&Table> {
        let find = |schema: &str| {
            let key = (schema.to_owned(), name.to_owned());
            self.declared
                .by_name
                .get(&key)
                .map(|at| &self.declared.tables[*at])
        };
        match schema {
            Some(schema) => find(schema),
            None => self.declared.schemas.iter().find_map(|schema| find(schema)),
        }
    }

    /// Functions beyond the built-in list, each with the reason it was allowed for.
    pub fn functions(&self) -> &BTreeMap<String, String> {
        &self.declared.functions
    }

    /// Types beyond the built-in ones that a cast may name.
    pub fn types(&self) -> &HashSet<String> {
        &self.declared.types
    }

    /// What a session must be set to for this declaration.
    #[cfg(feature = "diesel")]
    pub(crate) fn settings(&self) -> &crate::session::Settings {
        self.declared
            .settings
            .get_or_init(|| crate::session::Settings::new(self))
    }

    /// Fields of composite types, which may stand behind a dot.
    pub fn fields(&self) -> &HashSet<String> {
        &self.declared.fields
    }

    /// Whether the columns of every relation are known, so that nothing else behind a dot is one.
    pub(crate) fn knows_columns(&self) -> bool {
        self.declared
            .tables
            .iter()
            .all(|table| table.columns.is_some())
    }

    /// The same declaration without the conditions that keep rows to the scope; cells are filled and
    /// compared as ever.
    ///
    /// # Security
    /// For tests that show what row-level security does by itself, and for nothing else.
    #[cfg(feature = "testkit")]
    pub fn insecure_without_conditions(&self) -> Tenancy {
        let declared = &*self.declared;
        Tenancy {
            declared: Arc::new(Declared {
                key: declared.key,
                shop_key: declared.shop_key,
                tables: declared.tables.clone(),
                by_name: declared.by_name.clone(),
                schemas: declared.schemas.clone(),
                functions: declared.functions.clone(),
                types: declared.types.clone(),
                fields: declared.fields.clone(),
                scopes_rows: false,
                cache: Cache::default(),
                longest_text: AtomicUsize::new(crate::guard::MAX_TEXT),
                #[cfg(feature = "diesel")]
                settings: std::sync::OnceLock::new(),
            }),
        }
    }

    pub(crate) fn declared(&self) -> &Declared {
        &self.declared
    }

    #[cfg(any(feature = "diesel", feature = "toml"))]
    pub(crate) fn build(
        key: KeyType,
        shop_key: KeyType,
        tables: Vec<Table>,
        functions: BTreeMap<String, String>,
        types: HashSet<String>,
        fields: HashSet<String>,
    ) -> Result<Tenancy, DeclarationError> {
        use DeclarationError as E;
        let mut by_name = HashMap::new();
        let mut schemas = vec!["public".to_owned()];
        let mut roots = 0;
        for (at, table) in tables.iter().enumerate() {
            for name in [
                Some(&table.schema),
                Some(&table.name),
                table.soft_delete.as_ref(),
            ]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .chain(table.org_column())
            .chain(table.shop_column())
            {
                if name.is_empty() || name.len() > MAX_NAME || name.contains('\0') {
                    return Err(E::Name {
                        name: name.to_owned(),
                    });
                }
            }
            if table.schema.starts_with("pg_")
                || table.schema == "information_schema"
                || table.name.starts_with("pg_")
            {
                return Err(E::Reserved {
                    table: table.display.clone(),
                });
            }
            roots += usize::from(matches!(table.class, Class::Root { .. }));
            if by_name
                .insert((table.schema.clone(), table.name.clone()), at)
                .is_some()
            {
                return Err(E::DeclaredTwice {
                    table: table.display.clone(),
                });
            }
            if !schemas.contains(&table.schema) {
                schemas.push(table.schema.clone());
            }
        }
        if roots != 1 {
            return Err(E::Roots { count: roots });
        }
        if key == KeyType::I32 {
            return Err(E::Key {
                given: "i32".to_owned(),
            });
        }
        if let Some((name, _)) = functions
            .iter()
            .find(|(_, reason)| reason.trim().is_empty())
        {
            return Err(E::NoReason {
                function: name.clone(),
            });
        }
        Ok(Tenancy {
            declared: Arc::new(Declared {
                key,
                shop_key,
                tables,
                by_name,
                schemas,
                functions,
                types,
                fields,
                scopes_rows: true,
                cache: Cache::default(),
                longest_text: AtomicUsize::new(crate::guard::MAX_TEXT),
                #[cfg(feature = "diesel")]
                settings: std::sync::OnceLock::new(),
            }),
        })
    }
}

impl fmt::Debug for Tenancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenancy")
            .field("key", &self.declared.key)
            .field("shop_key", &self.declared.shop_key)
            .field("tables", &self.declared.tables.len())
            .finish_non_exhaustive()
    }
}

/// A mistake in a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeclarationError {
    /// The same relation stands in two places.
    DeclaredTwice {
        /// The relation.
        table: String,
    },
    /// There must be exactly one root table.
    Roots {
        /// How many there are.
        count: usize,
    },
    /// A name is empty, or longer than the 63 bytes Postgres keeps.
    Name {
        /// The name.
        name: String,
    },
    /// Names that begin with `pg_` belong to Postgres.
    Reserved {
        /// The relation.
        table: String,
    },
    /// Not a type a key can have.
    Key {
        /// What was given.
        given: String,
    },
    /// Soft deletion is declared for a relation that is not declared, or not a tenant's.
    SoftDelete {
        /// The relation.
        table: String,
    },
    /// Columns are listed for a relation that is not declared.
    Columns {
        /// The relation.
        table: String,
    },
    /// An allowed function needs a reason.
    NoReason {
        /// The function.
        function: String,
    },
    /// The text is not TOML, or not of the documented form.
    Toml {
        /// What the TOML reader said.
        message: String,
    },
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use DeclarationError as E;
        match self {
            E::DeclaredTwice { table } => write!(f, "table {table} is declared twice"),
            E::Roots { count } => write!(f, "one root table is needed, {count} are declared"),
            E::Name { name } => write!(f, "name {name:?} is empty or over {MAX_NAME} bytes"),
            E::Reserved { table } => write!(f, "table {table} has a name that Postgres reserves"),
            E::Key { given } => write!(f, "{given:?} is not a type that this key can have"),
            E::SoftDelete { table } => {
                write!(
                    f,
                    "soft_delete names {table}, which is not a declared tenant table"
                )
            }
            E::Columns { table } => write!(f, "columns names {table}, which is not declared"),
            E::NoReason { function } => {
                write!(f, "function {function} is allowed without a reason")
            }
            E::Toml { message } => f.write_str(message),
        }
    }
}

impl std::error::Error for DeclarationError {}

/// `NAMEDATALEN - 1`: the bytes of a name that Postgres keeps.
pub(crate) const MAX_NAME: usize = 63;

pub(crate) fn display_name(schema: Option<&str>, name: &str) -> String {
    match schema {
        None | Some("public") => name.to_owned(),
        Some(schema) => format!("{schema}.{name}"),
    }
}
