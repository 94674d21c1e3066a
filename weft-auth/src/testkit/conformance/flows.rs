use super::fixtures::{DAY, long_ago, now, organization, purged};
use super::{Subject, winners};
use crate::random;
use crate::sso::{ConnectionId, Pending, Target};
use crate::store::FlowStore;
use crate::testkit::race::Race;
use crate::testkit::violation::{Violation, holds, store_failed};

/// Flows of single sign-on: one who comes back goes on with each, as it was kept.
///
/// # Errors
/// The first rule that is not kept.
pub async fn flows<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: FlowStore,
{
    let store = &subject.connect();
    let organization = organization()?;
    let connection = ConnectionId::new("conn_1").map_err(store_failed)?;
    for target in [
        Target::organization(organization.clone()),
        Target::connection(connection, organization),
    ] {
        let flow = kept(store, target).await?;
        let digest = flow.state_digest();
        let nobodys = *random::bytes::<32>().map_err(store_failed)?;
        let consumed = store.consume_flow(&nobodys).await.map_err(store_failed)?;
        let rule = "a state that nobody has finds no flow";
        holds(rule, consumed.is_none(), true)?;
        let connect = || subject.connect();
        let expected = parts(&flow);
        let consumed = winners(race, connect, |_, store| {
            let expected = expected.clone();
            async move {
                let consumed = store.consume_flow(&digest).await;
                consumed.map(|flow| flow.is_some_and(|flow| parts(&flow) == expected))
            }
        });
        let rule = "of all who come back to a flow at once one goes on, with what was kept";
        holds(rule, consumed.await?, 1)?;
    }
    let flow = kept(store, Target::organization(self::organization()?)).await?;
    let old = Pending::restore(
        *random::bytes().map_err(store_failed)?,
        "a verifier".to_owned(),
        flow.target().clone(),
        long_ago(),
    );
    store.keep_flow(&old).await.map_err(store_failed)?;
    for most in [0, 1_000] {
        purged(most, store.purge_flows(long_ago() + DAY, most).await)?;
    }
    let found = store.consume_flow(&old.state_digest()).await;
    let rule = "a flow that did not come back is purged";
    holds(rule, found.map_err(store_failed)?.is_none(), true)?;
    let found = store.consume_flow(&flow.state_digest()).await;
    let rule = "a flow that may come back is not purged";
    holds(rule, found.map_err(store_failed)?.is_some(), true)
}

async fn kept(store: &impl FlowStore, target: Target) -> Result<Pending, Violation> {
    let digest = *random::bytes().map_err(store_failed)?;
    let flow = Pending::restore(digest, "a verifier".to_owned(), target, now());
    store.keep_flow(&flow).await.map_err(store_failed)?;
    Ok(flow)
}

type Parts = ([u8; 32], String, Target, std::time::SystemTime);

fn parts(flow: &Pending) -> Parts {
    let verifier = flow.expose_verifier().to_owned();
    let target = flow.target().clone();
    (flow.state_digest(), verifier, target, flow.started())
}
