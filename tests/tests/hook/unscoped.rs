//! The third road: nothing without a record, and nothing but the closure ends it.

use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl};
use weft_tenancy::{AsyncUnscopedConn, RefusalKind, Scope, UnscopedConn, counters};
use weft_tests::schema::{A, B, customers, orders};
use weft_tests::{Database, TENANCY};

const RECORDS: &str = "SELECT count(*) FROM weft_unscoped_audit";
const LAST: &str = "SELECT concat_ws('|', reason, actor, file, line > 0, role)
    FROM weft_unscoped_audit ORDER BY opened_at DESC LIMIT 1";

fn sync(db: &Database) -> UnscopedConn<Box<diesel::PgConnection>> {
    UnscopedConn::new(Box::new(db.connect("unscoped")))
}

async fn asynchronous(db: &Database) -> AsyncUnscopedConn<Box<diesel_async::AsyncPgConnection>> {
    AsyncUnscopedConn::new(Box::new(db.connect_async("unscoped").await))
}

/// One body for both: `$db`, `$conn` and the macros `go!` and `work!` of [`both!`].
macro_rules! both_roads {
    ($name:ident, |$db:ident, $conn:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[test]
            #[allow(unused_imports, unused_macros)]
            fn sync() {
                use diesel::{Connection, RunQueryDsl, connection::SimpleConnection};
                macro_rules! go {
                    ($e:expr) => {
                        $e
                    };
                }
                macro_rules! work {
                    ($c:ident => $b:block) => {
                        |$c: &mut _| $b
                    };
                }
                let $db = Database::new();
                let mut $conn = super::sync(&$db);
                $body
            }

            #[tokio::test]
            #[allow(unused_imports, unused_macros)]
            async fn asynchronous() {
                use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
                macro_rules! go {
                    ($e:expr) => {
                        $e.await
                    };
                }
                macro_rules! work {
                    ($c:ident => $b:block) => {
                        async |$c: &mut _| $b
                    };
                }
                let $db = Database::new();
                let mut $conn = super::asynchronous(&$db).await;
                $body
            }
        }
    };
}

both_roads!(
    statements_reach_every_organisation_and_are_on_record,
    |db, conn| {
        let before = counters().unscoped;
        let all: i64 = go!(conn.unscoped(
            "monthly report",
            "job:report",
            work!(conn => {
                go!(customers::table.count().get_result(conn))
            })
        ))
        .unwrap();
        assert_eq!(all, 6);
        assert!(counters().unscoped > before);
        let file = "tests/tests/hook/unscoped.rs";
        assert_eq!(
            db.value(LAST),
            format!("monthly report|job:report|{file}|t|unscoped")
        );
    }
);

both_roads!(
    the_record_is_committed_before_the_transaction_begins,
    |db, conn| {
        let seen =
            go!(conn.unscoped("look", "me", work!(conn => {
        let records = db.value(RECORDS);
        go!(diesel::update(customers::table).set(customers::name.eq("x")).execute(conn))?;
        Err::<(), _>(Error::QueryBuilderError(records.into()))
    })));
        // Rolled back, but not the record.
        assert!(matches!(seen, Err(Error::QueryBuilderError(e)) if e.to_string() == "1"));
        assert_eq!(db.value(RECORDS), "1");
        assert_eq!(
            db.value("SELECT count(*) FROM customers WHERE name = 'x'"),
            "0"
        );
    }
);

both_roads!(without_a_record_nothing_runs, |db, conn| {
    for (reason, actor) in [
        ("", "me"),
        ("why", ""),
        (" \t\n", "me"),
        ("why", "\u{2003}\0"),
    ] {
        let sent = go!(conn.unscoped(
            reason,
            actor,
            work!(conn => {
                let _ = conn;
                Err::<(), Error>(Error::NotFound)
            })
        ));
        assert_eq!(refused!(sent), RefusalKind::Audit);
    }
    assert_eq!(db.value(RECORDS), "0");
    for broken in [
        "REVOKE INSERT ON weft_unscoped_audit FROM unscoped",
        "GRANT INSERT ON weft_unscoped_audit TO unscoped;
         CREATE RULE swallow AS ON INSERT TO weft_unscoped_audit DO INSTEAD NOTHING",
        "DROP TABLE weft_unscoped_audit",
    ] {
        db.admin(broken);
        let sent = go!(conn.unscoped(
            "why",
            "me",
            work!(conn => {
                go!(diesel::delete(customers::table).execute(conn))
            })
        ));
        assert_eq!(refused!(sent), RefusalKind::Audit, "{broken}");
    }
    assert_eq!(db.value("SELECT count(*) FROM customers"), "6");
});

both_roads!(the_transaction_cannot_be_ended_from_inside, |db, conn| {
    let sent =
        go!(conn.unscoped("try", "me", work!(conn => {
        go!(diesel::update(customers::table).set(customers::name.eq("x")).execute(conn))?;
        for text in ["COMMIT", "/**/ end", "-- a\nrollback", ";abort", "BEGIN", "SAVEPOINT s"] {
            let sent = go!(diesel::sql_query(text).execute(conn));
            assert_eq!(refused!(sent), RefusalKind::Control, "{text}");
        }
        assert_eq!(refused!(go!(conn.batch_execute("COMMIT"))), RefusalKind::Control);
        // Savepoints are the connection's own.
        let inner = go!(conn.transaction(work!(conn => {
            go!(diesel::delete(orders::table).execute(conn))?;
            Err::<(), _>(Error::RollbackTransaction)
        })));
        assert_eq!(inner, Err(Error::RollbackTransaction));
        Err::<(), _>(Error::RollbackTransaction)
    })));
    assert_eq!(sent, Err(Error::RollbackTransaction));
    assert_eq!(
        db.value("SELECT count(*) FROM customers WHERE name LIKE '%-%'"),
        "6"
    );
});

both_roads!(a_scope_inside_is_a_scope_again, |db, conn| {
    let before = db.snapshot(B);
    go!(conn.unscoped(
        "renumber",
        "job:renumber",
        work!(conn => {
            let mut scoped = conn.scoped(&TENANCY, Scope::org(A));
            let own: i64 = go!(customers::table.count().get_result(&mut scoped))?;
            assert_eq!(own, 3);
            go!(scoped.transaction(work!(conn => {
                go!(diesel::update(customers::table).set(customers::name.eq("x")).execute(conn))
            })))?;
            let all: i64 = go!(customers::table.count().get_result(conn))?;
            assert_eq!(all, 6);
            Ok::<_, Error>(())
        })
    ))
    .unwrap();
    assert_eq!(db.snapshot(B), before);
    assert_eq!(
        db.value("SELECT count(*) FROM customers WHERE name = 'x'"),
        "3"
    );
});

#[test]
fn it_is_refused_inside_a_transaction() {
    use diesel::RunQueryDsl;
    use diesel::connection::{AnsiTransactionManager, TransactionManager};

    let db = Database::new();
    let mut inner = db.connect("unscoped");
    AnsiTransactionManager::begin_transaction(&mut inner).unwrap();
    let sent: Result<i64, Error> = UnscopedConn::new(&mut inner).unscoped("why", "me", |conn| {
        customers::table.count().get_result(conn)
    });
    assert_eq!(refused!(sent), RefusalKind::Audit);
    AnsiTransactionManager::commit_transaction(&mut inner).unwrap();
    assert_eq!(db.value(RECORDS), "0");
}

/// The closure's own transaction is not the manager's to end, by hand either.
#[test]
fn the_transaction_manager_ends_savepoints_only() {
    use diesel::Connection;
    use diesel::connection::TransactionManager;

    fn manager<T: Connection>(conn: &mut T) -> Result<(), Error> {
        T::TransactionManager::commit_transaction(conn)
    }

    let db = Database::new();
    sync(&db)
        .unscoped("try", "me", |conn| {
            assert_eq!(refused!(manager(conn)), RefusalKind::Control);
            assert_eq!(
                refused!(manager(&mut conn.scoped(&TENANCY, Scope::org(A)))),
                RefusalKind::Control
            );
            Ok::<_, Error>(())
        })
        .unwrap();
}

#[test]
fn the_audit_role_cannot_rewrite_its_records() {
    use diesel::RunQueryDsl;

    let db = Database::new();
    for text in [
        "UPDATE weft_unscoped_audit SET reason = 'better'",
        "DELETE FROM weft_unscoped_audit",
        "TRUNCATE weft_unscoped_audit",
    ] {
        let sent: Result<usize, Error> =
            sync(&db).unscoped("try", "me", |conn| diesel::sql_query(text).execute(conn));
        assert!(matches!(sent, Err(Error::DatabaseError(..))), "{text}");
    }
    assert_eq!(db.value(RECORDS), "3");
}
