//! The tables as Diesel knows them, and to whom each belongs.

#![allow(
    missing_docs,
    reason = "`table!` writes modules, and the migrations say what is in them"
)]

use weft_tenancy::{Roles, tenancy};

tenancy! {
    /// The one declaration: what every scope of this server sees.
    pub TENANCY: Uuid;
    root organizations(id);
    org memberships(org_id);
    org invitations(org_id);
    shop shops(org_id, id);
    shop membership_shops(org_id, shop_id);
    shop customers(org_id, shop_id);
    shop orders(org_id, shop_id) soft_delete(deleted_at);
    shop order_lines(org_id, shop_id);
    shop conversations(org_id, shop_id);
    shop messages(org_id, shop_id);
    shop attachments(org_id, shop_id);
    shop refunds(org_id, shop_id);
    shop payments(org_id, shop_id);
    shop subscriptions(org_id, shop_id);
    org webhook_endpoints(org_id);
    org webhook_secrets(org_id);
    org webhook_deliveries(org_id);
    org webhook_subscriptions(org_id);
    org webhook_messages(org_id);
    org webhook_attempts(org_id);
    shared plans;
    private auth_accounts;
    private auth_api_tokens;
    private auth_audit;
    private auth_audit_head;
    private auth_challenges;
    private auth_connections;
    private auth_domains;
    private auth_failures;
    private auth_flows;
    private auth_identities;
    private auth_links;
    private auth_outbox;
    private auth_rates;
    private auth_recovery_codes;
    private auth_sessions;
    private auth_totps;
    private weft_migrations;
}

pub use weft_auth::postgres::tables::{
    auth_accounts, auth_api_tokens, auth_audit, auth_audit_head, auth_challenges, auth_connections,
    auth_domains, auth_failures, auth_flows, auth_identities, auth_links, auth_outbox, auth_rates,
    auth_recovery_codes, auth_sessions, auth_totps,
};
pub use weft_webhooks::{
    inbox::webhook_deliveries,
    outbox::{webhook_attempts, webhook_messages},
};

/// The login roles of the three roads. The second finds out which organisation and shops a request
/// is for, so it reads across organisations who is a member where, whose endpoint is called, and who
/// has work left over.
pub fn roles() -> Roles {
    let directory = [
        "organizations",
        "memberships",
        "membership_shops",
        "attachments",
        "webhook_endpoints",
        "webhook_secrets",
        "webhook_deliveries",
        "webhook_messages",
    ];
    Roles::new("weft_app")
        .with_auth("weft_auth", directory)
        .with_unscoped("weft_unscoped")
}

diesel::table! {
    weft_migrations (name) {
        name -> Text,
        applied_at -> Timestamptz,
    }
}

diesel::table! {
    plans (id) {
        id -> Uuid,
        code -> Text,
        name -> Text,
        price -> BigInt,
        currency -> Text,
        storage -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    organizations (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        plan_id -> Uuid,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        workos_organization -> Nullable<Text>,
    }
}

diesel::table! {
    shops (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        name -> Text,
        domain -> Nullable<Text>,
        currency -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    memberships (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        all_shops -> Bool,
        display_name -> Text,
        address -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    membership_shops (org_id, membership_id, shop_id) {
        org_id -> Uuid,
        membership_id -> Uuid,
        shop_id -> Uuid,
    }
}

diesel::table! {
    customers (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        email -> Nullable<Text>,
        name -> Nullable<Text>,
        phone -> Nullable<Text>,
        shopify_id -> Nullable<BigInt>,
        shopify_updated_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    orders (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        customer_id -> Nullable<Uuid>,
        shopify_id -> Nullable<BigInt>,
        name -> Text,
        financial_status -> Text,
        fulfillment_status -> Text,
        placed_at -> Timestamptz,
        paid_at -> Nullable<Timestamptz>,
        fulfilled_at -> Nullable<Timestamptz>,
        cancelled_at -> Nullable<Timestamptz>,
        currency -> Text,
        subtotal -> BigInt,
        shipping -> BigInt,
        taxes -> BigInt,
        total -> BigInt,
        refunded -> BigInt,
        discount_code -> Nullable<Text>,
        discount_amount -> BigInt,
        shipping_method -> Nullable<Text>,
        notes -> Nullable<Text>,
        tags -> Text,
        deleted_at -> Nullable<Timestamptz>,
        shopify_updated_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    order_lines (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        order_id -> Uuid,
        position -> Integer,
        name -> Text,
        sku -> Nullable<Text>,
        quantity -> Integer,
        price -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    conversations (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        customer_id -> Nullable<Uuid>,
        order_id -> Nullable<Uuid>,
        assignee_id -> Nullable<Uuid>,
        subject -> Text,
        state -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    messages (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        conversation_id -> Uuid,
        author_id -> Nullable<Uuid>,
        direction -> Text,
        body -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    attachments (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        conversation_id -> Nullable<Uuid>,
        message_id -> Nullable<Uuid>,
        author_id -> Nullable<Uuid>,
        file_name -> Text,
        content_type -> Text,
        size -> BigInt,
        least_size -> BigInt,
        sha256 -> Nullable<Bytea>,
        etag -> Nullable<Text>,
        state -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        confirmed_at -> Nullable<Timestamptz>,
        kept_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    refunds (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        shopify_id -> BigInt,
        shopify_order_id -> BigInt,
        amount -> BigInt,
        currency -> Text,
        refunded_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    payments (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        stripe_id -> Text,
        customer -> Nullable<Text>,
        status -> Text,
        amount -> BigInt,
        refunded -> BigInt,
        currency -> Text,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    subscriptions (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        shop_id -> Uuid,
        stripe_id -> Text,
        customer -> Nullable<Text>,
        status -> Text,
        price -> Nullable<Text>,
        cancel_at_period_end -> Bool,
        ended_at -> Nullable<Timestamptz>,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    webhook_endpoints (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        provider -> Text,
        shop_id -> Nullable<Uuid>,
        label -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    webhook_secrets (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        endpoint_id -> Nullable<Uuid>,
        subscription_id -> Nullable<Uuid>,
        sealed -> Bytea,
        not_after -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    webhook_subscriptions (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        url -> Text,
        event_types -> Array<Text>,
        shop_id -> Nullable<Uuid>,
        created_by -> Uuid,
        state -> Text,
        failing_since -> Nullable<Timestamptz>,
        off_because -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    invitations (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        address -> Text,
        display_name -> Text,
        role -> Text,
        shop_ids -> Nullable<Array<Uuid>>,
        invited_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(organizations, memberships, membership_shops);
diesel::allow_tables_to_appear_in_same_query!(organizations, plans);
diesel::allow_tables_to_appear_in_same_query!(memberships, webhook_subscriptions);
diesel::allow_tables_to_appear_in_same_query!(webhook_endpoints, webhook_secrets);
