//! Single sign-on through WorkOS, where somebody who operates the server has set it up.

pub(crate) mod events;

use std::{env, fmt, io, time::Duration, time::SystemTime};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tokio::time::sleep;
use uuid::Uuid;
use weft_auth::{
    Origin,
    sso::{
        ApiErrorKind, Client, ClientError, Connection, Directory, FLOW_LIFETIME, Organization,
        OrganizationId, Plan, WorkOs,
    },
    store::FlowStore,
};
use weft_webhooks::{Scheme, Secret, Verifier};
use zeroize::Zeroizing;

use crate::{
    accounts::Store,
    client::{self, NoAnswer},
    error::Problem,
    roads::Roads,
    schema::organizations,
    site::Site,
};

/// The application that this server is at WorkOS.
#[derive(Debug, Clone)]
pub struct SingleSignOn {
    client: Client<client::Client>,
    events: Option<Verifier>,
}

/// Where browsers come back to.
pub(crate) const CALLBACK: &str = "/sign-in/sso/callback";

impl SingleSignOn {
    /// As the environment says, for browsers that come back to `site`; `None` where it says nothing.
    ///
    /// # Errors
    /// When a part of it is missing, or cannot be used.
    pub fn from_env(site: &Site) -> io::Result<Option<SingleSignOn>> {
        let set = |name| env::var(name).ok().filter(|text| !text.is_empty());
        let missing = |name| io::Error::other(format!("{name} is not set, and is needed too"));
        let (id, key) = (set(CLIENT_ID), set(API_KEY).map(Zeroizing::new));
        let (id, key) = match (id, key) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(missing(API_KEY)),
            (None, Some(_)) => return Err(missing(CLIENT_ID)),
            (Some(id), Some(key)) => (id, key),
        };
        let client = client::Client::new()?;
        let asks = SingleSignOn::new((&id, &key), set(URL).as_deref(), site, client)?;
        match set(SECRET).map(Zeroizing::new) {
            None => Ok(Some(asks)),
            Some(secret) => asks.told(&secret).map(Some),
        }
    }

    /// That client id and API key, at WorkOS itself or where `url` says.
    ///
    /// # Errors
    /// When one of them can be none.
    pub fn new(
        (id, key): (&str, &str),
        url: Option<&str>,
        site: &Site,
        client: client::Client,
    ) -> io::Result<SingleSignOn> {
        let workos = WorkOs::new(id, key, &site.url(CALLBACK)).map_err(io::Error::other)?;
        let workos = match url {
            None => workos,
            Some(url) => {
                let base = Origin::parse(url);
                workos.with_base(&base.map_err(|_| io::Error::other(format!("{URL}: no origin")))?)
            }
        };
        Ok(SingleSignOn {
            client: Client::new(workos, client),
            events: None,
        })
    }

    /// The same, which is told what happens by events that are signed with that secret.
    ///
    /// # Errors
    /// When it can be none.
    pub fn told(self, secret: &str) -> io::Result<SingleSignOn> {
        let secret = Secret::new("events", secret).map_err(io::Error::other)?;
        let verifier = Verifier::new(Scheme::workos(), [secret]).map_err(io::Error::other)?;
        Ok(SingleSignOn {
            events: Some(verifier),
            ..self
        })
    }

    pub(crate) fn events(&self) -> Option<&Verifier> {
        self.events.as_ref()
    }

    pub(crate) fn client(&self) -> &Client<client::Client> {
        &self.client
    }

    /// The organisation at WorkOS that was made for `org`, made now if there is none.
    ///
    /// # Errors
    /// When WorkOS does not answer.
    pub(crate) async fn organization(
        &self,
        org: Uuid,
        name: &str,
    ) -> Result<Organization, Unanswered> {
        match self.client.organization_for(org).await? {
            Some(found) => Ok(found),
            None => Ok(self.client.create_organization(org, name).await?),
        }
    }

    /// Keeps what WorkOS has today for the organisation that was made for `org`, and ends the sessions
    /// that end by it.
    ///
    /// # Errors
    /// When WorkOS or the database does not answer, or that organisation is not ours any more.
    pub(crate) async fn refresh(
        &self,
        store: &Store,
        (org, organization): (Uuid, &OrganizationId),
    ) -> Result<Kept, Problem> {
        let kept = self.keep_domains(store, (org, organization)).await?;
        let today = self.connections(organization).await?;
        let directory = Directory::new(store.clone());
        let ended = directory.reconcile(organization, &today).await;
        ended.map_err(|error| unavailable(&error))?;
        Ok(kept)
    }

    /// The same of its domains alone.
    ///
    /// # Errors
    /// As those of [`refresh`](Self::refresh).
    pub(crate) async fn keep_domains(
        &self,
        store: &Store,
        (org, organization): (Uuid, &OrganizationId),
    ) -> Result<Kept, Problem> {
        let today = self.client.organization(organization).await;
        let today = today.map_err(Unanswered)?;
        if !today.is_for(org) {
            tracing::error!(%organization, "an organisation at WorkOS is another's now");
            return Err(Problem::unavailable());
        }
        let directory = Directory::new(store.clone());
        match directory.keep_organization(&today, SystemTime::now()).await {
            Ok(_) => Ok(Kept::All),
            Err(weft_auth::Error::Refused(taken)) => {
                tracing::warn!(%organization, "{taken}");
                Ok(Kept::ButTaken)
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// All connections of an organisation, or none of them: half a list says that the others are gone.
    async fn connections(
        &self,
        organization: &OrganizationId,
    ) -> Result<Vec<Connection>, Unanswered> {
        let mut all = Vec::new();
        let mut after = None;
        for _ in 0..PAGES {
            let page = self.client.connections(organization, after.as_deref());
            let page = page.await?;
            all.extend(page.connections);
            match page.after {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
        let endless = NoAnswer::TooLarge;
        Err(Unanswered(ClientError::Transport(endless)))
    }

    /// Asks for all organisations from time to time, for as long as it is polled, and forgets flows that
    /// nobody came back from.
    pub(crate) async fn follow(&self, roads: &Roads, store: &Store) {
        loop {
            let connected = roads.auth.connected_organizations().await;
            for (org, organization) in connected.unwrap_or_default() {
                if let Err(problem) = self.refresh(store, (org, &organization)).await {
                    let status = problem.status();
                    tracing::warn!(%status, %organization, "an organisation waits");
                }
            }
            let old = SystemTime::now() - FLOW_LIFETIME;
            if let Err(error) = store.purge_flows(old).await {
                tracing::warn!(%error, "old flows are still there");
            }
            sleep(PERIOD).await;
        }
    }
}

/// Keeps which organisation at WorkOS is `org`'s, or that none is.
///
/// # Errors
/// When it is another's, or the database does not answer.
pub(crate) async fn connect(
    roads: &Roads,
    org: Uuid,
    organization: Option<&OrganizationId>,
) -> Result<(), Problem> {
    let why = match organization {
        Some(_) => "single sign-on is set up",
        None => "single sign-on is taken down",
    };
    let mut conn = roads.unscoped.open().await?;
    conn.unscoped(why, "weft-server", async |conn| {
        diesel::update(organizations::table.find(org))
            .set(organizations::workos_organization.eq(organization.map(OrganizationId::as_str)))
            .execute(conn)
            .await?;
        Ok(())
    })
    .await
}

/// Whether all that WorkOS says was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    All,
    /// A domain was proved by another organisation before.
    ButTaken,
}

/// What a plan of that short name is to single sign-on.
pub(crate) fn plan(code: &str) -> Plan {
    match code {
        "enterprise" => Plan::Enterprise,
        _ => Plan::Other,
    }
}

/// WorkOS did not answer, or not as it should.
#[derive(Debug)]
pub(crate) struct Unanswered(ClientError<NoAnswer>);

impl Unanswered {
    /// Whether the code of a flow is not taken, or not any more.
    pub(crate) fn is_code(&self) -> bool {
        matches!(&self.0, ClientError::Api(error) if error.kind() == ApiErrorKind::Grant)
    }
}

impl From<ClientError<NoAnswer>> for Unanswered {
    fn from(error: ClientError<NoAnswer>) -> Unanswered {
        Unanswered(error)
    }
}

impl From<Unanswered> for Problem {
    fn from(Unanswered(error): Unanswered) -> Problem {
        let request = match &error {
            ClientError::Api(error) => error.request_id(),
            _ => None,
        };
        tracing::error!(%error, request, "WorkOS does not answer as it should");
        Problem::unavailable()
    }
}

/// The accounts cannot be reached.
pub(crate) fn unavailable(error: &impl fmt::Display) -> Problem {
    tracing::error!(%error, "what is kept of single sign-on cannot be reached");
    Problem::unavailable()
}

const CLIENT_ID: &str = "WEFT_WORKOS_CLIENT_ID";
const API_KEY: &str = "WEFT_WORKOS_API_KEY";
const SECRET: &str = "WEFT_WORKOS_WEBHOOK_SECRET";
const URL: &str = "WEFT_WORKOS_URL";

/// Of a hundred connections each.
const PAGES: usize = 10;
const PERIOD: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "test:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";

    fn with(url: Option<&str>) -> io::Result<SingleSignOn> {
        let site = Site::new("https://inbox.example.com", &KEYS.parse()?)?;
        SingleSignOn::new(
            ("client_1", "sk_test_1"),
            url,
            &site,
            client::Client::new()?,
        )
    }

    #[test]
    fn no_key_is_shown() {
        let secret = "whsec_one secret that WorkOS could have";
        let shown = format!("{:?}", with(None).unwrap().told(secret).unwrap());
        assert!(!shown.contains("one secret"), "{shown}");
        assert!(shown.contains("client_1") && shown.contains("https://inbox.example.com/sign-in"));
        assert!(!shown.contains("sk_test_1"), "{shown}");
    }

    #[test]
    fn workos_is_at_an_origin() {
        assert!(with(Some("http://127.0.0.1:4100")).is_ok());
        for url in ["127.0.0.1:4100", "http://127.0.0.1:4100/", "ftp://x"] {
            assert!(with(Some(url)).is_err(), "{url}");
        }
    }
}
