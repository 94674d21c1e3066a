//! Every way Diesel has of asking, through a scope.

use diesel::associations::GroupedBy;
use diesel::dsl::{exists, sql, sum};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Text};
use diesel::upsert::excluded;
use diesel::{
    BelongingToDsl, BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods,
    OptionalExtension, PgExpressionMethods, PgTextExpressionMethods, QueryDsl, QueryableByName,
    SelectableHelper, TextExpressionMethods,
};
use weft_tenancy::RefusalKind;
use weft_tests::schema::{
    A, B, Customer, Order, OrderStatus, PlainCustomer, customers, order, orders, organizations,
    plans, referrers, totals, users,
};

both!(load_returns_own_rows_only, |db, conn| {
    let names: Vec<String> = go!(customers::table
        .select(customers::name)
        .order(customers::id)
        .load(&mut conn))
    .unwrap();
    assert_eq!(names, ["acme-1", "acme-2", "acme-3"]);
    let own: Vec<Customer> = go!(customers::table
        .select(Customer::as_select())
        .load(&mut conn))
    .unwrap();
    assert!(own.iter().all(|customer| customer.org_id == A));
});

both!(get_result_first_and_optional, |db, conn| {
    let name: String = go!(customers::table
        .find(2)
        .select(customers::name)
        .get_result(&mut conn))
    .unwrap();
    assert_eq!(name, "acme-2");
    let first: i64 = go!(customers::table
        .select(customers::id)
        .order(customers::id.desc())
        .first(&mut conn))
    .unwrap();
    assert_eq!(first, 3);
    let none: Option<i64> = go!(customers::table
        .find(99)
        .select(customers::id)
        .first(&mut conn))
    .optional()
    .unwrap();
    assert_eq!(none, None);
});

both!(filters_cannot_reach_another_organisation, |db, conn| {
    let other = customers::table
        .filter(customers::org_id.eq(B).or(customers::org_id.ne(A)))
        .or_filter(customers::id.gt(0))
        .select(customers::org_id);
    let seen: Vec<uuid::Uuid> = go!(other.load(&mut conn)).unwrap();
    assert_eq!(seen, [A; 3]);
    let by_text: Vec<i64> = go!(customers::table
        .filter(
            customers::name
                .ilike("%O%")
                .or(customers::name.like("bolt%"))
        )
        .select(customers::id)
        .load(&mut conn))
    .unwrap();
    assert_eq!(by_text, [] as [i64; 0]);
});

both!(the_root_table_is_the_one_row, |db, conn| {
    let names: Vec<String> = go!(organizations::table
        .select(organizations::name)
        .load(&mut conn))
    .unwrap();
    assert_eq!(names, ["acme"]);
});

both!(
    shared_tables_are_read_and_private_ones_refused,
    |db, conn| {
        let prices: Vec<i32> = go!(plans::table
            .select(plans::price)
            .order(plans::code)
            .load(&mut conn))
        .unwrap();
        assert_eq!(prices, [0, 20]);
        let private = go!(users::table.select(users::email).load::<String>(&mut conn));
        assert_eq!(refused!(private), RefusalKind::PrivateTable);
    }
);

both!(a_table_of_another_schema, |db, conn| {
    let amounts: Vec<i32> = go!(totals::table.select(totals::amount).load(&mut conn)).unwrap();
    assert_eq!(amounts, [100]);
});

both!(joins_and_aliases, |db, conn| {
    let inner: Vec<(i64, String)> = go!(orders::table
        .inner_join(customers::table)
        .select((orders::id, customers::name))
        .order(orders::id)
        .load(&mut conn))
    .unwrap();
    let names = ["acme-1", "acme-2", "acme-3", "acme-1", "acme-2"];
    assert_eq!(
        inner,
        (1..).zip(names.map(str::to_owned)).collect::<Vec<_>>()
    );

    let left: Vec<(String, Option<String>)> = go!(customers::table
        .left_join(
            referrers.on(customers::referred_by.eq(referrers.field(customers::id).nullable()))
        )
        .select((customers::name, referrers.field(customers::name).nullable()))
        .order(customers::id)
        .load(&mut conn))
    .unwrap();
    assert_eq!(
        left,
        [
            ("acme-1".to_owned(), None),
            ("acme-2".to_owned(), Some("acme-1".to_owned())),
            ("acme-3".to_owned(), Some("acme-2".to_owned())),
        ]
    );
});

both!(subqueries_aggregates_and_groups, |db, conn| {
    let with_orders: i64 = go!(customers::table
        .filter(exists(
            orders::table
                .filter(orders::customer_id.eq(customers::id))
                .filter(orders::note.is_not_distinct_from("bolt"))
        ))
        .count()
        .get_result(&mut conn))
    .unwrap();
    assert_eq!(with_orders, 0);
    let sums: Vec<(i64, Option<i64>)> = go!(orders::table
        .group_by(orders::shop_id)
        .select((orders::shop_id, sum(orders::total)))
        .order(orders::shop_id)
        .load(&mut conn))
    .unwrap();
    assert_eq!(sums, [(1, Some(50)), (2, Some(70)), (3, Some(30))]);
});

both!(boxed_queries, |db, conn| {
    let mut query = customers::table.select(customers::id).into_boxed();
    for id in 1..=3 {
        query = query.or_filter(customers::id.eq(id));
    }
    let mut ids: Vec<i64> = go!(query.load(&mut conn)).unwrap();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
});

#[derive(Debug, QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

both!(sql_query_with_binds, |db, conn| {
    let text = "SELECT name FROM customers WHERE id = $1 OR name = $2 ORDER BY id";
    let found: Vec<Named> = go!(diesel::sql_query(text)
        .bind::<BigInt, _>(2)
        .bind::<Text, _>("bolt-1")
        .load(&mut conn))
    .unwrap();
    assert_eq!(
        found.into_iter().map(|row| row.name).collect::<Vec<_>>(),
        ["acme-2"]
    );
    let missing_bind = diesel::sql_query("DELETE FROM customers WHERE id = 77");
    assert_eq!(go!(missing_bind.execute(&mut conn)).unwrap(), 0);
});

both!(associations, |db, conn| {
    let parents: Vec<PlainCustomer> = go!(customers::table
        .select(PlainCustomer::as_select())
        .order(customers::id)
        .load(&mut conn))
    .unwrap();
    let children: Vec<Order> = go!(Order::belonging_to(&parents)
        .select(Order::as_select())
        .order(orders::id)
        .load(&mut conn))
    .unwrap();
    assert!(
        children
            .iter()
            .all(|order| order.note.as_deref() == Some("acme"))
    );
    let counts: Vec<usize> = children
        .grouped_by(&parents)
        .into_iter()
        .map(|orders| orders.len())
        .collect();
    assert_eq!(counts, [2, 2, 1]);
});

both!(
    an_enum_of_the_database_as_a_value_and_in_an_array,
    |db, conn| {
        let paid: Vec<i64> = go!(orders::table
            .filter(orders::status.eq(OrderStatus::Paid))
            .select(orders::id)
            .order(orders::id)
            .load(&mut conn))
        .unwrap();
        assert_eq!(paid, [2, 4]);
        let any: i64 = go!(orders::table
            .filter(orders::status.eq_any([OrderStatus::Paid, OrderStatus::Open]))
            .count()
            .get_result(&mut conn))
        .unwrap();
        assert_eq!(any, 5);
        let changed =
            diesel::update(orders::table.find(1)).set(orders::status.eq(OrderStatus::Paid));
        let status: OrderStatus =
            go!(changed.returning(orders::status).get_result(&mut conn)).unwrap();
        assert_eq!(status, OrderStatus::Paid);
    }
);

both!(insert_fills_the_organisation, |db, conn| {
    let before = db.snapshot(B);
    let inserted = diesel::insert_into(customers::table)
        .values((customers::id.eq(7_i64), customers::name.eq("new")));
    let org: uuid::Uuid = go!(inserted.returning(customers::org_id).get_result(&mut conn)).unwrap();
    assert_eq!(org, A);
    assert_eq!(db.snapshot(B), before);
});

both!(insert_of_structs_and_batches, |db, conn| {
    let own = Customer {
        org_id: A,
        id: 8,
        name: "own".to_owned(),
        referred_by: Some(1),
    };
    let one = diesel::insert_into(customers::table).values(&own);
    assert_eq!(go!(one.execute(&mut conn)).unwrap(), 1);
    let batch: Vec<Order> = (20..30).map(order).collect();
    let many = diesel::insert_into(orders::table).values(&batch);
    assert_eq!(go!(many.execute(&mut conn)).unwrap(), 10);
    let none: Vec<Order> = Vec::new();
    let empty = diesel::insert_into(orders::table).values(&none);
    assert_eq!(go!(empty.execute(&mut conn)).unwrap(), 0);
    assert_eq!(
        db.value(&format!("SELECT count(*) FROM orders WHERE org_id = '{A}'")),
        "16"
    );
});

both!(insert_for_another_organisation_is_refused, |db, conn| {
    let before = db.snapshot(B);
    let foreign = Customer {
        org_id: B,
        id: 9,
        name: "x".to_owned(),
        referred_by: None,
    };
    let one = go!(diesel::insert_into(customers::table)
        .values(&foreign)
        .execute(&mut conn));
    assert_eq!(refused!(one), RefusalKind::OrgMismatch);
    let own = Customer {
        org_id: A,
        ..foreign.clone()
    };
    let batch = vec![own, foreign];
    let mixed = go!(diesel::insert_into(customers::table)
        .values(&batch)
        .execute(&mut conn));
    assert_eq!(refused!(mixed), RefusalKind::OrgMismatch);
    assert_eq!(db.snapshot(B), before);
});

both!(upserts_stay_inside, |db, conn| {
    let before = db.snapshot(B);
    let rows: Vec<Customer> = (2..=4)
        .map(|id| Customer {
            org_id: A,
            id,
            name: format!("upserted-{id}"),
            referred_by: None,
        })
        .collect();
    let upsert = diesel::insert_into(customers::table)
        .values(&rows)
        .on_conflict((customers::org_id, customers::id))
        .do_update()
        .set(customers::name.eq(excluded(customers::name)));
    assert_eq!(go!(upsert.execute(&mut conn)).unwrap(), 3);
    let nothing = diesel::insert_into(customers::table)
        .values(&rows)
        .on_conflict((customers::org_id, customers::id))
        .do_nothing();
    assert_eq!(go!(nothing.execute(&mut conn)).unwrap(), 0);
    assert_eq!(db.snapshot(B), before);
});

both!(update_and_delete_reach_own_rows_only, |db, conn| {
    let before = db.snapshot(B);
    let all = diesel::update(orders::table).set(orders::total.eq(orders::total + 1));
    assert_eq!(go!(all.execute(&mut conn)).unwrap(), 5);
    let one = diesel::update(customers::table.find(1)).set(customers::name.eq("renamed"));
    let renamed: Customer = go!(one
        .returning(Customer::as_returning())
        .get_result(&mut conn))
    .unwrap();
    assert_eq!((renamed.org_id, renamed.name.as_str()), (A, "renamed"));
    let deleted: Vec<i64> = go!(diesel::delete(orders::table)
        .returning(orders::id)
        .get_results(&mut conn))
    .unwrap();
    assert_eq!(deleted.len(), 5);
    assert_eq!(db.snapshot(B), before);
});

both!(save_changes_with_the_organisation_in_set, |db, conn| {
    let before = db.snapshot(B);
    let mut customer: Customer = go!(customers::table
        .find(1)
        .select(Customer::as_select())
        .first(&mut conn))
    .unwrap();
    customer.name = "saved".to_owned();
    let saved: Customer = go!((&customer).save_changes(&mut conn)).unwrap();
    assert_eq!(saved, customer);
    customer.org_id = B;
    let moved = go!(SaveChangesDsl::save_changes::<Customer>(
        &customer, &mut conn
    ));
    assert_eq!(refused!(moved), RefusalKind::OrgMismatch);
    assert_eq!(db.snapshot(B), before);
});

both!(deleted_rows_are_hidden_unless_shown, |db, conn| {
    let count = || orders::table.count();
    assert_eq!(go!(count().get_result::<i64>(&mut conn)).unwrap(), 5);
    {
        let mut all = conn.showing_deleted();
        assert_eq!(go!(count().get_result::<i64>(&mut all)).unwrap(), 6);
    }
    assert_eq!(go!(count().get_result::<i64>(&mut conn)).unwrap(), 5);
});

both!(a_narrowed_scope_sees_its_shops, |db, conn| {
    let ids = || orders::table.select(orders::id).order(orders::id);
    {
        let mut shops = conn.narrowed([2_i64, 3]);
        assert_eq!(go!(ids().load::<i64>(&mut shops)).unwrap(), [2, 3, 5]);
        let mut one = shops.narrowed([3_i64, 1]);
        assert_eq!(go!(ids().load::<i64>(&mut one)).unwrap(), [3]);
        let mut all = one.showing_deleted();
        assert_eq!(go!(ids().load::<i64>(&mut all)).unwrap(), [3, 6]);
        let mut none = all.narrowed([] as [i64; 0]);
        assert_eq!(go!(ids().load::<i64>(&mut none)).unwrap(), [] as [i64; 0]);
    }
    assert_eq!(go!(ids().load::<i64>(&mut conn)).unwrap(), [1, 2, 3, 4, 5]);
});

both!(what_the_server_says_passes_through, |db, conn| {
    let twice = diesel::insert_into(customers::table)
        .values((customers::id.eq(1_i64), customers::name.eq("again")));
    let error = go!(twice.execute(&mut conn)).unwrap_err();
    assert!(matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)
    ));
    let nonsense = go!(customers::table
        .select(sql::<BigInt>("1 / 0"))
        .load::<i64>(&mut conn));
    assert!(matches!(nonsense.unwrap_err(), Error::DatabaseError(..)));
});

both!(batches_are_always_refused, |db, conn| {
    for batch in ["SELECT 1", "COMMIT", "SET search_path = auth", ""] {
        assert_eq!(
            refused!(go!(conn.batch_execute(batch))),
            RefusalKind::Control,
            "{batch:?}"
        );
    }
});

both!(settings_control_and_functions_are_refused, |db, conn| {
    for (text, kind) in [
        ("SET search_path = auth", RefusalKind::StatementKind),
        ("COMMIT", RefusalKind::StatementKind),
        ("EXPLAIN SELECT 1", RefusalKind::StatementKind),
        (
            "SELECT set_config('search_path', 'auth', false)",
            RefusalKind::Function,
        ),
    ] {
        let sent = go!(diesel::sql_query(text).execute(&mut conn));
        assert_eq!(refused!(sent), kind, "{text}");
    }
});

both!(explain_shows_the_guarded_text_and_its_plan, |db, conn| {
    let query = || {
        customers::table
            .filter(customers::id.eq(1))
            .select(customers::name)
    };
    let explained = go!(conn.explain(query())).unwrap();
    assert!(
        explained.sql.contains("\"org_id\" = $2"),
        "{}",
        explained.sql
    );
    assert!(explained.plan.contains("org_id"), "{}", explained.plan);
    let delete = go!(conn.explain(diesel::delete(orders::table))).unwrap();
    assert!(delete.plan.contains("Delete on"), "{}", delete.plan);
    assert_eq!(
        go!(orders::table.count().get_result::<i64>(&mut conn)).unwrap(),
        5
    );
    let paid = orders::table
        .filter(orders::status.eq(OrderStatus::Paid))
        .select(orders::id);
    assert!(
        go!(conn.explain(paid))
            .unwrap()
            .plan
            .contains("order_status")
    );
});

both!(
    instrumentation_and_cache_size_reach_the_connection,
    |db, conn| {
        use diesel::connection::{CacheSize, InstrumentationEvent};
        use std::sync::{Arc, Mutex};

        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                log.lock().unwrap().push(query.to_string());
            }
        });
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        for _ in 0..3 {
            let count: i64 = go!(customers::table.count().get_result(&mut conn)).unwrap();
            assert_eq!(count, 3);
        }
        let seen = seen.lock().unwrap();
        let counts: Vec<_> = seen
            .iter()
            .filter(|sql| sql.starts_with("SELECT COUNT(*)"))
            .collect();
        assert_eq!(counts.len(), 3);
        assert!(
            counts.iter().all(|sql| sql.contains("\"org_id\" = $1")),
            "{counts:?}"
        );
    }
);

/// `load_iter` has no asynchronous twin but `load_stream`.
#[test]
fn rows_one_by_one() {
    use diesel::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut conn = db.org(weft_tenancy::Scope::org(A));
    let query = customers::table
        .select(customers::name)
        .order(customers::id);
    let names = query.load_iter::<String, _>(&mut conn).unwrap();
    assert_eq!(
        names.collect::<Result<Vec<_>, _>>().unwrap(),
        ["acme-1", "acme-2", "acme-3"]
    );
}

#[tokio::test]
async fn rows_as_a_stream() {
    use diesel_async::RunQueryDsl;
    use futures_util::TryStreamExt;

    let db = weft_tests::Database::new();
    let mut conn = db.org_async(weft_tenancy::Scope::org(A)).await;
    let query = customers::table
        .select(customers::name)
        .order(customers::id);
    let names = query.load_stream::<String>(&mut conn).await.unwrap();
    let names: Vec<String> = names.try_collect().await.unwrap();
    assert_eq!(names, ["acme-1", "acme-2", "acme-3"]);
}
