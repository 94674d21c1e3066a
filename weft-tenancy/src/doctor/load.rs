//! Taking the snapshot over a Diesel connection.

use diesel::connection::LoadConnection;
use diesel::pg::Pg;
use diesel::{QueryResult, QueryableByName, sql_query};

use super::Catalog;

#[derive(QueryableByName)]
struct Snapshot {
    #[diesel(sql_type = diesel::sql_types::Text)]
    catalog: String,
}

impl Snapshot {
    fn read(&self) -> QueryResult<Catalog> {
        Catalog::from_json(&self.catalog)
            .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
    }
}

impl Catalog {
    /// Takes the snapshot; any role will do.
    ///
    /// # Errors
    /// When the query fails.
    pub fn load(conn: &mut impl LoadConnection<Backend = Pg>) -> QueryResult<Catalog> {
        diesel::RunQueryDsl::get_result::<Snapshot>(sql_query(Catalog::SQL), conn)?.read()
    }

    /// The same, asynchronously.
    ///
    /// # Errors
    /// When the query fails.
    #[cfg(feature = "async")]
    pub async fn load_async(conn: &mut diesel_async::AsyncPgConnection) -> QueryResult<Catalog> {
        use diesel_async::RunQueryDsl;
        let snapshot: Snapshot = sql_query(Catalog::SQL).get_result(conn).await?;
        snapshot.read()
    }
}
