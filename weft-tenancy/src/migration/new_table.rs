use super::{MigrationError, syntax};
use crate::declare::{MAX_NAME, display_name};
use crate::policy::qualified;
use crate::{Class, KeyType, Policies, Roles, Table, Tenancy, guard::quote};

/// A new tenant table, as text for a migration: keys and foreign keys that carry the organisation,
/// indexes, grants and row security.
///
/// ```
/// # #[cfg(feature = "toml")] {
/// # use weft_tenancy::{NewTable, Roles, Tenancy};
/// # let tenancy = Tenancy::from_toml("key = 'uuid'\nroot.organizations = 'id'\norg.orders = 'org_id'")?;
/// let text = NewTable::new("invoices")
///     .column("total", "bigint NOT NULL")
///     .references("order_id", "orders")
///     .sql(&tenancy, &Roles::new("shop_app"))?;
/// assert!(text.contains(r#"FOREIGN KEY ("org_id", "order_id") REFERENCES "public"."orders""#));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "text is written by `sql`"]
pub struct NewTable {
    name: String,
    is_shop: bool,
    ids: Option<KeyType>,
    columns: Vec<(String, String)>,
    references: Vec<(String, String)>,
    soft_delete: Option<String>,
}

/// The table with the names that the declaration gives it.
struct Plan<'p> {
    new: &'p NewTable,
    tenancy: &'p Tenancy,
    table: Table,
    org: &'p str,
    shop: Option<&'p str>,
    ids: KeyType,
}

impl NewTable {
    /// A table of organisations, `name` or `schema.name`.
    pub fn new(name: impl Into<String>) -> NewTable {
        NewTable {
            name: name.into(),
            is_shop: false,
            ids: None,
            columns: Vec::new(),
            references: Vec::new(),
            soft_delete: None,
        }
    }

    /// Its rows belong to shops.
    pub fn shop(self) -> NewTable {
        NewTable {
            is_shop: true,
            ..self
        }
    }

    /// The type of ids, its own and those it refers to; that of organisations unless told.
    pub fn ids(self, ids: KeyType) -> NewTable {
        NewTable {
            ids: Some(ids),
            ..self
        }
    }

    /// A column: a type, and NOT NULL, DEFAULT, CHECK, COLLATE or GENERATED behind it.
    pub fn column(mut self, name: impl Into<String>, definition: impl Into<String>) -> NewTable {
        self.columns.push((name.into(), definition.into()));
        self
    }

    /// A column with the id of a row of `table`, which is of the same organisation, and of the same
    /// shop where both have one.
    pub fn references(mut self, column: impl Into<String>, table: impl Into<String>) -> NewTable {
        self.references.push((column.into(), table.into()));
        self
    }

    /// A column that hides the row when it is not null.
    pub fn soft_delete(self, column: impl Into<String>) -> NewTable {
        NewTable {
            soft_delete: Some(column.into()),
            ..self
        }
    }

    /// The text, for the owner to run; the doctor finds nothing wrong with what it makes, once it is
    /// declared as the first lines say.
    ///
    /// # Errors
    /// When a name cannot be one, the table is declared already, a definition is more than a type
    /// with harmless constraints, or a reference is not to a declared tenant table.
    pub fn sql(&self, tenancy: &Tenancy, roles: &Roles) -> Result<String, MigrationError> {
        let plan = Plan::new(self, tenancy)?;
        let name = qualified(&plan.table);
        let mut sql = plan.declaration();
        let mut parts = plan.columns()?;
        let mut indexes = String::new();
        for (column, target) in &self.references {
            let reference = plan.reference(column, target)?;
            sql += &reference.needs;
            parts.push(reference.constraint);
            let (org, column) = (quote(plan.org), quote(column));
            indexes += &format!("CREATE INDEX ON {name} ({org}, {column});\n");
        }
        sql += &format!(
            "CREATE TABLE {name} (\n    {}\n);\n{indexes}",
            parts.join(",\n    ")
        );
        let users = std::iter::once(roles.app()).chain(roles.unscoped());
        let users: Vec<_> = users.map(quote).collect();
        sql += &format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {};\n",
            users.join(", ")
        );
        Ok(sql + &Policies::new(tenancy, roles).table_sql(&plan.table))
    }
}

/// A foreign key, and what must be there before it.
struct Reference {
    needs: String,
    constraint: String,
}

impl<'p> Plan<'p> {
    fn new(new: &'p NewTable, tenancy: &'p Tenancy) -> Result<Plan<'p>, MigrationError> {
        let (schema, name) = new.name.split_once('.').unwrap_or(("public", &new.name));
        let columns = new.columns.iter().chain(&new.references);
        let columns = columns.map(|(name, _)| name.as_str());
        for name in [schema, name]
            .into_iter()
            .chain(columns)
            .chain(new.soft_delete.as_deref())
        {
            let reserved = name.starts_with("pg_") || name == "information_schema";
            if name.is_empty()
                || name.len() > MAX_NAME
                || reserved
                || name.contains(char::is_control)
            {
                let name = name.to_owned();
                return Err(MigrationError::Name { name });
            }
        }
        if tenancy.table(Some(schema), name).is_some() {
            let table = display_name(Some(schema), name);
            return Err(MigrationError::Declared { table });
        }
        let tenants = tenancy.tables().iter();
        let tenants = tenants.filter(|table| !matches!(table.class(), Class::Root { .. }));
        let org = tenants
            .filter_map(Table::org_column)
            .next()
            .unwrap_or("org_id");
        let mut shops = tenancy.tables().iter().filter_map(Table::shop_column);
        let shop = shops.find(|shop| *shop != "id").unwrap_or("shop_id");
        let shop = new.is_shop.then_some(shop);
        let org_name = org.to_owned();
        let class = match shop {
            Some(shop) => Class::Shop {
                org: org_name,
                shop: shop.to_owned(),
            },
            None => Class::Org { org: org_name },
        };
        Ok(Plan {
            new,
            tenancy,
            table: Table::new(schema, name, class),
            org,
            shop,
            ids: new.ids.unwrap_or(tenancy.key()),
        })
    }

    /// What the declaration is to say.
    fn declaration(&self) -> String {
        let (name, display, org) = (self.table.name(), self.table.display(), self.org);
        let (class, columns, value) = match self.shop {
            Some(shop) => (
                "shop",
                format!("{org}, {shop}"),
                format!("[{org:?}, {shop:?}]"),
            ),
            None => ("org", org.to_owned(), format!("{org:?}")),
        };
        let mut rust = format!("-- tenancy!: {class} {name}({columns})");
        let mut toml = format!("-- TOML: [{class}] {display:?} = {value}");
        if let Some(deleted) = &self.new.soft_delete {
            rust += &format!(" soft_delete({deleted})");
            toml += &format!(", [soft_delete] {display:?} = {deleted:?}");
        }
        format!("{rust};\n{toml}\n")
    }

    /// Columns and keys, but for the foreign keys that were asked for.
    fn columns(&self) -> Result<Vec<String>, MigrationError> {
        let (key, ids) = (self.tenancy.key().sql_name(), self.ids.sql_name());
        let (org, id) = (quote(self.org), quote("id"));
        let filled = match self.ids {
            KeyType::Uuid => "DEFAULT gen_random_uuid()",
            KeyType::I32 | KeyType::I64 => "GENERATED BY DEFAULT AS IDENTITY",
        };
        let mut parts = vec![
            format!("{org} {key} NOT NULL{}", self.root()),
            format!("{id} {ids} NOT NULL {filled}"),
        ];
        if let Some(shop) = self.shop {
            let key = self.tenancy.shop_key().sql_name();
            parts.push(format!("{} {key} NOT NULL", quote(shop)));
        }
        for (column, target) in &self.new.references {
            let null = if target == self.table.display() {
                ""
            } else {
                " NOT NULL"
            };
            parts.push(format!("{} {ids}{null}", quote(column)));
        }
        for (column, definition) in &self.new.columns {
            if !syntax::is_column(definition) {
                let column = column.clone();
                return Err(MigrationError::Column { column });
            }
            parts.push(format!("{} {definition}", quote(column)));
        }
        if let Some(deleted) = &self.new.soft_delete {
            parts.push(format!("{} timestamptz", quote(deleted)));
        }
        parts.push(format!("PRIMARY KEY ({org}, {id})"));
        if let Some(shop) = self.shop {
            let shop = quote(shop);
            // For tables of the same shops to refer to.
            parts.push(format!("UNIQUE ({org}, {shop}, {id})"));
            let mut tables = self.tenancy.tables().iter();
            let shops = tables.find_map(|table| match table.class() {
                Class::Shop { org, shop } if shop == "id" => Some((qualified(table), quote(org))),
                _ => None,
            });
            if let Some((shops, parents)) = shops {
                parts.push(format!(
                    "FOREIGN KEY ({org}, {shop}) REFERENCES {shops} ({parents}, {id})"
                ));
            }
        }
        Ok(parts)
    }

    fn root(&self) -> String {
        let mut tables = self.tenancy.tables().iter();
        let root = tables.find_map(|table| match table.class() {
            Class::Root { id } => Some(format!(" REFERENCES {} ({})", qualified(table), quote(id))),
            _ => None,
        });
        root.unwrap_or_default()
    }

    fn reference(&self, column: &str, target: &str) -> Result<Reference, MigrationError> {
        let mut tables = self.tenancy.tables().iter().chain([&self.table]);
        let no_target = || MigrationError::Target {
            table: target.to_owned(),
        };
        let parent = tables
            .find(|table| table.display() == target)
            .ok_or_else(no_target)?;
        let shops = match (parent.class(), self.shop) {
            (Class::Org { .. }, _) | (Class::Shop { .. }, None) => None,
            // One shop's row does not refer to another shop.
            (Class::Shop { shop, .. }, Some(own)) if shop != "id" => Some((own, shop)),
            _ => return Err(no_target()),
        };
        let parents_org = parent.org_column().ok_or_else(no_target)?;
        let org = quote(self.org);
        let (name, column, id) = (qualified(parent), quote(column), quote("id"));
        let Some((own, parents)) = shops else {
            return Ok(Reference {
                needs: String::new(),
                constraint: format!(
                    "FOREIGN KEY ({org}, {column}) REFERENCES {name} ({}, {id})",
                    quote(parents_org)
                ),
            });
        };
        // As the server names UNIQUE over the same columns.
        let key = [parent.name(), parents_org, parents, "id_key"].join("_");
        let (own, parents_org, parents) = (quote(own), quote(parents_org), quote(parents));
        let needs = match target == self.table.display() {
            true => String::new(),
            false => format!(
                "CREATE UNIQUE INDEX IF NOT EXISTS {} ON {name} ({parents_org}, {parents}, {id});\n",
                quote(&key)
            ),
        };
        Ok(Reference {
            needs,
            constraint: format!(
                "FOREIGN KEY ({org}, {own}, {column}) REFERENCES {name} ({parents_org}, {parents}, {id})"
            ),
        })
    }
}
