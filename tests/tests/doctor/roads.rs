//! What the roles of the roads are, own and may.

use weft_tenancy::Roles;

use crate::clinic::{Patient, name};

#[test]
fn a_role_that_does_not_exist_is_found_and_made() {
    let mut patient = Patient::new();
    patient.roles = Roles::new("Nobody\"s")
        .with_auth("auth", ["memberships"])
        .with_unscoped("unscoped");
    let names: Vec<_> = patient.examine().findings.iter().map(name).collect();
    assert_eq!(names[0], "role Nobody\"s");
    let remedy = patient.examine().findings.remove(0).remedy;
    patient.run(&remedy);
    let names: Vec<_> = patient.examine().findings.iter().map(name).collect();
    assert!(!names.contains(&"role Nobody\"s".to_owned()), "{names:?}");
}

#[test]
fn every_predefined_role_is_too_much_for_a_road() {
    for role in [
        "pg_read_all_data",
        "pg_write_all_data",
        "pg_monitor",
        "pg_read_all_stats",
        "pg_read_all_settings",
        "pg_read_server_files",
        "pg_write_server_files",
        "pg_execute_server_program",
        "pg_signal_backend",
    ] {
        let mut patient = Patient::new();
        patient.run(&format!("GRANT {role} TO auth"));
        patient.is_cured_of(&[&format!("membership auth in {role}")]);
    }
}

defects! {
    a_road_is_more_than_a_login_role:
        "ALTER ROLE app SUPERUSER BYPASSRLS REPLICATION CREATEROLE CREATEDB; ALTER ROLE unscoped BYPASSRLS"
        => ["role app SUPERUSER", "role app BYPASSRLS", "role app REPLICATION", "role app CREATEROLE",
            "role app CREATEDB", "role unscoped BYPASSRLS"];
    a_road_becomes_an_owner_through_others:
        r#"CREATE ROLE doctor_owner; CREATE ROLE "doctor ""staff" NOINHERIT; GRANT doctor_owner TO "doctor ""staff";
           ALTER TABLE orders OWNER TO doctor_owner; GRANT "doctor ""staff" TO app;
           CREATE ROLE doctor_harmless; GRANT doctor_harmless TO app"#
        => [r#"membership app in doctor "staff"#];
    a_road_becomes_another: "GRANT unscoped TO app" => ["membership app in unscoped"];
    a_road_becomes_a_superuser: "GRANT postgres TO unscoped" => ["membership unscoped in postgres"];
    a_road_owns_things:
        r#"ALTER TABLE lines OWNER TO app; ALTER TABLE reports."we""ird" OWNER TO unscoped;
           ALTER SCHEMA reports OWNER TO auth; ALTER FUNCTION my_rank OWNER TO app"#
        => ["owner lines", r#"owner reports.we"ird"#, "owner schema reports", "owner my_rank(integer)"];
    privileges_that_row_security_does_not_govern:
        r#"GRANT TRUNCATE ON orders TO app; GRANT REFERENCES (id) ON customers TO unscoped;
           GRANT TRIGGER ON reports."we""ird" TO PUBLIC;
           CREATE ROLE doctor_group; GRANT doctor_group TO auth; GRANT TRUNCATE ON plans TO doctor_group"#
        => ["privilege TRUNCATE on orders to app", "privilege REFERENCES on customers to unscoped",
            r#"privilege TRIGGER on reports.we"ird to PUBLIC"#, "privilege TRUNCATE on plans to doctor_group"];
    shared_tables_are_written:
        "GRANT INSERT, UPDATE (price), DELETE ON plans TO app; GRANT UPDATE ON plans TO unscoped"
        => ["privilege INSERT on plans to app", "privilege UPDATE on plans to app",
            "privilege DELETE on plans to app"];
    private_tables_are_open_to_the_application:
        "GRANT SELECT (id) ON auth.users TO app; GRANT INSERT ON auth.users TO PUBLIC"
        => ["privilege SELECT on auth.users to app", "privilege INSERT on auth.users to PUBLIC"];
    the_directory_is_written: "GRANT INSERT, UPDATE (id) ON memberships TO auth"
        => ["privilege INSERT on memberships to auth", "privilege UPDATE on memberships to auth"];
    sequences_tell_and_can_be_set:
        "CREATE SEQUENCE counted; GRANT ALL ON SEQUENCE counted TO app"
        => ["privilege SELECT on sequence counted to app", "privilege UPDATE on sequence counted to app"];
    the_record_can_be_rewritten_and_read:
        "GRANT SELECT, UPDATE, DELETE ON weft_unscoped_audit TO unscoped; GRANT INSERT ON weft_unscoped_audit TO app"
        => ["privilege SELECT on weft_unscoped_audit to unscoped", "privilege UPDATE on weft_unscoped_audit to unscoped",
            "privilege DELETE on weft_unscoped_audit to unscoped", "privilege INSERT on weft_unscoped_audit to app"];
    the_keys_of_the_context_can_be_read:
        "CREATE SCHEMA weft; CREATE TABLE weft.context_keys (id text); GRANT SELECT ON weft.context_keys TO app"
        => ["privilege SELECT on weft.context_keys to app"];
    schemas_can_be_written_into:
        r#"CREATE SCHEMA "Ol""d"; GRANT CREATE ON SCHEMA "Ol""d" TO PUBLIC; GRANT CREATE ON SCHEMA public TO app"#
        => [r#"privilege CREATE on schema Ol"d to PUBLIC"#, "privilege CREATE on schema public to app"];
    tables_of_the_future_are_open:
        "ALTER DEFAULT PRIVILEGES IN SCHEMA reports GRANT SELECT ON TABLES TO app;
         ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
         ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO app"
        => ["default-privilege tables of postgres in schema reports to app",
            "default-privilege tables of postgres in every schema to PUBLIC"];
    sessions_begin_with_settings:
        "ALTER ROLE app SET search_path = reports; ALTER ROLE auth SET row_security = off;
         ALTER ROLE app SET statement_timeout = '5s'; ALTER ROLE postgres SET search_path = public;
         ALTER ROLE app SET weft.org_id = '00000000-0000-0000-0000-00000000000a';
         ALTER ROLE unscoped SET session_replication_role = replica;
         ALTER ROLE ALL SET standard_conforming_strings = off"
        => ["setting search_path of app", "setting row_security of auth", "setting weft.org_id of app",
            "setting session_replication_role of unscoped", "setting standard_conforming_strings of every role"];
}

/// Findings that name the database, which is another in each test.
#[test]
fn what_is_of_the_database_is_found_there() {
    let mut patient = Patient::new();
    let database = patient.value("SELECT current_database()");
    let here =
        |sql: &str| format!("DO $$ BEGIN EXECUTE format('{sql}', current_database()); END $$");
    for (plant, found) in [
        (
            "GRANT CREATE, TEMPORARY ON DATABASE %I TO PUBLIC",
            vec![
                format!("privilege CREATE on database {database} to PUBLIC"),
                format!("privilege TEMPORARY on database {database} to PUBLIC"),
            ],
        ),
        (
            "ALTER DATABASE %I OWNER TO app",
            vec![format!("owner database {database}")],
        ),
        (
            "ALTER DATABASE %I SET search_path = reports",
            vec![format!("setting search_path of database {database}")],
        ),
        (
            "ALTER ROLE app IN DATABASE %I SET search_path = reports",
            vec![format!("setting search_path of app in database {database}")],
        ),
    ] {
        patient.run("SAVEPOINT healthy");
        patient.run(&here(plant));
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        patient.is_cured_of(&found);
        patient.run("ROLLBACK TO healthy");
    }
}
