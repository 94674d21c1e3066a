use super::Memory;
use crate::audit::{Entry, Head};
use crate::store::{Answer, AuditStore};

impl AuditStore for Memory {
    fn append(&self, body: &[u8]) -> impl Future<Output = Answer<Head, Self>> + Send {
        self.step(|tables| {
            let last = tables.audit.last();
            let head = last.map_or(Head::START, |entry| entry.head).next(body);
            let body = body.to_vec();
            tables.audit.push(Entry { head, body });
            head
        })
    }

    fn entries_after(
        &self,
        number: u64,
        most: u32,
    ) -> impl Future<Output = Answer<Vec<Entry>, Self>> + Send {
        self.step(|tables| {
            let entries = tables.audit.iter();
            let after = entries.filter(|entry| entry.head.number > number);
            after.take(most as usize).cloned().collect()
        })
    }
}
