//! Rule 5: what a scope writes.

use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::Uuid;
use weft_tenancy::RefusalKind;
use weft_tests::schema::{A, B};

both!(
    g15_the_organisations_cell_is_a_value_or_the_guards,
    |db, conn| {
        db.admin(&format!(
            "ALTER TABLE customers ALTER org_id SET DEFAULT '{B}';
             ALTER TABLE customers ALTER id SET DEFAULT 90"
        ));
        refuses!(
            db,
            conn,
            OrgCell,
            [
                "INSERT INTO customers (org_id, id, name) VALUES (DEFAULT, 70, 'x')",
                "INSERT INTO customers (org_id, id, name) VALUES (NULL, 70, 'x')",
                "INSERT INTO customers (ORG_ID, id, name) VALUES (DEFAULT, 70, 'x')",
                "INSERT INTO customers (U&\"org\\005fid\", id, name) VALUES (DEFAULT, 70, 'x')",
                "INSERT INTO customers (org_id, id, name) VALUES (gen_random_uuid(), 70, 'x')",
                "INSERT INTO customers (org_id, id, name)
                 VALUES ('00000000-0000-0000-0000-00000000000a', 70, 'x'), (DEFAULT, 71, 'x')",
                "INSERT INTO customers (org_id, id, name)
                 VALUES ((SELECT '00000000-0000-0000-0000-00000000000b'::uuid), 70, 'x')",
                "INSERT INTO customers (id, name, org_id) SELECT c.id + 70, c.name, c.org_id
                 FROM customers c",
                "INSERT INTO customers (id, name, org_id) SELECT * FROM customers",
                "INSERT INTO customers (id, org_id, name) VALUES (70, 'x')",
            ]
        );
        refuses!(
            db,
            conn,
            OrgMismatch,
            [
                "INSERT INTO customers (org_id, id, name)
                 VALUES ('00000000-0000-0000-0000-00000000000b', 70, 'x')",
                "INSERT INTO customers (org_id, id, name)
                 SELECT '00000000-0000-0000-0000-00000000000b'::uuid, 70, 'x'",
            ]
        );
        refuses!(
            db,
            conn,
            MissingColumns,
            [
                "INSERT INTO customers VALUES ('00000000-0000-0000-0000-00000000000b', 70, 'x')",
                "INSERT INTO customers DEFAULT VALUES",
                "INSERT INTO customers TABLE customers",
            ]
        );
        agrees!(
            db,
            conn,
            [
                "INSERT INTO customers (id, name) VALUES (70, 'x'), (71, 'y') RETURNING org_id",
                "INSERT INTO customers (name) VALUES ('x') RETURNING org_id, id",
                "INSERT INTO customers (id, name) SELECT id + 100, name FROM customers",
                "INSERT INTO customers (org_id, id, name)
                 VALUES ('0000000000000000000000000000000A', 72, 'x') RETURNING org_id",
                "WITH new AS (INSERT INTO customers (id, name) VALUES (80, 'w') RETURNING *)
                 SELECT org_id, id FROM new",
            ]
        );
    }
);

both!(
    g16_a_shop_is_within_a_narrowed_scope_or_filled_when_it_is_the_only_one,
    |db, conn| {
        let insert = "INSERT INTO orders (id, customer_id, total) VALUES (70, 1, 1)";
        {
            // The column's own default is shop 1.
            let mut shop = conn.narrowed([2_i64]);
            let filled = format!("{insert} RETURNING shop_id");
            let rows = rows!(shop, diesel::sql_query(filled)).unwrap();
            assert_eq!(rows, ["2"]);
            refuses!(
                db,
                shop,
                ShopCell,
                [
                    "INSERT INTO orders (id, customer_id, total, shop_id)
                     VALUES (71, 1, 1, DEFAULT)",
                    "INSERT INTO orders (id, customer_id, total, shop_id) VALUES (71, 1, 1, NULL)",
                    "INSERT INTO orders (id, customer_id, total, shop_id) VALUES (71, 1, 1, 1 + 1)",
                    "INSERT INTO orders (id, customer_id, total, shop_id)
                     SELECT id + 80, 1, 1, shop_id FROM orders",
                    "UPDATE orders SET shop_id = shop_id + 1",
                    "UPDATE orders SET shop_id = DEFAULT",
                    "UPDATE orders SET (total, shop_id) = (SELECT 1, 3)",
                ]
            );
            refuses!(
                db,
                shop,
                ShopMismatch,
                [
                    "INSERT INTO orders (id, customer_id, total, shop_id) VALUES (71, 1, 1, 1)",
                    "UPDATE orders SET shop_id = 3",
                ]
            );
            let seen = "SELECT DISTINCT shop_id FROM orders WHERE shop_id <> 2 OR true";
            assert_eq!(rows!(shop, diesel::sql_query(seen)).unwrap(), ["2"]);
        }
        {
            let mut two = conn.narrowed([2_i64, 3]);
            refuses!(db, two, AmbiguousShop, [insert]);
        }
        let mut none = conn.narrowed([] as [i64; 0]);
        refuses!(db, none, AmbiguousShop, [insert]);
        let seen = rows!(none, diesel::sql_query("SELECT id FROM orders")).unwrap();
        assert_eq!(seen, [] as [&str; 0]);
        let before = db.snapshot(A);
        let deleted = go!(diesel::sql_query("DELETE FROM orders").execute(&mut none));
        assert_eq!(deleted, Ok(0));
        assert_eq!(db.snapshot(A), before);
    }
);

both!(
    g17_shared_tables_are_read_only_and_the_root_keeps_its_key,
    |db, conn| {
        db.admin("GRANT INSERT, UPDATE, DELETE ON plans TO app");
        refuses!(
            db,
            conn,
            ReadOnlyTable,
            [
                "UPDATE plans SET price = 1",
                "DELETE FROM plans",
                "INSERT INTO plans (code, price) VALUES ('own', 1)",
                "INSERT INTO plans (code, price) VALUES ('pro', 1)
                 ON CONFLICT (code) DO UPDATE SET price = 1",
                "WITH gone AS (DELETE FROM plans RETURNING *) SELECT code FROM gone",
            ]
        );
        refuses!(
            db,
            conn,
            LockedSharedTable,
            [
                "SELECT code FROM plans FOR UPDATE",
                "SELECT o.id FROM orders o JOIN plans p ON true FOR SHARE",
                "SELECT o.id FROM orders o JOIN plans p ON true FOR UPDATE OF o, p",
                "SELECT o.id FROM orders o, (SELECT * FROM plans) p FOR KEY SHARE",
            ]
        );
        refuses!(
            db,
            conn,
            RootTable,
            [
                "INSERT INTO organizations (id, name)
                 VALUES ('00000000-0000-0000-0000-00000000000c', 'x')",
                "DELETE FROM organizations",
                "UPDATE organizations SET id = '00000000-0000-0000-0000-00000000000b'",
                "UPDATE organizations SET (name, id) = ROW ('x', gen_random_uuid())",
            ]
        );
        agrees!(
            db,
            conn,
            [
                "SELECT o.id FROM orders o JOIN plans p ON true FOR UPDATE OF o SKIP LOCKED",
                "SELECT id, name FROM organizations WHERE false OR true",
                "UPDATE organizations SET name = 'renamed' WHERE false OR true RETURNING id, name",
                "SELECT c.name, o.name FROM customers c LEFT JOIN organizations o
                 ON o.id <> c.org_id",
                "SELECT code, price FROM plans",
            ]
        );
    }
);

both!(
    g22_filled_cells_carry_their_type_in_every_arm,
    |db, conn| {
        agrees!(
            db,
            conn,
            [
                "INSERT INTO customers (id, name) SELECT DISTINCT 80::bigint, 'a'
             UNION ALL SELECT 81, 'b' RETURNING org_id, id, name",
                "INSERT INTO customers (id, name) (SELECT 82::bigint, 'a' LIMIT 1)
             UNION ALL VALUES (83, 'b'), (84, 'c') ORDER BY 1 RETURNING id",
                "INSERT INTO customers (name, id) SELECT name, max(id) + 100 FROM customers
             GROUP BY name RETURNING id, name",
                "INSERT INTO customers (id, name) SELECT id + 1000, name FROM customers
             EXCEPT SELECT 1001, 'acme-1' RETURNING id, name",
                "INSERT INTO orders (id, customer_id, total, status, note)
             SELECT 90, 1, 1, 'paid', NULL RETURNING id, status",
            ]
        );
    }
);

both!(g23_only_the_actions_where_is_guarded, |db, conn| {
    db.admin("CREATE UNIQUE INDEX ON customers (org_id, name) WHERE id > 0 OR name = 'x'");
    agrees!(
        db,
        conn,
        [
            "INSERT INTO customers (id, name) VALUES (1, 'a'), (2, 'b')
             ON CONFLICT (org_id, id) DO UPDATE SET name = excluded.name
             WHERE customers.id = 1 OR true RETURNING id, name",
            "INSERT INTO customers (id, name) VALUES (70, 'acme-3'), (71, 'new')
             ON CONFLICT (org_id, name) WHERE id > 0 OR name = 'x'
             DO UPDATE SET referred_by = 1 WHERE false OR true RETURNING id, referred_by",
            "INSERT INTO customers AS c (id, name) VALUES (1, 'c')
             ON CONFLICT (org_id, id) DO UPDATE SET name = c.name || excluded.name RETURNING name",
            "INSERT INTO customers (id, name) VALUES (1, 'd') ON CONFLICT DO NOTHING",
        ]
    );
    refuses!(
        db,
        conn,
        Name,
        [
            "INSERT INTO customers AS excluded (id, name) VALUES (1, 'x')
          ON CONFLICT (org_id, id) DO UPDATE SET name = 'x'"
        ]
    );
});

both!(
    g27_set_of_the_organisation_is_a_bind_or_the_proposed_rows,
    |db, conn| {
        refuses!(
            db,
            conn,
            OrgCell,
            [
                "UPDATE customers SET org_id = DEFAULT",
                "UPDATE customers SET org_id = NULL",
                "UPDATE customers SET org_id = '00000000-0000-0000-0000-00000000000b'",
                "UPDATE gadgets SET org_id = id",
                "UPDATE gadgets SET (code, org_id) = (code, id)",
                "UPDATE gadgets SET (code, org_id) = (SELECT g.code, g.id FROM gadgets g LIMIT 1)",
                "UPDATE customers c SET org_id = g.id FROM gadgets g",
                "UPDATE gadgets SET \"org_id\" = id",
                "UPDATE gadgets SET U&\"org\\005fid\" = id",
                "INSERT INTO gadgets (id, code) VALUES (gen_random_uuid(), 'acme-a')
                 ON CONFLICT (code) DO UPDATE SET org_id = excluded.id",
            ]
        );
        let before = db.snapshot(B);
        let text = "UPDATE customers SET name = 'kept', org_id = $1 WHERE id = 3";
        let other = go!(diesel::sql_query(text)
            .bind::<Uuid, _>(B)
            .execute(&mut conn));
        assert_eq!(refused!(other), RefusalKind::OrgMismatch);
        let own = go!(diesel::sql_query(text)
            .bind::<Uuid, _>(A)
            .execute(&mut conn));
        assert_eq!(own, Ok(1));
        assert_eq!(db.snapshot(B), before);
        agrees!(
            db,
            conn,
            [
                "INSERT INTO customers (id, name) VALUES (1, 'up') ON CONFLICT (org_id, id)
              DO UPDATE SET org_id = excluded.org_id, name = excluded.name RETURNING id, name"
            ]
        );
    }
);

both!(
    /// A key without the organisation says whether a value exists, and lets nobody at the row.
    g32_a_global_unique_key_tells_of_a_foreign_row_and_changes_none,
    |db, conn| {
        let before = db.snapshot(B);
        let own = db.snapshot(A);
        let insert = |action: &str| {
            diesel::sql_query(format!(
                "INSERT INTO gadgets (id, code) VALUES (gen_random_uuid(), 'bolt-a') {action}"
            ))
        };
        let taken = go!(insert("").execute(&mut conn));
        assert!(matches!(
            taken,
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
        ));
        let nothing = go!(insert("ON CONFLICT DO NOTHING").execute(&mut conn));
        assert_eq!(nothing, Ok(0));
        let update = "ON CONFLICT (code) DO UPDATE SET code = 'stolen' WHERE false OR true";
        let rows = rows!(
            conn,
            insert(&format!("{update} RETURNING gadgets.id, code"))
        );
        assert_eq!(rows.unwrap(), [] as [&str; 0]);
        assert_eq!(db.snapshot(B), before);
        assert_eq!(db.snapshot(A), own);
    }
);
