//! What stays as it is needs a reason, and is not forgotten.

use weft_tenancy::doctor::{Doctor, Rule};

use crate::clinic::{DECLARATION, Patient};

#[test]
fn an_exception_needs_a_reason() {
    let patient = Patient::new();
    let doctor = Doctor::new(&patient.tenancy, &patient.roles);
    let error = doctor.except(Rule::Undeclared, "notes", " \t").unwrap_err();
    assert_eq!(
        error.to_string(),
        "an exception for \"notes\" needs a reason"
    );
}

#[test]
fn exceptions_stand_in_the_declaration_with_rule_object_and_reason() {
    let patient = Patient::new();
    let doctor = || Doctor::new(&patient.tenancy, &patient.roles);
    let entry = |rule, reason| {
        format!(
            "{DECLARATION}\n[[except]]\nrule = \"{rule}\"\nobject = \"notes\"\nreason = \"{reason}\""
        )
    };
    let text = entry("undeclared", "scratch");
    weft_tenancy::Tenancy::from_toml(&text).unwrap();
    assert!(doctor().except_toml(&text).is_ok());
    let error = doctor().except_toml(&entry("undeclared", " ")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an exception for \"notes\" needs a reason"
    );
    let error = doctor().except_toml(&entry("all", "scratch")).unwrap_err();
    assert_eq!(error.to_string(), "an exception names no rule by \"all\"");
    assert!(
        doctor()
            .except_toml("[[except]]\nrule = \"undeclared\"")
            .is_err()
    );
}

#[test]
fn exceptions_are_listed_with_their_reasons_and_stale_ones_shown() {
    let mut patient = Patient::new();
    patient.run("CREATE TABLE notes (id integer); GRANT TRUNCATE ON orders TO app");
    let catalog = patient.catalog();
    let doctor = Doctor::new(&patient.tenancy, &patient.roles);
    let doctor = doctor.except(Rule::Undeclared, "notes", "scratch").unwrap();
    let doctor = doctor
        .except(Rule::Trigger, "notes", "no such finding")
        .unwrap();
    let report = doctor.examine(&catalog);
    assert_eq!(report.findings.len(), 1);
    assert!(!report.is_healthy());
    assert_eq!(report.excepted[0].reason, "scratch");
    assert_eq!(report.stale[0].object, "notes");
    let text = report.to_string();
    assert!(text.contains("TRUNCATE on orders to app (privilege): "));
    assert!(text.contains("\n    REVOKE TRUNCATE ON TABLE \"public\".\"orders\" FROM \"app\";"));
    assert!(text.contains("excepted: notes (undeclared): scratch"));
    assert!(text.contains("stale exception, matches nothing: notes (trigger): no such finding"));
    assert!(text.ends_with("1 findings, 0 of advice, 1 excepted"));
}

#[test]
fn advice_is_no_ill_health() {
    let mut patient = Patient::new();
    patient.run(
        "ALTER TABLE orders ADD COLUMN amount numeric; CREATE INDEX ON orders (org_id, amount)",
    );
    let report = patient.examine();
    assert!(report.findings[0].advice && report.is_healthy());
}
