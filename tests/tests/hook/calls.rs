//! What belongs to one call is decided at each call, though its text was seen before.

use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::{BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl};
use uuid::Uuid;
use weft_tenancy::{AsyncOrgConn, OrgConn, RefusalKind, Scope};
use weft_tests::TENANCY;
use weft_tests::schema::{A, B, Customer, Order, customers, order, orders};

type Names = Vec<String>;

fn narrowed(org: Uuid, shops: impl IntoIterator<Item = i64>) -> Scope {
    Scope::org(org).narrowed_to(shops)
}

/// The same Diesel type through every scope in turn, again and again, on one connection: neither
/// Diesel's statement cache nor the guard's may keep a tenant.
#[test]
fn scopes_alternate_on_one_connection() {
    use diesel::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut inner = db.connect("app");
    for _ in 0..3 {
        for (scope, note, ids) in turns() {
            let mut conn = OrgConn::new(&mut inner, &TENANCY, scope);
            let notes: Names = orders::table
                .select(orders::note.assume_not_null())
                .distinct()
                .load(&mut conn)
                .unwrap();
            assert_eq!(notes, [note]);
            let seen: Vec<i64> = orders::table
                .select(orders::id)
                .order(orders::id)
                .load(&mut conn)
                .unwrap();
            assert_eq!(seen, ids);
            let found: i64 = orders::table
                .find(1)
                .select(orders::total)
                .count()
                .get_result(&mut conn)
                .unwrap();
            assert_eq!(found, i64::from(ids.contains(&1)));
        }
    }
}

#[tokio::test]
async fn scopes_alternate_on_one_asynchronous_connection() {
    use diesel_async::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut inner = db.connect_async("app").await;
    for _ in 0..3 {
        for (scope, note, ids) in turns() {
            let mut conn = AsyncOrgConn::new(&mut inner, &TENANCY, scope);
            let notes: Names = orders::table
                .select(orders::note.assume_not_null())
                .distinct()
                .load(&mut conn)
                .await
                .unwrap();
            assert_eq!(notes, [note]);
            let seen: Vec<i64> = orders::table
                .select(orders::id)
                .order(orders::id)
                .load(&mut conn)
                .await
                .unwrap();
            assert_eq!(seen, ids);
        }
    }
}

fn turns() -> [(Scope, &'static str, Vec<i64>); 5] {
    [
        (Scope::org(A), "acme", vec![1, 2, 3, 4, 5]),
        (Scope::org(B), "bolt", vec![1, 2, 3, 4, 5]),
        (narrowed(A, [2]), "acme", vec![2, 5]),
        (narrowed(B, [1, 3]), "bolt", vec![1, 3, 4]),
        (narrowed(A, [1, 2]), "acme", vec![1, 2, 4, 5]),
    ]
}

/// A text that A's scope had guarded and cached is checked afresh in B's.
#[test]
fn a_text_accepted_in_one_scope_is_refused_in_another() {
    use diesel::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut inner = db.connect("app");
    let before = db.snapshot(B);
    let row = |id| Customer {
        org_id: A,
        id,
        name: "forged".to_owned(),
        referred_by: None,
    };
    let insert = |conn: &mut OrgConn<&mut diesel::PgConnection>, id| {
        diesel::insert_into(customers::table)
            .values(&row(id))
            .execute(conn)
    };
    for id in [30, 31] {
        let mut a = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
        assert_eq!(insert(&mut a, id), Ok(1));
        let mut b = OrgConn::new(&mut inner, &TENANCY, Scope::org(B));
        assert_eq!(refused!(insert(&mut b, id)), RefusalKind::OrgMismatch);
    }
    assert_eq!(db.snapshot(B), before);
}

both!(
    an_organisation_of_another_type_or_null_is_refused,
    |db, conn| {
        let text = "INSERT INTO \"customers\" (org_id, id, name) VALUES ($1, $2, 'x')";
        let as_text = go!(diesel::sql_query(text)
            .bind::<Text, _>(A.to_string())
            .bind::<BigInt, _>(40)
            .execute(&mut conn));
        assert_eq!(refused!(as_text), RefusalKind::OrgCell);
        let null = go!(diesel::sql_query(text)
            .bind::<Nullable<diesel::sql_types::Uuid>, _>(None::<Uuid>)
            .bind::<BigInt, _>(40)
            .execute(&mut conn));
        assert_eq!(refused!(null), RefusalKind::OrgCell);
        let right = go!(diesel::sql_query(text)
            .bind::<diesel::sql_types::Uuid, _>(A)
            .bind::<BigInt, _>(40)
            .execute(&mut conn));
        assert_eq!(right.unwrap(), 1);
    }
);

both!(a_shop_outside_the_scope_is_refused, |db, conn| {
    let insert = |shop_id| {
        diesel::insert_into(orders::table).values(Order {
            shop_id,
            ..order(50 + shop_id)
        })
    };
    let mut shops = conn.narrowed([1_i64, 2]);
    assert_eq!(go!(insert(2).execute(&mut shops)).unwrap(), 1);
    assert_eq!(
        refused!(go!(insert(3).execute(&mut shops))),
        RefusalKind::ShopMismatch
    );
    let mut none = shops.narrowed([3_i64]);
    assert_eq!(
        refused!(go!(insert(1).execute(&mut none))),
        RefusalKind::ShopMismatch
    );
});

both!(a_shop_left_out_is_filled_when_there_is_one, |db, conn| {
    let insert = |id: i64| {
        diesel::insert_into(orders::table).values((
            orders::id.eq(id),
            orders::customer_id.eq(1_i64),
            orders::total.eq(1),
        ))
    };
    {
        let mut one = conn.narrowed([3_i64]);
        let shop: i64 = go!(insert(60).returning(orders::shop_id).get_result(&mut one)).unwrap();
        assert_eq!(shop, 3);
        let again: i64 = go!(insert(61).returning(orders::shop_id).get_result(&mut one)).unwrap();
        assert_eq!(again, 3);
    }
    let mut two = conn.narrowed([2_i64, 3]);
    assert_eq!(
        refused!(go!(insert(62).execute(&mut two))),
        RefusalKind::AmbiguousShop
    );
});

both!(a_narrowed_update_stays_within_its_shops, |db, conn| {
    let mut shop = conn.narrowed([2_i64]);
    let all = diesel::update(orders::table).set(orders::note.eq("seen"));
    assert_eq!(go!(all.execute(&mut shop)).unwrap(), 2);
    let others = diesel::delete(orders::table.filter(orders::shop_id.ne(2).or(orders::id.gt(0))));
    assert_eq!(go!(others.execute(&mut shop)).unwrap(), 2);
    let left = format!("SELECT count(*) FROM orders WHERE org_id = '{A}'");
    assert_eq!(db.value(&left), "4");
});

both!(a_placeholder_without_a_bind_is_refused, |db, conn| {
    let text = "SELECT id FROM customers WHERE org_id = $1";
    let sent = go!(diesel::sql_query(text).execute(&mut conn));
    assert_eq!(refused!(sent), RefusalKind::Placeholder);
});

/// The guard's own binds come after the caller's, and Postgres numbers 65 535.
#[test]
fn binds_leave_room_for_the_guard() {
    use diesel::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut conn = db.org(Scope::org(A));
    for binds in [65_535, 65_536] {
        let mut query = diesel::sql_query("SELECT id FROM customers").into_boxed();
        for bind in 0..binds {
            query = query.bind::<BigInt, _>(bind);
        }
        assert_eq!(refused!(query.execute(&mut conn)), RefusalKind::Placeholder);
    }
}

/// A narrower scope lives in the borrow: a future dropped in its middle takes it along.
#[tokio::test]
async fn a_dropped_future_of_a_narrowed_scope_leaves_the_wider_one_as_it_was() {
    use diesel_async::RunQueryDsl;
    use futures_util::FutureExt;

    let db = weft_tests::Database::new();
    let mut conn = db.org_async(narrowed(A, [1, 2])).await;
    for _ in 0..3 {
        let dropped = async {
            let mut one = conn.narrowed([2_i64]);
            let mut deleted = one.showing_deleted();
            orders::table
                .select(orders::id)
                .load::<i64>(&mut deleted)
                .await
        };
        assert!(dropped.now_or_never().is_none());
        let ids: Vec<i64> = orders::table
            .select(orders::id)
            .order(orders::id)
            .load(&mut conn)
            .await
            .unwrap();
        assert_eq!(ids, [1, 2, 4, 5]);
    }
}

#[test]
fn a_scope_of_another_key_type_is_refused_before_anything_is_sent() {
    use diesel::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut conn = db.org(Scope::org(7_i64));
    let sent: Result<i64, Error> = customers::table.count().get_result(&mut conn);
    assert_eq!(refused!(sent), RefusalKind::ScopeKey);
}

/// The array of shops is a bind: scopes of different sizes share one text.
#[test]
fn a_thousand_shops_are_one_bind() {
    use diesel::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut conn = db.org(narrowed(A, 2..1002));
    let ids: Vec<i64> = orders::table.select(orders::id).load(&mut conn).unwrap();
    assert_eq!(ids.len(), 3);
    let array = orders::table
        .filter(orders::id.eq_any((0..5000).collect::<Vec<i64>>()))
        .select(diesel::dsl::sql::<Array<BigInt>>(
            "array_agg(id ORDER BY id)",
        ));
    assert_eq!(array.get_result::<Vec<i64>>(&mut conn).unwrap(), [2, 3, 5]);
}

/// Values never reach a trace or a refusal.
#[test]
fn a_refusal_names_the_table_and_no_value() {
    use diesel::RunQueryDsl;

    let db = weft_tests::Database::new();
    let mut conn = db.org(Scope::org(A));
    let foreign = Customer {
        org_id: B,
        id: 9,
        name: "secret".to_owned(),
        referred_by: None,
    };
    let sent = diesel::insert_into(customers::table)
        .values(&foreign)
        .execute(&mut conn);
    let error = sent.unwrap_err();
    let refusal = weft_tenancy::Refusal::of(&error).unwrap();
    assert_eq!(refusal.table(), Some("customers"));
    let text = refusal.to_string();
    assert!(
        !text.contains("secret") && !text.contains(&B.to_string()),
        "{text}"
    );
}
