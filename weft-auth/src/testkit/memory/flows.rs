use std::time::SystemTime;

use super::{Memory, take_some};
use crate::sso::Pending;
use crate::store::{Answer, FlowStore};

impl FlowStore for Memory {
    fn keep_flow(&self, flow: &Pending) -> impl Future<Output = Answer<(), Self>> + Send {
        self.step(|tables| tables.flows.push(flow.clone()))
    }

    fn consume_flow(
        &self,
        state_digest: &[u8; 32],
    ) -> impl Future<Output = Answer<Option<Pending>, Self>> + Send {
        self.step(|tables| {
            let mut flows = tables.flows.iter();
            let place = flows.position(|flow| flow.state_digest() == *state_digest);
            place.map(|place| tables.flows.swap_remove(place))
        })
    }

    fn purge_flows(
        &self,
        started_before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let old = |flow: &Pending| flow.started() < started_before;
            take_some(&mut tables.flows, most, old) as u64
        })
    }
}
