//! The columns that say whose a row is, and the keys and indexes they lead.

defects! {
    an_organisation_column_is_missing:
        "DROP POLICY weft_org ON shops; ALTER TABLE lines DROP CONSTRAINT lines_order;
         ALTER TABLE orders DROP CONSTRAINT orders_org_id_shop_id_fkey;
         ALTER TABLE shops DROP COLUMN org_id"
        => ["column shops.org_id"];
    a_column_of_soft_deletion_is_missing: "ALTER TABLE orders DROP COLUMN deleted_at"
        => ["column orders.deleted_at"];
    a_key_is_text:
        "DROP POLICY weft_shop ON lines; ALTER TABLE lines DROP CONSTRAINT lines_order;
         ALTER TABLE lines ALTER COLUMN shop_id TYPE text"
        => ["key-type lines.shop_id"];
    keys_are_citext_on_both_sides_of_a_reference:
        "CREATE EXTENSION citext;
         ALTER TABLE lines DROP CONSTRAINT lines_order;
         ALTER TABLE orders DROP CONSTRAINT orders_org_id_shop_id_fkey;
         ALTER TABLE shops DROP CONSTRAINT shops_org_id_fkey;
         DROP POLICY weft_org ON shops; DROP POLICY weft_org ON orders;
         ALTER TABLE orders DROP CONSTRAINT orders_org_id_customer_id_fkey;
         ALTER TABLE shops ALTER COLUMN org_id TYPE citext;
         ALTER TABLE orders ALTER COLUMN org_id TYPE citext;
         ALTER TABLE orders ADD FOREIGN KEY (org_id, shop_id) REFERENCES shops"
        => ["key-type shops.org_id", "key-type orders.org_id"];
    an_organisation_column_is_nullable:
        r#"ALTER TABLE reports."we""ird" DROP CONSTRAINT "we""ird_pkey";
           CREATE UNIQUE INDEX ON reports."we""ird" ("Org ""Id", id);
           ALTER TABLE reports."we""ird" ALTER COLUMN "Org ""Id" DROP NOT NULL"#
        => [r#"nullable reports.we"ird.Org "Id"#];
    a_shop_column_is_nullable: "ALTER TABLE orders ALTER COLUMN shop_id DROP NOT NULL"
        => ["nullable orders.shop_id"];
    the_server_fills_the_organisation:
        "ALTER TABLE orders ALTER COLUMN org_id SET DEFAULT gen_random_uuid()"
        => ["key-default orders.org_id"];
    no_index_leads_with_the_organisation:
        r#"ALTER TABLE reports."we""ird" DROP CONSTRAINT "we""ird_pkey";
           CREATE INDEX ON reports."we""ird" ("Org ""Id") WHERE id > 0;
           CREATE INDEX ON reports."we""ird" (id, "Org ""Id")"#
        => [r#"index reports.we"ird"#];
    a_unique_constraint_is_global:
        r#"ALTER TABLE reports."we""ird" ADD CONSTRAINT "a ""key" UNIQUE NULLS NOT DISTINCT ("a ""b")
             INCLUDE (id) DEFERRABLE INITIALLY DEFERRED"#
        => [r#"unique-key a "key on reports.we"ird"#];
    a_primary_key_is_global:
        "ALTER TABLE lines DROP CONSTRAINT lines_pkey, ADD PRIMARY KEY (id);
         CREATE INDEX ON lines (org_id)"
        => ["unique-key lines_pkey on lines"];
    a_unique_index_over_an_expression_is_global:
        "CREATE UNIQUE INDEX one_email ON customers (lower(email)) WHERE id > 0"
        => ["unique-key one_email on customers", "leakproof one_email on customers"];
    an_exclusion_is_global:
        "CREATE EXTENSION btree_gist;
         ALTER TABLE shops ADD CONSTRAINT one EXCLUDE USING gist (id WITH =)"
        => ["unique-key one on shops"];
    a_partition_has_a_global_key_of_its_own: "CREATE UNIQUE INDEX one_day ON events_2024 (at)"
        => ["unique-key one_day on events_2024"];
    a_key_of_the_root_can_be_probed: "GRANT UPDATE ON organizations TO app"
        => ["unique-key organizations_slug_key on organizations"];
    a_key_of_the_root_can_be_probed_by_one_column: "GRANT UPDATE (slug) ON organizations TO app"
        => ["unique-key organizations_slug_key on organizations"];
    indexes_that_are_of_no_use_below_row_security:
        "ALTER TABLE orders ADD COLUMN amount numeric;
         CREATE INDEX by_amount ON orders (org_id, amount);
         CREATE INDEX by_prefix ON customers (org_id, email text_pattern_ops)"
        => ["leakproof by_amount on orders", "leakproof by_prefix on customers"];
}
