//! Row-level security as text for migrations, from the same declaration as the hook.
//!
//! Permissive policies are alternatives, restrictive ones conditions: the scope is restrictive, so
//! that no policy added later opens it. The context comes from `weft.org_id` and `weft.shop_ids`,
//! which a transaction sets for itself; unset or empty, as they are again after it, they match no
//! row. Each stands in a subselect, which the server evaluates once and not for each row.

use std::fmt;

use crate::{Class, KeyType, Roles, Table, Tenancy, guard::quote};

/// What row-level security takes for the declared tenant tables.
///
/// ```
/// # use weft_tenancy::{Policies, Roles, Tenancy};
/// # #[cfg(feature = "toml")] {
/// let tenancy = Tenancy::from_toml("key = 'uuid'\nroot.organizations = 'id'")?;
/// let roles = Roles::new("shop_app");
/// let policies = Policies::new(&tenancy, &roles);
/// assert!(policies.to_string().contains("FORCE ROW LEVEL SECURITY"));
/// # }
/// # Ok::<(), weft_tenancy::DeclarationError>(())
/// ```
///
/// [`Display`](fmt::Display) writes the whole of it; it may run again over its own result. Run it
/// as the owner of the tables.
#[derive(Debug, Clone)]
pub struct Policies<'t> {
    tenancy: &'t Tenancy,
    roles: &'t Roles,
    signed: bool,
}

/// One policy of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy<'t> {
    /// Its name, unique on its table.
    pub name: &'static str,
    /// Its table.
    pub table: &'t Table,
    /// The role it is for.
    pub role: &'t str,
    /// Whether rows must meet it, whatever other policies say; a permissive one lets rows in.
    pub restrictive: bool,
    /// `ALL` or `SELECT`.
    pub command: &'static str,
    /// The condition, for rows that are read and for rows that are written.
    pub using: String,
}

impl<'t> Policies<'t> {
    /// Policies for `roles` on the tenant tables of `tenancy`.
    pub fn new(tenancy: &'t Tenancy, roles: &'t Roles) -> Policies<'t> {
        Policies {
            tenancy,
            roles,
            signed: false,
        }
    }

    /// The same, with a context that must be signed.
    #[must_use]
    pub fn signed(self) -> Policies<'t> {
        Policies {
            signed: true,
            ..self
        }
    }

    /// The tables that have policies: the root, the organisations' and the shops'.
    pub fn tables(&self) -> impl Iterator<Item = &'t Table> + use<'t> {
        let tables = self.tenancy.tables().iter();
        tables.filter(|table| table.org_column().is_some())
    }

    /// The policies of `table`; none unless it belongs to tenants.
    pub fn of(&self, table: &'t Table) -> Vec<Policy<'t>> {
        let Some(org) = table.org_column() else {
            return Vec::new();
        };
        let policy = |name, role, restrictive, using: &str| Policy {
            name,
            table,
            role,
            restrictive,
            command: "ALL",
            using: using.to_owned(),
        };
        let app = self.roles.app();
        let mut policies = vec![
            policy("weft_base", app, false, "true"),
            policy("weft_org", app, true, &self.is_org(org)),
        ];
        if let Class::Shop { shop, .. } = table.class() {
            policies.push(policy("weft_shop", app, true, &self.is_shop(shop)));
        }
        let directory = self.roles.directory();
        if let Some(auth) = self.roles.auth()
            && directory.iter().any(|name| name == table.display())
        {
            policies.push(Policy {
                command: "SELECT",
                ..policy("weft_directory", auth, false, "true")
            });
        }
        if let Some(unscoped) = self.roles.unscoped() {
            policies.push(policy("weft_unscoped", unscoped, false, "true"));
        }
        policies
    }

    /// What one table takes: security on and forced, and its policies.
    pub fn table_sql(&self, table: &'t Table) -> String {
        let on = qualified(table);
        let mut sql = format!(
            "ALTER TABLE {on} ENABLE ROW LEVEL SECURITY;\n\
             ALTER TABLE {on} FORCE ROW LEVEL SECURITY;\n"
        );
        for name in NAMES {
            sql += &format!("DROP POLICY IF EXISTS {name} ON {on};\n");
        }
        // What lets rows in goes first and comes last, so that no moment between has it alone.
        for policy in self.of(table).iter().rev() {
            sql += &format!("{policy};\n");
        }
        sql
    }

    fn is_org(&self, column: &str) -> String {
        let key = self.tenancy.key().sql_name();
        let org = match self.signed {
            false => format!("nullif(current_setting('weft.org_id', true), '')::{key}"),
            true => format!("weft.signed_org()::{key}"),
        };
        format!("{} = (SELECT {org})", quote(column))
    }

    fn is_shop(&self, column: &str) -> String {
        let key = KeyType::sql_name(self.tenancy.shop_key());
        let shops = match self.signed {
            false => "current_setting('weft.shop_ids', true)",
            true => "weft.signed_shops()",
        };
        format!(
            "(SELECT {shops} = '*') OR {} = ANY \
             ((SELECT CASE WHEN {shops} LIKE '{{%' THEN {shops}::{key}[] END)::{key}[])",
            quote(column)
        )
    }
}

impl fmt::Display for Policies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.signed {
            let app = quote(self.roles.app());
            writeln!(
                f,
                "{}REVOKE ALL ON weft.context_keys FROM {app};\n\
                 GRANT USAGE ON SCHEMA weft TO {app};\n\
                 GRANT EXECUTE ON FUNCTION weft.signed_org(), weft.signed_shops() TO {app};\n",
                include_str!("signed_context.sql")
            )?;
        }
        self.tables()
            .try_for_each(|table| writeln!(f, "{}", self.table_sql(table)))
    }
}

impl fmt::Display for Policy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.restrictive {
            true => "RESTRICTIVE",
            false => "PERMISSIVE",
        };
        write!(
            f,
            "CREATE POLICY {} ON {} AS {kind} FOR {} TO {}\n    USING ({})",
            self.name,
            qualified(self.table),
            self.command,
            quote(self.role),
            self.using
        )
    }
}

/// Every policy there may be, in the order of [`Policies::of`].
const NAMES: [&str; 5] = [
    "weft_base",
    "weft_org",
    "weft_shop",
    "weft_directory",
    "weft_unscoped",
];

/// The table's name with its schema, quoted.
pub(crate) fn qualified(table: &Table) -> String {
    format!("{}.{}", quote(table.schema()), quote(table.name()))
}

/// A dollar quote that `text` does not hold.
pub(crate) fn dollar_tag(text: &str) -> String {
    let mut tag = "$weft$".to_owned();
    while text.contains(&tag) {
        tag.insert(1, 'w');
    }
    tag
}
