use super::{Answer, Store};
use crate::audit::{Entry, Head};

/// The audit log, which is one chain.
pub trait AuditStore: Store {
    /// Adds an entry behind the last one, and returns its number, which is one more than the last one's,
    /// and its hash, which is [`Head::next`] of the last one's and the body: the first entry is behind
    /// [`Head::START`].
    ///
    /// Entries are never changed nor deleted; two at once are one behind the other:
    ///
    /// ```sql
    /// WITH head AS (
    ///     UPDATE auth_audit_head SET number = number + 1, hash = sha256(hash || $body)
    ///     RETURNING number, hash
    /// )
    /// INSERT INTO auth_audit (number, hash, body) SELECT number, hash, $body FROM head
    /// RETURNING number, hash
    /// ```
    fn append(&self, body: &[u8]) -> impl Future<Output = Answer<Head, Self>> + Send;

    /// Up to `most` entries behind that number, in order.
    fn entries_after(
        &self,
        number: u64,
        most: u32,
    ) -> impl Future<Output = Answer<Vec<Entry>, Self>> + Send;
}
