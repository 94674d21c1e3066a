use diesel_async::{AsyncPgConnection, pooled_connection::deadpool::Pool};
use weft_tenancy::{AsyncOrgConn, RowSecurity, Scope, Tenancy};

use super::{Lease, RoadClosed, pooled};

/// A connection that sees one scope.
pub type OrgConnection = AsyncOrgConn<Lease>;

/// The road of role `weft_app`: every connection that comes out of it is within a scope.
#[derive(Clone)]
pub struct AppRoad {
    pool: Pool<AsyncPgConnection>,
    tenancy: Tenancy,
    row_security: Option<RowSecurity>,
}

impl AppRoad {
    pub(super) fn new(
        pool: Pool<AsyncPgConnection>,
        tenancy: &Tenancy,
        row_security: Option<RowSecurity>,
    ) -> AppRoad {
        AppRoad {
            pool,
            tenancy: tenancy.clone(),
            row_security,
        }
    }

    /// A connection within `scope`.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn within(&self, scope: Scope) -> Result<OrgConnection, RoadClosed> {
        let conn = AsyncOrgConn::new(pooled(&self.pool, "app").await?, &self.tenancy, scope);
        Ok(match &self.row_security {
            Some(row_security) => conn.with_row_security(row_security),
            None => conn,
        })
    }

    /// Whether the database answers.
    pub async fn is_open(&self) -> bool {
        pooled(&self.pool, "app").await.is_ok()
    }
}
