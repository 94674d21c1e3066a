//! L1 to L25: shapes of a query that a hook did not reach.

use diesel::associations::GroupedBy;
use diesel::dsl::{count, count_star, exists, max, min, not, sql, sum};
use diesel::result::Error;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{
    AggregateExpressionMethods, BelongingToDsl, BoolExpressionMethods, CombineDsl,
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, SelectableHelper,
    TextExpressionMethods,
};
use weft_tenancy::RefusalKind;
use weft_tests::schema::{
    A, B, Order, PlainCustomer, customers, orders, organizations, plans, referrers, totals,
};

both!(l01_exists_over_an_association_is_scoped, |db, conn| {
    db.admin(&format!(
        "DELETE FROM orders WHERE org_id = '{A}' AND customer_id = 3"
    ));
    let placed = || orders::table.filter(orders::customer_id.eq(customers::id));
    let ids = customers::table.order(customers::id).select(customers::id);
    let with: Vec<i64> = go!(ids.filter(exists(placed())).load(&mut conn)).unwrap();
    assert_eq!(with, [1, 2]);
    let without: Vec<i64> = go!(ids.filter(not(exists(placed()))).load(&mut conn)).unwrap();
    assert_eq!(without, [3]);
    let ordering = orders::table.select(orders::customer_id);
    let any: Vec<i64> = go!(ids.filter(customers::id.eq_any(ordering)).load(&mut conn)).unwrap();
    assert_eq!(any, [1, 2]);
});

both!(
    l02_a_join_on_any_condition_is_guarded_once_for_each_table,
    |_db, conn| {
        let implied = orders::table
            .inner_join(customers::table)
            .select(orders::id);
        let stated = orders::table
            .inner_join(customers::table.on(orders::customer_id.eq(customers::id)))
            .select(orders::id);
        let mut first: Vec<i64> = go!(implied.load(&mut conn)).unwrap();
        let mut second: Vec<i64> = go!(stated.load(&mut conn)).unwrap();
        first.sort_unstable();
        second.sort_unstable();
        assert_eq!(first, [1, 2, 3, 4, 5]);
        assert_eq!(second, first);
        for text in [
            go!(conn.explain(implied)).unwrap().sql,
            go!(conn.explain(stated)).unwrap().sql,
        ] {
            assert_eq!(text.matches("\"org_id\" = $1").count(), 2, "{text}");
        }
    }
);

both!(
    l03_a_joined_table_without_a_selected_column_is_scoped,
    |_db, conn| {
        let left: i64 = go!(customers::table
            .inner_join(orders::table.on(customers::name.like("bolt%")))
            .select(count(orders::id).aggregate_distinct())
            .get_result(&mut conn))
        .unwrap();
        let right: i64 = go!(orders::table
            .inner_join(customers::table.on(customers::name.like("bolt%")))
            .select(count(orders::id).aggregate_distinct())
            .get_result(&mut conn))
        .unwrap();
        assert_eq!((left, right), (0, 0));
    }
);

both!(l04_every_arm_of_a_set_operation_is_scoped, |_db, conn| {
    let names = customers::table.select(customers::name.nullable());
    let notes = orders::table.select(orders::note);
    let mut united: Vec<Option<String>> = go!(names.union(notes).load(&mut conn)).unwrap();
    united.sort();
    let expected = ["acme", "acme-1", "acme-2", "acme-3"];
    assert_eq!(united, expected.map(|name| Some(name.to_owned())));
    let all: Vec<Option<String>> = go!(names.union_all(names).load(&mut conn)).unwrap();
    assert_eq!(all.len(), 6);
    let foreign = customers::table
        .filter(customers::name.like("bolt%"))
        .select(customers::name.nullable());
    let common: Vec<Option<String>> = go!(foreign.intersect(foreign).load(&mut conn)).unwrap();
    assert_eq!(common, []);
    // The ids are the same in each organisation: an unscoped right arm would take them all away.
    let theirs = customers::table
        .filter(customers::name.like("bolt%"))
        .select(customers::id);
    let rest: Vec<i64> = go!(customers::table
        .select(customers::id)
        .except(theirs)
        .load(&mut conn))
    .unwrap();
    assert_eq!(rest.len(), 3);
});

both!(
    l05_an_eager_join_and_a_lazy_load_find_the_same_children,
    |_db, conn| {
        let eager: Vec<(PlainCustomer, Option<Order>)> = go!(customers::table
            .left_join(orders::table)
            .select((PlainCustomer::as_select(), Option::<Order>::as_select(),))
            .order((customers::id, orders::id))
            .load(&mut conn))
        .unwrap();
        let parents: Vec<PlainCustomer> = go!(customers::table
            .select(PlainCustomer::as_select())
            .order(customers::id)
            .load(&mut conn))
        .unwrap();
        let lazy: Vec<Order> = go!(Order::belonging_to(&parents)
            .select(Order::as_select())
            .order((orders::customer_id, orders::id))
            .load(&mut conn))
        .unwrap();
        assert_eq!(lazy.len(), 5);
        let eager: Vec<Order> = eager.into_iter().filter_map(|(_, order)| order).collect();
        assert_eq!(eager, lazy);
    }
);

both!(
    l08_a_shared_root_lends_nothing_to_what_is_joined_to_it,
    |_db, conn| {
        let inner: i64 = go!(plans::table
            .inner_join(customers::table.on(customers::id.ge(0)))
            .count()
            .get_result(&mut conn))
        .unwrap();
        assert_eq!(inner, 2 * 3);
        let left: Vec<(String, Option<uuid::Uuid>)> = go!(plans::table
            .left_join(totals::table.on(totals::month.ge(0)))
            .select((plans::code, totals::org_id.nullable()))
            .order(plans::code)
            .load(&mut conn))
        .unwrap();
        assert_eq!(
            left,
            [("free".to_owned(), Some(A)), ("pro".to_owned(), Some(A))]
        );
    }
);

both!(
    l09_an_extra_join_condition_takes_no_guard_away,
    |_db, conn| {
        let pairs = || {
            orders::table
                .inner_join(
                    customers::table.on(orders::customer_id
                        .eq(customers::id)
                        .and(customers::name.ne("nobody"))
                        .or(customers::name.like("bolt%"))),
                )
                .count()
        };
        assert_eq!(go!(pairs().get_result::<i64>(&mut conn)), Ok(5));
        {
            let mut all = conn.showing_deleted();
            assert_eq!(go!(pairs().get_result::<i64>(&mut all)), Ok(6));
        }
        let mut shop = conn.narrowed([3_i64]);
        assert_eq!(go!(pairs().get_result::<i64>(&mut shop)), Ok(1));
    }
);

both!(
    l12_each_table_is_guarded_by_its_own_tenant_column,
    |_db, conn| {
        // The root's is `id`, its children's `org_id`.
        let rooted: Vec<(String, i64)> = go!(organizations::table
            .left_join(customers::table.on(customers::id.ge(0)))
            .select((organizations::name, customers::id.assume_not_null()))
            .order(customers::id)
            .load(&mut conn))
        .unwrap();
        let childless: Vec<(String, i64)> = go!(customers::table
            .left_join(organizations::table.on(customers::id.ge(0)))
            .select((organizations::name.assume_not_null(), customers::id))
            .order(customers::id)
            .load(&mut conn))
        .unwrap();
        assert_eq!(rooted, [1, 2, 3].map(|id| ("acme".to_owned(), id)));
        assert_eq!(childless, rooted);
    }
);

both!(
    l13_a_renamed_table_is_refused_and_not_unscoped,
    |db, conn| {
        let count: i64 = go!(customers::table.count().get_result(&mut conn)).unwrap();
        assert_eq!(count, 3);
        db.admin("ALTER TABLE customers RENAME TO clients");
        for sql in [
            "SELECT name FROM clients",
            "SELECT c.name FROM public.clients AS c",
            "DELETE FROM clients AS customers",
        ] {
            let sent = go!(diesel::sql_query(sql).execute(&mut conn));
            assert_eq!(refused!(sent), RefusalKind::UndeclaredTable, "{sql}");
        }
        let gone = go!(customers::table.count().get_result::<i64>(&mut conn));
        assert!(matches!(gone, Err(Error::DatabaseError(..))), "{gone:?}");
        // What takes its place is guarded by the name that is declared.
        db.admin("ALTER TABLE clients RENAME TO customers");
        let names = "SELECT customers.name FROM orders customers_ JOIN public.customers ON true
                 GROUP BY 1 ORDER BY 1";
        let names = rows!(conn, diesel::sql_query(names)).unwrap();
        assert_eq!(names, ["acme-1", "acme-2", "acme-3"]);
    }
);

both!(
    l17_a_joined_row_is_not_trusted_for_a_foreign_key,
    |db, conn| {
        db.admin(&format!(
            "ALTER TABLE orders DROP CONSTRAINT orders_org_id_customer_id_fkey;
             INSERT INTO customers VALUES ('{B}', 50, 'bolt-50', NULL);
             UPDATE orders SET customer_id = 50 WHERE org_id = '{A}' AND id = 1"
        ));
        let inner: Vec<String> = go!(orders::table
            .inner_join(customers::table)
            .filter(orders::id.eq(1))
            .select(customers::name)
            .load(&mut conn))
        .unwrap();
        assert_eq!(inner, [] as [&str; 0]);
        let left: Vec<(i64, Option<String>)> = go!(orders::table
            .left_join(customers::table)
            .filter(orders::id.eq(1))
            .select((orders::id, customers::name.nullable()))
            .load(&mut conn))
        .unwrap();
        assert_eq!(left, [(1, None)]);
    }
);

both!(
    l18_a_table_that_comes_twice_is_scoped_twice_and_counted_so,
    |_db, conn| {
        let pairs = || {
            customers::table
                .inner_join(referrers.on(referrers.field(customers::id).ge(0)))
                .count()
        };
        assert_eq!(go!(pairs().get_result::<i64>(&mut conn)), Ok(9));
        let foreign: i64 = go!(customers::table
            .left_join(referrers.on(referrers.field(customers::name).like("bolt%")))
            .filter(referrers.field(customers::id).nullable().is_not_null())
            .count()
            .get_result(&mut conn))
        .unwrap();
        assert_eq!(foreign, 0);
    }
);

both!(
    l19_a_collection_of_children_keeps_to_shops_and_hides_the_deleted,
    |_db, conn| {
        let mut shop = conn.narrowed([3_i64]);
        let parents: Vec<PlainCustomer> = go!(customers::table
            .select(PlainCustomer::as_select())
            .order(customers::id)
            .load(&mut shop))
        .unwrap();
        let children: Vec<Order> = go!(Order::belonging_to(&parents)
            .select(Order::as_select())
            .load(&mut shop))
        .unwrap();
        let ids: Vec<Vec<i64>> = children
            .grouped_by(&parents)
            .into_iter()
            .map(|orders| orders.into_iter().map(|order| order.id).collect())
            .collect();
        assert_eq!(ids, [vec![], vec![], vec![3]]);
    }
);

both!(l20_every_aggregate_is_of_the_scopes_rows, |db, conn| {
    db.admin(&format!(
        "UPDATE orders SET total = total * 1000, shop_id = shop_id + 70 WHERE org_id = '{B}'"
    ));
    let found: (i64, i64, Option<i64>, Option<i32>, Option<i32>) = go!(orders::table
        .select((
            count_star(),
            count(orders::shop_id).aggregate_distinct(),
            sum(orders::total),
            min(orders::total),
            max(orders::total),
        ))
        .get_result(&mut conn))
    .unwrap();
    assert_eq!(found, (5, 3, Some(150), Some(10), Some(50)));
});

both!(
    l21_however_an_aggregate_is_computed_it_reads_the_scope,
    |_db, conn| {
        let grouped: Vec<(i64, i64)> = go!(orders::table
            .group_by(orders::shop_id)
            .having(count_star().gt(1))
            .select((orders::shop_id, count_star()))
            .order(orders::shop_id)
            .load(&mut conn))
        .unwrap();
        assert_eq!(grouped, [(1, 2), (2, 2)]);
        let windowed: Vec<i64> = go!(orders::table
            .select(sql::<BigInt>("sum(total) OVER ()::bigint"))
            .distinct()
            .load(&mut conn))
        .unwrap();
        assert_eq!(windowed, [150]);
        let distinct: Vec<Option<String>> = go!(orders::table
            .distinct_on(orders::shop_id)
            .order(orders::shop_id)
            .select(orders::note)
            .load(&mut conn))
        .unwrap();
        assert_eq!(distinct, ["acme"; 3].map(|note| Some(note.to_owned())));
        let nested = "SELECT sum(n)::bigint
                      FROM (SELECT count(*) AS n FROM orders GROUP BY CUBE (status)) AS counts";
        let nested = rows!(conn, diesel::sql_query(nested)).unwrap();
        assert_eq!(nested, ["10"]);
    }
);

both!(
    l22_a_subquery_written_by_hand_in_a_built_query_is_scoped,
    |_db, conn| {
        let names: Vec<String> = go!(plans::table
            .select(sql::<Text>("(SELECT max(c.name) FROM customers AS c)"))
            .distinct()
            .load(&mut conn))
        .unwrap();
        assert_eq!(names, ["acme-3"]);
        let ids: Vec<i64> = go!(customers::table
            .filter(sql::<Bool>(
                "name IN (SELECT name FROM customers WHERE name LIKE 'bolt%')"
            ))
            .or_filter(sql::<Bool>(
                "EXISTS (SELECT FROM orders WHERE note = 'bolt')"
            ))
            .select(customers::id)
            .load(&mut conn))
        .unwrap();
        assert_eq!(ids, [] as [i64; 0]);
        let counted: i64 = go!(plans::table
            .order(sql::<BigInt>("(SELECT count(*) FROM customers)"))
            .select(sql::<BigInt>("(SELECT count(*) FROM orders)"))
            .first(&mut conn))
        .unwrap();
        assert_eq!(counted, 5);
    }
);

both!(
    l23_a_nested_relation_is_held_to_its_own_rules_and_not_its_parents,
    |_db, conn| {
        let placed = || orders::table.filter(orders::customer_id.eq(customers::id));
        let counts = || {
            customers::table
                .select((customers::id, placed().count().single_value()))
                .order(customers::id)
        };
        type Counts = Vec<(i64, Option<i64>)>;
        let whole: Counts = go!(counts().load(&mut conn)).unwrap();
        assert_eq!(whole, [(1, Some(2)), (2, Some(2)), (3, Some(1))]);
        // The customers are of no shop, their orders are.
        let mut shop = conn.narrowed([2_i64]);
        let narrowed: Counts = go!(counts().load(&mut shop)).unwrap();
        assert_eq!(narrowed, [(1, Some(0)), (2, Some(2)), (3, Some(0))]);
        let of_plans: i64 = go!(plans::table
            .filter(exists(orders::table.filter(orders::shop_id.ne(2))))
            .count()
            .get_result(&mut shop))
        .unwrap();
        assert_eq!(of_plans, 0);
    }
);

both!(l25_every_way_to_run_a_query_is_guarded, |db, conn| {
    let before = db.snapshot(B);
    let foreign = || customers::table.filter(customers::name.like("bolt%"));
    let names = || foreign().select(customers::name);
    assert_eq!(go!(names().execute(&mut conn)), Ok(0));
    assert_eq!(go!(names().load::<String>(&mut conn)), Ok(vec![]));
    assert_eq!(go!(names().get_results::<String>(&mut conn)), Ok(vec![]));
    let none = Err(Error::NotFound);
    assert_eq!(go!(names().get_result::<String>(&mut conn)), none);
    assert_eq!(go!(names().first::<String>(&mut conn)), none);
    let renamed = || diesel::update(foreign()).set(customers::name.eq("taken"));
    assert_eq!(go!(renamed().execute(&mut conn)), Ok(0));
    let returned = renamed().returning(customers::name);
    assert_eq!(go!(returned.get_results::<String>(&mut conn)), Ok(vec![]));
    let deleted = || diesel::delete(foreign());
    assert_eq!(go!(deleted().execute(&mut conn)), Ok(0));
    let returned = deleted().returning(customers::name);
    assert_eq!(go!(returned.get_result::<String>(&mut conn)), none);
    let raw = diesel::sql_query("DELETE FROM customers WHERE name LIKE 'bolt%'");
    assert_eq!(go!(raw.execute(&mut conn)), Ok(0));
    assert_eq!(db.snapshot(B), before);
});
