use std::time::SystemTime;

use super::{Answer, Store};
use crate::sso::Pending;

/// Flows of single sign-on that did not come back yet, by the digest of their state.
pub trait FlowStore: Store {
    /// Adds a flow.
    fn keep_flow(&self, flow: &Pending) -> impl Future<Output = Answer<(), Self>> + Send;

    /// Deletes a flow and returns it, however old it is: [`resume`](crate::sso::Bound::resume) judges that.
    /// Of N at once one gets it.
    fn consume_flow(
        &self,
        state_digest: &[u8; 32],
    ) -> impl Future<Output = Answer<Option<Pending>, Self>> + Send;

    /// Deletes up to `most` flows that were started before then, and says how many.
    fn purge_flows(
        &self,
        started_before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;
}
