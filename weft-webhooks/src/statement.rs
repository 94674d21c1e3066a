use diesel::RunQueryDsl;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// One SQL statement, which has not run.
///
/// Diesel's and diesel-async's `execute`, `load` and `get_result` run it, on whatever connection
/// they are given.
#[derive(Debug, Clone, Copy)]
#[must_use = "a statement does nothing until it is run"]
pub struct Statement<S>(pub(crate) S);

impl<S: QueryFragment<Pg>> QueryFragment<Pg> for Statement<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
}

impl<S: QueryId> QueryId for Statement<S> {
    type QueryId = S::QueryId;
    const HAS_STATIC_QUERY_ID: bool = S::HAS_STATIC_QUERY_ID;
}

impl<S: Query> Query for Statement<S> {
    type SqlType = S::SqlType;
}

impl<S, C> RunQueryDsl<C> for Statement<S> {}

/// A query that returns rows of that SQL type.
pub trait Returns<R>: QueryFragment<Pg> + QueryId + Query<SqlType = R> {}

impl<R, S: QueryFragment<Pg> + QueryId + Query<SqlType = R>> Returns<R> for S {}
