use diesel_async::{AsyncPgConnection, pooled_connection::deadpool::Pool};
use weft_tenancy::AsyncUnscopedConn;

use super::{Lease, RoadClosed, pooled};

/// A connection whose every use names a reason and an actor.
pub type UnscopedConnection = AsyncUnscopedConn<Lease>;

/// The road of role `weft_unscoped`: across organisations, each time on record.
#[derive(Clone)]
pub struct UnscopedRoad {
    pool: Pool<AsyncPgConnection>,
}

impl UnscopedRoad {
    pub(super) fn new(pool: Pool<AsyncPgConnection>) -> UnscopedRoad {
        UnscopedRoad { pool }
    }

    /// A connection that nothing has been asked of yet.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn open(&self) -> Result<UnscopedConnection, RoadClosed> {
        Ok(AsyncUnscopedConn::new(
            pooled(&self.pool, "unscoped").await?,
        ))
    }
}
