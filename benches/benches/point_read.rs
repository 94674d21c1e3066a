//! What does a cached point read through the hook cost, against the same read filtered by hand?

#![allow(missing_docs, clippy::print_stdout)]

use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_benches::{TENANCY, database, in_turns, orders, tokio_runtime};
use weft_tenancy::{AsyncOrgConn, OrgConn, Scope};

const ROUNDS: usize = 1_201;
const CALLS: u32 = 20;

fn main() {
    let database = database("");
    let url = database.url("postgres");
    synchronous(&url);
    asynchronous(&url);
}

fn synchronous(url: &str) {
    use diesel::RunQueryDsl;

    let mut bare = PgConnection::establish(url).expect("a connection");
    let mut inner = PgConnection::establish(url).expect("a connection");
    let mut hooked = OrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
    let [ours, by_hand] = in_turns(
        ROUNDS,
        CALLS,
        [
            &mut |calls| {
                for _ in 0..calls {
                    let query = orders::table.filter(orders::id.eq(500_i64));
                    let read = query.select(orders::total).first::<i64>(&mut hooked);
                    assert_eq!(read, Ok(500));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let query = orders::table.filter(orders::org_id.eq(7_i64));
                    let query = query.filter(orders::id.eq(500_i64));
                    let read = query.select(orders::total).first::<i64>(&mut bare);
                    assert_eq!(read, Ok(500));
                }
            },
        ],
    );
    println!("{}", ours.against(&by_hand, "sync"));
}

fn asynchronous(url: &str) {
    use diesel_async::RunQueryDsl;

    let runtime = tokio_runtime();
    let connect = || runtime.block_on(AsyncPgConnection::establish(url));
    let (mut bare, mut inner) = (connect().expect("one"), connect().expect("another"));
    let mut hooked = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
    let [ours, by_hand] = in_turns(
        ROUNDS,
        CALLS,
        [
            &mut |calls| {
                for _ in 0..calls {
                    let query = orders::table.filter(orders::id.eq(500_i64));
                    let query = query.select(orders::total);
                    let read = runtime.block_on(query.first::<i64>(&mut hooked));
                    assert_eq!(read, Ok(500));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let query = orders::table.filter(orders::org_id.eq(7_i64));
                    let query = query.filter(orders::id.eq(500_i64));
                    let query = query.select(orders::total);
                    let read = runtime.block_on(query.first::<i64>(&mut bare));
                    assert_eq!(read, Ok(500));
                }
            },
        ],
    );
    println!("{}", ours.against(&by_hand, "async"));
}
