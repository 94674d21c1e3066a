//! A database with the tables of weft-webhooks, a table of effects, and verified deliveries.

use std::fmt::Write;
use std::ops::DerefMut;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;
use uuid::Uuid;
use weft_embedded::{Template, TestDatabase};
use weft_tenancy::{AsyncOrgConn, OrgConn, Policies, Roles, RowSecurity, Scope, Tenancy};
use weft_tests::database::cluster;
use weft_tests::schema::{A, B};
use weft_webhooks::inbox::{self, webhook_deliveries};
use weft_webhooks::outbox::{self, webhook_attempts, webhook_messages};
use weft_webhooks::{Scheme, Secret, Verified, Verifier};

diesel::table! { organizations (id) { id -> Uuid, } }
diesel::table! { effects (org_id, id) { org_id -> Uuid, id -> Uuid, delivery_id -> Uuid, } }

weft_tenancy::tenancy! {
    pub(crate) STORE: Uuid;
    root organizations(id);
    org effects(org_id);
    org webhook_deliveries(org_id);
    org webhook_messages(org_id);
    org webhook_attempts(org_id);
}

/// Dropped with its value.
pub(crate) struct Store {
    database: TestDatabase,
    row_security: RowSecurity,
}

impl Store {
    pub(crate) fn new() -> Store {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let text = [
                "CREATE TABLE organizations (id uuid PRIMARY KEY);
                 CREATE TABLE effects (
                    org_id uuid NOT NULL, id uuid NOT NULL, delivery_id uuid NOT NULL,
                    PRIMARY KEY (org_id, id));",
                inbox::TABLE_SQL,
                outbox::TABLES_SQL,
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
                 REVOKE INSERT, UPDATE, DELETE ON organizations FROM app;
                 GRANT SELECT (org_id, id, state, claimed_until) ON webhook_deliveries TO auth;
                 GRANT SELECT (org_id, id, state, due_at, claimed_until)
                    ON webhook_messages TO auth;",
                &Policies::new(&STORE, &roles()).to_string(),
            ]
            .concat();
            cluster()
                .template("webhooks", &text, |database| Ok(database.execute(&text)?))
                .unwrap()
        });
        let database = template.database().unwrap();
        let mut conn = PgConnection::establish(&database.url("app")).unwrap();
        Store {
            row_security: RowSecurity::check(&mut conn, &STORE).unwrap(),
            database,
        }
    }

    pub(crate) fn url(&self, role: &str) -> String {
        self.database.url(role)
    }

    pub(crate) fn connect(&self, role: &str) -> PgConnection {
        PgConnection::establish(&self.url(role)).unwrap()
    }

    pub(crate) async fn connect_async(&self, role: &str) -> AsyncPgConnection {
        AsyncPgConnection::establish(&self.url(role)).await.unwrap()
    }

    /// `app` in `scope`.
    pub(crate) fn org(&self, scope: Scope) -> OrgConn<Box<PgConnection>> {
        self.scoped(Box::new(self.connect("app")), &STORE, scope)
    }

    /// `app` in `scope`, asynchronous.
    pub(crate) async fn org_async(&self, scope: Scope) -> AsyncOrgConn<Box<AsyncPgConnection>> {
        self.scoped_async(Box::new(self.connect_async("app").await), &STORE, scope)
    }

    pub(crate) fn scoped<C>(&self, inner: C, tenancy: &Tenancy, scope: Scope) -> OrgConn<C>
    where
        C: DerefMut<Target = PgConnection> + Send,
    {
        OrgConn::new(inner, tenancy, scope).with_row_security(&self.row_security)
    }

    pub(crate) fn scoped_async<C>(
        &self,
        inner: C,
        tenancy: &Tenancy,
        scope: Scope,
    ) -> AsyncOrgConn<C>
    where
        C: DerefMut<Target = AsyncPgConnection> + Send,
    {
        AsyncOrgConn::new(inner, tenancy, scope).with_row_security(&self.row_security)
    }

    /// Runs statements as the superuser.
    pub(crate) fn admin(&self, sql: &str) {
        self.database.execute(sql).unwrap();
    }

    /// One value as the superuser sees it.
    pub(crate) fn value(&self, sql: &str) -> String {
        let rows = self.database.query(sql).unwrap();
        rows.into_iter().flatten().flatten().next().unwrap()
    }
}

pub(crate) fn roles() -> Roles {
    Roles::new("app").with_auth("auth", ["webhook_deliveries", "webhook_messages"])
}

/// The endpoint that was called, in every organisation.
pub(crate) const ENDPOINT: Uuid = Uuid::from_u128(0xe);

/// How long a claim is held.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// Seconds after the tests' beginning, a time that the database keeps exactly.
pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

const SECRETS: [(&str, &str); 2] = [
    ("old", "whsec_4kq0yS1cVdZb7uWm2LxT9fGhJ3nR8pEa"),
    ("new", "whsec_9pZb7uWm2LxT4kq0yS1cVdfGhJ3nR8Ea"),
];

/// A delivery by Stripe, signed with the secrets of those ids.
pub(crate) fn signed_with(secrets: &[&str], body: &str) -> Verified {
    let time = at(0).duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut header = format!("t={time}");
    for (_, secret) in SECRETS.iter().filter(|(id, _)| secrets.contains(id)) {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        header += ",v1=";
        for byte in mac.finalize().into_bytes() {
            write!(header, "{byte:02x}").unwrap();
        }
    }
    let mut headers = HeaderMap::new();
    headers.insert("stripe-signature", header.parse().unwrap());
    let ring = SECRETS.map(|(id, secret)| Secret::new(id, secret).unwrap());
    Verifier::new(Scheme::stripe(), ring)
        .unwrap()
        .verify(&headers, body.as_bytes().to_vec(), at(0))
        .unwrap()
}

pub(crate) fn verified(body: &str) -> Verified {
    signed_with(&["new"], body)
}

pub(crate) fn id() -> Uuid {
    Uuid::new_v4()
}

/// The organisations of the tests.
pub(crate) const ORGS: [Uuid; 2] = [A, B];
