//! Rules 1 to 9 together: what is sent means what was written.

both!(r09_reads_mean_what_was_written, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "SELECT id FROM public.orders o WHERE o.id > 2 OR true FOR NO KEY UPDATE OF o
             NOWAIT",
            "SELECT j.id FROM customers c JOIN orders o USING (id, org_id) AS j",
            "SELECT c.id, x.* FROM customers c CROSS JOIN LATERAL (VALUES (c.id), (c.id + 1))
             x(v)",
            "SELECT c.id FROM customers c JOIN LATERAL (SELECT 1 FROM orders WHERE
             customer_id = c.id OFFSET 1) s ON true",
            "SELECT (SELECT string_agg(o.id::text, ',' ORDER BY o.id) FROM orders o WHERE
             o.customer_id = c.id OR o.customer_id = c.referred_by) FROM customers c",
            "SELECT c.id FROM customers c LEFT JOIN (orders o JOIN reports.totals t ON
             t.month = o.id) ON o.customer_id = c.id WHERE t.amount IS NULL",
            "SELECT c.id, t.month FROM customers c LEFT JOIN reports.totals AS t(o, month, x)
             ON t.month = c.id",
            "SELECT totals.month FROM totals",
            "SELECT id, month FROM customers FULL JOIN totals ON month = id AND false",
            "SELECT a.id FROM customers a, LATERAL (SELECT b.id FROM customers b WHERE b.id =
             a.id UNION SELECT o.id FROM orders o WHERE o.id = a.id + 3) u WHERE u.id > 3",
            "SELECT id FROM customers WHERE id IN (WITH customers AS (SELECT 2::bigint AS id)
             SELECT id FROM customers)",
            "WITH customers AS MATERIALIZED (SELECT * FROM customers WHERE id > 1) SELECT
             c.id, o.id FROM customers c LEFT JOIN orders o ON o.id = c.id + 10",
            "SELECT count(*) FROM (SELECT FROM customers) s",
            "SELECT FROM customers",
            "SELECT ALL id FROM customers",
            "SELECT id \"x y\" FROM customers GROUP BY id HAVING max(name) > '' OR true",
            "SELECT row(c.*)::text FROM customers c",
            "SELECT (c.*)::text FROM customers c",
            "SELECT (c).name FROM customers c",
            "SELECT (SELECT c) ::text FROM customers c",
            "SELECT c.id FROM customers c WHERE (c.id, c.name) = ANY (SELECT d.id, d.name
             FROM customers d)",
            "SELECT EXISTS (TABLE orders), NOT EXISTS (SELECT FROM orders WHERE note = 'bolt')",
            "SELECT ARRAY(SELECT id FROM orders ORDER BY id)::text",
            "SELECT id FROM orders WHERE total BETWEEN (SELECT min(total) FROM orders) AND
             (SELECT avg(total) FROM orders)",
            "SELECT c.name FROM customers c ORDER BY c.name COLLATE \"C\" DESC NULLS LAST
             LIMIT ALL OFFSET 0",
            "SELECT x.n FROM xmltable('/r' PASSING (SELECT xmlelement(name r, count(*)) FROM
             customers) COLUMNS n text PATH '.') x",
            "SELECT min(id) FILTER (WHERE name = (SELECT max(name) FROM customers)) FROM
             customers",
            "VALUES ((SELECT max(id) FROM orders)), (2) ORDER BY 1",
            "SELECT id FROM gadgets g(a, id)",
        ]
    );
});

both!(r09_writes_mean_what_was_written, |db, conn| {
    agrees!(
        db,
        conn,
        [
            "INSERT INTO customers (id, name) VALUES (1, 'oc') ON CONFLICT ON CONSTRAINT
             customers_pkey DO UPDATE SET name = excluded.name RETURNING id",
            "INSERT INTO customers AS customers (id, name) VALUES (1, 'oc2') ON CONFLICT
             (org_id, id) DO UPDATE SET name = customers.name || 'x' RETURNING name",
            "INSERT INTO public.customers (id, name) VALUES (1, 'oc3') ON CONFLICT (org_id,
             id) DO UPDATE SET name = customers.name || 'y' RETURNING name",
            "WITH x AS (INSERT INTO customers (id, name) VALUES (30, 'x') RETURNING *), y AS
             (UPDATE orders SET note = 'n' WHERE id = 1 RETURNING *) SELECT x.id, y.id FROM
             x, y",
            "UPDATE customers AS c SET name = p.code FROM plans p LEFT JOIN orders o ON
             o.total = p.price WHERE c.id = 1 AND p.code = 'pro' RETURNING c.id, o.id",
            "DELETE FROM orders o USING customers c RIGHT JOIN plans p ON c.id = p.price
             WHERE o.id = 3 RETURNING o.id, p.code, c.id",
            "UPDATE customers SET name = 'a' FROM customers d WHERE customers.id = d.id + 1",
            "UPDATE customers c SET name = 'a' FROM (orders o JOIN plans p ON true) j WHERE
             j.customer_id = c.id AND c.id = 2",
            "DELETE FROM gadgets AS g WHERE g.code NOT LIKE 'acme%' OR g.id = g.org_id",
            "DELETE FROM orders RETURNING *, (SELECT count(*) FROM orders)",
        ]
    );
});
