//! Transactions through a scope, and what becomes of them when something breaks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::result::{DatabaseErrorKind, Error};
use diesel::{ExpressionMethods, QueryDsl};
use weft_tenancy::{AsyncOrgConn, OrgConn, RefusalKind, Scope};
use weft_tests::TENANCY;
use weft_tests::schema::{A, Order, Session, customers, order, orders};

fn names(id: i64) -> String {
    format!("SELECT name FROM customers WHERE org_id = '{A}' AND id = {id}")
}

macro_rules! rename {
    ($conn:expr, $name:literal) => {
        diesel::update(customers::table.find(1))
            .set(customers::name.eq($name))
            .execute($conn)
    };
}

both!(a_transaction_commits_or_rolls_back, |db, conn| {
    go!(conn.transaction(work!(conn => {
        go!(rename!(conn, "kept"))?;
        Ok::<_, Error>(())
    })))
    .unwrap();
    assert_eq!(db.value(&names(1)), "kept");
    let undone = go!(conn.transaction(work!(conn => {
        go!(rename!(conn, "undone"))?;
        Err::<(), _>(Error::RollbackTransaction)
    })));
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(db.value(&names(1)), "kept");
});

both!(savepoints_nest, |db, conn| {
    go!(conn.transaction(work!(conn => {
        go!(rename!(conn, "outer"))?;
        let inner = go!(conn.transaction(work!(conn => {
            go!(rename!(conn, "inner"))?;
            Err::<(), _>(Error::RollbackTransaction)
        })));
        assert_eq!(inner, Err(Error::RollbackTransaction));
        // An error of the server inside a savepoint leaves the transaction usable.
        let failed = go!(conn.transaction(work!(conn => {
            go!(diesel::insert_into(customers::table)
                .values((customers::id.eq(1_i64), customers::name.eq("twice")))
                .execute(conn))
        })));
        assert!(matches!(
            failed,
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
        ));
        Ok::<_, Error>(())
    })))
    .unwrap();
    assert_eq!(db.value(&names(1)), "outer");
});

both!(
    a_refusal_inside_a_transaction_leaves_it_usable,
    |db, conn| {
        go!(conn.transaction(work!(conn => {
            assert_eq!(refused!(go!(diesel::sql_query("COMMIT").execute(conn))),
                RefusalKind::StatementKind);
            go!(rename!(conn, "after"))?;
            Ok::<_, Error>(())
        })))
        .unwrap();
        assert_eq!(db.value(&names(1)), "after");
    }
);

both!(isolation_levels_access_modes_and_deferral, |db, conn| {
    macro_rules! check {
        ($builder:expr, $expected:literal) => {
            let row: Session = go!($builder.run(work!(conn => {
                go!(diesel::sql_query(Session::QUERY).get_result(conn))
            })))
            .unwrap();
            let settings = row.settings.replace('"', "");
            assert_eq!(
                settings.strip_suffix(" public, reports, auth, pg_temp"),
                Some(concat!("on UTF8 ", $expected))
            );
        };
    }
    check!(conn.build_transaction(), "read committed off off");
    check!(
        conn.build_transaction().read_committed().read_write(),
        "read committed off off"
    );
    check!(
        conn.build_transaction().repeatable_read().not_deferrable(),
        "repeatable read off off"
    );
    check!(
        conn.build_transaction()
            .serializable()
            .read_only()
            .deferrable(),
        "serializable on on"
    );
    let write = go!(conn.build_transaction().read_only().run(work!(conn => {
        go!(rename!(conn, "refused by the server"))
    })));
    assert!(matches!(
        write,
        Err(Error::DatabaseError(
            DatabaseErrorKind::ReadOnlyTransaction,
            _
        ))
    ));
    let nested = go!(conn.transaction(work!(conn => {
        go!(conn.build_transaction().serializable().run(work!(conn => {
            go!(rename!(conn, "never"))
        })))
    })));
    assert_eq!(nested, Err(Error::AlreadyInTransaction));
});

both!(
    a_commit_that_fails_leaves_the_connection_usable,
    |db, conn| {
        db.admin(
            "ALTER TABLE orders DROP CONSTRAINT orders_org_id_customer_id_fkey;
         ALTER TABLE orders ADD FOREIGN KEY (org_id, customer_id) REFERENCES customers
             DEFERRABLE INITIALLY DEFERRED",
        );
        let failed = go!(conn.transaction(work!(conn => {
            let dangling = Order { customer_id: 99, ..order(80) };
            go!(diesel::insert_into(orders::table).values(dangling).execute(conn))
        })));
        assert!(matches!(
            failed,
            Err(Error::DatabaseError(
                DatabaseErrorKind::ForeignKeyViolation,
                _
            ))
        ));
        go!(conn.transaction(work!(conn => { go!(rename!(conn, "after")) }))).unwrap();
        assert_eq!(db.value(&names(1)), "after");
    }
);

both!(a_narrowed_scope_inside_a_transaction, |db, conn| {
    go!(conn.transaction(work!(conn => {
        {
            let mut shop = conn.narrowed([2_i64]);
            go!(shop.transaction(work!(shop => {
                let changed = diesel::update(orders::table).set(orders::total.eq(0));
                assert_eq!(go!(changed.execute(shop))?, 2);
                Ok::<_, Error>(())
            })))?;
        }
        let all: i64 = go!(orders::table.count().get_result(conn))?;
        assert_eq!(all, 5);
        Ok::<_, Error>(())
    })))
    .unwrap();
    let zeroed = format!("SELECT count(*) FROM orders WHERE org_id = '{A}' AND total = 0");
    assert_eq!(db.value(&zeroed), "2");
});

both!(a_test_transaction_is_never_committed, |db, conn| {
    go!(conn.begin_test_transaction()).unwrap();
    go!(rename!(&mut conn, "tested")).unwrap();
    go!(conn.transaction(work!(conn => { go!(rename!(conn, "nested")) }))).unwrap();
    let name: String = go!(customers::table
        .find(1)
        .select(customers::name)
        .first(&mut conn))
    .unwrap();
    assert_eq!(name, "nested");
    drop(conn);
    assert_eq!(db.value(&names(1)), "acme-1");
});

both!(test_transaction_rolls_back, |db, conn| {
    go!(conn.test_transaction(work!(conn => {
        go!(rename!(conn, "tested"))?;
        Ok::<_, Error>(())
    })));
    assert_eq!(db.value(&names(1)), "acme-1");
});

#[test]
fn a_panic_in_a_transaction_leaves_nothing() {
    use diesel::{Connection, RunQueryDsl};

    let db = weft_tests::Database::new();
    let mut conn = db.org(Scope::org(A));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        conn.transaction(|conn| -> Result<(), Error> {
            rename!(conn, "half done")?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    drop(conn);
    assert_eq!(db.value(&names(1)), "acme-1");
}

/// A scope put on a connection that is in a transaction already cannot end that one.
#[test]
fn a_scope_ends_only_what_it_began() {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    use diesel::{Connection, PgConnection, RunQueryDsl};

    type Manager = <OrgConn<&'static mut PgConnection> as Connection>::TransactionManager;

    let db = weft_tests::Database::new();
    let mut inner = db.connect("app");
    AnsiTransactionManager::begin_transaction(&mut inner).unwrap();
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    conn.transaction(|conn| rename!(conn, "inside")).unwrap();
    assert_eq!(
        refused!(Manager::commit_transaction(&mut conn)),
        RefusalKind::Control
    );
    assert_eq!(
        refused!(Manager::rollback_transaction(&mut conn)),
        RefusalKind::Control
    );
    // So the settings that were pinned inside it last as long as the scope.
    let session: Session = diesel::sql_query(Session::QUERY)
        .get_result(&mut conn)
        .unwrap();
    assert!(session.settings.ends_with("pg_temp"));
    AnsiTransactionManager::rollback_transaction(&mut inner).unwrap();
    assert_eq!(db.value(&names(1)), "acme-1");
}

both!(a_database_that_goes_away_in_a_transaction, |db, conn| {
    let gone = go!(conn.transaction(work!(conn => {
        go!(rename!(conn, "lost"))?;
        db.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE usename = 'app' AND datname = current_database()",
        );
        go!(rename!(conn, "lost again"))?;
        Ok::<_, Error>(())
    })));
    assert!(gone.is_err());
    assert_eq!(db.value(&names(1)), "acme-1");
    let after = go!(rename!(&mut conn, "after"));
    assert!(after.is_err());
});

/// A future dropped inside a BEGIN leaves the session in an unknown state: nothing more passes.
#[tokio::test]
async fn a_cancelled_begin_closes_the_scope() {
    use diesel_async::{AsyncConnection, RunQueryDsl};
    use futures_util::FutureExt;

    let db = weft_tests::Database::new();
    let mut inner = db.connect_async("app").await;
    let mut conn = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    conn.prepare().await.unwrap();
    // Polled once: BEGIN is on its way, its answer is not read.
    let begun = conn
        .transaction(async |conn| rename!(conn, "never").await)
        .now_or_never();
    assert!(begun.is_none());
    let after: Result<i64, Error> = customers::table.count().get_result(&mut conn).await;
    assert_eq!(refused!(after), RefusalKind::Connection);
    drop(conn);
    let mut next = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    let after: Result<i64, Error> = customers::table.count().get_result(&mut next).await;
    assert_eq!(refused!(after), RefusalKind::Connection);
}

#[tokio::test]
async fn futures_over_a_shared_scope_are_pipelined() {
    use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
    use futures_util::future::try_join3;

    let db = weft_tests::Database::new();
    let mut conn = db.org_async(Scope::org(A)).await;
    let unprepared: Result<i64, Error> = customers::table.count().get_result(&mut &conn).await;
    assert_eq!(refused!(unprepared), RefusalKind::Connection);
    conn.prepare().await.unwrap();
    let (c1, c2, c3) = (&mut &conn, &mut &conn, &mut &conn);
    let (customers, orders, note) = try_join3(
        customers::table.count().get_result::<i64>(c1),
        orders::table.count().get_result::<i64>(c2),
        orders::table
            .find(1)
            .select(orders::note)
            .get_result::<Option<String>>(c3),
    )
    .await
    .unwrap();
    assert_eq!((customers, orders, note.as_deref()), (3, 5, Some("acme")));
    assert_eq!(
        refused!((&mut &conn).batch_execute("COMMIT").await),
        RefusalKind::Control
    );
    conn.transaction(async |conn| {
        let conn = &*conn;
        let renamed = rename!(&mut &*conn, "pipelined").await?;
        let read: i64 = orders::table.count().get_result(&mut &*conn).await?;
        assert_eq!((renamed, read), (1, 5));
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
    assert_eq!(db.value(&names(1)), "pipelined");
}
