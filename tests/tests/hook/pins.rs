//! The session is what the guard takes it for, whatever it was before.

use diesel::QueryDsl;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel_async::SimpleAsyncConnection;
use weft_tenancy::{AsyncOrgConn, OrgConn, Refusal, RefusalKind, Scope};
use weft_tests::schema::{A, Session, customers, plans};
use weft_tests::{Database, TENANCY};

const PINNED: &str = "on UTF8 read committed off off \"public\", \"reports\", \"auth\", pg_temp";

/// What another user of the pool may have left behind, or a role's own settings.
const MEDDLED: &str = "SET standard_conforming_strings = off; SET search_path = reports, auth;
    SET client_encoding = 'LATIN1'";

#[test]
fn settings_left_behind_are_set_right() {
    use diesel::RunQueryDsl;

    let db = Database::new();
    let mut inner = db.connect("app");
    for _ in 0..2 {
        inner.batch_execute(MEDDLED).unwrap();
        let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
        let session: Session = diesel::sql_query(Session::QUERY)
            .get_result(&mut conn)
            .unwrap();
        assert_eq!(session.settings, PINNED);
        assert_eq!(customers::table.count().get_result(&mut conn), Ok(3_i64));
    }
}

#[tokio::test]
async fn settings_left_behind_are_set_right_asynchronously() {
    use diesel_async::RunQueryDsl;

    let db = Database::new();
    let mut inner = db.connect_async("app").await;
    for _ in 0..2 {
        SimpleAsyncConnection::batch_execute(&mut inner, MEDDLED)
            .await
            .unwrap();
        let mut conn = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(A));
        let session: Session = diesel::sql_query(Session::QUERY)
            .get_result(&mut conn)
            .await
            .unwrap();
        assert_eq!(session.settings, PINNED);
        assert_eq!(
            customers::table.count().get_result(&mut conn).await,
            Ok(3_i64)
        );
    }
}

#[test]
fn a_transaction_that_rolls_back_does_not_undo_them() {
    use diesel::{Connection, RunQueryDsl};

    let db = Database::new();
    let mut inner = db.connect("app");
    inner.batch_execute(MEDDLED).unwrap();
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    let rolled_back: Result<(), Error> = conn.transaction(|conn| {
        customers::table.count().get_result::<i64>(conn)?;
        Err(Error::RollbackTransaction)
    });
    assert_eq!(rolled_back, Err(Error::RollbackTransaction));
    let session: Session = diesel::sql_query(Session::QUERY)
        .get_result(&mut conn)
        .unwrap();
    assert_eq!(session.settings, PINNED);
}

#[test]
fn a_temporary_table_does_not_shadow() {
    use diesel::RunQueryDsl;

    let db = Database::new();
    let mut inner = db.connect("app");
    inner
        .batch_execute(
            "CREATE TEMP TABLE plans (code text, price int);
             CREATE TEMP TABLE customers (org_id uuid, id bigint, name text, referred_by bigint)",
        )
        .unwrap();
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    assert_eq!(plans::table.count().get_result(&mut conn), Ok(2_i64));
    assert_eq!(customers::table.count().get_result(&mut conn), Ok(3_i64));
}

/// `totals` is declared in `reports`; a relation of that name in `public` comes first.
#[test]
fn a_declared_name_that_means_another_relation_is_refused() {
    use diesel::RunQueryDsl;

    let db = Database::new();
    db.admin("CREATE VIEW public.totals AS SELECT 1 AS month");
    let mut conn = db.org(Scope::org(A));
    for _ in 0..2 {
        let sent: Result<i64, Error> = customers::table.count().get_result(&mut conn);
        let error = sent.unwrap_err();
        let refusal = Refusal::of(&error).unwrap();
        assert_eq!(refusal.kind(), RefusalKind::SearchPath);
        assert_eq!(refusal.table(), Some("reports.totals"));
    }
    db.admin("DROP VIEW public.totals");
    assert_eq!(customers::table.count().get_result(&mut conn), Ok(3_i64));
}

#[tokio::test]
async fn a_declared_name_that_means_another_relation_is_refused_asynchronously() {
    use diesel_async::{AsyncConnection, RunQueryDsl};

    let db = Database::new();
    db.admin("CREATE TABLE public.totals (month int)");
    let mut conn = db.org_async(Scope::org(A)).await;
    let sent: Result<i64, Error> = customers::table.count().get_result(&mut conn).await;
    assert_eq!(refused!(sent), RefusalKind::SearchPath);
    let begun = conn.transaction(async |_| Ok::<_, Error>(())).await;
    assert_eq!(refused!(begun), RefusalKind::SearchPath);
    assert_eq!(refused!(conn.prepare().await), RefusalKind::SearchPath);
}

/// A table dropped under a temporary one of its name must not become reachable through it.
#[test]
fn a_temporary_table_in_the_place_of_a_missing_one_is_refused() {
    use diesel::RunQueryDsl;

    let db = Database::new();
    db.admin("DROP TABLE plans");
    let mut inner = db.connect("app");
    inner
        .batch_execute("CREATE TEMP TABLE plans (code text, price int)")
        .unwrap();
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    let sent: Result<i64, Error> = plans::table.count().get_result(&mut conn);
    assert_eq!(refused!(sent), RefusalKind::SearchPath);
}

/// Once for each scope value, and the names once for each session.
#[test]
fn one_message_for_each_scope() {
    use diesel::connection::InstrumentationEvent;
    use diesel::{Connection, RunQueryDsl};
    use std::sync::{Arc, Mutex};

    let db = Database::new();
    let mut inner = db.connect("app");
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    inner.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            log.lock().unwrap().push(query.to_string());
        }
    });
    let texts = || std::mem::take(&mut *sent.lock().unwrap());
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    count(&mut conn).unwrap();
    assert_eq!(texts().len(), 4, "settings, names, note, statement");
    count(&mut conn.narrowed([1_i64])).unwrap();
    count(&mut conn).unwrap();
    assert_eq!(texts().len(), 2);
    let mut next = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    next.transaction(count).unwrap();
    assert_eq!(texts().len(), 4, "settings, BEGIN, statement, COMMIT");

    fn count(conn: &mut OrgConn<&mut diesel::PgConnection>) -> Result<i64, Error> {
        customers::table.count().get_result(conn)
    }
}
