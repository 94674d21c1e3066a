//! L82 to L88: what opens a scope, and how far.

use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl};
use weft_tenancy::{Refusal, Scope, Tenancy, UnscopedConn};
use weft_tests::schema::{A, B, customers, orders};
use weft_tests::{Database, TENANCY};

both!(
    l82_showing_what_is_deleted_shows_nothing_else,
    |_db, conn| {
        let counts = || {
            orders::table
                .inner_join(customers::table)
                .select(diesel::dsl::count_star())
        };
        {
            let mut all = conn.showing_deleted();
            assert_eq!(go!(counts().get_result::<i64>(&mut all)), Ok(6));
            let notes: Vec<Option<String>> =
                go!(orders::table.select(orders::note).distinct().load(&mut all)).unwrap();
            assert_eq!(notes, [Some("acme".to_owned())]);
            let mut shop = all.narrowed([3_i64]);
            assert_eq!(go!(counts().get_result::<i64>(&mut shop)), Ok(2));
        }
        assert_eq!(go!(counts().get_result::<i64>(&mut conn)), Ok(5));
    }
);

#[test]
fn l83_a_scope_within_unscoped_work_still_hides_the_deleted() {
    use diesel::RunQueryDsl;

    let db = Database::new();
    let counted =
        UnscopedConn::new(Box::new(db.connect("unscoped"))).unscoped("count", "test", |conn| {
            let everything: i64 = orders::table.count().get_result(conn)?;
            let mut scoped = conn.scoped(&TENANCY, Scope::org(A));
            let whole: i64 = orders::table.count().get_result(&mut scoped)?;
            let mut shop = scoped.narrowed([3_i64]);
            let narrowed: i64 = orders::table.count().get_result(&mut shop)?;
            Ok::<_, Error>((everything, whole, narrowed))
        });
    assert_eq!(counted, Ok((12, 5, 1)));
}

#[test]
fn l85_unscoped_work_needs_no_context() {
    use diesel::RunQueryDsl;

    let db = Database::secured();
    let counted =
        UnscopedConn::new(Box::new(db.connect("unscoped"))).unscoped("count", "test", |conn| {
            orders::table.count().get_result::<i64>(conn)
        });
    assert_eq!(counted, Ok(12));
}

both!(
    l86_a_query_that_is_run_again_is_guarded_once,
    |_db, conn| {
        let query = orders::table
            .inner_join(customers::table)
            .select(orders::id);
        let first = go!(conn.explain(query)).unwrap().sql;
        for guard in [
            "\"orders\".\"org_id\" = $1",
            "\"customers\".\"org_id\" = $1",
        ] {
            assert_eq!(first.matches(guard).count(), 1, "{first}");
        }
        for _ in 0..3 {
            assert_eq!(go!(query.load::<i64>(&mut conn)).unwrap().len(), 5);
            assert_eq!(go!(conn.explain(query)).unwrap().sql, first);
        }
    }
);

both!(
    l87_a_row_of_the_scopes_own_is_returned_though_it_leaves_sight,
    |db, conn| {
        let deleted = diesel::update(orders::table.find(1))
            .set(orders::deleted_at.eq(diesel::dsl::now))
            .returning((orders::id, orders::note));
        let returned: (i64, Option<String>) = go!(deleted.get_result(&mut conn)).unwrap();
        assert_eq!(returned, (1, Some("acme".to_owned())));
        let ids = orders::table.select(orders::id).order(orders::id);
        assert_eq!(go!(ids.load::<i64>(&mut conn)), Ok(vec![2, 3, 4, 5]));
        let still =
            format!("SELECT deleted_at IS NULL FROM orders WHERE org_id = '{B}' AND id = 1");
        assert_eq!(db.value(&still), "t");
    }
);

/// With `tenancy!` it does not compile; a declaration that was read cannot know.
#[test]
fn l88_a_tenant_column_that_the_table_lacks_is_an_error_and_not_no_guard() {
    use diesel::RunQueryDsl;

    let misspelt = Tenancy::from_toml(
        "key = \"uuid\"\n[root]\norganizations = \"id\"\n[org]\ncustomers = \"organisation_id\"",
    )
    .unwrap();
    let db = Database::new();
    let mut conn = db.scoped(Box::new(db.connect("app")), &misspelt, Scope::org(A));
    for text in [
        "SELECT name FROM customers",
        "UPDATE customers SET name = 'x'",
        "DELETE FROM customers",
        "INSERT INTO customers (id, name) VALUES (70, 'x')",
    ] {
        let error = diesel::sql_query(text).execute(&mut conn).unwrap_err();
        assert!(
            matches!(error, Error::DatabaseError(..)) && Refusal::of(&error).is_none(),
            "{text}: {error:?}"
        );
    }
}
