use std::collections::BTreeSet;

use super::{Connection, ConnectionId, OrganizationId, Revocation};

/// Whose sessions of an organisation have to end, by the connections that they came over and those that
/// WorkOS has for it today, all pages of them: for events that were lost.
///
/// # Security
/// Ask before you believe an empty list: without an answer there is nothing to reconcile with.
pub fn reconcile(
    organization: &OrganizationId,
    bound: impl IntoIterator<Item = ConnectionId>,
    today: &[Connection],
) -> Vec<Revocation> {
    let active: BTreeSet<&ConnectionId> = today
        .iter()
        .filter(|connection| connection.is_active_for(organization))
        .map(Connection::id)
        .collect();
    let bound: BTreeSet<ConnectionId> = bound.into_iter().collect();
    let gone = bound.into_iter().filter(|id| !active.contains(id));
    gone.map(Revocation::Connection).collect()
}
