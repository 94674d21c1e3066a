//! What a database is, as far as it matters here.

use std::{collections::HashSet, fmt};

use serde::Deserialize;

use crate::{declare::display_name, guard::quote};

/// A snapshot of a live catalog: names, keys, policies and privileges; no rows, no values.
#[derive(Debug, Clone, Deserialize)]
pub struct Catalog {
    pub(super) database: Database,
    pub(super) roles: Vec<Role>,
    pub(super) schemas: Vec<Schema>,
    pub(super) relations: Vec<Relation>,
    pub(super) functions: Vec<Function>,
    pub(super) operators: Vec<Operator>,
    pub(super) casts: Vec<Cast>,
    pub(super) defaults: Vec<DefaultPrivileges>,
    pub(super) settings: Vec<Setting>,
}

/// The text is not what [`Catalog::SQL`] returns.
#[derive(Debug)]
pub struct CatalogError(serde_json::Error);

/// A privilege and who holds it, `None` for everybody.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Grant {
    pub(super) to: Option<String>,
    pub(super) privilege: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Database {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) grants: Vec<Grant>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
    /// What it may beyond its grants, as `CREATE ROLE` spells it.
    pub(super) attributes: Vec<String>,
    pub(super) member_of: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) grants: Vec<Grant>,
}

/// A schema and a name in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct Name(pub(super) String, pub(super) String);

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Relation {
    #[serde(flatten)]
    id: Identity,
    /// `pg_class.relkind`.
    pub(super) kind: char,
    pub(super) owner: String,
    pub(super) extension: bool,
    pub(super) row_security: bool,
    pub(super) forced: bool,
    pub(super) security_invoker: bool,
    pub(super) parents: Vec<Name>,
    /// What a view reads at first hand.
    pub(super) reads: Vec<Name>,
    pub(super) triggers: Vec<String>,
    pub(super) rules: Vec<String>,
    pub(super) grants: Vec<Grant>,
    pub(super) columns: Vec<Column>,
    pub(super) indexes: Vec<Index>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) policies: Vec<LivePolicy>,
}

#[derive(Debug, Clone, Deserialize)]
struct Identity {
    schema: String,
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// As the server quotes it.
    pub(super) quoted: String,
    #[serde(rename = "type")]
    pub(super) type_oid: u32,
    pub(super) not_null: bool,
    /// `DEFAULT`, `IDENTITY` or `EXPRESSION` where the server fills it.
    pub(super) filled: Option<String>,
    pub(super) grants: Vec<Grant>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Index {
    pub(super) name: String,
    /// The key's columns, `None` for an expression.
    pub(super) columns: Vec<Option<String>>,
    /// Unique, or an exclusion.
    pub(super) unique: bool,
    /// Valid, whole and able to find equal values.
    pub(super) usable: bool,
    /// A part of its parent table's index.
    pub(super) inherited: bool,
    /// The definition up to its list of columns.
    pub(super) head: String,
    pub(super) definition: String,
    pub(super) constraint: Option<Constraint>,
    /// The functions a search may call that are not leakproof.
    pub(super) leaks: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Constraint {
    pub(super) name: String,
    pub(super) exclusion: bool,
    pub(super) definition: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ForeignKey {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) parent: Name,
    pub(super) parent_columns: Vec<String>,
    /// `pg_constraint.confdeltype`.
    pub(super) on_delete: char,
    /// `pg_constraint.confupdtype`.
    pub(super) on_update: char,
    /// The columns that ON DELETE SET is limited to; none when it sets all.
    pub(super) set_columns: Vec<String>,
    pub(super) deferrable: bool,
    pub(super) deferred: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct LivePolicy {
    pub(super) name: String,
    pub(super) permissive: bool,
    /// `pg_policy.polcmd`.
    pub(super) command: char,
    /// `None` stands for everybody.
    pub(super) roles: Vec<Option<String>>,
    pub(super) using: Option<String>,
    pub(super) check: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Function {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) arguments: String,
    pub(super) owner: String,
    pub(super) definer: bool,
    /// Whether its language is one that cannot reach the server's memory and files.
    pub(super) trusted: bool,
    pub(super) extension: bool,
    pub(super) grants: Vec<Grant>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Operator {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) left: String,
    pub(super) right: String,
    pub(super) calls: Called,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Cast {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) calls: Called,
}

/// The function behind an operator or a cast: its name, the number of its arguments, and whether
/// it is built in.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Called(pub(super) String, pub(super) usize, pub(super) bool);

/// Privileges that tables come with when `owner` creates them.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct DefaultPrivileges {
    pub(super) owner: String,
    pub(super) schema: Option<String>,
    pub(super) grants: Vec<Grant>,
}

/// A setting that sessions begin with.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Setting {
    pub(super) role: Option<String>,
    /// Whether it is of this database alone.
    pub(super) database: bool,
    pub(super) name: String,
}

impl Catalog {
    /// The query that takes the snapshot: no binds, one row, one text. Any role may run it.
    pub const SQL: &'static str = include_str!("catalog.sql");

    /// Reads what [`SQL`](Catalog::SQL) returned.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn from_json(text: &str) -> Result<Catalog, CatalogError> {
        serde_json::from_str(text).map_err(CatalogError)
    }

    pub(super) fn relation(&self, schema: &str, name: &str) -> Option<&Relation> {
        let mut relations = self.relations.iter();
        relations.find(|relation| relation.schema() == schema && relation.name() == name)
    }

    pub(super) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// `role` and every role it can become. Membership without inheritance counts: SET ROLE works.
    pub(super) fn becomes<'a>(&'a self, role: &'a str) -> HashSet<&'a str> {
        let mut all = HashSet::new();
        let mut open = vec![role];
        while let Some(name) = open.pop() {
            if all.insert(name) {
                let role = self.role(name).into_iter();
                open.extend(role.flat_map(|role| role.member_of.iter().map(String::as_str)));
            }
        }
        all
    }

    /// The relations that inherit from `relation`, partitions among them, however far down.
    pub(super) fn descendants<'a>(&'a self, relation: &'a Relation) -> Vec<&'a Relation> {
        let mut found: Vec<&Relation> = Vec::new();
        let mut open = vec![relation];
        while let Some(parent) = open.pop() {
            for child in &self.relations {
                let inherits = |name: &Name| name.0 == parent.schema() && name.1 == parent.name();
                if child.parents.iter().any(inherits) && !found.iter().any(|known| known.is(child))
                {
                    found.push(child);
                    open.push(child);
                }
            }
        }
        found
    }
}

impl Relation {
    pub(super) fn schema(&self) -> &str {
        &self.id.schema
    }

    pub(super) fn name(&self) -> &str {
        &self.id.name
    }

    pub(super) fn display(&self) -> String {
        display_name(Some(self.schema()), self.name())
    }

    pub(super) fn quoted(&self) -> String {
        format!("{}.{}", quote(self.schema()), quote(self.name()))
    }

    /// On the whole and on single columns.
    pub(super) fn all_grants(&self) -> impl Iterator<Item = &Grant> {
        let columns = self.columns.iter().flat_map(|column| &column.grants);
        self.grants.iter().chain(columns)
    }

    pub(super) fn is(&self, other: &Relation) -> bool {
        self.schema() == other.schema() && self.name() == other.name()
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The word that DROP and ALTER call it by.
    pub(super) fn kind_word(&self) -> &'static str {
        match self.kind {
            'v' => "VIEW",
            'm' => "MATERIALIZED VIEW",
            'f' => "FOREIGN TABLE",
            'S' => "SEQUENCE",
            _ => "TABLE",
        }
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.kind, 'r' | 'p')
    }
}

impl Function {
    pub(super) fn display(&self) -> String {
        let name = display_name(Some(&self.schema), &self.name);
        format!("{name}({})", self.arguments)
    }

    pub(super) fn quoted(&self) -> String {
        let (schema, name) = (quote(&self.schema), quote(&self.name));
        format!("{schema}.{name}({})", self.arguments)
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not a catalog's snapshot")
    }
}

impl std::error::Error for CatalogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
