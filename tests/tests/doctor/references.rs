//! Foreign keys, which the server checks without row security.

defects! {
    a_reference_leaves_the_organisation:
        "ALTER TABLE lines DROP CONSTRAINT lines_pkey, ADD CONSTRAINT lines_pkey PRIMARY KEY (id);
         CREATE INDEX ON lines (org_id);
         ALTER TABLE orders ADD COLUMN line_id bigint;
         ALTER TABLE orders ADD CONSTRAINT first_line FOREIGN KEY (line_id) REFERENCES lines
             ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED"
        => ["foreign-key first_line on orders", "unique-key lines_pkey on lines"];
    a_reference_pairs_the_organisation_with_something_else:
        "ALTER TABLE memberships ADD UNIQUE (org_id, user_id);
         ALTER TABLE memberships ADD COLUMN other uuid;
         ALTER TABLE memberships ADD CONSTRAINT crossed FOREIGN KEY (other, org_id)
             REFERENCES memberships (org_id, user_id)"
        => ["foreign-key crossed on memberships"];
    a_reference_to_the_root_is_not_by_the_organisation:
        r#"ALTER TABLE reports."we""ird" ADD COLUMN owner uuid REFERENCES organizations"#
        => [r#"foreign-key we"ird_owner_fkey on reports.we"ird"#];
    a_reference_leaves_the_shop:
        "ALTER TABLE lines DROP CONSTRAINT lines_order;
         ALTER TABLE orders DROP CONSTRAINT orders_org_id_shop_id_id_key;
         ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (org_id, order_id)
             REFERENCES orders"
        => ["foreign-key lines_order on lines"];
    a_private_key_can_be_guessed:
        "ALTER TABLE memberships ADD COLUMN number bigint REFERENCES auth.users (number)"
        => ["foreign-key memberships_number_fkey on memberships"];
    a_shared_table_refers_to_a_tenant:
        "ALTER TABLE plans ADD COLUMN made_for uuid REFERENCES organizations"
        => ["foreign-key plans_made_for_fkey on plans"];
    deleting_a_parent_takes_the_organisation_away:
        "ALTER TABLE orders DROP CONSTRAINT orders_org_id_customer_id_fkey;
         ALTER TABLE orders ADD CONSTRAINT bought FOREIGN KEY (org_id, customer_id)
             REFERENCES customers ON DELETE SET NULL"
        => ["referential-action bought on orders"];
    re_keying_a_parent_moves_the_row:
        "ALTER TABLE orders DROP CONSTRAINT orders_org_id_customer_id_fkey;
         ALTER TABLE orders ADD CONSTRAINT bought FOREIGN KEY (org_id, customer_id)
             REFERENCES customers ON UPDATE CASCADE"
        => ["referential-action bought on orders"];
    a_cascade_crosses_organisations:
        "ALTER TABLE customers DROP CONSTRAINT customers_plan_fkey;
         ALTER TABLE customers ADD FOREIGN KEY (plan) REFERENCES plans ON DELETE CASCADE"
        => ["referential-action customers_plan_fkey on customers"];
}
