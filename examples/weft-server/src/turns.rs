//! Work of many organisations, each in its turn: whoever is slow delays nobody else.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::sleep;
use uuid::Uuid;

use crate::error::Problem;

/// Finds who has work, and lets `work` do some of it, for as long as it is polled: for many
/// organisations at once, and for each of them once at a time. `work` says whether there was any.
pub(crate) async fn in_turns<F, W>(
    what: &'static str,
    find: impl Fn() -> F,
    work: impl Fn(Uuid) -> W,
    period: Duration,
) where
    F: Future<Output = Result<Vec<Uuid>, Problem>>,
    W: Future<Output = Result<bool, Problem>>,
{
    let waits = |problem: &Problem| {
        tracing::warn!(status = %problem.status(), "{what} wait");
    };
    let work = &work;
    let mut busy = BTreeSet::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        let found = find().await.inspect_err(waits).unwrap_or_default();
        for org in found {
            if busy.len() < MOST && busy.insert(org) {
                under_way.push(async move { (org, work(org).await) });
            }
        }
        let mut rest = pin!(sleep(period));
        loop {
            let (org, worked) = tokio::select! {
                () = &mut rest => break,
                Some(done) = under_way.next() => done,
            };
            busy.remove(&org);
            // Its place is free, and it may have more.
            if worked.inspect_err(waits).unwrap_or(false) {
                break;
            }
        }
    }
}

/// How many organisations are worked for at once.
const MOST: usize = 32;
