//! What does a scope under row-level security cost, against a transaction or a statement without?

#![allow(missing_docs, clippy::print_stdout)]

use diesel::result::Error;
use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use weft_benches::{TENANCY, database, in_turns, orders, tokio_runtime};
use weft_tenancy::{AsyncOrgConn, OrgConn, RowSecurity, Scope};
use weft_tests::Tap;

const ROUNDS: usize = 201;
const CALLS: u32 = 4;

/// Over a read that both do: through the scope, where the policies bind the role, and filtered by
/// hand, where they do not.
macro_rules! read {
    (scoped) => {
        orders::table
            .filter(orders::id.eq(500_i64))
            .select(orders::total)
    };
    (by hand) => {
        orders::table
            .filter(orders::org_id.eq(7_i64))
            .filter(orders::id.eq(500_i64))
            .select(orders::total)
    };
}

fn main() {
    let database = database("");
    let (app, superuser) = (database.url("app"), database.url("postgres"));
    let mut conn = PgConnection::establish(&app).expect("a connection");
    let security = RowSecurity::check(&mut conn, &TENANCY).expect("row-level security");
    synchronous(&app, &superuser, &security);
    asynchronous(&app, &superuser, &security);
}

fn synchronous(app: &str, superuser: &str, security: &RowSecurity) {
    use diesel::RunQueryDsl;

    let run = |app: &str, superuser: &str, turns: &mut dyn FnMut(&mut Work<'_>, &mut Work<'_>)| {
        let mut bare = PgConnection::establish(superuser).expect("a connection");
        let mut inner = PgConnection::establish(app).expect("a connection");
        let mut scoped = OrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
        scoped = scoped.with_row_security(security);
        turns(
            &mut |reads| {
                let read = scoped.transaction(|conn| {
                    (0..reads).try_for_each(|_| read!(scoped).first::<i64>(conn).map(drop))
                });
                assert_eq!(read, Ok(()));
            },
            &mut |reads| {
                let read = bare.transaction(|conn| {
                    (0..reads).try_for_each(|_| read!(by hand).first::<i64>(conn).map(drop))
                });
                assert_eq!(read, Ok(()));
            },
        );
    };
    run(app, superuser, &mut |scoped, plain| {
        for reads in [1, 5] {
            report("sync", reads, scoped, plain);
        }
    });
    let (app, superuser) = (Tap::new(app), Tap::new(superuser));
    run(app.url(), superuser.url(), &mut |scoped, plain| {
        ready("sync", &app, &superuser, scoped, plain);
    });
}

fn asynchronous(app: &str, superuser: &str, security: &RowSecurity) {
    use diesel_async::RunQueryDsl;

    let runtime = tokio_runtime();
    let connect = |url: &str| runtime.block_on(AsyncPgConnection::establish(url));
    let run = |app: &str, superuser: &str, turns: &mut dyn FnMut(&mut Work<'_>, &mut Work<'_>)| {
        let mut bare = connect(superuser).expect("a connection");
        let mut inner = connect(app).expect("a connection");
        let mut scoped = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
        scoped = scoped.with_row_security(security);
        turns(
            &mut |reads| {
                let read = runtime.block_on(scoped.transaction(async |conn| {
                    for _ in 0..reads {
                        read!(scoped).first::<i64>(conn).await?;
                    }
                    Ok::<_, Error>(())
                }));
                assert_eq!(read, Ok(()));
            },
            &mut |reads| {
                let read = runtime.block_on(bare.transaction(async |conn| {
                    for _ in 0..reads {
                        read!(by hand).first::<i64>(conn).await?;
                    }
                    Ok::<_, Error>(())
                }));
                assert_eq!(read, Ok(()));
            },
        );
    };
    run(app, superuser, &mut |scoped, plain| {
        for reads in [1, 5] {
            report("async", reads, scoped, plain);
        }
    });
    {
        let (app, superuser) = (Tap::new(app), Tap::new(superuser));
        run(app.url(), superuser.url(), &mut |scoped, plain| {
            ready("async", &app, &superuser, scoped, plain);
        });
    }

    let (mut bare, mut inner) = (connect(superuser).expect("one"), connect(app).expect("two"));
    let mut by_hand = connect(app).expect("three");
    let mut scoped = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
    scoped = scoped.with_row_security(security);
    let [ours, bare, by_hand] = in_turns(
        ROUNDS,
        CALLS,
        [
            &mut |calls| {
                for _ in 0..calls {
                    let read = runtime.block_on(read!(scoped).first::<i64>(&mut scoped));
                    assert_eq!(read, Ok(500));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let read = runtime.block_on(read!(by hand).first::<i64>(&mut bare));
                    assert_eq!(read, Ok(500));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let read = runtime.block_on(async {
                        by_hand.batch_execute("BEGIN").await?;
                        let set = "SELECT set_config('weft.org_id', '7', true), \
                                   set_config('weft.shop_ids', '*', true)";
                        diesel::sql_query(set).execute(&mut by_hand).await?;
                        let read = read!(by hand).first::<i64>(&mut by_hand).await;
                        by_hand.batch_execute("COMMIT").await?;
                        read
                    });
                    assert_eq!(read, Ok(500));
                }
            },
        ],
    );
    println!(
        "{}",
        ours.against(&bare, "async, one statement against a bare one")
    );
    println!(
        "{}",
        ours.against(
            &by_hand,
            "async, one statement against BEGIN, set_config, read, COMMIT"
        )
    );
    let tap = Tap::new(app);
    let mut inner = connect(tap.url()).expect("a connection");
    let mut scoped = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
    scoped = scoped.with_row_security(security);
    for _ in 0..2 {
        tap.take();
        let read = runtime.block_on(read!(scoped).first::<i64>(&mut scoped));
        assert_eq!(read, Ok(500));
    }
    println!(
        "async, one statement: {} round trip",
        tap.take().round_trips
    );
}

/// A transaction of that many reads.
type Work<'w> = dyn FnMut(u32) + 'w;

fn report(name: &str, reads: u32, scoped: &mut Work<'_>, plain: &mut Work<'_>) {
    let [ours, plain] = in_turns(
        ROUNDS,
        CALLS,
        [
            &mut |calls| (0..calls).for_each(|_| scoped(reads)),
            &mut |calls| (0..calls).for_each(|_| plain(reads)),
        ],
    );
    println!(
        "{}",
        ours.against(&plain, &format!("{name}, a transaction of {reads} reads"))
    );
}

/// Prints how often the server was ready for a query in a transaction of one read.
fn ready(name: &str, app: &Tap, superuser: &Tap, scoped: &mut Work<'_>, plain: &mut Work<'_>) {
    for _ in 0..2 {
        app.take();
        superuser.take();
        scoped(1);
        plain(1);
    }
    let (ours, theirs) = (app.take().ready, superuser.take().ready);
    println!("{name}, a transaction of one read: {ours} times ready for a query against {theirs}");
}
