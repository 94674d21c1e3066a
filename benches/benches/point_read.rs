//! What does a point read through the hook cost, against one whose filter is written by hand?

#![allow(missing_docs, clippy::print_stdout)]

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_benches::{compare, report};
use weft_embedded::{Cluster, Options};
use weft_tenancy::{AsyncOrgConn, OrgConn, Scope};

diesel::table! { organizations (id) { id -> BigInt, } }
diesel::table! { orders (org_id, id) { org_id -> BigInt, id -> BigInt, total -> BigInt, } }

weft_tenancy::tenancy! {
    TENANCY: i64;
    root organizations(id);
    org orders(org_id);
}

const SCHEMA: &str = "
    CREATE TABLE organizations (id bigint PRIMARY KEY);
    CREATE TABLE orders (org_id bigint NOT NULL, id bigint NOT NULL, total bigint NOT NULL,
        PRIMARY KEY (org_id, id));
    INSERT INTO orders SELECT o, i, i FROM generate_series(1, 100) o, generate_series(1, 1000) i;
    ANALYZE;
";
const ROUNDS: usize = 41;
const CALLS: u32 = 500;

fn main() {
    let cluster = Cluster::start(Options::new("weft-benches")).expect("a Postgres");
    let template = cluster
        .template("point-read", SCHEMA, |database| {
            Ok(database.execute(SCHEMA)?)
        })
        .expect("the schema is sound");
    let database = template.database().expect("a database");
    let url = database.url("postgres");

    let mut bare = PgConnection::establish(&url).expect("a connection");
    let mut inner = PgConnection::establish(&url).expect("a connection");
    let mut hooked = OrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
    let by_hand = orders::table.filter(orders::org_id.eq(7_i64));
    let times = compare(
        ROUNDS,
        CALLS,
        || {
            let query = orders::table
                .filter(orders::id.eq(500_i64))
                .select(orders::total);
            let _: i64 = diesel::RunQueryDsl::first(query, &mut hooked).expect("a row");
        },
        || {
            let query = by_hand.filter(orders::id.eq(500_i64)).select(orders::total);
            let _: i64 = diesel::RunQueryDsl::first(query, &mut bare).expect("a row");
        },
    );
    println!(
        "{}",
        report("sync, through the hook against by hand", times)
    );

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (mut inner, mut bare) = runtime.block_on(async {
        let connect = || async {
            AsyncPgConnection::establish(&url)
                .await
                .expect("a connection")
        };
        (connect().await, connect().await)
    });
    let mut hooked = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
    let times = compare(
        ROUNDS,
        CALLS,
        || {
            let query = orders::table
                .filter(orders::id.eq(500_i64))
                .select(orders::total);
            let _: i64 = runtime
                .block_on(diesel_async::RunQueryDsl::first(query, &mut hooked))
                .expect("a row");
        },
        || {
            let query = by_hand.filter(orders::id.eq(500_i64)).select(orders::total);
            let _: i64 = runtime
                .block_on(diesel_async::RunQueryDsl::first(query, &mut bare))
                .expect("a row");
        },
    );
    println!(
        "{}",
        report("async, through the hook against by hand", times)
    );
}
