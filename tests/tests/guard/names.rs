//! Rule 1: what a name stands for.

use diesel::QueryResult;
use weft_tenancy::{Scope, Tenancy};
use weft_tests::schema::A;

both!(g01_a_cte_never_shadows_the_target_of_a_write, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "WITH orders AS (SELECT 5 AS id) UPDATE orders SET total = 1 RETURNING id, total",
            "WITH customers AS (SELECT 50::bigint AS id)
                 INSERT INTO customers (id, name) SELECT id, 'x' FROM customers RETURNING id",
            "WITH orders AS (SELECT 5 AS id) DELETE FROM orders RETURNING id",
            "WITH reports AS (SELECT 1), gadgets AS (SELECT 1) DELETE FROM gadgets",
            "WITH a AS (WITH customers AS (SELECT 1) UPDATE customers SET name = 'y'
                 RETURNING id) SELECT id FROM a",
        ]
    );
    refuses!(
        db,
        conn,
        StatementKind,
        [
            "WITH orders AS (SELECT 5 AS id) MERGE INTO orders USING orders AS o ON true \
              WHEN MATCHED THEN DELETE"
        ]
    );
});

both!(
    g08_a_with_binds_only_within_the_node_that_carries_it,
    |db, conn| {
        agrees!(
            db,
            conn,
            [
                "INSERT INTO customers (id, name) WITH orders AS (SELECT 99::bigint AS id)
                 SELECT id, 'x' FROM orders RETURNING id, (SELECT count(*) FROM orders)",
                "INSERT INTO customers (id, name) WITH orders AS (SELECT 1::bigint AS id)
                 SELECT id, 'x' FROM orders
                 ON CONFLICT (org_id, id) DO UPDATE SET name = (SELECT count(*)::text FROM orders)
                 RETURNING id, name",
                "(WITH orders AS (SELECT 77::bigint AS id) SELECT id FROM orders)
                 UNION ALL SELECT id FROM orders",
                "WITH orders AS (SELECT 77 AS id) SELECT id FROM orders
                 UNION ALL SELECT id FROM orders",
                "WITH a AS (SELECT id FROM orders), orders AS (SELECT 77 AS id) SELECT id FROM a",
                "WITH RECURSIVE a AS (SELECT id FROM orders), orders AS (SELECT 77 AS id)
                 SELECT id FROM a",
                "WITH orders AS (SELECT * FROM orders) SELECT id FROM orders",
                "WITH orders AS (SELECT 77 AS id) SELECT id FROM public.orders",
                "SELECT (WITH orders AS (SELECT 77 AS id) SELECT max(id) FROM orders), id
                 FROM orders",
                "WITH RECURSIVE up AS (SELECT id, referred_by FROM customers WHERE id = 3
                   UNION ALL SELECT c.id, c.referred_by FROM up JOIN customers c
                   ON c.id = up.referred_by) SELECT id FROM up",
                "WITH gone AS (DELETE FROM orders WHERE id > 3 RETURNING *)
                 SELECT g.id, (SELECT count(*) FROM orders) FROM gone g",
            ]
        );
    }
);

both!(
    g21_names_are_decoded_and_never_trimmed_or_folded_beyond_ascii,
    |db, conn| {
        // Postgres takes what Rust trims for a part of the name: nothing is shadowed here.
        for space in ['\u{a0}', '\u{85}', '\u{3000}', '\u{2003}'] {
            agrees!(
                db,
                conn,
                [
                    format!("WITH orders{space} AS (SELECT 1 AS id) SELECT count(*) FROM orders"),
                    format!("SELECT o{space}.id, o.id FROM orders o{space}, customers o"),
                ]
            );
            refuses!(
                db,
                conn,
                UndeclaredTable,
                [format!("SELECT id FROM orders{space}")]
            );
        }
        agrees!(
            db,
            conn,
            [
                "SELECT k.id, \u{212a}.total FROM customers k, orders \u{212a}",
                "SELECT é.id, É.total FROM customers é, orders É",
                "SELECT O.ID FROM ORDERS O WHERE O.\"id\" > 0 OR true",
                "SELECT \"O\"\"\".id FROM U&\"\\006frders\" \"O\"\"\"",
                "WITH \"Orders\" AS (SELECT 77 AS id) SELECT id FROM Orders",
                "WITH U&\"\\006frders\" AS (SELECT 77 AS id) SELECT id FROM ORDERS",
            ]
        );
        refuses!(db, conn, UndeclaredTable, ["SELECT id FROM \"Orders\""]);
        let long = "a".repeat(64);
        refuses!(
            db,
            conn,
            Name,
            [
                "SELECT o.id FROM orders o, customers o".to_owned(),
                "SELECT 1 FROM orders o JOIN customers \"o\" ON true".to_owned(),
                "UPDATE orders o SET total = 1 FROM customers O".to_owned(),
                "DELETE FROM orders USING orders".to_owned(),
                format!("SELECT 1 FROM orders {long}"),
            ]
        );
    }
);

both!(
    g29_one_name_in_two_schemas_is_guarded_as_written,
    |db, conn| {
        db.admin(
            "CREATE TABLE reports.customers AS SELECT * FROM customers;
             GRANT SELECT ON reports.customers TO app",
        );
        refuses!(
            db,
            conn,
            UndeclaredTable,
            ["SELECT 1 FROM customers, reports.customers"]
        );
        let tenancy = Tenancy::from_toml(
            "key = 'uuid'\n[root]\norganizations = 'id'\n
             [org]\ncustomers = 'org_id'\n'reports.customers' = 'org_id'",
        )
        .unwrap();
        let mut two = open!(db, &tenancy, Scope::org(A));
        for (text, expected) in [
            (
                "SELECT count(*) FROM public.customers, reports.customers",
                "9",
            ),
            ("SELECT count(*) FROM customers c, reports.customers", "9"),
            (
                "SELECT count(*) FROM public.customers LEFT JOIN reports.customers
                 ON reports.customers.id = 9",
                "3",
            ),
            ("SELECT count(*) FROM reports.customers", "3"),
        ] {
            let count: QueryResult<_> = rows!(two, diesel::sql_query(text));
            assert_eq!(count.unwrap(), [expected], "{text}");
        }
    }
);

both!(g30_guards_go_to_the_ends_of_nodes, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "SELECT id FROM orders -- tail",
            "SELECT id FROM orders o WHERE id > 0 OR true--x\n",
            "SELECT id FROM orders/*x*/ORDER BY id;",
            "SELECT id FROM orders \"a b\"LIMIT 9",
            "SELECT o.id FROM customers c LEFT JOIN orders o ON false OR true--x\nORDER BY 1",
            "UPDATE orders SET total = 1--x",
            "DELETE FROM orders/*x*/;",
        ]
    );
});
