//! Rule 11 and the transaction: no text changes how the next one is read, or ends what it is in.

use std::sync::LazyLock;

use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl};
use weft_tenancy::{RefusalKind, Scope, Tenancy};
use weft_tests::TENANCY;
use weft_tests::schema::{A, OrderStatus, Session, customers, orders};

static BARE: LazyLock<Tenancy> = LazyLock::new(|| TENANCY.insecure_without_conditions());

macro_rules! settings {
    ($conn:expr) => {{
        let session: Session = go!(diesel::sql_query(Session::QUERY).get_result($conn)).unwrap();
        session.settings.replace('"', "")
    }};
}

both!(g19_the_pins_hold_after_a_rollback, |db, _conn| {
    let name = db.value("SELECT current_database()");
    db.admin(&format!(
        "ALTER DATABASE \"{name}\" SET search_path = auth, reports;
         ALTER DATABASE \"{name}\" SET standard_conforming_strings = off"
    ));
    let mut conn = open!(db, &TENANCY, Scope::org(A));
    let pinned = "on UTF8 read committed off off public, reports, auth, pg_temp";
    let undone: Result<(), Error> = go!(conn.transaction(work!(conn => {
        assert_eq!(settings!(conn), pinned);
        Err(Error::RollbackTransaction)
    })));
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(settings!(&mut conn), pinned);
    assert_eq!(settings!(&mut conn.narrowed([1_i64])), pinned);
    // Read with backslashes, the string would end later, and hide the table.
    let text = "SELECT '\\' || max(name), '||' FROM customers";
    let read = rows!(conn, diesel::sql_query(text)).unwrap();
    assert_eq!(read, ["\\acme-3 ||"]);
});

both!(
    /// Without the hook's conditions the rows are those of the context that came with BEGIN.
    g20_a_statement_without_begin_has_its_context_too,
    |db, _conn| {
        if db.row_security().is_some() {
            let mut conn = open!(db, &BARE, Scope::org(A));
            let names = || customers::table.order(customers::id).select(customers::name);
            let own = ["acme-1", "acme-2", "acme-3"];
            for _ in 0..2 {
                assert_eq!(go!(names().load::<String>(&mut conn)).unwrap(), own);
                let update = diesel::update(customers::table).set(customers::referred_by.eq(1));
                assert_eq!(go!(update.execute(&mut conn)), Ok(3));
                go!(conn.transaction(work!(conn => {
                    assert_eq!(go!(names().load::<String>(conn)).unwrap(), own);
                    let mut none = conn.narrowed([] as [i64; 0]);
                    let seen = go!(orders::table.count().get_result::<i64>(&mut none));
                    assert_eq!(seen, Ok(0));
                    let seen = go!(orders::table.count().get_result::<i64>(conn));
                    assert_eq!(seen, Ok(5));
                    Ok::<_, Error>(())
                })))
                .unwrap();
            }
        }
    }
);

both!(g26_no_text_ends_the_transaction_it_is_in, |db, conn| {
    let before = db.snapshot(A);
    let undone = go!(conn.transaction(work!(conn => {
        let paid = diesel::update(orders::table).set(orders::status.eq(OrderStatus::Paid));
        assert_eq!(go!(paid.execute(conn)), Ok(5));
        for text in ["COMMIT", "commit and chain", "END", "/**/ROLLBACK", "BEGIN", "SAVEPOINT s"] {
            let sent = go!(diesel::sql_query(text).execute(conn));
            assert_eq!(refused!(sent), RefusalKind::StatementKind, "{text}");
            let sent = go!(conn.batch_execute(text));
            assert_eq!(refused!(sent), RefusalKind::Control, "{text}");
        }
        Err::<(), _>(Error::RollbackTransaction)
    })));
    assert_eq!(undone, Err(Error::RollbackTransaction));
    assert_eq!(db.snapshot(A), before);
    let mut built = conn.build_transaction().serializable().read_only();
    let level = go!(built.run(work!(conn => { Ok::<_, Error>(settings!(conn)) })));
    assert!(level.unwrap().contains("serializable on"));
});

both!(
    /// Keys are declared with a type that compares by value; a column of another one is an error.
    g25_a_column_that_compares_loosely_does_not_take_the_guards_key,
    |db, _conn| {
        let tenancy = Tenancy::from_toml(
            "key = 'uuid'\n[root]\norganizations = 'id'\n[org]\nloose = 'org_id'",
        )
        .unwrap();
        db.admin(&format!(
            "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2',
               deterministic = false);
             CREATE TABLE loose (org_id text COLLATE loose, id bigint);
             INSERT INTO loose VALUES ('{A}', 1), (upper('{A}'), 2);
             GRANT SELECT, INSERT, DELETE ON loose TO app"
        ));
        let mut conn = open!(db, &tenancy, Scope::org(A));
        for text in ["SELECT id FROM loose", "DELETE FROM loose"] {
            let sent = go!(diesel::sql_query(text).execute(&mut conn));
            assert!(matches!(sent, Err(Error::DatabaseError(..))), "{sent:?}");
        }
    }
);
