use std::ops::DerefMut;

use diesel::QueryResult;
use diesel::connection::TransactionManagerStatus;
use diesel::result::Error;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, TransactionManager,
};

use crate::AsyncOrgConn;
use crate::conn::Ending;
use crate::transaction::TransactionBuilder;

/// An async closure over `T` whose future can be sent to another thread.
///
/// Implemented for every such closure; never name it, write `async |conn| …`.
pub trait AsyncWork<T, R>:
    AsyncFnOnce(T) -> R + FnOnce(T) -> <Self as AsyncWork<T, R>>::Future
{
    /// The future of one call.
    type Future: Future<Output = R>;
}

impl<F, T, Fut, R> AsyncWork<T, R> for F
where
    F: AsyncFnOnce(T) -> R + FnOnce(T) -> Fut,
    Fut: Future<Output = R>,
{
    type Future = Fut;
}

/// Forwards to the transaction manager of the connection inside, as
/// [`OrgTransactionManager`](crate::OrgTransactionManager) does. The mark that a cancelled BEGIN,
/// COMMIT or ROLLBACK leaves is kept there too, so that a pool closes the connection.
#[derive(Debug, Clone, Copy)]
pub struct AsyncOrgTransactionManager;

impl<C> TransactionManager<AsyncOrgConn<C>> for AsyncOrgTransactionManager
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    type TransactionStateData = AnsiTransactionManager;

    async fn begin_transaction(conn: &mut AsyncOrgConn<C>) -> QueryResult<()> {
        conn.begin("BEGIN").await
    }

    async fn rollback_transaction(conn: &mut AsyncOrgConn<C>) -> QueryResult<()> {
        AnsiTransactionManager::rollback_transaction(conn.ending(Ending::Rollback)?).await
    }

    async fn commit_transaction(conn: &mut AsyncOrgConn<C>) -> QueryResult<()> {
        let ended = AnsiTransactionManager::commit_transaction(conn.ending(Ending::Commit)?).await;
        if ended.is_err() {
            conn.not_committed().await;
        }
        ended
    }

    fn transaction_manager_status_mut(conn: &mut AsyncOrgConn<C>) -> &mut TransactionManagerStatus {
        conn.status()
    }

    fn is_broken_transaction_manager(conn: &mut AsyncOrgConn<C>) -> bool {
        conn.is_broken()
    }
}

impl<C> TransactionBuilder<'_, AsyncOrgConn<C>>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    /// Runs `work` in the transaction: committed when it returns `Ok`, else rolled back.
    ///
    /// # Errors
    /// What `work` returns; [`Error::AlreadyInTransaction`] inside another one; what beginning,
    /// committing or rolling back returns.
    #[allow(clippy::manual_async_fn)]
    // Not an `async fn`: that its future is `Send` is to be shown here, where `C` is any type, and
    // not where `C` is a borrow.
    pub fn run<'r, R, E, F>(&'r mut self, work: F) -> impl Future<Output = Result<R, E>> + Send + 'r
    where
        for<'w> F: AsyncFnOnce(&'w mut AsyncOrgConn<C>) -> Result<R, E>
            + AsyncWork<&'w mut AsyncOrgConn<C>, Result<R, E>, Future: Send>
            + Send
            + 'r,
        E: From<Error> + Send + 'r,
        R: Send + 'r,
    {
        async move {
            let sql = self.sql();
            if self.conn.in_transaction()? {
                return Err(Error::AlreadyInTransaction.into());
            }
            self.conn.begin(&sql).await?;
            match work(&mut *self.conn).await {
                Ok(value) => {
                    AsyncOrgTransactionManager::commit_transaction(&mut *self.conn).await?;
                    Ok(value)
                }
                Err(error) => {
                    match AsyncOrgTransactionManager::rollback_transaction(&mut *self.conn).await {
                        Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
                        Err(rollback) => Err(rollback.into()),
                    }
                }
            }
        }
    }
}

/// How deep in transactions `conn` is, if its state is known.
pub(crate) fn depth(conn: &mut AsyncPgConnection) -> Option<u32> {
    let status = <AnsiTransactionManager as TransactionManager<AsyncPgConnection>>::transaction_manager_status_mut(conn);
    let TransactionManagerStatus::Valid(status) = status else {
        return None;
    };
    let depth = status.transaction_depth().map_or(0, |depth| depth.get());
    // The manager's mark of a cancelled BEGIN, COMMIT or ROLLBACK shows only in
    // `is_broken_transaction_manager`, which is also true of any open transaction that is not a
    // test's.
    let test = status.in_transaction.as_mut();
    let test = test.map(|open| std::mem::replace(&mut open.test_transaction, true));
    let cancelled =
        <AnsiTransactionManager as TransactionManager<AsyncPgConnection>>::is_broken_transaction_manager(conn);
    let status = <AnsiTransactionManager as TransactionManager<AsyncPgConnection>>::transaction_manager_status_mut(conn);
    if let (Some(test), TransactionManagerStatus::Valid(status)) = (test, status)
        && let Some(open) = &mut status.in_transaction
    {
        open.test_transaction = test;
    }
    (!cancelled).then_some(depth)
}

/// Whether a pool must not take `conn` back.
pub(crate) fn is_broken(conn: &mut AsyncPgConnection) -> bool {
    <AsyncPgConnection as AsyncConnection>::TransactionManager::is_broken_transaction_manager(conn)
}
