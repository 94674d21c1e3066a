use std::fmt;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::forward::forward_all;
use crate::audit::{Entry, Head};
use crate::link::{self, CodeDigest, Purpose};
use crate::login::{ChallengeRecord, Inline, Offload};
use crate::pseudonym::Pseudonym;
use crate::session::{self, Proofs};
use crate::sso::{
    Claim, Connection, ConnectionId, Domain, DomainOwner, DomainProof, IdentityKey, IdentityRecord,
    OrganizationId, Pending, Revocation, Timestamp,
};
use crate::store::{
    Account, AccountStore, Answer, ApiTokenStore, AuditStore, CounterStore, DirectoryStore,
    FlowStore, IdentityStore, LinkStore, Mail, OutboxStore, SecondFactorStore, SessionStore,
    SpentLink, Store, StoredTotp,
};
use crate::throttle::{Charge, FailureCharge};
use crate::token::{Api, ApiTokenRecord, Browser, Challenge, Link, Session, TokenDigest};
use crate::totp::{RecoveryDigest, Step};
use crate::{AccountId, ApiTokenId, Mailbox, SessionId};

/// A store that records what is asked of it, and fails or waits where a test wants it to.
///
/// It is also an [`Offload`], so that hashes stand in the same trace.
#[derive(Clone)]
pub struct Probe<S> {
    inner: S,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    trace: Vec<Op>,
    fault: Option<(usize, Fault)>,
    meeting: Option<(&'static str, Arc<Barrier>)>,
    meanwhile: Option<(&'static str, Event)>,
}

type Event = Box<dyn FnOnce() + Send>;

/// One thing that was asked of the store, or a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// The method.
    pub name: &'static str,
    /// How much of it: charges, bytes, links in a mail.
    pub detail: usize,
}

/// Where a store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before anything is done.
    Before,
    /// After all is done and committed, with the answer lost.
    After,
}

/// Why a probe failed.
#[derive(Debug)]
pub enum ProbeError<E> {
    /// The test wanted it.
    Injected,
    /// The store failed.
    Store(E),
}

impl<S> Probe<S> {
    /// A probe of `inner`.
    pub fn new(inner: S) -> Probe<S> {
        let state = Arc::default();
        Probe { inner, state }
    }

    /// Forgets the trace, and fails at the operation of that number from now on, counted from 0.
    pub fn fail_at(&self, place: usize, fault: Fault) {
        self.with(|state| {
            *state = State {
                fault: Some((place, fault)),
                ..State::default()
            };
        });
    }

    /// Has that many wait for each other after each operation of that name, so that all of them know
    /// what none of them has changed yet. Each needs a thread.
    pub fn meet_after(&self, name: &'static str, count: usize) {
        self.with(|state| state.meeting = Some((name, Arc::new(Barrier::new(count)))));
    }

    /// Has that happen once, after the next operation of that name and before its answer: what another
    /// request does in between.
    pub fn meanwhile(&self, name: &'static str, event: impl FnOnce() + Send + 'static) {
        self.with(|state| state.meanwhile = Some((name, Box::new(event))));
    }

    /// What was asked since the last time; from now on nothing fails and nobody waits.
    pub fn take_trace(&self) -> Vec<Op> {
        self.with(|state| std::mem::take(state).trace)
    }

    fn inner(&self) -> &S {
        &self.inner
    }

    /// Nothing that can panic runs under the lock, so what it holds is whole.
    fn with<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        step(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records an operation, and says whether it is to fail.
    fn record(&self, name: &'static str, detail: usize) -> Option<Fault> {
        self.with(|state| {
            let place = state.trace.len();
            state.trace.push(Op { name, detail });
            state
                .fault
                .filter(|(at, _)| *at == place)
                .map(|(_, fault)| fault)
        })
    }

    async fn around<T, E>(
        &self,
        name: &'static str,
        detail: usize,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, ProbeError<E>> {
        match self.record(name, detail) {
            None => {
                let answer = call.await.map_err(ProbeError::Store);
                let event = self.with(|state| state.meanwhile.take_if(|(after, _)| *after == name));
                if let Some((_, event)) = event {
                    event();
                }
                let meeting = self.with(|state| state.meeting.clone());
                if let Some((_, barrier)) = meeting.filter(|(after, _)| *after == name) {
                    barrier.wait();
                }
                answer
            }
            Some(Fault::Before) => Err(ProbeError::Injected),
            Some(Fault::After) => {
                call.await.map_err(ProbeError::Store)?;
                Err(ProbeError::Injected)
            }
        }
    }
}

impl<S: Store> Store for Probe<S> {
    type Error = ProbeError<S::Error>;
}

impl<S: Send + Sync> Offload for Probe<S> {
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.record("hash", 0);
        Inline.run(work).await
    }
}

impl<S> fmt::Debug for Probe<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe(..)")
    }
}

impl<E: fmt::Display> fmt::Display for ProbeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProbeError::Injected => f.write_str("the test wanted a failure here"),
            ProbeError::Store(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for ProbeError<E> {}

forward_all!(Probe);
