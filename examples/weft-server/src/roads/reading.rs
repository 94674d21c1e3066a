//! One connection, and one moment, for all that a request reads.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, OnceLock},
};

use tokio::sync::{Mutex, OwnedMutexGuard};
use weft_tenancy::{AsyncSnapshot, Scope};

use super::{AppRoad, Lease, OrgConnection, RoadClosed};

/// What a request that changes nothing sees: the same moment at each look, and no way to write. It is
/// over with the last clone.
#[derive(Clone, Default)]
pub(crate) struct Reading {
    snapshot: Arc<OnceLock<Arc<Mutex<AsyncSnapshot<Lease>>>>>,
}

/// A connection that sees one scope, for as long as it is needed.
pub enum Lent {
    /// Of its own.
    Own(Box<OrgConnection>),
    /// The request's.
    Shared(OwnedMutexGuard<AsyncSnapshot<Lease>>),
}

impl Reading {
    /// The connection of this request; where it is lent already, another with a moment of its own.
    ///
    /// # Errors
    /// When no connection can be had.
    pub(crate) async fn look(&self, app: &AppRoad, scope: Scope) -> Result<Lent, RoadClosed> {
        if let Some(snapshot) = self.snapshot.get()
            && let Ok(free) = Arc::clone(snapshot).try_lock_owned()
        {
            return Ok(Lent::Shared(free));
        }
        let snapshot = Arc::new(Mutex::new(app.within(scope).await?.snapshot()));
        let lent = Arc::clone(&snapshot).lock_owned().await;
        // The first that is made is the one that is kept.
        let _ = self.snapshot.set(snapshot);
        Ok(Lent::Shared(lent))
    }
}

impl Deref for Lent {
    type Target = OrgConnection;

    fn deref(&self) -> &OrgConnection {
        match self {
            Lent::Own(conn) => conn,
            Lent::Shared(snapshot) => snapshot,
        }
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut OrgConnection {
        match self {
            Lent::Own(conn) => conn,
            Lent::Shared(snapshot) => snapshot,
        }
    }
}
