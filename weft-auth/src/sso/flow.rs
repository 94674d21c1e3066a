use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{ConnectionId, OrganizationId};
use crate::clock;

/// How long somebody has at the identity provider: 10 minutes, as long as a code is good.
pub const FLOW_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// For whom a flow is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    organization: OrganizationId,
    connection: Option<ConnectionId>,
}

/// A flow that was started.
#[must_use = "the browser has to be sent away, and the flow to be kept"]
pub struct Start {
    url: String,
    cookies: Vec<HeaderValue>,
    pending: Pending,
}

/// What is kept of a flow until the browser comes back, under the digest of its state.
#[derive(Clone)]
pub struct Pending {
    state_digest: [u8; 32],
    verifier: Zeroizing<String>,
    target: Target,
    started: SystemTime,
}

/// A code with what it takes to use it. It is spent by
/// [`Client::exchange`](super::Client::exchange).
pub struct Exchange {
    code: Zeroizing<String>,
    verifier: Zeroizing<String>,
    target: Target,
}

impl Target {
    /// An organisation, over whichever connection it has.
    pub fn organization(organization: OrganizationId) -> Target {
        Target {
            organization,
            connection: None,
        }
    }

    /// One connection of an organisation: to turn a start by its identity provider into one of ours.
    pub fn connection(connection: ConnectionId, organization: OrganizationId) -> Target {
        Target {
            organization,
            connection: Some(connection),
        }
    }

    pub(super) fn selector(&self) -> (&'static str, &str) {
        match &self.connection {
            Some(connection) => ("connection", connection.as_str()),
            None => ("organization", self.organization.as_str()),
        }
    }

    /// The organisation.
    pub fn organization_id(&self) -> &OrganizationId {
        &self.organization
    }

    /// The connection, if it has to be a certain one.
    pub fn connection_id(&self) -> Option<&ConnectionId> {
        self.connection.as_ref()
    }
}

impl Start {
    pub(super) fn new(url: String, cookies: Vec<HeaderValue>, pending: Pending) -> Start {
        Start {
            url,
            cookies,
            pending,
        }
    }

    /// Where to send the browser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The `Set-Cookie` headers that go with it.
    pub fn cookies(&self) -> &[HeaderValue] {
        &self.cookies
    }

    /// What to keep.
    pub fn into_pending(self) -> Pending {
        self.pending
    }
}

impl Pending {
    pub(super) fn new(
        state: &str,
        verifier: Zeroizing<String>,
        target: Target,
        started: SystemTime,
    ) -> Pending {
        Pending {
            state_digest: digest(state),
            verifier,
            target,
            started,
        }
    }

    /// The one that was kept as those parts.
    pub fn restore(
        state_digest: [u8; 32],
        verifier: String,
        target: Target,
        started: SystemTime,
    ) -> Pending {
        Pending {
            state_digest,
            verifier: Zeroizing::new(verifier),
            target,
            started,
        }
    }

    /// Its key in a store.
    ///
    /// # Security
    /// A flow is used once: take it out in one statement, and go on with what that returns.
    pub fn state_digest(&self) -> [u8; 32] {
        self.state_digest
    }

    /// The code verifier of PKCE, a secret.
    pub fn expose_verifier(&self) -> &str {
        &self.verifier
    }

    /// For whom it was started.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// When it was started.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    pub(super) fn is_alive(&self, now: SystemTime) -> bool {
        let age = clock::age(self.started, now);
        age.is_some_and(|age| age < FLOW_LIFETIME)
    }

    pub(super) fn into_exchange(self, code: Zeroizing<String>) -> Exchange {
        Exchange {
            code,
            verifier: self.verifier,
            target: self.target,
        }
    }
}

impl Exchange {
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn verifier(&self) -> &str {
        &self.verifier
    }

    pub(super) fn into_target(self) -> Target {
        self.target
    }
}

/// What stands for a state where it must not be known.
pub(super) fn digest(state: &str) -> [u8; 32] {
    Sha256::digest(state).into()
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("target", &self.target)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
