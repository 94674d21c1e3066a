//! Whose endpoint is called, and which secrets sign for it: held in memory, so that a request that is
//! refused costs no statement.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::StreamExt;
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};
use uuid::Uuid;
use weft_tenancy::Scope;
use weft_webhooks::{Secret, Verifier, seal::Keyring};

use super::secrets::{SECRETS, row};
use crate::{error::Problem, keys, roads::AuthRoad, value::Provider};

/// An endpoint: where requests go, and what they are checked against.
pub struct Endpoint {
    /// Its id, the last part of its address.
    pub id: Uuid,
    /// Whose it is.
    pub org_id: Uuid,
    /// The shop that it is for.
    pub shop_id: Option<Uuid>,
    /// Who sends there.
    pub provider: Provider,
    verifier: Verifier,
}

impl Endpoint {
    /// What its deliveries may reach.
    pub fn scope(&self) -> Scope {
        scope(self.org_id, self.shop_id)
    }
}

pub(crate) fn scope(org: Uuid, shop: Option<Uuid>) -> Scope {
    match shop {
        Some(shop) => Scope::org(org).narrowed_to([shop]),
        None => Scope::org(org),
    }
}

/// An endpoint that has secrets, as the database has it.
pub struct Listed {
    /// Its organisation, its id, who sends there and for which shop.
    pub endpoint: (Uuid, Uuid, Provider, Option<Uuid>),
    /// Id, sealed text and end of each of its secrets, the newest last.
    pub secrets: Vec<(Uuid, Vec<u8>, Option<DateTime<Utc>>)>,
}

/// The endpoints of every organisation.
pub struct Directory {
    endpoints: RwLock<Arc<HashMap<Uuid, Arc<Endpoint>>>>,
    /// Held from reading the database until what was read is in use, so that nobody puts back what
    /// was read earlier.
    refreshing: Mutex<()>,
    keys: Keyring,
    /// A secret that nobody knows.
    nobodys: Secret,
    decoys: HashMap<&'static str, Verifier>,
}

impl Directory {
    /// A directory without endpoints, whose secrets `keys` open.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new(keys: Keyring) -> io::Result<Directory> {
        let text = keys::random()?;
        let secret = |id| Secret::new(id, &text).map_err(io::Error::other);
        let nobodys = [secret("nobody")?, secret("nobody-2")?];
        let decoys = Provider::ALL.iter().map(|provider| {
            let verifier = Verifier::new(provider.scheme(), nobodys.clone());
            Ok((provider.as_str(), verifier.map_err(io::Error::other)?))
        });
        let decoys = decoys.collect::<io::Result<_>>()?;
        let [nobodys, _] = nobodys;
        Ok(Directory {
            endpoints: RwLock::default(),
            refreshing: Mutex::default(),
            keys,
            nobodys,
            decoys,
        })
    }

    /// The keys that secrets are sealed under.
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// The endpoint of that id, if it is that provider's.
    pub fn find(&self, provider: Provider, id: Uuid) -> Option<Arc<Endpoint>> {
        let endpoints = self.snapshot();
        let found = endpoints.get(&id)?;
        (found.provider == provider).then(|| Arc::clone(found))
    }

    /// What to check a request against; where there is no endpoint, something that nobody can pass.
    ///
    /// Each holds two secrets, so that checking costs the same for none, for one and during a
    /// rotation.
    pub fn verifier<'v>(&'v self, provider: Provider, found: Option<&'v Endpoint>) -> &'v Verifier {
        match found {
            Some(endpoint) => &endpoint.verifier,
            None => &self.decoys[provider.as_str()],
        }
    }

    /// Reads every endpoint again.
    ///
    /// # Errors
    /// When the database does not answer; then the endpoints stay as they were.
    pub async fn refresh(&self, auth: &AuthRoad, now: DateTime<Utc>) -> Result<(), Problem> {
        let _turn = self.refreshing.lock().await;
        let listed = auth.endpoints(now).await?;
        let endpoints = listed.into_iter().filter_map(|listed| {
            let id = listed.endpoint.1;
            match self.read(&listed) {
                Ok(endpoint) => Some((id, Arc::new(endpoint))),
                Err(why) => {
                    tracing::error!(endpoint = %id, why, "an endpoint is out of use");
                    None
                }
            }
        });
        let endpoints = Arc::new(endpoints.collect());
        *self
            .endpoints
            .write()
            .unwrap_or_else(PoisonError::into_inner) = endpoints;
        Ok(())
    }

    /// Keeps the directory as the database is, for as long as it is polled: at each notification, and
    /// without one every half minute.
    pub async fn follow(&self, auth: &AuthRoad) {
        loop {
            if let Err(error) = self.listen(auth).await {
                tracing::warn!(error, "endpoints are not followed");
            }
            sleep(AGAIN).await;
        }
    }

    async fn listen(&self, auth: &AuthRoad) -> Result<(), &'static str> {
        let mut conn = AsyncPgConnection::establish(auth.address())
            .await
            .map_err(|_| "no connection")?;
        diesel::sql_query(LISTEN)
            .execute(&mut conn)
            .await
            .map_err(|_| "LISTEN failed")?;
        let mut notifications = std::pin::pin!(conn.notifications_stream());
        loop {
            let refreshed = self.refresh(auth, Utc::now()).await;
            refreshed.map_err(|_| "the endpoints cannot be read")?;
            // Behind some poolers no notification ever comes.
            match timeout(PERIOD, notifications.next()).await {
                Ok(Some(Ok(_))) | Err(_) => {}
                Ok(Some(Err(_)) | None) => return Err("the connection ended"),
            }
        }
    }

    fn snapshot(&self) -> Arc<HashMap<Uuid, Arc<Endpoint>>> {
        let endpoints = self
            .endpoints
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&endpoints)
    }

    fn read(&self, listed: &Listed) -> Result<Endpoint, &'static str> {
        let (org_id, id, provider, shop_id) = listed.endpoint;
        let mut ring = Vec::new();
        for (secret_id, sealed, not_after) in listed.secrets.iter().rev().take(SECRETS) {
            let row = row(org_id, id, *secret_id);
            let text = self.keys.open(sealed, &row);
            let text = text.map_err(|_| "a secret of it cannot be opened")?;
            let secret = Secret::new(&secret_id.to_string(), &text);
            let secret = secret.map_err(|_| "a secret of it is none")?;
            ring.push(match not_after {
                Some(end) => secret.with_not_after(SystemTime::from(*end)),
                None => secret,
            });
        }
        if ring.len() < SECRETS {
            ring.push(self.nobodys.clone());
        }
        Ok(Endpoint {
            id,
            org_id,
            shop_id,
            provider,
            verifier: Verifier::new(provider.scheme(), ring)
                .map_err(|_| "its secrets do not fit")?,
        })
    }
}

/// Where changes of endpoints are announced.
pub(crate) const NOTIFY: &str = "NOTIFY weft_webhook_endpoints";
const LISTEN: &str = "LISTEN weft_webhook_endpoints";
const PERIOD: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let keys = format!("test:{}", *keys::random().unwrap());
        Directory::new(keys.parse().unwrap()).unwrap()
    }

    fn listed(directory: &Directory, texts: &[&str]) -> Listed {
        let (org, endpoint) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let secrets = texts.iter().map(|text| {
            let id = Uuid::new_v4();
            let row = row(org, endpoint, id);
            (id, directory.keys.seal(text, &row).unwrap(), None)
        });
        Listed {
            endpoint: (org, endpoint, Provider::Stripe, None),
            secrets: secrets.collect(),
        }
    }

    /// How often a secret's id is in what a verifier says of itself.
    fn secrets(verifier: &Verifier) -> usize {
        format!("{verifier:?}").matches("Secret {").count()
    }

    #[test]
    fn every_request_meets_two_secrets_whether_there_is_an_endpoint_or_not() {
        let directory = directory();
        let texts = [
            "a secret of the provider's own",
            "the one that comes after it",
        ];
        for texts in [&texts[..1], &texts] {
            let endpoint = directory.read(&listed(&directory, texts)).unwrap();
            assert_eq!(secrets(&endpoint.verifier), SECRETS);
        }
        for provider in Provider::ALL {
            assert_eq!(secrets(directory.verifier(*provider, None)), SECRETS);
        }
    }

    #[test]
    fn the_newest_two_secrets_count() {
        let directory = directory();
        let of = |texts: &[&str]| {
            let listed = listed(&directory, texts);
            let ids: Vec<Uuid> = listed.secrets.iter().map(|secret| secret.0).collect();
            let verifier = directory.read(&listed).unwrap().verifier;
            ids.iter()
                .map(|id| format!("{verifier:?}").contains(&id.to_string()))
                .collect::<Vec<_>>()
        };
        let text = "a secret of the provider's own";
        assert_eq!(of(&[text, text, text]), [false, true, true]);
    }
}
