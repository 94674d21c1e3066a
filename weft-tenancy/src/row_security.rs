use std::fmt;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Nullable, Text};
use diesel::{OptionalExtension, QueryResult, RunQueryDsl};

use crate::inner::PgInner;
use crate::{Class, Refusal, RefusalKind, Tenancy, trace};

/// The second layer, found in force: proof that the policies of a declaration hold for the role of
/// a connection, and the way its transactions say whose they are.
///
/// Make it once, when the program starts, over a connection of the application's role, and hand it
/// to every scope. A scope that has it runs each statement in a transaction whose context was set
/// in the message that began it; statements outside of [`transaction`](diesel::Connection::transaction)
/// get one of their own.
///
/// ```no_run
/// use diesel::prelude::*;
/// use weft_tenancy::{OrgConn, RowSecurity, Scope};
/// # diesel::table! { organizations (id) { id -> BigInt, } }
/// # diesel::table! { notes (org_id, id) { org_id -> BigInt, id -> BigInt, text -> Text, } }
/// # weft_tenancy::tenancy! { TENANCY: i64; root organizations(id); org notes(org_id); }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut pg = PgConnection::establish("postgres://shop_app@localhost/shop")?;
/// let row_security = RowSecurity::check(&mut pg, &TENANCY)?; // refused when a table lacks it
///
/// let mut conn = OrgConn::new(&mut pg, &TENANCY, Scope::org(7_i64)).with_row_security(&row_security);
/// let notes: i64 = notes::table.count().get_result(&mut conn)?;
/// # let _ = notes; Ok(()) }
/// ```
///
/// # Security
/// It says what was true when it was made, of the tables of that declaration and of that role: use it
/// for no other. Whoever can change policies can change them later, which the doctor finds. Whoever
/// can run any SQL as the role can also set the context, unless it is signed: `with_key` of the feature
/// `signed`.
#[derive(Clone)]
pub struct RowSecurity {
    form: Form,
    pipelines: bool,
}

/// How a transaction is told its context.
#[derive(Clone)]
pub(crate) enum Form {
    /// In the message that begins it.
    Batched,
    /// By a bind that carries a signature.
    #[cfg(feature = "signed")]
    Signed(crate::ContextKey),
    /// In messages of their own, which is what Citus forwards to its workers.
    Citus,
}

impl RowSecurity {
    /// Looks whether row-level security holds `conn`'s role to the declared tables, and whether the
    /// server is a Citus coordinator.
    ///
    /// # Errors
    /// A [`Refusal`] of kind [`RowSecurity`](RefusalKind::RowSecurity) that names the table when it
    /// is not there, or security is off, not forced or without the restrictive policies of
    /// [`Policies`](crate::Policies), and when the role, or one that the login can become, owns a
    /// table, is a superuser or bypasses row security; of kind
    /// [`SearchPath`](RefusalKind::SearchPath) when a declared name stands for another relation. What
    /// the server says.
    pub fn check(conn: &mut impl PgInner, tenancy: &Tenancy) -> QueryResult<RowSecurity> {
        conn.transaction(|conn| {
            conn.batch_execute(tenancy.settings().local())?;
            let wrong = RunQueryDsl::get_result::<String>(tenancy.settings().resolve(), conn);
            tenancy.settings().agreed(tenancy, wrong.optional()?)?;
            let hole = RunQueryDsl::get_result::<Hole>(Holes::new(tenancy), conn).optional()?;
            RowSecurity::found(hole, RunQueryDsl::get_result(Citus, conn)?)
        })
    }

    /// The same over an asynchronous connection.
    ///
    /// # Errors
    /// As [`check`](RowSecurity::check).
    #[cfg(feature = "async")]
    pub async fn check_async(
        conn: &mut diesel_async::AsyncPgConnection,
        tenancy: &Tenancy,
    ) -> QueryResult<RowSecurity> {
        use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

        conn.transaction(async |conn| {
            conn.batch_execute(tenancy.settings().local()).await?;
            let wrong = RunQueryDsl::get_result::<String>(tenancy.settings().resolve(), conn);
            let wrong = wrong.await.optional()?;
            tenancy.settings().agreed(tenancy, wrong)?;
            let hole = RunQueryDsl::get_result::<Hole>(Holes::new(tenancy), conn).await;
            let citus = RunQueryDsl::get_result(Citus, conn).await?;
            RowSecurity::found(hole.optional()?, citus)
        })
        .await
    }

    /// The same without statements that share a pipeline, for a pooler in transaction mode that
    /// does not follow prepared statements. Turn Diesel's own cache of them off as well.
    #[must_use]
    pub fn without_pipelining(self) -> RowSecurity {
        RowSecurity {
            pipelines: false,
            ..self
        }
    }

    /// The same with a context that `key` signs, for policies that were written
    /// [`signed`](crate::Policies::signed).
    ///
    /// # Errors
    /// A [`Refusal`] on Citus, whose workers cannot check it.
    #[cfg(feature = "signed")]
    pub fn with_key(self, key: crate::ContextKey) -> Result<RowSecurity, Refusal> {
        match self.form {
            Form::Citus => Err(refused("signed contexts do not reach the workers of Citus")),
            _ => Ok(RowSecurity {
                form: Form::Signed(key),
                ..self
            }),
        }
    }

    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    #[cfg(feature = "async")]
    pub(crate) fn pipelines(&self) -> bool {
        self.pipelines
    }

    fn found(hole: Option<Hole>, citus: Option<bool>) -> QueryResult<RowSecurity> {
        if let Some((detail, table)) = hole {
            let refusal = refused(detail);
            return Err(match table {
                Some(table) => refusal.on(&table),
                None => refusal,
            }
            .into());
        }
        let form = match citus {
            None => Form::Batched,
            Some(true) => Form::Citus,
            Some(false) => {
                let detail = "on Citus the role needs citus.propagate_set_commands = 'local'";
                return Err(refused(detail).into());
            }
        };
        Ok(RowSecurity {
            form,
            pipelines: true,
        })
    }
}

impl fmt::Debug for RowSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::Batched => "batched",
            #[cfg(feature = "signed")]
            Form::Signed(_) => "signed",
            Form::Citus => "citus",
        };
        f.debug_struct("RowSecurity")
            .field("form", &form)
            .field("pipelines", &self.pipelines)
            .finish()
    }
}

fn refused(detail: impl Into<Box<str>>) -> Refusal {
    let refusal = Refusal::new(RefusalKind::RowSecurity, detail);
    trace::refused(&refusal);
    refusal
}

/// What is missing, and on which table.
type Hole = (String, Option<String>);

/// Finds the first thing that lets the current role past the policies.
struct Holes {
    schemas: Vec<String>,
    names: Vec<String>,
    displayed: Vec<String>,
    of_shops: Vec<bool>,
}

impl Holes {
    fn new(tenancy: &Tenancy) -> Holes {
        let tables = || {
            let tables = tenancy.tables().iter();
            tables.filter(|table| table.org_column().is_some())
        };
        let of_shop = |class: &Class| matches!(class, Class::Shop { .. });
        Holes {
            schemas: tables().map(|table| table.schema().to_owned()).collect(),
            names: tables().map(|table| table.name().to_owned()).collect(),
            displayed: tables().map(|table| table.display().to_owned()).collect(),
            of_shops: tables().map(|table| of_shop(table.class())).collect(),
        }
    }
}

impl QueryFragment<Pg> for Holes {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "WITH policies AS MATERIALIZED (SELECT polrelid, polname FROM pg_catalog.pg_policy \
               WHERE NOT polpermissive AND polcmd = '*' AND EXISTS (SELECT FROM unnest(polroles) AS r \
                 WHERE r = 0 OR pg_has_role(r, 'USAGE')) \
               AND polwithcheck IS NULL AND pg_get_expr(polqual, polrelid) ~ CASE polname \
                 WHEN 'weft_org' THEN 'weft\\.org_id|signed_org\\(' ELSE 'weft\\.shop_ids|signed_shops\\(' END), \
             declared AS (SELECT c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner, \
                 d.display, d.of_shop FROM unnest(",
        );
        pass.push_bind_param::<Array<Text>, _>(&self.schemas)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Text>, _>(&self.names)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Text>, _>(&self.displayed)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Bool>, _>(&self.of_shops)?;
        pass.push_sql(
            ") AS d(schema, name, display, of_shop) \
               LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = d.schema \
               LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = d.name), \
             holes AS ( \
               SELECT 0 AS place, \
                 'the role, or one that it can become, is a superuser or bypasses row security' AS detail, \
                 NULL AS display FROM pg_catalog.pg_roles \
                 WHERE (rolsuper OR rolbypassrls) AND pg_has_role(session_user, oid, 'MEMBER') \
               UNION ALL SELECT 1, 'it is not there', display FROM declared WHERE oid IS NULL \
               UNION ALL SELECT 1, 'it is no table, so row security cannot hold it', display \
                 FROM declared WHERE relkind NOT IN ('r', 'p') \
               UNION ALL SELECT 2, 'row security is off', display \
                 FROM declared WHERE relkind IN ('r', 'p') AND NOT relrowsecurity \
               UNION ALL SELECT 3, 'row security is not forced', display \
                 FROM declared WHERE relkind IN ('r', 'p') AND NOT relforcerowsecurity \
               UNION ALL SELECT 4, 'the role owns the table', display \
                 FROM declared WHERE pg_has_role(session_user, relowner, 'MEMBER') \
               UNION ALL SELECT 5, 'the restrictive policy weft_org is not there for the role', display \
                 FROM declared AS d WHERE NOT EXISTS (SELECT FROM policies AS p \
                   WHERE p.polrelid = d.oid AND p.polname = 'weft_org') \
               UNION ALL SELECT 6, 'the restrictive policy weft_shop is not there for the role', display \
                 FROM declared AS d WHERE of_shop AND NOT EXISTS (SELECT FROM policies AS p \
                   WHERE p.polrelid = d.oid AND p.polname = 'weft_shop')) \
             SELECT detail, display FROM holes ORDER BY place, display LIMIT 1",
        );
        Ok(())
    }
}

impl Query for Holes {
    type SqlType = (Text, Nullable<Text>);
}

impl QueryId for Holes {
    type QueryId = Holes;
}

impl<Conn> RunQueryDsl<Conn> for Holes {}

/// Whether the settings of a transaction reach the workers; nothing where there are none.
struct Citus;

impl QueryFragment<Pg> for Citus {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus') \
             THEN current_setting('citus.propagate_set_commands', true) IS NOT DISTINCT FROM 'local' \
             END",
        );
        Ok(())
    }
}

impl Query for Citus {
    type SqlType = Nullable<Bool>;
}

impl QueryId for Citus {
    type QueryId = Citus;
}

impl<Conn> RunQueryDsl<Conn> for Citus {}
