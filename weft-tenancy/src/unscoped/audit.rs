use std::panic::Location;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Integer, Text};

use crate::{Refusal, RefusalKind, trace};

/// The table that records each unscoped access; put it in a migration.
///
/// Grant the role of the unscoped road `INSERT` on it and nothing else, so that the record cannot
/// be rewritten by what it records; grant `SELECT` to whoever reviews it.
pub const AUDIT_TABLE_SQL: &str = "\
CREATE TABLE public.weft_unscoped_audit (
    id        uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role      text        NOT NULL DEFAULT session_user,
    reason    text        NOT NULL CHECK (reason ~ '[^[:space:]]'),
    actor     text        NOT NULL CHECK (actor ~ '[^[:space:]]'),
    file      text        NOT NULL,
    line      integer     NOT NULL
);
";

/// One access: why, for whom, from which line of code.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) reason: String,
    pub(super) actor: String,
    file: &'static str,
    line: i32,
    at: &'static Location<'static>,
}

impl Record {
    /// # Errors
    /// Without a reason or an actor, and inside a transaction, whose rollback would take the
    /// record with it.
    pub(super) fn new(
        reason: &str,
        actor: &str,
        at: &'static Location<'static>,
        depth: u32,
    ) -> Result<Record, Refusal> {
        let missing = |text: &str| text.chars().all(|c| c.is_whitespace() || c == '\0');
        let detail = if missing(reason) {
            "unscoped access needs a reason"
        } else if missing(actor) {
            "unscoped access needs an actor"
        } else if depth > 0 {
            "unscoped access begins outside a transaction"
        } else {
            let (file, line) = (at.file(), i32::try_from(at.line()).unwrap_or(i32::MAX));
            return Ok(Record {
                reason: reason.to_owned(),
                actor: actor.to_owned(),
                file,
                line,
                at,
            });
        };
        Err(Refusal::new(RefusalKind::Audit, detail)).inspect_err(trace::refused)
    }

    /// Whether the record is there, and is committed.
    pub(super) fn kept(&self, inserted: QueryResult<usize>) -> Result<(), Refusal> {
        let detail = match inserted {
            Ok(1) => {
                trace::unscoped_opened(&self.reason, &self.actor, self.at);
                return Ok(());
            }
            Ok(_) => "the audit table did not take the record".to_owned(),
            Err(error) => format!("the audit record could not be written: {error}"),
        };
        Err(Refusal::new(RefusalKind::Audit, detail)).inspect_err(trace::refused)
    }

    pub(super) fn closed(&self, statements: u64) {
        trace::unscoped_closed(&self.reason, &self.actor, self.at, statements);
    }
}

/// Writes the record; outside a transaction, so it is committed with the statement.
impl QueryFragment<Pg> for Record {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "INSERT INTO public.weft_unscoped_audit (reason, actor, file, line) VALUES (",
        );
        pass.push_bind_param::<Text, _>(&self.reason)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Text, _>(&self.actor)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Text, _>(self.file)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Integer, _>(&self.line)?;
        pass.push_sql(")");
        Ok(())
    }
}

impl QueryId for Record {
    type QueryId = Record;
}
