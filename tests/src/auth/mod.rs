//! The store of weft-auth on a database of one test's own, over four kinds of connections.

pub mod lent;
pub mod race;

use std::sync::OnceLock;

use weft_auth::postgres::{PgStore, TABLES_SQL, grants};
use weft_auth::totp::seal::Keyring;
use weft_embedded::{Template, TestDatabase};

use crate::database::cluster;
use lent::{AsyncOne, AsyncPool, One, SyncPool};

/// A database with the tables, where role `auth` has been granted what the store needs and no more.
/// Dropped with its value.
pub struct Tables(TestDatabase);

impl Tables {
    /// The tables, empty.
    #[allow(clippy::new_without_default, clippy::expect_used)]
    pub fn new() -> Tables {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let text = [TABLES_SQL, &grants("auth")].concat();
            let made = cluster().template("auth", &text, |database| Ok(database.execute(&text)?));
            made.expect("a template")
        });
        Tables(template.database().expect("a copy of the template"))
    }

    /// The address for a role.
    pub fn url(&self, role: &str) -> String {
        self.0.url(role)
    }

    /// The store over a pool of synchronous connections.
    pub fn pooled(&self) -> PgStore<SyncPool> {
        PgStore::new(SyncPool::new(&self.url("auth")), keys())
    }

    /// The store over a pool of asynchronous connections.
    pub fn pooled_async(&self) -> PgStore<AsyncPool> {
        PgStore::new(AsyncPool::new(&self.url("auth")), keys())
    }

    /// The store over one connection, which prepares every statement anew.
    pub fn one(&self, url: &str) -> PgStore<One> {
        PgStore::new(One::new(url), keys())
    }

    /// The same, asynchronous.
    pub async fn one_async(&self, url: &str) -> PgStore<AsyncOne> {
        PgStore::new(AsyncOne::new(url).await, keys())
    }

    /// Runs statements as the superuser.
    #[allow(clippy::expect_used)]
    pub fn admin(&self, sql: &str) {
        self.0.execute(sql).expect("the superuser's statement");
    }

    /// One value as the superuser sees it.
    #[allow(clippy::expect_used)]
    pub fn value(&self, sql: &str) -> String {
        let rows = self.0.query(sql).expect("the superuser's query");
        let value = rows.into_iter().flatten().flatten().next();
        value.expect("one value")
    }
}

/// The keys of the outbox.
#[allow(clippy::expect_used)]
pub fn keys() -> Keyring {
    let keys = "2026-11:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=";
    keys.parse().expect("a key")
}
