use std::fmt;
use std::marker::PhantomData;

use diesel::expression::expression_types::Untyped;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::HasSqlType;

/// One SQL statement, which has not run.
///
/// Diesel's and diesel-async's `load` run it, on whatever connection to Postgres they are given. What it
/// brings along is in no debug output of Diesel's, so that whoever logs statements logs no hash and no
/// mailbox.
#[must_use = "a statement does nothing until it is run"]
pub struct Statement {
    sql: &'static str,
    binds: Vec<Box<dyn QueryFragment<Pg> + Send>>,
}

/// Deletes rows that are old, up to so many, and counts them. What was used since it was looked for is not
/// old any more.
macro_rules! purge {
    ($table:literal, $key:literal, $old:literal, $most:literal) => {
        concat!(
            "WITH old AS (SELECT ",
            $key,
            " AS old_key FROM ",
            $table,
            " WHERE ",
            $old,
            " LIMIT ",
            $most,
            "), purged AS (DELETE FROM ",
            $table,
            " USING old WHERE ",
            $key,
            " = old_key AND (",
            $old,
            ") RETURNING ",
            $key,
            ") SELECT count(*) FROM purged"
        )
    };
}

pub(super) use purge;

/// A value of an SQL type.
struct Bind<T, V>(Hidden<V>, PhantomData<fn() -> T>);

struct Hidden<V>(V);

impl Statement {
    /// The statement of that text, in which `$1` is the first of what is [bound](Statement::bind).
    pub(super) fn new(sql: &'static str) -> Statement {
        let binds = Vec::new();
        Statement { sql, binds }
    }

    pub(super) fn bind<T, V>(mut self, value: V) -> Statement
    where
        T: 'static,
        V: ToSql<T, Pg> + Send + 'static,
        Pg: HasSqlType<T>,
    {
        self.binds.push(Box::new(Bind(Hidden(value), PhantomData)));
        self
    }
}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Every text is in this crate's source and none has a `$` for anything else, so that it may be
        // prepared once: there are no more of them than places that write them.
        let mut parts = self.sql.split('$');
        pass.push_sql(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let place = number.parse::<usize>().unwrap_or_default();
            if let Some(bind) = self.binds.get(place.wrapping_sub(1)) {
                bind.walk_ast(pass.reborrow())?;
            }
            pass.push_sql(rest);
        }
        Ok(())
    }
}

impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<C> diesel::RunQueryDsl<C> for Statement {}

impl<T, V> QueryFragment<Pg> for Bind<T, V>
where
    V: ToSql<T, Pg>,
    Pg: HasSqlType<T>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_bind_param::<T, Hidden<V>>(&self.0)
    }
}

impl<T, V: ToSql<T, Pg>> ToSql<T, Pg> for Hidden<V> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<V> fmt::Debug for Hidden<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Statement").field(&self.sql).finish()
    }
}
