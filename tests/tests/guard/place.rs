//! Rules 3 and 4: where the guard stands, and what it is joined with.

both!(
    r04_the_callers_condition_cannot_open_the_guard,
    |db, conn| {
        agrees!(
            db,
            conn,
            [
                "SELECT id FROM customers WHERE false OR true",
                "SELECT org_id, id FROM customers
             WHERE org_id = '00000000-0000-0000-0000-00000000000b' OR id > 0",
                "SELECT c.id, o.id FROM customers c LEFT JOIN orders o ON o.id = 1 OR true",
                "SELECT c.id, o.id FROM customers c JOIN orders o ON false OR o.id > c.id OR true",
                "UPDATE customers SET name = 'x' WHERE id = 1 OR true RETURNING id",
                "DELETE FROM orders WHERE false OR id > 3 OR id < 0 RETURNING id",
                "SELECT id FROM customers WHERE NOT (org_id = org_id AND false)",
                "SELECT id FROM customers
             WHERE CASE WHEN id = 1 THEN true ELSE true END IS NOT NULL",
            ]
        );
    }
);

both!(g07_renamed_columns_never_become_the_guards, |db, conn| {
    // Every organisation has gadgets whose ids are the organisations'.
    agrees!(
        db,
        conn,
        [
            "SELECT g.id, g.org_id, g.code FROM gadgets AS g(id, org_id, code)",
            "SELECT g.code FROM gadgets g(id, org_id) WHERE g.org_id IS NOT NULL OR true",
            "SELECT o.x FROM orders AS o(x)",
            "SELECT c.id, g.code FROM customers c LEFT JOIN gadgets AS g(id, org_id, code)
             ON c.id = 2 AND g.code LIKE '%-a'",
            "SELECT count(*) FROM gadgets g(a, b, c), gadgets h(b, a, c) WHERE g.b = h.b",
            "SELECT g.code, h.code FROM gadgets g(id, org_id, code) FULL JOIN gadgets h ON false",
        ]
    );
});

both!(g11_the_join_tree_is_postgres_own, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "SELECT a.id, c.id FROM customers a CROSS JOIN plans b
             RIGHT JOIN orders c ON a.id = c.id AND a.name = 'acme-1'",
            "SELECT a.id, c.id FROM customers a NATURAL JOIN reports.totals b
             RIGHT JOIN orders c ON a.id = c.id AND a.id > 2",
            "SELECT c.id, a.id FROM orders c
             LEFT JOIN customers a CROSS JOIN plans o ON a.id = c.id AND a.id > 2",
            "SELECT c.id, a.id, b.month FROM orders c
             LEFT JOIN customers a NATURAL JOIN reports.totals b ON a.id = c.id AND a.id > 2",
            "SELECT a.id, b.month, c.id FROM customers a CROSS JOIN reports.totals b
             LEFT JOIN orders c ON c.id = 9 FULL JOIN plans p ON p.price = a.id",
            "SELECT a.id, d.id FROM customers a NATURAL LEFT JOIN reports.totals b
             CROSS JOIN plans c RIGHT JOIN orders d ON d.id = a.id AND d.id = 1",
        ]
    );
});

both!(
    g12_the_innermost_join_that_null_extends_carries_the_guard,
    |db, conn| {
        agrees!(
            db,
            conn,
            [
                "SELECT a.id, b.id, c.id FROM customers a
                 LEFT JOIN (customers b LEFT JOIN orders c ON c.customer_id = b.id AND false)
                 ON b.id = a.id AND b.id > 9",
                "SELECT a.id, o.id, i.id FROM customers a
                 LEFT JOIN orders o JOIN customers i ON i.id = o.customer_id
                 ON o.customer_id = a.id AND o.id = 1",
                "SELECT p.code, count(c.id) FROM plans p
                 LEFT JOIN customers c ON c.id = p.price GROUP BY p.code",
                "SELECT a.id, t.month FROM customers a LEFT JOIN reports.totals t
                 ON t.month = a.id",
                "SELECT id, c.name, o.total FROM customers c LEFT JOIN orders o USING (id)",
                "SELECT id, c.name, o.total FROM orders o FULL JOIN customers c USING (id)",
                "SELECT a.id, month FROM customers a NATURAL LEFT JOIN reports.totals",
                "SELECT month, a.id FROM customers a NATURAL FULL JOIN reports.totals",
                "SELECT c.id, l.total FROM customers c LEFT JOIN LATERAL
                 (SELECT o.total FROM orders o WHERE o.customer_id = c.id + 2) l ON true",
                "SELECT c.id, r.id FROM customers c LEFT JOIN customers r ON c.referred_by = r.id",
                "SELECT c.id FROM customers c LEFT JOIN customers r ON c.referred_by = r.id
                 WHERE r.id IS NULL",
            ]
        );
    }
);

both!(
    r03_every_pair_of_joins_keeps_the_rows_it_extends,
    |db, conn| {
        let joins = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"];
        for first in joins {
            agrees!(
                db,
                conn,
                joins.iter().flat_map(|second| [
                    format!(
                        "SELECT a.id, b.id, c.month FROM customers a
                         {first} orders b ON b.customer_id = a.id AND b.id > 1
                         {second} reports.totals c ON c.month = b.id"
                    ),
                    format!(
                        "SELECT a.id, b.id, c.month FROM customers a
                         {first} (orders b {second} reports.totals c ON c.month = b.id)
                         ON b.customer_id = a.id AND b.id > 1"
                    ),
                    format!(
                        "SELECT p.code, b.id, c.id FROM plans p
                         {first} orders b {second} customers c ON c.id = b.id
                         ON b.total = p.price"
                    ),
                ])
            );
        }
    }
);

both!(g13_an_aliased_join_is_guarded_within, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "SELECT total, name FROM (orders o JOIN customers c ON o.customer_id = c.id) AS j",
            "SELECT j.total, j.name FROM (orders o LEFT JOIN customers c ON o.id = c.id) AS j",
            "SELECT j.total, j.name FROM (orders o FULL JOIN customers c ON o.id = c.id + 2) AS j",
            "SELECT j.name, j.code FROM (customers CROSS JOIN plans) AS j",
            "SELECT p.code, j.total FROM plans p
             LEFT JOIN (orders o LEFT JOIN customers c ON c.id = o.id AND c.id = 1) AS j
             ON j.total = p.price",
            "SELECT j.total FROM (orders o JOIN reports.totals t ON true) j
             RIGHT JOIN customers c ON c.id = j.shop_id AND j.total > 40",
        ]
    );
});

both!(
    g14_uses_that_only_a_table_has_are_refused_when_it_becomes_a_subquery,
    |db, conn| {
        refuses!(
            db,
            conn,
            NatureOfTable,
            [
                "SELECT o FROM orders o FULL JOIN customers c ON o.id = c.id",
                "SELECT o.ctid FROM orders o FULL JOIN customers c ON o.id = c.id",
                "SELECT tableoid FROM orders o FULL JOIN plans p ON o.id = p.price",
                "SELECT row_to_json(o.*) FROM orders o FULL JOIN customers c ON o.id = c.id",
                "SELECT public.orders.total FROM public.orders FULL JOIN plans ON total = price",
                "SELECT o.status FROM orders o FULL JOIN customers c ON o.id = c.id
                 GROUP BY o.org_id, o.id",
            ]
        );
        agrees!(
            db,
            conn,
            [
                "SELECT o.id, c.name FROM orders o FULL JOIN customers c ON o.id = c.id",
                "SELECT c.* FROM orders o FULL JOIN customers c ON o.id = c.id",
                "SELECT o.id, count(c.id) FROM orders o FULL JOIN customers c ON o.id = c.id
                 GROUP BY o.id",
                "SELECT c::text, c.tableoid::text FROM customers c",
                "SELECT c.name FROM customers c GROUP BY c.org_id, c.id",
            ]
        );
    }
);

both!(g28_table_is_guarded_and_samples_are_whole, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "TABLE customers",
            "TABLE ONLY gadgets",
            "SELECT t.id FROM (TABLE customers LIMIT 9) t",
            "SELECT id FROM orders WHERE customer_id IN (SELECT id FROM (TABLE customers) c)",
            "WITH c AS (TABLE customers) TABLE c",
            "TABLE customers UNION ALL TABLE customers",
            "SELECT id FROM orders TABLESAMPLE SYSTEM (100)",
            "SELECT id FROM orders TABLESAMPLE BERNOULLI (100) WHERE false OR true",
            "VALUES ((SELECT count(*) FROM orders))",
        ]
    );
    refuses!(
        db,
        conn,
        UnsupportedSyntax,
        [
            "SELECT id FROM orders TABLESAMPLE SYSTEM (50)",
            "DELETE FROM orders WHERE CURRENT OF c",
        ]
    );
    refuses!(
        db,
        conn,
        MissingColumns,
        ["INSERT INTO customers DEFAULT VALUES"]
    );
});

both!(g31_having_filter_and_on_keep_their_meaning, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "SELECT shop_id, count(*) FILTER (WHERE id > 3 OR false) FROM orders GROUP BY shop_id
             HAVING false OR count(*) > 0",
            "SELECT c.id, o.id FROM customers c LEFT JOIN orders o
             ON o.id = c.id OR o.id = c.id + 3 WHERE c.id = 1 OR c.id = 3",
            "INSERT INTO customers (id, name) VALUES (1, 'z'), (2, 'z'), (9, 'z')
             ON CONFLICT (org_id, id) DO UPDATE SET name = excluded.name
             WHERE customers.id = 1 OR excluded.id = 9 RETURNING id, name",
            "SELECT id, sum(total) OVER (PARTITION BY shop_id)::bigint FROM orders",
            "SELECT shop_id, sum(total) FROM orders GROUP BY ROLLUP (shop_id)",
        ]
    );
});
