//! The tables as Diesel knows them, to be declared private.

#![allow(missing_docs, reason = "`TABLES_SQL` says what is in them")]

/// The tables with their keys, checks and indexes, for a migration.
pub const TABLES_SQL: &str = include_str!("tables.sql");

/// What a role has to be granted for [`PgStore`](super::PgStore) to run as it, for a migration. It changes
/// and deletes no entry of the audit log.
///
/// ```
/// let sql = weft_auth::postgres::grants("shop_auth");
/// assert!(sql.contains(r#"GRANT SELECT, INSERT ON auth_audit TO "shop_auth";"#));
/// ```
pub fn grants(role: &str) -> String {
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    include_str!("grants.sql").replace("{role}", &quoted)
}

diesel::table! {
    auth_accounts (id) {
        id -> Uuid,
        mailbox -> Text,
        password -> Nullable<Text>,
        state -> Text,
        break_glass -> Bool,
        epoch -> BigInt,
        token_epoch -> BigInt,
    }
}

diesel::table! {
    auth_domains (organization, domain) {
        organization -> Text,
        domain -> Text,
        proof -> Text,
        enforced -> Bool,
        updated_at -> Text,
    }
}

diesel::table! {
    auth_connections (id) {
        id -> Text,
        organization -> Nullable<Text>,
        state -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    auth_identities (connection, idp_id) {
        connection -> Text,
        idp_id -> Text,
        organization -> Text,
        email -> Text,
        account_id -> Uuid,
        since -> Timestamptz,
    }
}

diesel::table! {
    auth_flows (state_digest) {
        state_digest -> Bytea,
        sealed_verifier -> Bytea,
        organization -> Text,
        connection -> Nullable<Text>,
        started_at -> Timestamptz,
    }
}

diesel::table! {
    auth_api_tokens (digest) {
        digest -> Bytea,
        id -> Uuid,
        account_id -> Uuid,
        audience -> Nullable<Uuid>,
        label -> Text,
        scopes -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        next -> Nullable<Uuid>,
        epoch -> BigInt,
        place -> Integer,
    }
}

diesel::table! {
    auth_sessions (digest) {
        digest -> Bytea,
        before -> Nullable<Bytea>,
        id -> Uuid,
        account_id -> Uuid,
        epoch -> BigInt,
        created_at -> Timestamptz,
        rotated_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        remembered -> Bool,
        proofs -> Array<Text>,
        proved_at -> Array<Timestamptz>,
        connection -> Nullable<Text>,
        device -> Text,
    }
}

diesel::table! {
    auth_links (digest) {
        digest -> Bytea,
        purpose -> Text,
        account_id -> Nullable<Uuid>,
        mailbox -> Nullable<Text>,
        sent_to -> Text,
        browser -> Nullable<Bytea>,
        code -> Nullable<Bytea>,
        carries -> Nullable<Text>,
        attempts -> Integer,
        issued_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    auth_rates (key) {
        key -> Bytea,
        even_at -> Timestamptz,
        full_at -> Timestamptz,
    }
}

diesel::table! {
    auth_failures (key) {
        key -> Bytea,
        failures -> BigInt,
        next_at -> Timestamptz,
    }
}

diesel::table! {
    auth_challenges (digest) {
        digest -> Bytea,
        account_id -> Uuid,
        epoch -> BigInt,
        proofs -> Array<Text>,
        proved_at -> Array<Timestamptz>,
        connection -> Nullable<Text>,
        remembered -> Bool,
        attempts -> Integer,
        opened_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    auth_totps (account_id) {
        account_id -> Uuid,
        sealed -> Bytea,
        last_step -> BigInt,
        code_set -> Integer,
    }
}

diesel::table! {
    auth_recovery_codes (account_id, code_set, digest) {
        account_id -> Uuid,
        code_set -> Integer,
        digest -> Bytea,
    }
}

diesel::table! {
    auth_audit_head (single) {
        single -> Bool,
        number -> BigInt,
        hash -> Bytea,
    }
}

diesel::table! {
    auth_audit (number) {
        number -> BigInt,
        hash -> Bytea,
        body -> Bytea,
    }
}

diesel::table! {
    auth_outbox (id) {
        id -> BigInt,
        kind -> Text,
        purpose -> Nullable<Text>,
        recipient -> Text,
        sealed_token -> Nullable<Bytea>,
        decoy -> Bool,
        claimed_until -> Nullable<Timestamptz>,
    }
}
