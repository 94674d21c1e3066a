use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, de::IgnoredAny};

use super::{Class, DeclarationError, Table, Tenancy};
use crate::{KeyType, Roles};

impl Tenancy {
    /// Reads a declaration from TOML; names are `schema.table`, `public` where bare, and exact.
    ///
    /// ```
    /// let tenancy = weft_tenancy::Tenancy::from_toml(r#"
    ///     key = "uuid"                     # or "i64"
    ///     shop_key = "i32"                 # i32, i64 or uuid; the key's own type when left out
    ///     shared = ["plans"]
    ///     private = ["users"]
    ///     types = ["order_status"]         # types beyond the built-in ones that a cast may name
    ///     fields = ["city"]                # fields of composite types
    ///     [root]
    ///     organizations = "id"
    ///     [org]
    ///     customers = "org_id"
    ///     [shop]
    ///     orders = ["org_id", "shop_id"]
    ///     [soft_delete]
    ///     orders = "deleted_at"
    ///     [functions]
    ///     my_rank = "pure ranking, reads no table"
    ///     [roles]                          # what tools take from it: `Roles::from_toml`
    ///     app = "shop_app"
    ///     [[except]]                       # and what the doctor leaves out
    ///     rule = "undeclared"
    ///     object = "spatial_ref_sys"
    ///     reason = "reference data that came with an import"
    /// "#)?;
    /// assert_eq!(tenancy.table(None, "orders").unwrap().shop_column(), Some("shop_id"));
    /// # Ok::<(), weft_tenancy::DeclarationError>(())
    /// ```
    ///
    /// # Security
    /// Without columns `(x).name` may be a column as well as a call of an extension's or user's
    /// function, and is let through unless a refused built-in bears the name. List the columns of
    /// every table to close that: `[columns]` with `orders = ["org_id", "id", …]`.
    ///
    /// # Errors
    /// When the text is not TOML of this form, or the declaration contradicts itself.
    pub fn from_toml(text: &str) -> Result<Tenancy, DeclarationError> {
        let file = File::read(text)?;
        let key = key_type(&file.key)?;
        let shop_key = file.shop_key.as_deref().map_or(Ok(key), key_type)?;
        let mut tables = Vec::new();
        for (name, id) in file.root {
            tables.push(table(&name, Class::Root { id }));
        }
        for (name, org) in file.org {
            tables.push(table(&name, Class::Org { org }));
        }
        for (name, [org, shop]) in file.shop {
            tables.push(table(&name, Class::Shop { org, shop }));
        }
        tables.extend(file.shared.iter().map(|name| table(name, Class::Shared)));
        tables.extend(file.private.iter().map(|name| table(name, Class::Private)));
        for (name, column) in file.soft_delete {
            let (schema, bare) = split(&name);
            match tables
                .iter_mut()
                .find(|table| table.schema == schema && table.name == bare)
            {
                Some(table) if table.org_column().is_some() => table.soft_delete = Some(column),
                _ => return Err(DeclarationError::SoftDelete { table: name }),
            }
        }
        for (name, columns) in file.columns {
            let (schema, bare) = split(&name);
            let found = tables
                .iter_mut()
                .find(|table| table.schema == schema && table.name == bare);
            match found {
                Some(table) => table.columns = Some(columns),
                None => return Err(DeclarationError::Columns { table: name }),
            }
        }
        Tenancy::build(
            key,
            shop_key,
            tables,
            file.functions,
            file.types,
            file.fields,
        )
    }
}

impl Roles {
    /// The roles that a declaration names in TOML, if it does.
    ///
    /// ```
    /// let roles = weft_tenancy::Roles::from_toml(r#"
    ///     key = "uuid"
    ///     root.organizations = "id"
    ///     [roles]
    ///     app = "shop_app"
    ///     auth = "shop_auth"               # may be left out, with its directory
    ///     directory = ["memberships"]
    ///     unscoped = "shop_unscoped"       # may be left out
    /// "#)?;
    /// assert_eq!(roles.unwrap().auth(), Some("shop_auth"));
    /// # Ok::<(), weft_tenancy::DeclarationError>(())
    /// ```
    ///
    /// # Errors
    /// When the text is not a declaration in TOML, or there is a directory and no `auth` to read it.
    pub fn from_toml(text: &str) -> Result<Option<Roles>, DeclarationError> {
        let Some(file) = File::read(text)?.roles else {
            return Ok(None);
        };
        let mut roles = Roles::new(file.app);
        match file.auth {
            Some(auth) => roles = roles.with_auth(auth, file.directory),
            None if !file.directory.is_empty() => {
                let message = "roles.directory without roles.auth".to_owned();
                return Err(DeclarationError::Toml { message });
            }
            None => {}
        }
        if let Some(unscoped) = file.unscoped {
            roles = roles.with_unscoped(unscoped);
        }
        Ok(Some(roles))
    }
}

impl File {
    fn read(text: &str) -> Result<File, DeclarationError> {
        toml::from_str(text).map_err(|error| DeclarationError::Toml {
            message: error.to_string(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    shop_key: Option<String>,
    #[serde(default)]
    shared: Vec<String>,
    #[serde(default)]
    private: Vec<String>,
    #[serde(default)]
    types: HashSet<String>,
    #[serde(default)]
    fields: HashSet<String>,
    #[serde(default)]
    columns: BTreeMap<String, HashSet<String>>,
    #[serde(default)]
    root: BTreeMap<String, String>,
    #[serde(default)]
    org: BTreeMap<String, String>,
    #[serde(default)]
    shop: BTreeMap<String, [String; 2]>,
    #[serde(default)]
    soft_delete: BTreeMap<String, String>,
    #[serde(default)]
    functions: BTreeMap<String, String>,
    roles: Option<RolesFile>,
    // The doctor's.
    #[serde(default, rename = "except")]
    _except: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesFile {
    app: String,
    auth: Option<String>,
    #[serde(default)]
    directory: Vec<String>,
    unscoped: Option<String>,
}

fn key_type(name: &str) -> Result<KeyType, DeclarationError> {
    match name {
        "uuid" => Ok(KeyType::Uuid),
        "i64" => Ok(KeyType::I64),
        "i32" => Ok(KeyType::I32),
        other => Err(DeclarationError::Key {
            given: other.to_owned(),
        }),
    }
}

fn table(name: &str, class: Class) -> Table {
    let (schema, name) = split(name);
    Table::new(schema, name, class)
}

fn split(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or(("public", name))
}
