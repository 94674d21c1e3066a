//! The schema's versions, applied in order by the owner of the tables.

use std::borrow::Cow;

use diesel::{QueryableByName, sql_query, sql_types::Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

/// Each version, oldest first: its name, and its text.
pub fn migrations() -> Vec<(&'static str, Cow<'static, str>)> {
    let ours = |text: &'static str| Cow::Borrowed(text);
    vec![
        (
            "0001_roles",
            ours(include_str!("../migrations/0001_roles.sql")),
        ),
        (
            "0002_tables",
            ours(include_str!("../migrations/0002_tables.sql")),
        ),
        ("0003_unscoped_audit", ours(weft_tenancy::AUDIT_TABLE_SQL)),
        (
            "0004_grants",
            ours(include_str!("../migrations/0004_grants.sql")),
        ),
        (
            "0005_row_security",
            ours(include_str!("../migrations/0005_row_security.sql")),
        ),
        (
            "0006_webhook_deliveries",
            ours(weft_webhooks::inbox::TABLE_SQL),
        ),
        (
            "0007_webhook_messages",
            ours(weft_webhooks::outbox::TABLES_SQL),
        ),
        (
            "0008_webhooks",
            ours(include_str!("../migrations/0008_webhooks.sql")),
        ),
        ("0009_auth", ours(weft_auth::postgres::TABLES_SQL)),
        (
            "0010_accounts",
            ours(include_str!("../migrations/0010_accounts.sql")),
        ),
        (
            "0011_auth_grants",
            weft_auth::postgres::grants("weft_auth").into(),
        ),
        (
            "0012_api_tokens",
            ours(include_str!("../migrations/0012_api_tokens.sql")),
        ),
        (
            "0013_single_sign_on",
            ours(include_str!("../migrations/0013_single_sign_on.sql")),
        ),
        (
            "0014_attachments",
            ours(include_str!("../migrations/0014_attachments.sql")),
        ),
        (
            "0015_identities",
            ours(include_str!("../migrations/0015_identities.sql")),
        ),
        (
            "0016_token_places",
            ours(include_str!("../migrations/0016_token_places.sql")),
        ),
    ]
}

/// Applies what is missing, all of it or nothing, and says what was applied.
///
/// Several servers may start at once: they wait for each other.
///
/// # Errors
/// What the server says of a statement.
pub async fn migrate(owner: &mut AsyncPgConnection) -> diesel::QueryResult<Vec<&'static str>> {
    owner
        .transaction(async |owner| {
            owner.batch_execute(LEDGER).await?;
            let applied: Vec<Applied> = sql_query("SELECT name FROM weft_migrations")
                .load(owner)
                .await?;
            let mut new = Vec::new();
            for (name, text) in migrations() {
                if applied.iter().any(|applied| applied.name == name) {
                    continue;
                }
                owner.batch_execute(&text).await?;
                sql_query("INSERT INTO weft_migrations (name) VALUES ($1)")
                    .bind::<Text, _>(name)
                    .execute(owner)
                    .await?;
                new.push(name);
            }
            Ok(new)
        })
        .await
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    name: String,
}

// The number is arbitrary; it is this project's alone.
const LEDGER: &str = "
    SELECT pg_advisory_xact_lock(7733120001);
    CREATE TABLE IF NOT EXISTS weft_migrations (
        name       text        NOT NULL PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
";
