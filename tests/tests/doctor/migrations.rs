//! Text for migrations: what it makes is healthy, and what it changes is what it names.

use diesel::prelude::*;
use weft_tenancy::{KeyType, MigrationError, NewTable, Tenancy};

use crate::clinic::{DECLARATION, Patient, tenancy};

/// The declaration with what the text asks for.
fn declared(text: &str) -> Tenancy {
    let line = text.lines().find_map(|line| line.strip_prefix("-- TOML: "));
    let mut declaration = DECLARATION.to_owned();
    for entry in line.unwrap().split(", [") {
        let entry = entry.trim_start_matches('[');
        let (section, entry) = entry.split_once("] ").unwrap();
        let header = format!("[{section}]\n");
        assert!(declaration.contains(&header));
        declaration = declaration.replacen(&header, &format!("{header}{entry}\n"), 1);
    }
    Tenancy::from_toml(&declaration).unwrap()
}

fn is_healthy(table: &NewTable) -> Tenancy {
    let mut patient = Patient::new();
    let text = table.sql(&patient.tenancy, &patient.roles).unwrap();
    patient.run(&text);
    patient.tenancy = declared(&text);
    assert_eq!(patient.examine().findings, [], "{text}");
    patient.tenancy
}

#[test]
fn a_new_table_of_organisations_is_healthy() {
    let table = NewTable::new("reports.Inv\"oices")
        .ids(KeyType::I64)
        .column(
            "Tot\"al",
            "bigint NOT NULL DEFAULT 0 CHECK (\"Tot\"\"al\" >= 0)",
        )
        .references("customer_id", "customers")
        .references("order_id", "orders")
        .references("shop", "shops")
        .references("corrects", "reports.Inv\"oices")
        .soft_delete("deleted_at");
    let tenancy = is_healthy(&table);
    let table = tenancy.table(Some("reports"), "Inv\"oices").unwrap();
    assert_eq!(table.soft_delete(), Some("deleted_at"));
}

#[test]
fn a_new_table_of_shops_is_healthy() {
    let table = NewTable::new("returns")
        .shop()
        .ids(KeyType::I64)
        .references("order_id", "orders")
        .references("line_id", "lines")
        .references("customer_id", "customers")
        .references("earlier", "returns");
    let tenancy = is_healthy(&table);
    assert_eq!(
        tenancy.table(None, "returns").unwrap().shop_column(),
        Some("shop_id")
    );
    is_healthy(&NewTable::new("visits").shop().column("page", "text"));
}

#[test]
fn what_would_not_be_healthy_is_not_written() {
    use MigrationError as E;
    let patient = Patient::new();
    let refused = |table: NewTable| table.sql(&patient.tenancy, &patient.roles).unwrap_err();
    let name = |name: &str| E::Name {
        name: name.to_owned(),
    };
    let column = |column: &str| E::Column {
        column: column.to_owned(),
    };
    let target = |table: &str| E::Target {
        table: table.to_owned(),
    };
    assert_eq!(refused(NewTable::new("")), name(""));
    assert_eq!(refused(NewTable::new("pg_x")), name("pg_x"));
    assert_eq!(
        refused(NewTable::new("a\nDROP TABLE orders")),
        name("a\nDROP TABLE orders")
    );
    assert_eq!(refused(NewTable::new("a").soft_delete("")), name(""));
    assert_eq!(
        refused(NewTable::new("orders")),
        E::Declared {
            table: "orders".to_owned()
        }
    );
    let sly = NewTable::new("a").column("b", "bigint); DROP TABLE orders; --");
    assert_eq!(refused(sly), column("b"));
    assert_eq!(
        refused(NewTable::new("a").column("b", "bigint UNIQUE")),
        column("b")
    );
    for wrong in ["nothing", "plans", "auth.users", "organizations"] {
        assert_eq!(
            refused(NewTable::new("a").references("b", wrong)),
            target(wrong)
        );
    }
    assert_eq!(
        refused(NewTable::new("a").shop().references("b", "shops")),
        target("shops")
    );
}

/// The healthy database with two organisations, owned by a role that bypasses nothing.
fn owned() -> Patient {
    let mut patient = Patient::new();
    patient.run(
        "INSERT INTO organizations (id, slug) VALUES
             ('00000000-0000-0000-0000-00000000000a', 'a'), ('00000000-0000-0000-0000-00000000000b', 'b');
         INSERT INTO customers (org_id, id, email) SELECT id, 1, 'old' FROM organizations;
         INSERT INTO shops SELECT id, 1 FROM organizations;
         CREATE ROLE doctor_owner NOLOGIN;
         GRANT ALL ON SCHEMA public TO doctor_owner;
         ALTER TABLE organizations OWNER TO doctor_owner; ALTER TABLE customers OWNER TO doctor_owner;
         ALTER TABLE shops OWNER TO doctor_owner; SET LOCAL ROLE doctor_owner",
    );
    patient
}

fn emails(patient: &mut Patient) -> String {
    patient.run("RESET ROLE");
    patient.value("SELECT string_agg(email, ',') FROM customers")
}

#[test]
fn a_change_of_data_reaches_all_rows_of_the_tables_it_names_and_forces_again() {
    let mut patient = owned();
    patient.run("UPDATE customers SET email = 'unseen'");
    assert_eq!(
        emails(&mut patient),
        "old,old",
        "under FORCE nothing is there to change"
    );
    patient.run("SET LOCAL ROLE doctor_owner");
    let text =
        tenancy().data_migration(&["customers"], "UPDATE customers SET email = 'new' -- all");
    patient.run(&text.unwrap());
    assert_eq!(emails(&mut patient), "new,new");
    patient.run("RESET row_security");
    let findings = patient.examine().findings;
    assert!(
        findings
            .iter()
            .all(|finding| finding.rule.name() != "row-security"),
        "{findings:?}"
    );
}

#[test]
fn a_table_that_was_forgotten_fails_the_whole_change() {
    let mut patient = owned();
    patient.run("SAVEPOINT before");
    let text = tenancy().data_migration(
        &["customers"],
        "UPDATE customers SET email = 'new'; UPDATE shops SET id = 2",
    );
    let error = patient.fails(&text.unwrap());
    assert!(
        error.contains("row-level security policy for table \"shops\""),
        "{error}"
    );
    patient.run("ROLLBACK TO before");
    assert_eq!(emails(&mut patient), "old,old");
    let forced = "SELECT relforcerowsecurity FROM pg_class WHERE oid = 'customers'::regclass";
    assert_eq!(patient.value(forced), "true");
}

#[test]
fn outside_a_transaction_nothing_is_lifted() {
    let mut conn = PgConnection::establish(crate::clinic::url()).unwrap();
    let text = tenancy()
        .data_migration(&["customers"], "SELECT 1")
        .unwrap();
    let first = text.split_once("SELECT 1").unwrap().0;
    let (set, lift) = first.split_once(";\n").unwrap();
    diesel::sql_query(set).execute(&mut conn).unwrap();
    let error = diesel::sql_query(lift).execute(&mut conn).unwrap_err();
    assert!(
        error.to_string().contains("within one transaction"),
        "{error}"
    );
}

#[test]
fn only_declared_tenant_tables_and_changes_of_rows_are_taken() {
    let tenancy = tenancy();
    for table in ["plans", "auth.users", "nothing"] {
        let target = MigrationError::Target {
            table: table.to_owned(),
        };
        assert_eq!(tenancy.data_migration(&[table], "SELECT 1"), Err(target));
    }
    for body in [
        "",
        "COMMIT",
        "UPDATE orders SET id = 1; SET row_security = on",
        "SELECT 'open",
    ] {
        assert_eq!(
            tenancy.data_migration(&["orders"], body),
            Err(MigrationError::Body)
        );
    }
}
