//! Who owns which table, as the oracle itself keeps it.

use std::collections::BTreeSet;

use weft_tenancy::{DeclarationError, Tenancy};

/// The name of a declared table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The schema, `public` where the statement gives none.
    pub schema: String,
    /// The name within it.
    pub table: String,
}

/// To whom the rows belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The organisation whose row it is.
    Root,
    /// An organisation.
    Org,
    /// A shop of an organisation.
    Shop,
    /// Nobody.
    Shared,
    /// Nobody that a scope reaches.
    Private,
}

/// A declared table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its owner.
    pub owner: Owner,
    /// Its rows can be soft-deleted.
    pub soft: bool,
}

/// The type of organisation keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `uuid`
    Uuid,
    /// `int8`
    Int8,
}

/// All tables, with one name for each kind of column.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The type of organisation keys; shops are `int4`.
    pub key: Key,
    /// The tables, exactly one of them the root.
    pub tables: Vec<Table>,
    /// Functions, `schema.name` or bare.
    pub functions: BTreeSet<String>,
    /// Types beyond the built-in ones.
    pub types: BTreeSet<String>,
    /// Fields of composite types.
    pub fields: BTreeSet<String>,
}

/// The column that names the organisation.
pub const ORG: &str = "org_id";
/// The column that names the shop.
pub const SHOP: &str = "shop_id";
/// The column that hides a row.
pub const DELETED: &str = "deleted_at";
/// The key of the root table.
pub const ROOT_ID: &str = "id";

impl Name {
    /// `schema.table`.
    pub fn new(schema: &str, table: &str) -> Name {
        Name {
            schema: schema.to_owned(),
            table: table.to_owned(),
        }
    }

    /// As `weft_tenancy` displays it.
    pub fn display(&self) -> String {
        match self.schema.as_str() {
            "public" => self.table.clone(),
            schema => format!("{schema}.{}", self.table),
        }
    }
}

impl Table {
    /// The column that carries the organisation, on a tenant's table.
    pub fn org(&self) -> Option<&'static str> {
        match self.owner {
            Owner::Root => Some(ROOT_ID),
            Owner::Org | Owner::Shop => Some(ORG),
            Owner::Shared | Owner::Private => None,
        }
    }

    /// The column that carries the shop.
    pub fn shop(&self) -> Option<&'static str> {
        (self.owner == Owner::Shop).then_some(SHOP)
    }

    /// The column that hides a row.
    pub fn deleted(&self) -> Option<&'static str> {
        (self.soft && self.org().is_some()).then_some(DELETED)
    }
}

impl Declaration {
    /// The declared table of that name; a bare one is looked up in `public` and then in the other
    /// schemas, in the order in which the declaration names them.
    pub fn table(&self, schema: Option<&str>, table: &str) -> Option<&Table> {
        let find = |schema: &str| {
            self.tables
                .iter()
                .find(|known| known.name.schema == schema && known.name.table == table)
        };
        match schema {
            Some(schema) => find(schema),
            None => find("public").or_else(|| self.schemas().into_iter().find_map(find)),
        }
    }

    /// The schemas in the order of the TOML text, whose maps are sorted and whose lists are not.
    fn schemas(&self) -> Vec<&str> {
        let mut tables: Vec<_> = self.tables.iter().collect();
        tables.sort_by_key(|table| {
            let sorted = !matches!(table.owner, Owner::Shared | Owner::Private);
            let name = format!("{}.{}", table.name.schema, table.name.table);
            (
                table.owner as usize,
                if sorted { name } else { String::new() },
            )
        });
        tables
            .into_iter()
            .map(|table| table.name.schema.as_str())
            .collect()
    }

    /// The same for `weft_tenancy`.
    ///
    /// # Errors
    /// When a name cannot be declared.
    pub fn tenancy(&self) -> Result<Tenancy, DeclarationError> {
        let quoted = |table: &&Table| {
            let name = &table.name;
            text(&format!("{}.{}", name.schema, name.table))
        };
        let of = |owner: Owner| {
            self.tables
                .iter()
                .filter(move |table| table.owner == owner)
                .map(|table| quoted(&table))
        };
        let pairs = |owner: Owner, value: &str| -> String {
            of(owner)
                .map(|name| format!("{name} = {value}\n"))
                .collect()
        };
        let list = |owner: Owner| of(owner).collect::<Vec<_>>().join(", ");
        let texts = |names: &BTreeSet<String>| {
            let names: Vec<_> = names.iter().map(|name| text(name)).collect();
            names.join(", ")
        };
        let functions: String = self
            .functions
            .iter()
            .map(|name| format!("{} = \"reads no table\"\n", text(name)))
            .collect();
        let key = match self.key {
            Key::Uuid => "uuid",
            Key::Int8 => "i64",
        };
        let soft: String = self
            .tables
            .iter()
            .filter(|table| table.deleted().is_some())
            .map(|table| format!("{} = {}\n", quoted(&table), text(DELETED)))
            .collect();
        Tenancy::from_toml(&format!(
            "key = \"{key}\"\nshop_key = \"i32\"\nshared = [{}]\nprivate = [{}]\n\
             types = [{}]\nfields = [{}]\n\
             [root]\n{}[org]\n{}[shop]\n{}[soft_delete]\n{soft}[functions]\n{functions}",
            list(Owner::Shared),
            list(Owner::Private),
            texts(&self.types),
            texts(&self.fields),
            pairs(Owner::Root, &text(ROOT_ID)),
            pairs(Owner::Org, &text(ORG)),
            pairs(Owner::Shop, &format!("[{}, {}]", text(ORG), text(SHOP))),
        ))
    }
}

/// `value` as a TOML string.
fn text(value: &str) -> String {
    let mut quoted = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
