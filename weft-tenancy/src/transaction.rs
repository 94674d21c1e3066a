//! Transactions of a scope: begun in one place, so that what must travel with BEGIN can.

use std::ops::DerefMut;

use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, Connection, TransactionManager, TransactionManagerStatus,
};
use diesel::result::Error;

use crate::conn::{Ending, OrgConn};
use crate::inner::PgInner;

/// Forwards to the transaction manager of the connection inside, which keeps the state; pools look
/// there when they decide whether to take a connection back.
///
/// A scope ends only transactions that were begun through it.
#[derive(Debug, Clone, Copy)]
pub struct OrgTransactionManager;

impl<C> TransactionManager<OrgConn<C>> for OrgTransactionManager
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    type TransactionStateData = AnsiTransactionManager;

    fn begin_transaction(conn: &mut OrgConn<C>) -> QueryResult<()> {
        conn.begin("BEGIN")
    }

    fn rollback_transaction(conn: &mut OrgConn<C>) -> QueryResult<()> {
        AnsiTransactionManager::rollback_transaction(conn.ending(Ending::Rollback)?)
    }

    fn commit_transaction(conn: &mut OrgConn<C>) -> QueryResult<()> {
        let ended = AnsiTransactionManager::commit_transaction(conn.ending(Ending::Commit)?);
        ended.inspect_err(|_| conn.forget_context())
    }

    fn transaction_manager_status_mut(conn: &mut OrgConn<C>) -> &mut TransactionManagerStatus {
        conn.status()
    }
}

/// A transaction to be: isolation level, access mode, and then [`run`](TransactionBuilder::run).
#[derive(Debug)]
#[must_use = "a transaction begins with `run`"]
pub struct TransactionBuilder<'a, Conn> {
    pub(crate) conn: &'a mut Conn,
    isolation: &'static str,
    access: &'static str,
    deferrable: &'static str,
}

impl<'a, Conn> TransactionBuilder<'a, Conn> {
    pub(crate) fn new(conn: &'a mut Conn) -> Self {
        TransactionBuilder {
            conn,
            isolation: "",
            access: "",
            deferrable: "",
        }
    }

    /// `ISOLATION LEVEL READ COMMITTED`.
    pub fn read_committed(self) -> Self {
        TransactionBuilder {
            isolation: " ISOLATION LEVEL READ COMMITTED",
            ..self
        }
    }

    /// `ISOLATION LEVEL REPEATABLE READ`.
    pub fn repeatable_read(self) -> Self {
        TransactionBuilder {
            isolation: " ISOLATION LEVEL REPEATABLE READ",
            ..self
        }
    }

    /// `ISOLATION LEVEL SERIALIZABLE`.
    pub fn serializable(self) -> Self {
        TransactionBuilder {
            isolation: " ISOLATION LEVEL SERIALIZABLE",
            ..self
        }
    }

    /// `READ ONLY`.
    pub fn read_only(self) -> Self {
        TransactionBuilder {
            access: " READ ONLY",
            ..self
        }
    }

    /// `READ WRITE`.
    pub fn read_write(self) -> Self {
        TransactionBuilder {
            access: " READ WRITE",
            ..self
        }
    }

    /// `DEFERRABLE`: a serializable, read-only one waits until it cannot fail.
    pub fn deferrable(self) -> Self {
        TransactionBuilder {
            deferrable: " DEFERRABLE",
            ..self
        }
    }

    /// `NOT DEFERRABLE`.
    pub fn not_deferrable(self) -> Self {
        TransactionBuilder {
            deferrable: " NOT DEFERRABLE",
            ..self
        }
    }

    pub(crate) fn sql(&self) -> String {
        format!(
            "BEGIN TRANSACTION{}{}{}",
            self.isolation, self.access, self.deferrable
        )
    }
}

impl<C> TransactionBuilder<'_, OrgConn<C>>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    /// Runs `work` in the transaction: committed when it returns `Ok`, else rolled back.
    ///
    /// # Errors
    /// What `work` returns; [`Error::AlreadyInTransaction`] inside another one; what beginning,
    /// committing or rolling back returns.
    pub fn run<R, E>(&mut self, work: impl FnOnce(&mut OrgConn<C>) -> Result<R, E>) -> Result<R, E>
    where
        E: From<Error>,
    {
        let sql = self.sql();
        if self.conn.status().transaction_depth()?.is_some() {
            return Err(Error::AlreadyInTransaction.into());
        }
        self.conn.begin(&sql)?;
        end::<_, OrgTransactionManager, _, _>(self.conn, work)
    }
}

/// Runs `work` in the transaction that is open, and ends it.
pub(crate) fn end<Conn, M, R, E>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<R, E>,
) -> Result<R, E>
where
    Conn: Connection,
    M: TransactionManager<Conn>,
    E: From<Error>,
{
    match work(conn) {
        Ok(value) => {
            M::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => match M::rollback_transaction(conn) {
            Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
            Err(rollback) => Err(rollback.into()),
        },
    }
}
