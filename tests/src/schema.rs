//! The schema as Diesel sees it, and its one declaration.

#![allow(missing_docs)]

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use uuid::Uuid;

/// Organisation A, whose scope the tests are in unless they say otherwise.
pub const A: Uuid = Uuid::from_u128(0xa);
/// Organisation B, which has rows under the same ids.
pub const B: Uuid = Uuid::from_u128(0xb);

pub mod sql_types {
    #[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "order_status"))]
    pub struct OrderStatus;
}

diesel::table! {
    organizations (id) {
        id -> Uuid,
        name -> Text,
    }
}

diesel::table! {
    customers (id) {
        org_id -> Uuid,
        id -> BigInt,
        name -> Text,
        referred_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::OrderStatus;

    orders (id) {
        org_id -> Uuid,
        id -> BigInt,
        shop_id -> BigInt,
        customer_id -> BigInt,
        status -> OrderStatus,
        total -> Integer,
        note -> Nullable<Text>,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    gadgets (org_id, id) {
        org_id -> Uuid,
        id -> Uuid,
        code -> Text,
    }
}

diesel::table! {
    plans (code) {
        code -> Text,
        price -> Integer,
    }
}

diesel::table! {
    auth.users (id) {
        id -> BigInt,
        email -> Text,
    }
}

diesel::table! {
    reports.totals (org_id, month) {
        org_id -> Uuid,
        month -> Integer,
        amount -> Integer,
    }
}

diesel::joinable!(orders -> customers (customer_id));
diesel::allow_tables_to_appear_in_same_query!(
    organizations,
    customers,
    orders,
    gadgets,
    plans,
    totals
);
diesel::alias!(customers as referrers: ReferrersAlias);

weft_tenancy::tenancy! {
    pub TENANCY: Uuid, shop i64;
    root organizations(id);
    org customers(org_id);
    shop orders(org_id, shop_id) soft_delete(deleted_at);
    org totals(org_id);
    org gadgets(org_id);
    shared plans;
    private users;
    type order_status;
    function session_settings: "shows a test its own session, reads no table";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::OrderStatus)]
pub enum OrderStatus {
    Open,
    Paid,
}

impl ToSql<sql_types::OrderStatus, Pg> for OrderStatus {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(match self {
            OrderStatus::Open => b"open",
            OrderStatus::Paid => b"paid",
        })?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::OrderStatus, Pg> for OrderStatus {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        match bytes.as_bytes() {
            b"open" => Ok(OrderStatus::Open),
            b"paid" => Ok(OrderStatus::Paid),
            _ => Err("not an order status".into()),
        }
    }
}

/// What `session_settings()` shows.
#[derive(Debug, QueryableByName)]
pub struct Session {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub settings: String,
}

impl Session {
    /// The query that returns it.
    pub const QUERY: &str = "SELECT session_settings() AS settings";
}

/// A customer with its organisation, which `save_changes` then puts into SET.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable, AsChangeset,
)]
#[diesel(table_name = customers, primary_key(id), check_for_backend(Pg))]
pub struct Customer {
    pub org_id: Uuid,
    pub id: i64,
    pub name: String,
    pub referred_by: Option<i64>,
}

/// A customer as code without a thought of tenants would write it: keyed by its id alone.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = customers, primary_key(id), check_for_backend(Pg))]
pub struct PlainCustomer {
    pub id: i64,
    pub name: String,
}

#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Associations, Insertable,
)]
#[diesel(table_name = orders, primary_key(id), check_for_backend(Pg))]
#[diesel(belongs_to(PlainCustomer, foreign_key = customer_id))]
pub struct Order {
    pub id: i64,
    pub shop_id: i64,
    pub customer_id: i64,
    pub status: OrderStatus,
    pub total: i32,
    pub note: Option<String>,
}

/// An order of customer 1 in shop 1.
pub fn order(id: i64) -> Order {
    Order {
        id,
        shop_id: 1,
        customer_id: 1,
        status: OrderStatus::Open,
        total: 10,
        note: None,
    }
}

/// An organisation's rows: 3 customers, 6 orders in 3 shops (the last deleted), 1 total, 2 gadgets
/// whose ids are those of the organisations. The ids are the same in each.
pub fn rows(org: Uuid, name: &str) -> String {
    format!(
        "INSERT INTO organizations VALUES ('{org}', '{name}');
         INSERT INTO customers SELECT '{org}', i, '{name}-' || i, nullif(i - 1, 0)
           FROM generate_series(1, 3) AS i;
         INSERT INTO orders SELECT '{org}', i, (i - 1) % 3 + 1, (i - 1) % 3 + 1,
             CASE WHEN i % 2 = 0 THEN 'paid' ELSE 'open' END::order_status, i * 10, '{name}',
             CASE WHEN i = 6 THEN now() END
           FROM generate_series(1, 6) AS i;
         INSERT INTO reports.totals VALUES ('{org}', 1, 100);
         INSERT INTO gadgets VALUES ('{org}', '{A}', '{name}-a'), ('{org}', '{B}', '{name}-b');"
    )
}

/// The tables, and what each role may do.
pub(crate) const TABLES: &str = "
    CREATE FUNCTION session_settings() RETURNS text LANGUAGE sql AS $$
        SELECT concat_ws(' ', current_setting('standard_conforming_strings'),
            current_setting('client_encoding'), current_setting('transaction_isolation'),
            current_setting('transaction_read_only'), current_setting('transaction_deferrable'),
            current_setting('search_path')) $$;
    CREATE TYPE order_status AS ENUM ('open', 'paid');
    CREATE TABLE organizations (id uuid PRIMARY KEY, name text NOT NULL);
    CREATE TABLE customers (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL, name text NOT NULL,
        referred_by bigint, PRIMARY KEY (org_id, id),
        FOREIGN KEY (org_id, referred_by) REFERENCES customers);
    CREATE TABLE orders (
        org_id uuid NOT NULL, id bigint NOT NULL, shop_id bigint NOT NULL DEFAULT 1,
        customer_id bigint NOT NULL, status order_status NOT NULL DEFAULT 'open',
        total integer NOT NULL, note text, deleted_at timestamptz, PRIMARY KEY (org_id, id),
        FOREIGN KEY (org_id, customer_id) REFERENCES customers);
    CREATE TABLE plans (code text PRIMARY KEY, price integer NOT NULL);
    CREATE SCHEMA auth;
    CREATE TABLE auth.users (id bigint PRIMARY KEY, email text NOT NULL);
    CREATE SCHEMA reports;
    CREATE TABLE reports.totals (
        org_id uuid NOT NULL REFERENCES organizations, month integer NOT NULL,
        amount integer NOT NULL, PRIMARY KEY (org_id, month));
    CREATE TABLE gadgets (
        org_id uuid NOT NULL REFERENCES organizations, id uuid NOT NULL,
        code text NOT NULL UNIQUE, PRIMARY KEY (org_id, id));
    CREATE VIEW customer_names AS SELECT org_id, name FROM customers;
    INSERT INTO plans VALUES ('free', 0), ('pro', 20);
    INSERT INTO auth.users VALUES (1, 'root@example.com');
    GRANT USAGE ON SCHEMA reports TO app, unscoped;
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON organizations, customers, orders, reports.totals, gadgets TO app, unscoped;
    GRANT SELECT ON plans, customer_names TO app;
    GRANT INSERT ON weft_unscoped_audit TO unscoped;
    GRANT USAGE ON SCHEMA auth TO auth;
    GRANT SELECT ON auth.users TO auth;
";
