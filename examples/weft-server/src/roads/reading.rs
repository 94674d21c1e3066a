//! One connection, and one moment, for all that a request reads.

use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use weft_tenancy::{AsyncSnapshot, Scope};

use super::{AppRoad, Lease, OrgConnection, RoadClosed};

type Kept = Arc<Mutex<Option<AsyncSnapshot<Lease>>>>;

/// What a request that changes nothing sees: the same moment at each look, and no way to write. It is
/// over with the last clone.
#[derive(Clone, Default)]
pub(crate) struct Reading {
    kept: Kept,
}

/// A connection that sees one scope, for as long as it is needed.
pub enum Lent {
    /// Of its own.
    Own(OrgConnection),
    /// The request's, which takes it back.
    Shared(Shared),
}

/// What a request's looks have in common.
pub struct Shared {
    snapshot: Option<AsyncSnapshot<Lease>>,
    home: Kept,
}

impl Reading {
    /// The connection of this request; where it is lent already, another with a moment of its own.
    ///
    /// # Errors
    /// When no connection can be had.
    pub(crate) async fn look(&self, app: &AppRoad, scope: Scope) -> Result<Lent, RoadClosed> {
        let snapshot = match take(&self.kept) {
            Some(snapshot) => snapshot,
            None => app.within(scope).await?.snapshot(),
        };
        Ok(Lent::Shared(Shared {
            snapshot: Some(snapshot),
            home: Arc::clone(&self.kept),
        }))
    }
}

fn take(kept: &Kept) -> Option<AsyncSnapshot<Lease>> {
    mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut kept = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = self.snapshot.take();
    }
}

impl Deref for Lent {
    type Target = OrgConnection;

    fn deref(&self) -> &OrgConnection {
        match self {
            Lent::Own(conn) => conn,
            Lent::Shared(shared) => shared.snapshot.as_ref().expect(HELD),
        }
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut OrgConnection {
        match self {
            Lent::Own(conn) => conn,
            Lent::Shared(shared) => shared.snapshot.as_mut().expect(HELD),
        }
    }
}

/// Only `drop` takes it out.
const HELD: &str = "what is lent is held until it is dropped";
