//! Whose rows the policies let through, when and for how long. The hook's own conditions are out,
//! so that what is seen is row-level security's doing.

use std::sync::LazyLock;

use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{ExpressionMethods, QueryDsl, QueryableByName};
use weft_tenancy::{OrgConn, RefusalKind, Scope, Tenancy};
use weft_tests::schema::{A, B, Customer, customers, orders};
use weft_tests::{Database, TENANCY};

static BARE: LazyLock<Tenancy> = LazyLock::new(|| TENANCY.insecure_without_conditions());

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

const COUNT: &str = "SELECT count(*) FROM customers";

#[test]
fn without_a_context_and_after_one_there_are_no_rows() {
    use diesel::RunQueryDsl;

    let db = Database::secured();
    let mut inner = db.connect("app");
    let count = |conn: &mut _| -> i64 {
        let counted: Counted = diesel::sql_query(COUNT).get_result(conn).unwrap();
        counted.count
    };
    assert_eq!(count(&mut inner), 0);
    let mut conn = db.scoped(&mut inner, &BARE, Scope::org(A));
    assert_eq!(customers::table.count().get_result(&mut conn), Ok(3_i64));
    let written = diesel::update(customers::table)
        .set(customers::name.eq("mine"))
        .execute(&mut conn);
    assert_eq!(written, Ok(3));
    assert_eq!(count(&mut inner), 0);
    assert_eq!(
        diesel::sql_query("UPDATE customers SET name = 'nobody'").execute(&mut inner),
        Ok(0)
    );
    // Set for the session by somebody else, it is overruled, and gone with the transaction.
    inner
        .batch_execute(&format!("SET weft.org_id = '{B}'; SET weft.shop_ids = '*'"))
        .unwrap();
    let mut conn = db.scoped(&mut inner, &BARE, Scope::org(A));
    let names: Vec<String> = customers::table
        .select(customers::name)
        .load(&mut conn)
        .unwrap();
    assert_eq!(names, ["mine"; 3]);
}

both!(each_scope_sees_its_rows_alone, |db, _conn| {
    if db.row_security().is_some() {
        for (org, prefix) in [(A, "acme"), (B, "bolt"), (A, "acme")] {
            let mut conn = open!(db, &BARE, Scope::org(org));
            let names: Vec<String> = go!(customers::table
                .select(customers::name)
                .order(customers::id)
                .load(&mut conn))
            .unwrap();
            assert_eq!(names, [1, 2, 3].map(|id| format!("{prefix}-{id}")));
        }
    }
});

macro_rules! shops {
    ($conn:expr) => {{
        let shops: Vec<i64> = go!(orders::table
            .select(orders::shop_id)
            .distinct()
            .order(orders::shop_id)
            .load($conn))
        .unwrap();
        shops
    }};
}

both!(
    a_narrowed_scope_sees_its_shops_and_the_wider_one_all_again,
    |db, _conn| {
        if db.row_security().is_some() {
            let mut conn = open!(db, &BARE, Scope::org(A));
            assert_eq!(shops!(&mut conn.narrowed([2_i64])), [2]);
            assert_eq!(shops!(&mut conn.narrowed([] as [i64; 0])), [0_i64; 0]);
            assert_eq!(shops!(&mut conn), [1, 2, 3]);
            // In one transaction, with savepoints that are released and rolled back.
            go!(conn.transaction(work!(conn => {
                assert_eq!(shops!(conn), [1, 2, 3]);
                {
                    let mut narrow = conn.narrowed([1_i64, 3]);
                    // The savepoint is older than the narrower context, and brings the wider back.
                    let failed: Result<(), Error> = go!(narrow.transaction(work!(narrow => {
                        assert_eq!(shops!(narrow), [1, 3]);
                        Err(Error::RollbackTransaction)
                    })));
                    assert_eq!(failed, Err(Error::RollbackTransaction));
                    assert_eq!(shops!(&mut narrow), [1, 3]);
                    assert_eq!(shops!(&mut narrow.narrowed([3_i64])), [3]);
                    assert_eq!(shops!(&mut narrow), [1, 3]);
                    go!(narrow.transaction(work!(narrow => {
                        assert_eq!(shops!(&mut narrow.narrowed([1_i64])), [1]);
                        Ok::<_, Error>(())
                    })))?;
                    assert_eq!(shops!(&mut narrow), [1, 3]);
                    let failed: Result<(), Error> = go!(narrow.transaction(work!(narrow => {
                        assert_eq!(shops!(&mut narrow.narrowed([1_i64])), [1]);
                        Err(Error::RollbackTransaction)
                    })));
                    assert_eq!(failed, Err(Error::RollbackTransaction));
                    assert_eq!(shops!(&mut narrow), [1, 3]);
                }
                assert_eq!(shops!(conn), [1, 2, 3]);
                assert_eq!(shops!(&mut conn.showing_deleted()), [1, 2, 3]);
                Ok::<_, Error>(())
            })))
            .unwrap();
            assert_eq!(shops!(&mut conn), [1, 2, 3]);
        }
    }
);

both!(
    /// Diesel makes a RELEASE that fails a ROLLBACK TO, which brings the wider context back.
    a_savepoint_that_could_not_be_released_leaves_no_wider_context,
    |db, _conn| {
        if db.row_security().is_some() {
            db.admin(
                "CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$;
                 CREATE TRIGGER conflict BEFORE UPDATE ON customers
                 FOR EACH ROW EXECUTE FUNCTION conflict()",
            );
            let mut conn = open!(db, &BARE, Scope::org(A));
            go!(conn.transaction(work!(conn => {
                assert_eq!(shops!(conn), [1, 2, 3]);
                let mut narrow = conn.narrowed([2_i64]);
                let swallowed: Result<(), Error> = go!(narrow.transaction(work!(narrow => {
                    assert_eq!(shops!(narrow), [2]);
                    let update = diesel::update(customers::table).set(customers::name.eq("x"));
                    assert!(go!(update.execute(narrow)).is_err());
                    Ok(())
                })));
                assert!(swallowed.is_err());
                assert_eq!(shops!(&mut narrow), [2]);
                Ok::<_, Error>(())
            })))
            .unwrap();
        }
    }
);

both!(a_statement_of_its_own_is_committed_or_undone, |db, conn| {
    let name = |id: i64| format!("SELECT name FROM customers WHERE org_id = '{A}' AND id = {id}");
    let returned: Customer = go!(diesel::update(customers::table.find(1))
        .set(customers::name.eq("returned"))
        .get_result(&mut conn))
    .unwrap();
    assert_eq!(returned.name, db.value(&name(1)));
    let clash = go!(diesel::update(customers::table)
        .set(customers::id.eq(1))
        .execute(&mut conn));
    assert!(matches!(
        clash,
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
    ));
    assert_eq!(
        go!(diesel::update(customers::table.find(2))
            .set(customers::name.eq("after"))
            .execute(&mut conn)),
        Ok(1)
    );
    assert_eq!(db.value(&name(2)), "after");
    assert_eq!(
        db.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
             AND usename = 'app' AND state LIKE 'idle in%'"
        ),
        "0"
    );
});

both!(
    /// What only COMMIT finds out is the statement's error, and nothing of it stays.
    a_constraint_checked_at_commit_is_the_statements_error,
    |db, conn| {
        db.admin(
            "ALTER TABLE orders DROP CONSTRAINT orders_org_id_customer_id_fkey,
             ADD FOREIGN KEY (org_id, customer_id) REFERENCES customers
               DEFERRABLE INITIALLY DEFERRED",
        );
        let update = diesel::update(orders::table.find(1)).set(orders::customer_id.eq(99));
        let sent: Result<Vec<i64>, _> = go!(update.returning(orders::id).load(&mut conn));
        assert!(matches!(
            sent,
            Err(Error::DatabaseError(
                DatabaseErrorKind::ForeignKeyViolation,
                _
            ))
        ));
        assert_eq!(
            db.value(&format!(
                "SELECT customer_id FROM orders WHERE org_id = '{A}' AND id = 1"
            )),
            "1"
        );
    }
);

#[test]
fn a_transaction_that_others_began_gets_the_context_too() {
    use diesel::{Connection, RunQueryDsl};

    let db = Database::secured();
    let mut inner = db.connect("app");
    inner
        .transaction(|inner| {
            for (org, first) in [(A, "acme-1"), (B, "bolt-1")] {
                let mut conn = db.scoped(&mut *inner, &BARE, Scope::org(org));
                let name: String = customers::table
                    .order(customers::id)
                    .select(customers::name)
                    .first(&mut conn)?;
                assert_eq!(name, first);
            }
            Ok::<_, Error>(())
        })
        .unwrap();
}

#[test]
fn a_row_of_another_organisation_is_not_written_by_the_policies_alone() {
    use diesel::RunQueryDsl;

    let db = Database::secured();
    let mut inner = db.connect("app");
    inner
        .batch_execute(&format!(
            "BEGIN; SET LOCAL weft.org_id = '{A}'; SET LOCAL weft.shop_ids = '{{1}}'"
        ))
        .unwrap();
    for text in [
        format!("INSERT INTO customers (org_id, id, name) VALUES ('{B}', 9, 'x')"),
        format!("UPDATE customers SET org_id = '{B}' WHERE id = 1"),
        format!(
            "INSERT INTO orders (org_id, id, shop_id, customer_id, total) VALUES ('{A}', 9, 2, 1, 1)"
        ),
        "UPDATE orders SET shop_id = 2 WHERE id = 1".to_owned(),
        format!(
            "INSERT INTO organizations VALUES ('{}', 'x')",
            uuid::Uuid::new_v4()
        ),
    ] {
        inner.batch_execute("SAVEPOINT s").unwrap();
        let error = diesel::sql_query(&text).execute(&mut inner).unwrap_err();
        assert!(error.to_string().contains("row-level security"), "{error}");
        inner.batch_execute("ROLLBACK TO s").unwrap();
    }
}

#[test]
fn a_scope_of_another_key_type_sends_nothing() {
    use diesel::RunQueryDsl;

    let db = Database::secured();
    let mut inner = db.connect("app");
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64))
        .with_row_security(db.row_security().unwrap());
    let counted = customers::table.count().get_result::<i64>(&mut conn);
    assert_eq!(refused!(counted), RefusalKind::ScopeKey);
}
