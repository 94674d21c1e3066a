use diesel::QueryResult;
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use std::fmt;
use std::sync::Arc;

use crate::inner::PgInner;
use crate::statement::Collected;

/// What became of a query: the text that is sent, and how the server would run it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explained {
    /// The guarded text.
    pub sql: String,
    /// The server's plan, a line for each step.
    pub plan: String,
}

/// Plans a statement, and does not run it.
pub(crate) const EXPLAIN: &str = "EXPLAIN ";

impl Explained {
    pub(crate) fn load(
        conn: &mut impl PgInner,
        statement: Collected<Text>,
    ) -> QueryResult<Explained> {
        let guarded = Arc::clone(&statement.guarded);
        let explain = Collected {
            prefix: EXPLAIN,
            cacheable: false,
            ..statement
        };
        let plan = RunQueryDsl::load::<String>(explain, conn)?;
        Ok(Explained::new(guarded.sql(), &plan))
    }

    pub(crate) fn new(sql: &str, plan: &[String]) -> Explained {
        Explained {
            sql: sql.to_owned(),
            plan: plan.join("\n"),
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}", self.sql, self.plan)
    }
}
