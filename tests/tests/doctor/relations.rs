//! What is declared and not there, there and not declared, or not what it seems.

use crate::clinic::{Patient, name};

const FOREIGN: &str = "CREATE EXTENSION file_fdw;
    CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;";

#[test]
fn nothing_is_found_in_a_healthy_database() {
    let report = Patient::new().examine();
    assert_eq!(report.findings, []);
    assert!(report.is_healthy());
}

#[test]
fn a_tenant_table_that_is_a_view_becomes_a_table_with_its_rows() {
    let mut patient = Patient::new();
    patient.run(
        "DROP TABLE memberships;
         CREATE VIEW memberships AS
            SELECT gen_random_uuid() AS org_id, gen_random_uuid() AS id, 1 AS user_id",
    );
    let report = patient.examine();
    let names: Vec<_> = report.findings.iter().map(name).collect();
    assert_eq!(names, ["relation memberships"]);
    patient.mend();
    patient.run("DO $$ BEGIN ASSERT (SELECT count(*) FROM memberships) = 1; END $$");
}

#[test]
fn a_view_over_a_view_of_a_partition_reads_as_its_owner() {
    let mut patient = Patient::new();
    patient.run(
        "CREATE VIEW inner_one WITH (security_invoker) AS SELECT what FROM events_2024;
         CREATE VIEW all_of_it AS SELECT * FROM inner_one",
    );
    let names: Vec<_> = patient.examine().findings.iter().map(name).collect();
    let expected = [
        "view all_of_it",
        "undeclared all_of_it",
        "undeclared inner_one",
    ];
    assert_eq!(names, expected);
    patient.mend();
}

#[test]
fn an_undeclared_table_is_not_dropped_while_it_has_rows() {
    let mut patient = Patient::new();
    patient.run("CREATE TABLE notes AS SELECT 1 AS id");
    let report = patient.examine();
    assert_eq!(name(&report.findings[0]), "undeclared notes");
    patient.run("SAVEPOINT before");
    assert!(
        patient
            .fails(&report.findings[0].remedy)
            .contains("rows to lose")
    );
    patient.run("ROLLBACK TO before; DELETE FROM notes");
    patient.run(&report.findings[0].remedy);
    assert_eq!(patient.examine().findings, []);
}

defects! {
    a_private_and_a_shop_table_are_missing:
        "ALTER TABLE memberships DROP CONSTRAINT memberships_user_id_fkey;
         DROP TABLE auth.users, lines"
        => ["relation auth.users", "relation lines"];
    tables_of_every_other_class_are_missing:
        r#"DROP TABLE events, plans, lines, orders, shops, reports."we""ird" CASCADE"#
        => ["relation events", "relation plans", "relation lines", "relation orders",
            "relation shops", r#"relation reports.we"ird"#];
    the_root_is_missing: "DROP TABLE organizations CASCADE" => ["relation organizations"];
    a_shared_table_is_a_materialized_view:
        "DROP TABLE plans CASCADE;
         CREATE MATERIALIZED VIEW plans AS SELECT 'free'::text AS code"
        => ["relation plans"];
    a_shared_table_is_a_foreign_table:
        &[FOREIGN, "DROP TABLE plans CASCADE;
            CREATE FOREIGN TABLE plans (code text) SERVER files OPTIONS (filename '/dev/null');"]
            .concat()
        => ["relation plans"];
    a_shared_table_has_the_column_of_an_organisation:
        "ALTER TABLE plans ADD COLUMN org_id uuid" => ["shared-table plans.org_id"];
    tables_and_sequences_that_nobody_declared:
        r#"CREATE TABLE "No""tes" (id integer); CREATE TABLE reports.parted (id int) PARTITION BY LIST (id);
           CREATE SEQUENCE fine"#
        => [r#"undeclared No"tes"#, "undeclared reports.parted"];
    a_foreign_table_that_nobody_declared:
        &[FOREIGN, "CREATE FOREIGN TABLE far (a text) SERVER files OPTIONS (filename '/dev/null')"]
            .concat()
        => ["undeclared far"];
    a_view_reads_as_its_owner: "CREATE VIEW names AS SELECT email FROM customers"
        => ["view names", "undeclared names"];
    a_view_that_a_road_reads: "CREATE VIEW codes AS SELECT code FROM plans; GRANT SELECT ON codes TO PUBLIC"
        => ["view codes", "undeclared codes"];
    a_copy_of_tenants_rows: "CREATE MATERIALIZED VIEW copied AS SELECT email FROM customers"
        => ["view copied", "undeclared copied"];
    a_copy_that_a_road_reads:
        "CREATE MATERIALIZED VIEW copied AS SELECT code FROM plans; GRANT SELECT ON copied TO app"
        => ["view copied", "undeclared copied"];
    a_partition_is_in_reach: "GRANT SELECT ON events_2024 TO app; GRANT UPDATE (what) ON events_2024 TO PUBLIC"
        => ["partition events_2024 to app", "partition events_2024 to PUBLIC"];
    a_partition_and_a_child_are_without_row_security:
        "CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
         CREATE TABLE vip () INHERITS (customers)"
        => ["row-security events_2025", "row-security vip"];
    a_partition_lies_on_another_server:
        &[FOREIGN, "DROP TABLE events CASCADE; CREATE TABLE events (org_id uuid NOT NULL, at date NOT NULL)
                PARTITION BY RANGE (at); CREATE INDEX ON events (org_id);
            CREATE FOREIGN TABLE far PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
                SERVER files OPTIONS (filename '/dev/null');"]
            .concat()
        => ["relation far", "row-security events", "policy weft_base on events",
            "policy weft_org on events", "policy weft_unscoped on events"];
    triggers_and_rules:
        "CREATE TRIGGER \"On\" BEFORE INSERT ON orders EXECUTE FUNCTION trigger_function();
         CREATE TRIGGER here BEFORE INSERT ON events_2024 EXECUTE FUNCTION trigger_function();
         CREATE TRIGGER every BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION trigger_function();
         CREATE RULE gone AS ON DELETE TO plans DO INSTEAD NOTHING"
        => ["trigger On on orders", "trigger here on events_2024", "trigger every on events",
            "rewrite-rule gone on plans"];
}
