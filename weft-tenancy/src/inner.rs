use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, Connection, LoadConnection, TransactionManager,
    TransactionManagerStatus,
};
use diesel::pg::{Pg, PgMetadataLookup};
use diesel::row::Row;

use crate::{Refusal, RefusalKind};

/// The synchronous Postgres connections that can stand behind an [`OrgConn`](crate::OrgConn): `PgConnection`, and
/// whatever has the same transaction manager and loads a whole result at once.
pub trait PgInner:
    Connection<Backend = Pg, TransactionManager = AnsiTransactionManager>
    + PgMetadataLookup
    + for<'conn, 'query> LoadConnection<
        Cursor<'conn, 'query> = <Self as PgInner>::Rows,
        Row<'conn, 'query> = <Self as PgInner>::Row,
    > + 'static
{
    /// The rows of one result.
    type Rows: Iterator<Item = QueryResult<<Self as PgInner>::Row>>;
    /// One of them.
    type Row: for<'a> Row<'a, Pg>;
}

impl<T, Rows, OneRow> PgInner for T
where
    T: Connection<Backend = Pg, TransactionManager = AnsiTransactionManager>
        + PgMetadataLookup
        + for<'conn, 'query> LoadConnection<Cursor<'conn, 'query> = Rows, Row<'conn, 'query> = OneRow>
        + 'static,
    Rows: Iterator<Item = QueryResult<OneRow>>,
    OneRow: for<'a> Row<'a, Pg>,
{
    type Rows = Rows;
    type Row = OneRow;
}

/// How deep in transactions `conn` is, if it knows.
pub(crate) fn depth(conn: &mut impl PgInner) -> Result<u32, Refusal> {
    match AnsiTransactionManager::transaction_manager_status_mut(conn) {
        TransactionManagerStatus::Valid(status) => {
            Ok(status.transaction_depth().map_or(0, |depth| depth.get()))
        }
        TransactionManagerStatus::InError => Err(broken()),
    }
}

pub(crate) fn broken() -> Refusal {
    Refusal::new(
        RefusalKind::Connection,
        "the state of its transaction is unknown",
    )
}
