use std::time::SystemTime;

use crate::session::Arrival;
use crate::throttle::Network;

/// A request by which somebody wants to be signed in.
#[derive(Debug)]
pub struct Visit<'a> {
    /// Where it came from.
    pub network: Network,
    /// What a session is to begin with.
    pub arrival: Arrival<'a>,
    /// When it came.
    pub now: SystemTime,
}

impl Visit<'_> {
    /// A request from there, of a browser without a session and without a name.
    pub fn from(network: Network, now: SystemTime) -> Visit<'static> {
        Visit {
            network,
            arrival: Arrival::default(),
            now,
        }
    }
}
