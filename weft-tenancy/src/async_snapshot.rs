use std::ops::{Deref, DerefMut};

use diesel_async::AsyncPgConnection;

use crate::AsyncOrgConn;

/// One view of a scope: whatever it is asked, and however often, it says what was there when it was
/// first asked.
///
/// One `REPEATABLE READ, READ ONLY` transaction holds all its statements. It begins in the round trip of
/// the first of them, and is over when this is dropped; what is dropped half-way is rolled back as well.
/// Of several statements each that follows spares what a transaction of its own would cost.
///
/// ```
/// use diesel::prelude::*;
/// use diesel_async::{AsyncPgConnection, RunQueryDsl};
/// use weft_tenancy::{AsyncOrgConn, Scope};
///
/// diesel::table! { organizations (id) { id -> BigInt, } }
/// diesel::table! { notes (org_id, id) { org_id -> BigInt, id -> BigInt, text -> Text, } }
///
/// weft_tenancy::tenancy! {
///     TENANCY: i64;
///     root organizations(id);
///     org notes(org_id);
/// }
///
/// # async fn example(pooled: Box<AsyncPgConnection>) -> QueryResult<()> {
/// let mut moment = AsyncOrgConn::new(pooled, &TENANCY, Scope::org(7_i64)).snapshot();
/// let all: i64 = notes::table.count().get_result(&mut moment).await?;
/// let newest = notes::table.order(notes::id.desc()).select(notes::text).limit(10);
/// let newest: Vec<String> = newest.load(&mut moment).await?;
/// assert_eq!(newest.len() as i64, all.min(10)); // whoever writes in between
/// # Ok(()) }
/// ```
///
/// A statement that fails ends it for those that follow, as in any transaction. On a connection that is
/// in a transaction or a snapshot already, it is that one's view, and leaves it open.
///
/// # Security
/// What [`AsyncOrgConn`] promises. A future that is dropped while the first statement is under way
/// leaves one that refuses every other.
pub struct AsyncSnapshot<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    conn: AsyncOrgConn<C>,
    is_own: bool,
}

impl<C> AsyncSnapshot<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    /// What `conn` sees from here on; whether the transaction is this one's to end.
    pub(crate) fn new(conn: AsyncOrgConn<C>, is_own: bool) -> AsyncSnapshot<C> {
        AsyncSnapshot { conn, is_own }
    }
}

impl<C> Deref for AsyncSnapshot<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    type Target = AsyncOrgConn<C>;

    fn deref(&self) -> &AsyncOrgConn<C> {
        &self.conn
    }
}

impl<C> DerefMut for AsyncSnapshot<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    fn deref_mut(&mut self) -> &mut AsyncOrgConn<C> {
        &mut self.conn
    }
}

impl<C> Drop for AsyncSnapshot<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    fn drop(&mut self) {
        if self.is_own {
            self.conn.end_snapshot();
        }
    }
}
