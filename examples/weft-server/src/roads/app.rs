use diesel_async::{AsyncPgConnection, pooled_connection::deadpool::Pool};
use weft_tenancy::{AsyncOrgConn, Scope};

use super::{Lease, RoadClosed, pooled};
use crate::schema::TENANCY;

/// A connection that sees one scope.
pub type OrgConnection = AsyncOrgConn<Lease>;

/// The road of role `weft_app`: every connection that comes out of it is within a scope.
#[derive(Clone)]
pub struct AppRoad {
    pool: Pool<AsyncPgConnection>,
}

impl AppRoad {
    pub(super) fn new(pool: Pool<AsyncPgConnection>) -> AppRoad {
        AppRoad { pool }
    }

    /// A connection within `scope`.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn within(&self, scope: Scope) -> Result<OrgConnection, RoadClosed> {
        Ok(AsyncOrgConn::new(
            pooled(&self.pool, "app").await?,
            &TENANCY,
            scope,
        ))
    }

    /// Whether the database answers.
    pub async fn is_open(&self) -> bool {
        pooled(&self.pool, "app").await.is_ok()
    }
}
