use super::{RACERS, Subject, winners};
use crate::audit::{Head, verify};
use crate::store::AuditStore;
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};

/// The audit log: all who append at once stand behind each other, in one chain.
///
/// # Errors
/// The first rule that is not kept.
pub async fn audit<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: AuditStore,
{
    let store = &subject.connect();
    let start = store.append(b"start").await.map_err(store_failed)?;
    let connect = || subject.connect();
    let appended = winners(race, connect, |place, store| async move {
        let head = store.append(format!("entry {place}").as_bytes()).await;
        head.map(|head| head != Head::START)
    });
    holds("all who append have an entry", appended.await?, RACERS)?;
    // Others may append meanwhile.
    let entries = store.entries_after(start.number, u32::MAX).await;
    let entries = entries.map_err(store_failed)?;
    let end =
        verify(start, &entries).map_err(|broken| Violation::new("the log is one chain", broken))?;
    let count = start.number + entries.len() as u64;
    holds("entries are numbered without a gap", end.number, count)?;
    let own = (0..RACERS).map(|place| format!("entry {place}").into_bytes());
    let missing = own.filter(|body| entries.iter().all(|entry| entry.body != *body));
    holds("no entry is lost", missing.count(), 0)?;
    let first = store.entries_after(0, 1).await.map_err(store_failed)?;
    holds("as many entries are read as are asked for", first.len(), 1)?;
    let begins = verify(Head::START, &first).is_ok();
    holds("the first entry is behind the start", begins, true)
}
