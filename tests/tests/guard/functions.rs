//! Rule 6: what a statement may call, in every spelling.

both!(g02_functions_are_refused_in_every_spelling, |db, conn| {
    db.admin(
        "CREATE FUNCTION peek(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER
           AS 'SELECT count(*) FROM customers';
         CREATE FUNCTION peek(a text, b text) RETURNS bigint LANGUAGE sql SECURITY DEFINER
           AS 'SELECT count(*) FROM customers';
         CREATE OPERATOR public.@@@@ (leftarg = text, rightarg = text, function = peek);
         CREATE DOMAIN trap AS text CHECK (peek(value) > 0)",
    );
    let calls = [
        "SELECT peek('x')",
        "SELECT public.peek('x')",
        "SELECT \"peek\"('x')",
        "SELECT U&\"p\\0065ek\"('x')",
        "SELECT ('x'::text).peek",
        "SELECT * FROM peek('x')",
        "SELECT * FROM ROWS FROM (peek('x'))",
        "SELECT * FROM customers c, LATERAL peek(c.name) AS p",
        "SELECT id FROM customers ORDER BY peek(name)",
        "SELECT count(*) FILTER (WHERE peek(name) > 0) FROM customers",
        "SELECT CASE WHEN peek('x') > 0 THEN 1 END",
        "VALUES (peek('x'))",
        "UPDATE customers SET name = peek(name)::text",
        "DELETE FROM orders RETURNING peek(note)",
        "INSERT INTO customers (id, name) VALUES (70, peek('x')::text)",
        "SELECT (5::float8).pg_sleep FROM customers LIMIT 0",
    ];
    for sql in calls {
        let _ = db.alone(sql);
    }
    refuses!(db, conn, Function, calls);
    let treat = "SELECT TREAT('select to_tsvector(email) from auth.users'::text AS ts_stat)";
    assert!(format!("{:?}", db.rows(treat)).contains("root@example.com"));
    refuses!(db, conn, UnsupportedSyntax, [treat]);
    refuses!(
        db,
        conn,
        Operator,
        ["SELECT 'a'::text OPERATOR(public.@@@@) 'b'::text"]
    );
    refuses!(
        db,
        conn,
        Type,
        [
            "SELECT 'x'::trap",
            "SELECT CAST('x' AS public.trap)",
            "SELECT trap 'x'",
            "SELECT 'auth.users'::regclass",
            "SELECT * FROM json_to_record('{}') AS t(a trap)",
        ]
    );
    agrees!(
        db,
        conn,
        [
            "SELECT id, upper(name), pg_catalog.length(name) FROM customers",
            "SELECT c.id, s.n FROM customers c, LATERAL generate_series(1, c.id) AS s(n)",
            "SELECT id FROM customers WHERE id OPERATOR(pg_catalog.>) 1",
            "SELECT 'paid'::order_status, 'x'::varchar(3), current_date IS NULL",
            "SELECT u.a, u.b FROM ROWS FROM (unnest(ARRAY[1, 2]), unnest(ARRAY['x'])) AS u(a, b)",
            "SELECT coalesce(max(id), 0), string_agg(name, ',' ORDER BY id) FROM customers",
        ]
    );
});

both!(g02_a_dot_calls_only_what_is_on_the_list, |db, conn| {
    db.admin(
        "CREATE FUNCTION peek(text) RETURNS bigint LANGUAGE sql SECURITY DEFINER
           AS 'SELECT count(*) FROM customers'",
    );
    let calls = [
        "SELECT (c.name).peek FROM customers c",
        "SELECT (name).peek FROM customers",
        "SELECT (s.x).peek FROM (SELECT 'x'::text AS x) s",
        "SELECT u.peek FROM unnest(ARRAY['x']) u",
        "SELECT (u).peek FROM unnest(ARRAY['x']) u(x)",
        "UPDATE customers SET name = (name).peek::text",
        "UPDATE customers SET name = 'x' RETURNING (customers.name).peek",
    ];
    for sql in calls {
        let _ = db.alone(sql);
    }
    refuses!(db, conn, Function, calls);
});

both!(
    g03_text_that_functions_would_run_is_out_of_reach,
    |db, conn| {
        db.admin("SELECT lo_from_bytea(4711, 'secret')");
        let calls = [
            "SELECT ts_rewrite('a'::tsquery,
               'SELECT ''a''::tsquery, to_tsquery(note) FROM orders LIMIT 1')::text",
            "SELECT query_to_xml('SELECT * FROM auth.users', true, true, '')::text",
            "SELECT table_to_xml('auth.users', true, true, '')::text",
            "SELECT database_to_xmlschema(true, true, '')::text",
            "SELECT word FROM ts_stat('SELECT to_tsvector(email) FROM auth.users')",
            "SELECT count(*) FROM pg_stat_get_activity(NULL)",
            "SELECT pg_try_advisory_xact_lock(1)",
            "SELECT currtid2('auth.users', '(0,1)')::text",
            "SELECT current_setting('search_path')",
            "SELECT set_config('search_path', 'auth', true)",
            "SELECT pg_notify('all', 'x')",
            "SELECT count(*) FROM pg_prepared_statement()",
            "SELECT lo_get(4711)::text",
            "SELECT (4711::oid).lo_get",
            "SELECT pg_relation_size('auth.users')",
            "SELECT has_table_privilege('auth.users', 'select')",
            "SELECT pg_read_file('PG_VERSION')",
            "SELECT ('PG_VERSION'::text).pg_read_file",
            "SELECT pg_ls_dir('.')",
        ];
        for sql in calls {
            let _ = db.rows(&format!("BEGIN; {sql}; ROLLBACK"));
        }
        refuses!(db, conn, Function, calls);
        agrees!(
            db,
            conn,
            ["SELECT ts_rewrite('a & b'::tsquery, 'a'::tsquery, 'c'::tsquery)::text"]
        );
    }
);
