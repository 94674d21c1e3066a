use std::ops::{Deref, DerefMut};

use diesel_async::{
    AnsiTransactionManager, AsyncPgConnection, TransactionManager,
    pooled_connection::deadpool::Object,
};

/// A connection on loan from a pool.
///
/// One that comes back inside a transaction, because its request was dropped half-way, is closed at
/// once: on the pool's shelf it would keep its locks until somebody took it down again.
pub struct Lease {
    object: Option<Object<AsyncPgConnection>>,
}

impl Lease {
    pub(super) fn new(object: Object<AsyncPgConnection>) -> Lease {
        Lease {
            object: Some(object),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else {
            return;
        };
        // Not by the depth, which counts a transaction once its BEGIN was answered.
        if AnsiTransactionManager::is_broken_transaction_manager(&mut *object) {
            drop(Object::take(object));
        }
    }
}

impl Deref for Lease {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.object.as_ref().expect(HELD)
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.object.as_mut().expect(HELD)
    }
}

/// Only `drop` takes it out.
const HELD: &str = "a lease holds its connection until it is dropped";
