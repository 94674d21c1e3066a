//! Rules 2 and 12: what is out of reach, and what a condition still sees.

use diesel::result::Error;
use weft_tenancy::Refusal;
use weft_tests::schema::B;

both!(
    g04_merge_and_everything_that_is_not_plain_dml_is_refused,
    |db, conn| {
        refuses!(
            db,
            conn,
            StatementKind,
            [
                "MERGE INTO orders USING customers c ON orders.id = c.id AND orders.id < 0
                 WHEN NOT MATCHED BY SOURCE THEN DELETE",
                "MERGE INTO customers t USING orders s ON t.id = s.id
                 WHEN NOT MATCHED THEN INSERT (org_id, id, name) VALUES (s.org_id, 70, 'x')",
                "TRUNCATE orders",
                "COPY orders TO STDOUT",
                "SET search_path = auth",
                "SET LOCAL ROLE postgres",
                "RESET ALL",
                "BEGIN",
                "COMMIT",
                "LOCK TABLE orders",
                "DO $$ BEGIN DELETE FROM orders; END $$",
                "EXPLAIN ANALYZE DELETE FROM orders",
                "PREPARE a AS SELECT * FROM orders",
                "DECLARE c CURSOR FOR SELECT * FROM orders",
                "SELECT * INTO TEMP copied FROM orders",
                "CREATE TEMP TABLE copied AS SELECT * FROM orders",
                "CREATE TEMP VIEW plans AS SELECT * FROM orders",
                "LISTEN a",
                "VACUUM",
            ]
        );
        refuses!(
            db,
            conn,
            MultipleStatements,
            [
                "SELECT 1; DELETE FROM orders",
                "DELETE FROM orders; SELECT 1"
            ]
        );
    }
);

both!(g09_unknown_constructs_are_refused, |db, conn| {
    refuses!(
        db,
        conn,
        UnsupportedSyntax,
        [
            "INSERT INTO gadgets (id, code) VALUES (gen_random_uuid(), 'bolt-a')
             ON CONFLICT (code) DO SELECT RETURNING id, code",
            "SELECT * FROM GRAPH_TABLE (g MATCH (a IS customers) COLUMNS (a.name))",
        ]
    );
});

both!(r02_only_what_is_declared_can_be_named, |db, conn| {
    db.admin(
        "CREATE TABLE secrets AS SELECT * FROM auth.users;
         CREATE TABLE reports.orders AS SELECT * FROM orders;
         CREATE MATERIALIZED VIEW all_orders AS SELECT * FROM orders;
         GRANT SELECT, DELETE ON secrets, reports.orders, all_orders TO app;
         GRANT USAGE ON SCHEMA auth TO app; GRANT SELECT ON auth.users TO app",
    );
    refuses!(
        db,
        conn,
        UndeclaredTable,
        [
            "SELECT name FROM customer_names",
            "SELECT id FROM reports.orders",
            "SELECT id FROM all_orders",
            "SELECT email FROM public.secrets",
            "DELETE FROM secrets",
            "SELECT (SELECT email FROM secrets)",
            "SELECT id FROM auth.orders",
            "WITH a AS (SELECT 1) SELECT * FROM b",
        ]
    );
    refuses!(
        db,
        conn,
        PrivateTable,
        [
            "SELECT email FROM users",
            "SELECT email FROM auth.users",
            "TABLE users",
            "UPDATE customers SET name = (SELECT max(email) FROM auth.users)",
            "INSERT INTO customers (id, name) SELECT id + 70, email FROM users",
        ]
    );
    refuses!(
        db,
        conn,
        CatalogRelation,
        [
            "SELECT relname FROM pg_class",
            "SELECT query FROM pg_catalog.pg_stat_activity",
            "SELECT most_common_vals FROM pg_stats",
            "SELECT table_name FROM information_schema.tables",
            "SELECT id FROM pg_temp.orders",
        ]
    );
});

both!(
    /// The rows are the scope's. Which rows a condition is tried on, and whose error it raises, is
    /// for row-level security to decide: without it the error is an oracle.
    hook alone: g10_without_row_security_a_condition_meets_foreign_rows,
    |db, conn| {
        // No index leads to the organisation's rows.
        db.admin(
            "ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE;
             ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE",
        );
        agrees!(
            db,
            conn,
            ["SELECT id FROM customers WHERE 'acme-2' ~ name OR name ~ 'bolt'"]
        );
        db.admin(&format!(
            "UPDATE customers SET name = '(' WHERE org_id = '{B}'"
        ));
        let text = "SELECT id FROM customers WHERE 'acme-2' ~ name";
        let (alone, _) = db.alone(text);
        assert_eq!(alone, [[Some("2".to_owned())]]);
        let error = rows!(conn, diesel::sql_query(text)).unwrap_err();
        assert!(matches!(error, Error::DatabaseError(..)) && Refusal::of(&error).is_none());

        db.admin(&format!("DELETE FROM customers WHERE org_id = '{B}'"));
        assert_eq!(rows!(conn, diesel::sql_query(text)).unwrap(), ["2"]);
    }
);
