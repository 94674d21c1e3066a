use std::{
    env, io,
    time::{Duration, Instant, SystemTime},
};

use axum::http::{HeaderValue, header::CONTENT_TYPE};
use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncConnection, RunQueryDsl};
use futures_util::future::join_all;
use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;
use weft_tenancy::Scope;
use weft_webhooks::{
    Scheme, Secret, Signer,
    outbox::{self, Message},
    outgoing::{
        Destination, DisableReason, Disabling, Networks, Next, Outcome, RetrySchedule, Roots,
        Sender, Standing,
    },
    seal::Keyring,
};
use zeroize::Zeroizing;

use crate::{
    error::Problem,
    roads::{OrgConnection, Roads},
    schema::{memberships, webhook_secrets, webhook_subscriptions},
    turns::in_turns,
    value::{Role, SubscriptionState},
    webhooks::secrets::row,
};

/// The way out to subscribers.
pub struct Outgoing {
    sender: Sender,
    networks: Networks,
}

/// Why a message is not sent at all.
enum Unsent {
    /// The subscription is off, gone, or its maker may not have it any more.
    Off,
    /// Its address or its secret is none that can be used.
    Unfit,
}

impl Outgoing {
    /// A way out that trusts the platform's authorities. `WEFT_WEBHOOK_NETWORKS` lists networks that
    /// subscribers may be in although they are not public.
    ///
    /// # Errors
    /// When that list is none, or there is no TLS to be had.
    pub fn from_env() -> io::Result<Outgoing> {
        let networks = env::var("WEFT_WEBHOOK_NETWORKS").unwrap_or_default();
        let listed = networks.split(',').map(str::trim);
        let listed = listed.filter(|network| !network.is_empty());
        let networks: Networks = listed
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(io::Error::other)?;
        let roots = Roots::platform().unwrap_or_else(|error| {
            tracing::warn!(%error, "subscribers cannot prove who they are");
            Roots::none()
        });
        Outgoing::new(roots, networks)
    }

    /// A way out that trusts `roots`, and reaches `networks` although they are not public.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(roots: Roots, networks: Networks) -> io::Result<Outgoing> {
        Ok(Outgoing {
            sender: Sender::new(roots).map_err(io::Error::other)?,
            networks,
        })
    }

    /// Whether messages may go to that address.
    ///
    /// # Errors
    /// When they may not, and why.
    pub(crate) fn check(&self, url: &str) -> Result<(), Problem> {
        match Destination::parse(url, &self.networks) {
            Ok(_) => Ok(()),
            Err(error) => Err(Problem::unprocessable(error.to_string())),
        }
    }

    /// Sends what is due, for as long as it is polled.
    pub(crate) async fn send_due(&self, roads: &Roads, keys: &Keyring) {
        let find = || roads.auth.with_due_messages(SystemTime::now());
        let work = |org| self.send_batch(roads, keys, org);
        in_turns("messages", find, work, PERIOD).await;
    }

    /// Sends some of what an organisation has, and says whether it had any.
    async fn send_batch(&self, roads: &Roads, keys: &Keyring, org: Uuid) -> Result<bool, Problem> {
        let mut conn = roads.app.within(Scope::org(org)).await?;
        let messages: Vec<Message> = outbox::claim_due(SystemTime::now(), LEASE, BATCH)
            .load(&mut conn)
            .await?;
        drop(conn);
        let attempts = messages
            .iter()
            .map(|message| self.attempt(roads, keys, org, message));
        for result in join_all(attempts).await {
            result?;
        }
        Ok(!messages.is_empty())
    }

    async fn attempt(
        &self,
        roads: &Roads,
        keys: &Keyring,
        org: Uuid,
        message: &Message,
    ) -> Result<(), Problem> {
        let mut conn = roads.app.within(Scope::org(org)).await?;
        let id = message.subscription_id();
        let subscription = Subscription::find(&mut conn, id).await?;
        let secrets = match &subscription {
            Some(_) => secrets(&mut conn, keys, org, id).await?,
            None => None,
        };
        // Not held while a stranger's machine takes its time.
        drop(conn);
        let (at, begun) = (SystemTime::now(), Instant::now());
        let outcome = match (&subscription, secrets) {
            (Some(subscription), Some(secrets)) => {
                self.send(&subscription.url, secrets, message, at).await
            }
            (Some(_), None) => Err(Unsent::Unfit),
            (None, _) => Err(Unsent::Off),
        };
        let took = begun.elapsed();
        let mut conn = roads.app.within(Scope::org(org)).await?;
        conn.transaction(async |conn| {
            let (status, name) = match &outcome {
                Ok(outcome) => (outcome.status().map(|it| it.as_u16()), outcome.name()),
                Err(Unsent::Off) => (None, "off"),
                Err(Unsent::Unfit) => (None, "unfit"),
            };
            outbox::log_attempt(message, at, took, status, name)
                .execute(conn)
                .await?;
            settle(conn, message, &outcome).await?;
            if let (Some(subscription), Ok(outcome)) = (&subscription, &outcome) {
                subscription.stands(conn, id, outcome).await?;
            }
            Ok::<_, diesel::result::Error>(())
        })
        .await?;
        Ok(())
    }

    async fn send(
        &self,
        url: &str,
        secrets: Vec<Secret>,
        message: &Message,
        now: SystemTime,
    ) -> Result<Outcome, Unsent> {
        let destination = Destination::parse(url, &self.networks).map_err(|_| Unsent::Unfit)?;
        let signer = Signer::new(Scheme::standard(), secrets).map_err(|_| Unsent::Unfit)?;
        let id = format!("msg_{}", message.id().simple());
        let mut headers = signer
            .sign(&id, message.body(), now)
            .map_err(|_| Unsent::Unfit)?;
        let json = HeaderValue::from_static("application/json");
        headers.insert(CONTENT_TYPE, json);
        let body = message.body().to_vec();
        Ok(self.sender.send(&destination, &headers, body).await)
    }
}

/// What follows the attempt. A claim that is no longer held is somebody else's to settle.
async fn settle(
    conn: &mut OrgConnection,
    message: &Message,
    outcome: &Result<Outcome, Unsent>,
) -> QueryResult<()> {
    let now = SystemTime::now();
    let next = match outcome {
        Ok(outcome) => {
            let attempt = u32::try_from(message.attempts()).unwrap_or(u32::MAX);
            RetrySchedule::standard().next(attempt, outcome, now, random())
        }
        Err(_) => Next::GiveUp,
    };
    let settled = match next {
        Next::Delivered => {
            outbox::delivered(message, now)
                .get_result::<Uuid>(conn)
                .await
        }
        Next::TryAgain(at) => outbox::retry_at(message, at).get_result(conn).await,
        Next::GiveUp => outbox::gave_up(message, now).get_result(conn).await,
    };
    settled.optional().map(drop)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_subscriptions, check_for_backend(diesel::pg::Pg))]
struct Subscription {
    url: String,
    failing_since: Option<DateTime<Utc>>,
}

impl Subscription {
    /// The subscription, if it is on and its maker still an owner.
    async fn find(conn: &mut OrgConnection, id: Uuid) -> QueryResult<Option<Subscription>> {
        webhook_subscriptions::table
            .inner_join(
                memberships::table.on(memberships::org_id
                    .eq(webhook_subscriptions::org_id)
                    .and(memberships::id.eq(webhook_subscriptions::created_by))),
            )
            .filter(webhook_subscriptions::id.eq(id))
            .filter(webhook_subscriptions::state.eq(SubscriptionState::On))
            .filter(memberships::role.eq(Role::Owner))
            .select(Subscription::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Keeps how the subscription stands after that outcome.
    async fn stands(
        &self,
        conn: &mut OrgConnection,
        id: Uuid,
        outcome: &Outcome,
    ) -> QueryResult<()> {
        use webhook_subscriptions as s;
        let since = self.failing_since.map(SystemTime::from);
        let standing = Disabling::standard().judge(since, outcome, SystemTime::now());
        // What another address answers says nothing of this one.
        let here = s::table.filter(s::id.eq(id)).filter(s::url.eq(&self.url));
        // Nor does a failure, if some other attempt succeeded or an owner began anew meanwhile.
        let unchanged = s::failing_since.is_not_distinct_from(self.failing_since);
        let off = |reason: DisableReason| {
            (
                s::state.eq(SubscriptionState::Off),
                s::off_because.eq(reason.name()),
                s::updated_at.eq(Utc::now()),
            )
        };
        match standing {
            Standing::Working if since.is_none() => 0,
            Standing::Working => {
                diesel::update(here)
                    .set(s::failing_since.eq(None::<DateTime<Utc>>))
                    .execute(conn)
                    .await?
            }
            Standing::FailingSince(at) => {
                diesel::update(here.filter(unchanged))
                    .set(s::failing_since.eq(DateTime::<Utc>::from(at)))
                    .execute(conn)
                    .await?
            }
            Standing::Disabled(DisableReason::Gone) => {
                diesel::update(here)
                    .set(off(DisableReason::Gone))
                    .execute(conn)
                    .await?
            }
            Standing::Disabled(reason) => {
                diesel::update(here.filter(unchanged))
                    .set(off(reason))
                    .execute(conn)
                    .await?
            }
        };
        Ok(())
    }
}

/// The secrets of a subscription that are in force; `None` if one cannot be used.
async fn secrets(
    conn: &mut OrgConnection,
    keys: &Keyring,
    org: Uuid,
    subscription: Uuid,
) -> QueryResult<Option<Vec<Secret>>> {
    let sealed: Vec<(Uuid, Vec<u8>)> = webhook_secrets::table
        .filter(webhook_secrets::subscription_id.eq(subscription))
        .filter(
            webhook_secrets::not_after
                .is_null()
                .or(webhook_secrets::not_after.gt(Utc::now())),
        )
        .order((webhook_secrets::created_at, webhook_secrets::id))
        .select((webhook_secrets::id, webhook_secrets::sealed))
        .load(conn)
        .await?;
    let opened = sealed.into_iter().map(|(id, sealed)| {
        let text = keys.open(&sealed, &row(org, subscription, id)).ok()?;
        Secret::new(&id.to_string(), &Zeroizing::new(text)).ok()
    });
    Ok(opened.collect())
}

/// For the spread of attempts; without randomness they come together.
fn random() -> u64 {
    let mut bytes = [0; 8];
    let _ = SystemRandom::new().fill(&mut bytes);
    u64::from_be_bytes(bytes)
}

/// Longer than an attempt may take.
const LEASE: Duration = Duration::from_secs(60);
const BATCH: u32 = 20;
const PERIOD: Duration = Duration::from_secs(1);
