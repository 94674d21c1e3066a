//! Rules 7 and 8: what belongs to one call, on connections that serve many.

use diesel::sql_types::{BigInt, Uuid};
use diesel::{ExpressionMethods, QueryDsl};
use weft_tenancy::{RefusalKind, Scope};
use weft_tests::TENANCY;
use weft_tests::schema::{A, B, customers};

both!(g05_no_verdict_is_kept_with_a_text, |db, conn| {
    let literal = "INSERT INTO customers (org_id, id, name)
                   VALUES ('00000000-0000-0000-0000-00000000000a', 70, 'x')
                   ON CONFLICT DO NOTHING";
    let bound = "UPDATE customers SET org_id = $1, name = 'x' WHERE id = 1";
    let shop = "UPDATE orders SET shop_id = 2 WHERE id = 2";
    let mut other = open!(db, &TENANCY, Scope::org(B));
    let before = db.snapshot(B);
    for _ in 0..3 {
        go!(diesel::sql_query(literal).execute(&mut conn)).unwrap();
        refuses!(db, other, OrgMismatch, [literal]);
        let own = go!(diesel::sql_query(bound)
            .bind::<Uuid, _>(A)
            .execute(&mut conn));
        assert_eq!(own, Ok(1));
        let foreign = go!(diesel::sql_query(bound)
            .bind::<Uuid, _>(A)
            .execute(&mut other));
        assert_eq!(refused!(foreign), RefusalKind::OrgMismatch);
        {
            let mut two = conn.narrowed([1_i64, 2]);
            assert_eq!(go!(diesel::sql_query(shop).execute(&mut two)), Ok(1));
        }
        let mut one = conn.narrowed([1_i64]);
        refuses!(db, one, ShopMismatch, [shop]);
    }
    assert_eq!(db.snapshot(B), before);
});

both!(
    g06_dynamic_queries_never_share_a_prepared_statement,
    |db, conn| {
        db.admin(
            "CREATE OR REPLACE FUNCTION session_settings() RETURNS text LANGUAGE sql
             AS 'SELECT count(*)::text FROM pg_prepared_statements'",
        );
        for _ in 0..2 {
            for (text, expected) in [
                ("SELECT name FROM customers WHERE id = $1", "acme-1"),
                ("SELECT id FROM customers WHERE id = $1", "1"),
                ("SELECT total FROM orders WHERE id = $1", "10"),
                (
                    "UPDATE orders SET total = total WHERE id = $1 RETURNING note",
                    "acme",
                ),
                (
                    "UPDATE customers SET name = name WHERE id = $1 RETURNING name",
                    "acme-1",
                ),
            ] {
                let query = diesel::sql_query(text).bind::<BigInt, _>(1);
                assert_eq!(rows!(conn, query).unwrap(), [expected], "{text}");
            }
            let mut boxed = customers::table.select(customers::name).into_boxed();
            boxed = boxed.filter(customers::id.eq(2));
            let names: Vec<String> = go!(boxed.load(&mut conn)).unwrap();
            assert_eq!(names, ["acme-2"]);
            let boxed = customers::table.select(customers::name).into_boxed();
            let names: Vec<String> =
                go!(boxed.order(customers::id.desc()).load(&mut conn)).unwrap();
            assert_eq!(names, ["acme-3", "acme-2", "acme-1"]);
        }
        let prepared = "SELECT session_settings()";
        let mut counts = Vec::new();
        for size in 1..20 {
            // A text for each size of a batch is no text to keep.
            let batch: Vec<_> = (0..size)
                .map(|id| (customers::id.eq(size * 100 + id), customers::name.eq("x")))
                .collect();
            let sent = go!(diesel::insert_into(customers::table)
                .values(batch)
                .execute(&mut conn));
            assert_eq!(sent, Ok(usize::try_from(size).unwrap()));
            counts.push(rows!(conn, diesel::sql_query(prepared)).unwrap());
        }
        counts.dedup();
        assert_eq!(counts.len(), 1, "{counts:?}");
    }
);

both!(g24_placeholders_never_alias_the_guards_binds, |db, conn| {
    let text = "SELECT id FROM customers WHERE org_id = $1 OR true ORDER BY id";
    let rows = rows!(conn, diesel::sql_query(text).bind::<Uuid, _>(B)).unwrap();
    assert_eq!(rows, ["1", "2", "3"]);
    let text = "SELECT id FROM customers WHERE org_id = $1";
    let rows = rows!(conn, diesel::sql_query(text).bind::<Uuid, _>(B)).unwrap();
    assert_eq!(rows, [] as [&str; 0]);
    for text in [
        "SELECT id FROM customers WHERE id = $2",
        "SELECT id FROM customers WHERE id = $1 AND org_id = $2",
        "SELECT id FROM customers WHERE id = $65536",
        "SELECT id FROM customers WHERE id = $0",
    ] {
        let sent = diesel::sql_query(text).bind::<BigInt, _>(1);
        assert_eq!(
            refused!(go!(sent.execute(&mut conn))),
            RefusalKind::Placeholder,
            "{text}"
        );
    }
});
