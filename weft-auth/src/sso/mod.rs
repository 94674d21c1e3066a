//! Single sign-on through WorkOS, for organisations whose plan has it.
//!
//! A sign-in goes through these types, each made of the one before and spent by the next:
//! [`Start`] sends the browser away, [`Callback`] is what it comes back with, [`Bound`] is an answer to
//! a flow of this browser, [`Exchange`] may be sent once, [`Exchanged`] is what WorkOS says of somebody,
//! and [`Identity`] is somebody who was admitted. What comes between is kept in a
//! [`store`](crate::store::SsoStore), to which [`Directory`] carries WorkOS's events.
//!
//! ```no_run
//! use std::time::SystemTime;
//!
//! use http::HeaderMap;
//! use weft_auth::login::{Admission, Login, LoginStore, Visit};
//! use weft_auth::sso::{Callback, Client, Directory, Plan, Transport};
//! use weft_auth::store::SsoStore;
//!
//! async fn callback<T, S>(
//!     client: &Client<T>,
//!     (headers, query): (&HeaderMap, &str),
//!     (store, login): (&S, &Login<S>),
//!     plan: Plan,
//!     visit: Visit<'_>,
//! ) -> Result<Option<Admission>, Box<dyn std::error::Error>>
//! where
//!     T: Transport<Error: std::error::Error + 'static>,
//!     S: LoginStore + SsoStore,
//! {
//!     let Callback::Answer(answer) = Callback::parse(query) else {
//!         return Ok(None); // the identity provider began: start a flow of our own
//!     };
//!     let bound = answer.bind(headers)?;
//!     let flow = store.consume_flow(&bound.state_digest()).await?;
//!     let flow = flow.ok_or("no such flow")?;
//!     let verified = Directory::new(store.clone())
//!         .verified_domains(flow.target().organization_id())
//!         .await?;
//!     let exchange = bound.resume(flow, plan, SystemTime::now())?;
//!     let exchanged = client.exchange(exchange).await?;
//!     let connection = client.connection(exchanged.connection_id()).await?;
//!     let identity = exchanged.admit(&connection, &verified)?;
//!     Ok(login.single_sign_on(&identity, visit).await?)
//! }
//! ```
//!
//! # Security
//! WorkOS reads SAML, so that no XML is read here. What comes back is checked all the same: for the
//! organisation that the flow was started for, over an active connection of that organisation, with an
//! address in a domain that it proved to own, and known by connection and the identity provider's own
//! id, never by address.

mod admission;
mod api;
mod callback;
mod claim;
mod client;
mod connection;
mod directory;
mod domain;
mod enforcement;
mod event;
#[cfg(feature = "testkit")]
pub mod fake;
mod flow;
mod flow_cookie;
mod id;
mod linking;
mod organization;
mod plan;
mod profile;
mod reconcile;
mod refusal;
mod setup;
mod timestamp;
mod workos;

pub use admission::{Exchanged, Identity, IdentityKey, IdentityRecord};
pub use api::{ApiError, ApiErrorKind, Page};
pub use callback::{Answer, Bound, Callback, CallbackError};
pub use claim::{Claim, DomainOwner, DomainProof};
pub use client::{Client, ClientError, Transport};
pub use connection::{Connection, ConnectionState};
pub use directory::{Directory, DomainTaken};
pub use domain::Domain;
pub use enforcement::{BreakGlass, DomainPolicies, DomainPolicy, DuplicateDomain, Route};
pub use event::{Change, Event, EventError, Revocation};
pub use flow::{Exchange, FLOW_LIFETIME, Pending, Start, Target};
pub use flow_cookie::FLOWS;
pub use id::{ConnectionId, IdError, OrganizationId};
pub use linking::Linking;
pub use organization::{Organization, OrganizationDomain};
pub use plan::{GRACE, Plan};
pub use profile::Profile;
pub use reconcile::reconcile;
pub use refusal::{Refusal, RefusalKind};
pub use setup::{Setup, SetupLink};
pub use timestamp::Timestamp;
pub use workos::{WorkOs, WorkOsError};
