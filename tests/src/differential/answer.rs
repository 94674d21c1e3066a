//! What a statement comes to, so that two answers can be compared.

use std::fmt;

use diesel::connection::LoadConnection;
use diesel::deserialize;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::row::{Field, NamedRow};
use diesel::sql_types::{BigInt, Text, Uuid};
use weft_tenancy::{Refusal, RefusalKind};

use super::generate::{Bind, Statement};

/// A row.
pub(super) type Row = Vec<Cell>;

/// A value as the server's bytes; none for NULL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell(Option<Vec<u8>>);

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(bytes) => write!(f, "'{}'", bytes.escape_ascii()),
            None => f.write_str("NULL"),
        }
    }
}

/// What became of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It ran.
    Ran {
        /// What it returned, sorted unless the order is total.
        rows: Vec<Row>,
        /// How many rows it returned or wrote.
        count: usize,
        /// What it left behind, if it writes.
        change: Option<Change>,
    },
    /// The server raised an error: its message without what it quotes. Diesel does not hand the
    /// SQLSTATE on; equal messages have equal ones.
    Raised(String),
    /// The guard refused it.
    Refused(RefusalKind),
}

/// By how much a statement changed the sums of its tables' rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of A's rows, table by table.
    pub mine: Vec<i128>,
    /// Of everyone else's.
    pub others: Vec<i128>,
}

#[derive(QueryableByName)]
pub(super) struct State {
    #[diesel(sql_type = Text)]
    mine: String,
    #[diesel(sql_type = Text)]
    others: String,
}

impl State {
    pub(super) fn read(conn: &mut PgConnection) -> QueryResult<State> {
        diesel::sql_query("SELECT mine, others FROM public.state()").get_result(conn)
    }

    pub(super) fn since(&self, before: &State) -> Change {
        Change {
            mine: differences(&self.mine, &before.mine),
            others: differences(&self.others, &before.others),
        }
    }
}

fn differences(after: &str, before: &str) -> Vec<i128> {
    let numbers = |text: &str| -> Vec<i128> {
        text.split(' ')
            .filter_map(|number| number.parse().ok())
            .collect()
    };
    let pairs = numbers(after).into_iter().zip(numbers(before));
    pairs.map(|(after, before)| after - before).collect()
}

struct Cells(Row);

impl QueryableByName<Pg> for Cells {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let cells = (0..row.field_count()).map(|at| {
            let field = diesel::row::Row::get(row, at).ok_or("no such column")?;
            let bytes = field.value().map(|value| value.as_bytes().to_vec());
            Ok(Cell(bytes))
        });
        cells.collect::<deserialize::Result<_>>().map(Cells)
    }
}

/// Sends `statement` through `conn`.
pub(super) fn send<C>(conn: &mut C, statement: &Statement) -> QueryResult<(Vec<Row>, usize)>
where
    C: Connection<Backend = Pg> + LoadConnection,
{
    let mut query = diesel::sql_query(&statement.sql).into_boxed::<Pg>();
    for bind in &statement.binds {
        query = match bind {
            Bind::Int(number) => query.bind::<BigInt, _>(*number),
            Bind::Text(text) => query.bind::<Text, _>(*text),
            Bind::Uuid(id) => query.bind::<Uuid, _>(*id),
        };
    }
    if !statement.returns {
        let count = query.execute(conn)?;
        return Ok((Vec::new(), count));
    }
    let rows: Vec<Cells> = query.load(conn)?;
    let mut rows: Vec<Row> = rows.into_iter().map(|cells| cells.0).collect();
    if !statement.ordered {
        rows.sort();
    }
    let count = rows.len();
    Ok((rows, count))
}

impl Answer {
    /// What `error` says, if it is the statement's and not the connection's.
    pub(super) fn of(error: Error) -> QueryResult<Answer> {
        if let Some(refusal) = Refusal::of(&error) {
            return Ok(Answer::Refused(refusal.kind()));
        }
        match error {
            Error::DatabaseError(_, information) => {
                Ok(Answer::Raised(without_quotes(information.message())))
            }
            error => Err(error),
        }
    }
}

/// Values of rows stand in quotes; which row is met first is Postgres's choice.
fn without_quotes(message: &str) -> String {
    message.split('"').step_by(2).collect::<Vec<_>>().join("…")
}
