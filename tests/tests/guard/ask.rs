//! Statements as text, and rows of any shape.

use diesel::QueryableByName;
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{BigInt, Integer, Uuid};

/// A row as Postgres would print it.
#[derive(Debug)]
pub(crate) struct Cells(pub(crate) Vec<Option<String>>);

impl QueryableByName<Pg> for Cells {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let cells = (0..row.field_count()).map(|at| {
            let field = Row::get(row, at).ok_or("no such column")?;
            field.value().map(printed).transpose()
        });
        cells.collect::<Result<_, _>>().map(Cells)
    }
}

fn printed(value: PgValue<'_>) -> deserialize::Result<String> {
    Ok(match value.get_oid().get() {
        16 => if value.as_bytes() == [1] { "t" } else { "f" }.to_owned(),
        20 => <i64 as FromSql<BigInt, Pg>>::from_sql(value)?.to_string(),
        23 => <i32 as FromSql<Integer, Pg>>::from_sql(value)?.to_string(),
        2950 => <uuid::Uuid as FromSql<Uuid, Pg>>::from_sql(value)?.to_string(),
        _ => String::from_utf8(value.as_bytes().to_vec())?,
    })
}

/// `sorted` rows, since a guard may change their order.
pub(crate) fn sorted(mut rows: Vec<Vec<Option<String>>>) -> Vec<Vec<Option<String>>> {
    rows.sort();
    rows
}

/// Each statement does in A's scope what it does unguarded where A is alone, and nothing to B.
macro_rules! agrees {
    ($db:ident, $conn:ident, $statements:expr) => {{
        let before = $db.snapshot(weft_tests::schema::B);
        for sql in $statements {
            let sql: &str = sql.as_ref();
            let (rows, state) = $db.alone(sql);
            let found: Vec<crate::ask::Cells> = go!(diesel::sql_query(sql).load(&mut $conn))
                .unwrap_or_else(|error| panic!("{sql}: {error}"));
            let found = found.into_iter().map(|row| row.0).collect();
            assert_eq!(crate::ask::sorted(found), crate::ask::sorted(rows), "{sql}");
            assert_eq!($db.state(), state, "{sql}");
            assert_eq!($db.snapshot(weft_tests::schema::B), before, "{sql}");
        }
    }};
}

/// Each statement is refused for the same reason, and nothing has changed.
macro_rules! refuses {
    ($db:ident, $conn:ident, $kind:ident, $statements:expr) => {{
        use weft_tests::schema::{A, B};
        let before = (
            $db.snapshot(A),
            $db.snapshot(B),
            $db.value("SELECT string_agg(p::text, '') FROM plans p"),
        );
        for sql in $statements {
            let sql: &str = sql.as_ref();
            let sent: diesel::QueryResult<usize> = go!(diesel::sql_query(sql).execute(&mut $conn));
            let error = sent.err().unwrap_or_else(|| panic!("{sql} was sent"));
            let refusal = weft_tenancy::Refusal::of(&error)
                .unwrap_or_else(|| panic!("{sql} was sent: {error}"));
            assert_eq!(
                refusal.kind(),
                weft_tenancy::RefusalKind::$kind,
                "{sql}: {refusal}"
            );
        }
        let after = (
            $db.snapshot(A),
            $db.snapshot(B),
            $db.value("SELECT string_agg(p::text, '') FROM plans p"),
        );
        assert_eq!(after, before);
    }};
}

/// The rows of a query, as text.
macro_rules! rows {
    ($conn:ident, $query:expr) => {{
        let found: diesel::QueryResult<Vec<crate::ask::Cells>> = go!($query.load(&mut $conn));
        found.map(|rows| {
            let rows = rows.into_iter().map(|row| row.0);
            rows.map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" "))
                .collect::<Vec<String>>()
        })
    }};
}
