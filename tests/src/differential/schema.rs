//! The schema of the generated statements: every class of table, and organisations whose rows have
//! the same ids and mostly the same texts.

#![allow(missing_docs)]

use uuid::Uuid;

/// The organisation whose statements are compared.
pub const A: Uuid = Uuid::from_u128(0xa);
/// An organisation of the shared database alone.
pub const B: Uuid = Uuid::from_u128(0xb);
/// Another one.
pub const C: Uuid = Uuid::from_u128(0xc);

diesel::table! {
    organizations (id) {
        id -> Uuid,
        name -> Text,
        plan -> Text,
    }
}

diesel::table! {
    customers (org_id, id) {
        org_id -> Uuid,
        id -> BigInt,
        name -> Text,
        level -> Integer,
        referred_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    orders (org_id, id) {
        org_id -> Uuid,
        id -> BigInt,
        shop_id -> BigInt,
        customer_id -> BigInt,
        total -> Integer,
        state -> Text,
        note -> Nullable<Text>,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    items (org_id, id) {
        org_id -> Uuid,
        id -> BigInt,
        shop_id -> BigInt,
        order_id -> BigInt,
        amount -> Integer,
    }
}

diesel::table! {
    notes (org_id, id) {
        org_id -> Uuid,
        id -> BigInt,
        parent -> Nullable<BigInt>,
        body -> Text,
        removed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    archive.logs (org_id, id) {
        org_id -> Uuid,
        id -> BigInt,
        level -> Integer,
        body -> Text,
    }
}

diesel::table! {
    plans (code) {
        code -> Text,
        price -> Integer,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        email -> Text,
    }
}

weft_tenancy::tenancy! {
    pub TENANCY: Uuid, shop i64;
    root organizations(id);
    org customers(org_id);
    shop orders(org_id, shop_id) soft_delete(deleted_at);
    shop items(org_id, shop_id);
    org notes(org_id) soft_delete(removed_at);
    org logs(org_id);
    shared plans;
    private users;
    type order_state;
}

/// What the generator knows of a column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Int,
    Text,
    Bool,
    Uuid,
    State,
    Time,
    /// A whole row, or what else is only handed on.
    Other,
}

/// Whose rows a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Root,
    Org,
    Shop,
    Shared,
}

/// A table as the generator sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    pub schema: &'static str,
    pub name: &'static str,
    pub class: Class,
    pub columns: &'static [(&'static str, Type)],
    /// The columns that take NULL.
    pub nullable: &'static [&'static str],
    /// The column that marks a row as deleted.
    pub deleted: Option<&'static str>,
}

use Type::{Int, State, Text, Time, Uuid as Id};

/// The tables that statements may reach.
pub const TABLES: &[Table] = &[
    Table {
        schema: "public",
        name: "customers",
        class: Class::Org,
        columns: &[
            ("org_id", Id),
            ("id", Int),
            ("name", Text),
            ("level", Int),
            ("referred_by", Int),
        ],
        nullable: &["referred_by"],
        deleted: None,
    },
    Table {
        schema: "public",
        name: "orders",
        class: Class::Shop,
        columns: &[
            ("org_id", Id),
            ("id", Int),
            ("shop_id", Int),
            ("customer_id", Int),
            ("total", Int),
            ("state", State),
            ("note", Text),
            ("deleted_at", Time),
        ],
        nullable: &["note", "deleted_at"],
        deleted: Some("deleted_at"),
    },
    Table {
        schema: "public",
        name: "items",
        class: Class::Shop,
        columns: &[
            ("org_id", Id),
            ("id", Int),
            ("shop_id", Int),
            ("order_id", Int),
            ("amount", Int),
        ],
        nullable: &[],
        deleted: None,
    },
    Table {
        schema: "public",
        name: "notes",
        class: Class::Org,
        columns: &[
            ("org_id", Id),
            ("id", Int),
            ("parent", Int),
            ("body", Text),
            ("removed_at", Time),
        ],
        nullable: &["parent", "removed_at"],
        deleted: Some("removed_at"),
    },
    Table {
        schema: "archive",
        name: "logs",
        class: Class::Org,
        columns: &[("org_id", Id), ("id", Int), ("level", Int), ("body", Text)],
        nullable: &[],
        deleted: None,
    },
    Table {
        schema: "public",
        name: "organizations",
        class: Class::Root,
        columns: &[("id", Id), ("name", Text), ("plan", Text)],
        nullable: &[],
        deleted: None,
    },
    Table {
        schema: "public",
        name: "plans",
        class: Class::Shared,
        columns: &[("code", Text), ("price", Int)],
        nullable: &[],
        deleted: None,
    },
];

/// The tables that scopes write to, keyed by organisation and id.
pub const WRITABLE: &[&Table] = &[&TABLES[0], &TABLES[1], &TABLES[2], &TABLES[3], &TABLES[4]];

/// The tables, the roles' rights, and two sums over all rows in sight of nobody's policy: of A's,
/// and of everyone else's.
pub(super) fn tables() -> String {
    let sum = |schema: &str, name: &str, org: &str, whose: &str| {
        format!(
            "coalesce((SELECT sum(hashtextextended(t::text, 0)::numeric) FROM {schema}.{name} t
             WHERE t.{org} {whose} '{A}'), 0)"
        )
    };
    let sums = |whose: &str| {
        let of = TABLES.iter().filter_map(|table| match table.class {
            Class::Root => Some(sum(table.schema, table.name, "id", whose)),
            Class::Org | Class::Shop => Some(sum(table.schema, table.name, "org_id", whose)),
            Class::Shared => None,
        });
        of.collect::<Vec<_>>().join(", ")
    };
    format!(
        "{TEXT}
         CREATE FUNCTION state(OUT mine text, OUT others text)
         LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
             mine := concat_ws(' ', {});
             others := concat_ws(' ', {});
         END $$;",
        sums("="),
        sums("<>")
    )
}

const TEXT: &str = "
    CREATE TYPE order_state AS ENUM ('open', 'paid', 'sent');
    CREATE SCHEMA archive;
    CREATE TABLE organizations (id uuid PRIMARY KEY, name text NOT NULL, plan text NOT NULL);
    CREATE TABLE customers (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL, name text NOT NULL,
        level integer NOT NULL DEFAULT 1, referred_by bigint,
        PRIMARY KEY (org_id, id), UNIQUE (org_id, name),
        FOREIGN KEY (org_id, referred_by) REFERENCES customers);
    CREATE TABLE orders (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL,
        shop_id bigint NOT NULL DEFAULT 1, customer_id bigint NOT NULL DEFAULT 1,
        total integer NOT NULL DEFAULT 0, state order_state NOT NULL DEFAULT 'open', note text,
        deleted_at timestamptz, PRIMARY KEY (org_id, id));
    CREATE TABLE items (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL,
        shop_id bigint NOT NULL DEFAULT 1, order_id bigint NOT NULL DEFAULT 101,
        amount integer NOT NULL DEFAULT 0, PRIMARY KEY (org_id, id));
    CREATE TABLE notes (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL, parent bigint,
        body text NOT NULL DEFAULT 'empty', removed_at timestamptz, PRIMARY KEY (org_id, id));
    CREATE TABLE archive.logs (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL,
        level integer NOT NULL DEFAULT 0, body text NOT NULL DEFAULT 'empty',
        PRIMARY KEY (org_id, id));
    CREATE TABLE plans (code text PRIMARY KEY, price integer NOT NULL);
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    INSERT INTO plans VALUES ('free', 0), ('pro', 20), ('max', 40);
    INSERT INTO users VALUES (1, 'root@example.com');
    GRANT USAGE ON SCHEMA archive TO app;
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON organizations, customers, orders, items, notes, archive.logs TO app;
    GRANT SELECT ON plans TO app;
";

/// The rows of the `nth` organisation. Ids of shop tables tell the shop, and deleted rows have ids
/// that end in 9, so that no generated row meets the key of a hidden one.
pub(super) fn rows(org: Uuid, nth: usize) -> String {
    format!(
        "INSERT INTO organizations VALUES ('{org}', 'org-{nth}',
             CASE WHEN {nth} = 1 THEN 'free' ELSE 'pro' END);
         INSERT INTO customers SELECT '{org}', i,
             (ARRAY['anna', 'bo', 'cleo', 'dora', 'emil', 'fay'])[i],
             (i * 3 + {nth} * 2) % 5, nullif(i / 2, 0)
           FROM generate_series(1, 4 + {nth}) AS i;
         INSERT INTO orders SELECT '{org}', s * 100 + j, s, (s + j + {nth}) % 5 + 1,
             (s * 7 + j * 13 + {nth} * 5) % 10 * 10,
             (ARRAY['open', 'paid', 'sent'])[(s + j + {nth}) % 3 + 1]::order_state,
             (ARRAY['12', 'anna', NULL, '3', 'x'])[(s * 2 + j + {nth}) % 5 + 1],
             CASE WHEN j = 9 THEN '2026-01-01 00:00:00+00'::timestamptz END
           FROM generate_series(1, 3) AS s,
                unnest(ARRAY[1, 2, 3, 9] || CASE WHEN {nth} > 0 THEN ARRAY[4] END) AS j;
         INSERT INTO items SELECT '{org}', s * 100 + j, s, s * 100 + (j + {nth}) % 4,
             (s + j + {nth}) % 4
           FROM generate_series(1, 3) AS s, generate_series(1, 2 + {nth}) AS j;
         INSERT INTO notes SELECT '{org}', i, nullif(i / 2, 0),
             (ARRAY['anna', 'empty', '7', 'pro', 'x'])[(i + {nth}) % 5 + 1],
             CASE WHEN i = 9 THEN '2026-01-02 00:00:00+00'::timestamptz END
           FROM unnest(ARRAY[1, 2, 3, 4, 9] || CASE WHEN {nth} > 0 THEN ARRAY[5, 6] END) AS i;
         INSERT INTO archive.logs SELECT '{org}', i, (i + {nth}) % 4,
             (ARRAY['anna', 'empty', '5', '('])[(i + {nth}) % 3 + 1 + {nth} % 2]
           FROM generate_series(1, 3 + {nth}) AS i;"
    )
}
