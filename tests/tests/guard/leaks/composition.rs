//! L26 to L32: conditions of the caller's next to the guard's.

use diesel::dsl::{exists, sql};
use diesel::sql_types::{BigInt, Bool, Text, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl,
    TextExpressionMethods,
};
use weft_tests::schema::{A, B, customers, order, orders};

both!(
    l28_no_grouping_of_or_opens_a_count_an_update_or_a_deletion,
    |db, conn| {
        let before = db.snapshot(B);
        let grouped = orders::table
            .filter(orders::id.eq(1))
            .or_filter(orders::id.gt(1).or(orders::note.eq("bolt")));
        assert_eq!(go!(grouped.count().get_result::<i64>(&mut conn)), Ok(5));
        // Diesel groups what it knows to be an OR, and a fragment as little as its author did.
        let bare = || orders::table.filter(sql::<Bool>("id = 1 OR id > 1 OR note = 'bolt'"));
        assert_eq!(go!(bare().count().get_result::<i64>(&mut conn)), Ok(5));
        let boxed = bare().into_boxed().filter(sql::<Bool>("false OR true"));
        assert_eq!(go!(boxed.count().get_result::<i64>(&mut conn)), Ok(5));
        let joined = customers::table
            .left_join(orders::table.on(sql::<Bool>("false OR orders.id = 1")))
            .select(orders::note.nullable());
        let notes: Vec<Option<String>> = go!(joined.load(&mut conn)).unwrap();
        assert_eq!(notes, ["acme"; 3].map(|note| Some(note.to_owned())));
        let update = diesel::update(bare()).set(orders::total.eq(0));
        assert_eq!(go!(update.execute(&mut conn)), Ok(5));
        assert_eq!(go!(diesel::delete(bare()).execute(&mut conn)), Ok(5));
        assert_eq!(db.snapshot(B), before);
    }
);

both!(l29_or_exists_brings_no_foreign_row, |_db, conn| {
    let orgs = |exists: &'static str| {
        customers::table
            .filter(sql::<Bool>(exists))
            .order(customers::id)
            .select((customers::org_id, customers::id))
    };
    let theirs = orgs("id = 1 OR EXISTS (SELECT FROM orders WHERE note = 'bolt')");
    let rows: Vec<(uuid::Uuid, i64)> = go!(theirs.load(&mut conn)).unwrap();
    assert_eq!(rows, [(A, 1)]);
    let own = orgs("id = 1 OR EXISTS (SELECT FROM orders WHERE note = 'acme' OR false)");
    let rows: Vec<(uuid::Uuid, i64)> = go!(own.load(&mut conn)).unwrap();
    assert_eq!(rows, [1, 2, 3].map(|id| (A, id)));
    let built = customers::table
        .filter(customers::id.eq(1))
        .or_filter(exists(orders::table.filter(orders::note.eq("bolt"))))
        .select((customers::org_id, customers::id));
    let rows: Vec<(uuid::Uuid, i64)> = go!(built.load(&mut conn)).unwrap();
    assert_eq!(rows, [(A, 1)]);
});

both!(
    l31_a_condition_on_the_tenant_column_is_no_proof_of_a_scope,
    |db, conn| {
        let before = db.snapshot(B);
        let count = |query: customers::BoxedQuery<'static, diesel::pg::Pg>| query.count();
        for (query, expected) in [
            (
                customers::table
                    .filter(customers::org_id.eq(B))
                    .into_boxed(),
                0,
            ),
            (
                customers::table
                    .filter(customers::org_id.eq(A).or(customers::org_id.eq(B)))
                    .into_boxed(),
                3,
            ),
            (
                customers::table
                    .filter(customers::org_id.eq_any([A, B]))
                    .into_boxed(),
                3,
            ),
            (
                customers::table
                    .filter(customers::org_id.ne(A))
                    .into_boxed(),
                0,
            ),
        ] {
            assert_eq!(go!(count(query).get_result::<i64>(&mut conn)), Ok(expected));
        }
        let joined: i64 = go!(orders::table
            .inner_join(
                customers::table.on(customers::org_id
                    .eq(orders::org_id)
                    .and(customers::org_id.eq(B)))
            )
            .count()
            .get_result(&mut conn))
        .unwrap();
        assert_eq!(joined, 0);
        let theirs = customers::table.filter(customers::org_id.eq(B));
        let update = diesel::update(theirs).set(customers::name.eq("taken"));
        assert_eq!(go!(update.execute(&mut conn)), Ok(0));
        let theirs = orders::table.filter(orders::org_id.eq(B));
        assert_eq!(go!(diesel::delete(theirs).execute(&mut conn)), Ok(0));
        assert_eq!(db.snapshot(B), before);
    }
);

both!(
    l32_the_callers_binds_and_the_guards_never_change_places,
    |_db, conn| {
        for size in [0_i64, 1, 2, 7, 40] {
            let list: Vec<String> = (1..=size).map(|at| format!("${at}")).collect();
            let text = format!(
                "SELECT id FROM customers WHERE id IN (-1{}{}) AND org_id <> ${} ORDER BY id",
                if size == 0 { "" } else { ", " },
                list.join(", "),
                size + 1
            );
            let mut query = diesel::sql_query(text).into_boxed();
            for id in 1..=size {
                query = query.bind::<BigInt, _>(id);
            }
            let found = rows!(conn, query.bind::<SqlUuid, _>(B)).unwrap();
            let expected: Vec<String> = (1..=size.min(3)).map(|id| id.to_string()).collect();
            assert_eq!(found, expected);
        }
        // A bind before, between and behind, in an order of their own.
        let text = "SELECT $3 || name FROM customers WHERE id <> $2 AND name <> $1 ORDER BY id";
        let query = diesel::sql_query(text)
            .bind::<Text, _>("bolt-1")
            .bind::<BigInt, _>(2)
            .bind::<Text, _>("<");
        assert_eq!(rows!(conn, query).unwrap(), ["<acme-1", "<acme-3"]);
        let paged: Vec<String> = go!(customers::table
            .filter(customers::name.like("%-%"))
            .select(customers::name)
            .order(customers::id)
            .limit(1)
            .offset(1)
            .load(&mut conn))
        .unwrap();
        assert_eq!(paged, ["acme-2"]);
        let batch: Vec<_> = (70..73).map(order).collect();
        let shops: Vec<(uuid::Uuid, i64)> = go!(diesel::insert_into(orders::table)
            .values(&batch)
            .returning((orders::org_id, orders::id))
            .get_results(&mut conn))
        .unwrap();
        assert_eq!(shops, [70, 71, 72].map(|id| (A, id)));
    }
);
