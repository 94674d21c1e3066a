//! L71 to L81: what is kept from one tenant's call to the next.

use diesel::sql_types::BigInt;
use diesel::{
    CombineDsl, Connection, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, PgConnection,
    QueryDsl, QueryResult, RunQueryDsl, TextExpressionMethods,
};
use uuid::Uuid;
use weft_tenancy::{OrgConn, Scope, Tenancy};
use weft_tests::schema::{A, B, customers, orders, referrers};
use weft_tests::{Database, TENANCY};

/// Runs `ask` for each organisation in turn, again and again, on one connection and its caches.
fn in_turn(ask: impl Fn(&mut OrgConn<&mut PgConnection>, &str)) {
    for db in [Database::new(), Database::secured()] {
        let mut inner = db.connect("app");
        for _ in 0..4 {
            for (org, prefix) in [(A, "acme"), (B, "bolt")] {
                ask(
                    &mut db.scoped(&mut inner, &TENANCY, Scope::org(org)),
                    prefix,
                );
            }
        }
    }
}

#[test]
fn l72_a_query_through_several_tables_is_not_kept_for_its_first_tenant() {
    in_turn(|conn, prefix| {
        let through: Vec<String> = orders::table
            .inner_join(customers::table)
            .inner_join(
                referrers.on(customers::referred_by.eq(referrers.field(customers::id).nullable())),
            )
            .filter(orders::id.eq(3))
            .select(referrers.field(customers::name))
            .load(conn)
            .unwrap();
        assert_eq!(through, [format!("{prefix}-2")]);
    });
}

#[test]
fn l73_a_union_that_was_prepared_sends_the_binds_of_each_call() {
    in_turn(|conn, prefix| {
        for id in [1_i64, 2] {
            let one = |id| {
                customers::table
                    .filter(customers::id.eq(id))
                    .select(customers::name)
            };
            let mut names: Vec<String> = one(id).union_all(one(id + 1)).load(conn).unwrap();
            names.sort();
            assert_eq!(names, [id, id + 1].map(|id| format!("{prefix}-{id}")));
        }
    });
}

#[test]
fn l74_a_condition_built_by_a_closure_keeps_no_older_value() {
    in_turn(|conn, prefix| {
        let condition = |id: i64| move || customers::name.like(format!("%-{id}"));
        for id in [1_i64, 2, 3, 2] {
            let condition = condition(id);
            let found: Vec<(i64, String)> = customers::table
                .filter(condition())
                .select((customers::id, customers::name))
                .load(conn)
                .unwrap();
            assert_eq!(found, [(id, format!("{prefix}-{id}"))]);
        }
    });
}

/// The same text under two declarations, of which one hides the deleted.
#[test]
fn l76_what_is_kept_for_one_declaration_is_not_used_for_another() {
    let plain = Tenancy::from_toml(
        "key = \"uuid\"\nshop_key = \"i64\"\n[root]\norganizations = \"id\"\n\
         [org]\ncustomers = \"org_id\"\n[shop]\norders = [\"org_id\", \"shop_id\"]",
    )
    .unwrap();
    let db = Database::new();
    let mut inner = db.connect("app");
    let count = |mut conn: OrgConn<&mut PgConnection>| -> QueryResult<i64> {
        orders::table.count().get_result(&mut conn)
    };
    for _ in 0..3 {
        for org in [A, B] {
            for (tenancy, expected) in [(&*TENANCY, 5), (&plain, 6)] {
                let conn = OrgConn::new(&mut inner, tenancy, Scope::org(org));
                assert_eq!(count(conn), Ok(expected));
            }
        }
    }
}

/// The same rows, whichever scope of the organisation asked first.
#[test]
fn l78_a_row_that_one_call_had_in_sight_does_not_come_back_in_the_next() {
    let db = Database::new();
    let mut inner = db.connect("app");
    let ids = |conn: &mut OrgConn<&mut PgConnection>| -> Vec<i64> {
        let ids = orders::table.filter(orders::id.ge(5)).order(orders::id);
        ids.select(orders::id).load(conn).unwrap()
    };
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A));
    for _ in 0..3 {
        assert_eq!(ids(&mut conn.showing_deleted()), [5, 6]);
        assert_eq!(ids(&mut conn.narrowed([2_i64])), [5]);
        assert_eq!(ids(&mut conn.narrowed([3_i64])), [0_i64; 0]);
        conn.transaction(|conn| {
            assert_eq!(ids(&mut conn.narrowed([2_i64])), [5]);
            Ok::<_, diesel::result::Error>(())
        })
        .unwrap();
    }
}

#[test]
fn l80_a_row_found_by_its_key_is_the_scopes() {
    in_turn(|conn, prefix| {
        let org = if prefix == "acme" { A } else { B };
        let found: (Uuid, String) = customers::table
            .find(2)
            .select((customers::org_id, customers::name))
            .get_result(conn)
            .unwrap();
        assert_eq!(found, (org, format!("{prefix}-2")));
        let raw: i64 = diesel::select(diesel::dsl::sql::<BigInt>(
            "(SELECT count(*) FROM customers WHERE id = 2)",
        ))
        .get_result(conn)
        .unwrap();
        assert_eq!(raw, 1);
    });
}
