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
    shop shops(org_id, id);
    shop membership_shops(org_id, shop_id);
    shop customers(org_id, shop_id);
    shop orders(org_id, shop_id) soft_delete(deleted_at);
    shop order_lines(org_id, shop_id);
    shop conversations(org_id, shop_id);
    shop messages(org_id, shop_id);
    shared plans;
    private users;
    private api_tokens;
    private weft_migrations;
}

/// The login roles of the three roads. The second finds out which organisation and shops a request
/// is for, so it reads who is a member where across organisations.
pub fn roles() -> Roles {
    Roles::new("weft_app")
        .with_auth("weft_auth", ["memberships", "membership_shops"])
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
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        email -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Uuid,
        digest -> Bytea,
        user_id -> Uuid,
        org_id -> Uuid,
        label -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
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

diesel::allow_tables_to_appear_in_same_query!(api_tokens, memberships);
