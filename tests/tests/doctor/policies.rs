//! Row security and its policies.

use weft_tenancy::Policies;

use crate::clinic::{Patient, name, signed_context};

#[test]
fn signed_policies_are_healthy_when_they_are_asked_for_and_only_then() {
    let mut patient = Patient::new();
    patient.run(&signed_context());
    let signed = Policies::new(&patient.tenancy, &patient.roles).signed();
    let signed = signed.to_string();
    patient.signed = true;
    let found = patient.examine().findings;
    let names: Vec<_> = found.iter().map(name).collect();
    assert!(names.contains(&"policy weft_org on organizations".to_owned()));
    assert!(names.contains(&"policy weft_shop on orders".to_owned()));
    assert!(
        names.iter().all(|name| name.starts_with("policy weft_")),
        "{names:?}"
    );
    patient.run("SAVEPOINT before");
    patient.run(&signed);
    assert_eq!(patient.examine().findings, []);
    patient.run("ROLLBACK TO before");
    for finding in &found {
        patient.run(&finding.remedy);
    }
    assert_eq!(patient.examine().findings, []);
    patient.signed = false;
    assert_eq!(patient.examine().findings.len(), found.len());
}

#[test]
fn a_policy_that_differs_in_anything_is_found() {
    for (change, policy) in [
        ("ALTER POLICY weft_org ON orders USING (org_id IS NOT NULL)", "weft_org"),
        ("ALTER POLICY weft_org ON orders WITH CHECK (true)", "weft_org"),
        ("ALTER POLICY weft_org ON orders TO app, unscoped", "weft_org"),
        ("ALTER POLICY weft_org ON orders TO PUBLIC", "weft_org"),
        ("ALTER POLICY weft_base ON orders USING (total IS NULL)", "weft_base"),
        (
            "DROP POLICY weft_org ON orders; CREATE POLICY weft_org ON orders TO app
             USING (org_id = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid))",
            "weft_org",
        ),
        (
            "DROP POLICY weft_org ON orders; CREATE POLICY weft_org ON orders AS RESTRICTIVE FOR SELECT TO app
             USING (org_id = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid))",
            "weft_org",
        ),
        (
            "ALTER POLICY weft_org ON orders
             USING (org_id = (SELECT nullif(current_setting('weft.other', true), '')::uuid))",
            "weft_org",
        ),
        (
            "ALTER POLICY weft_shop ON orders
             USING ((SELECT coalesce(current_setting('weft.shop_ids', true), '*') = '*'))",
            "weft_shop",
        ),
        ("ALTER POLICY weft_directory ON memberships TO app", "weft_directory on memberships"),
        ("DROP POLICY weft_unscoped ON orders", "weft_unscoped"),
    ] {
        let mut patient = Patient::new();
        patient.run("ALTER TABLE orders ADD COLUMN total integer");
        patient.run(change);
        let policy = match policy.contains(' ') {
            true => format!("policy {policy}"),
            false => format!("policy {policy} on orders"),
        };
        patient.is_cured_of(&[&policy]);
    }
}

defects! {
    row_security_is_off: r#"ALTER TABLE reports."we""ird" DISABLE ROW LEVEL SECURITY"#
        => [r#"row-security reports.we"ird"#];
    row_security_is_not_forced: "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY"
        => ["row-security orders"];
    row_security_is_neither: "ALTER TABLE orders DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"
        => ["row-security orders"];
    a_strange_policy_lets_rows_in:
        r#"CREATE POLICY "Ev""ery" ON orders USING (true);
           CREATE POLICY day ON events_2024 FOR SELECT TO auth USING (true);
           CREATE POLICY harmless ON orders AS RESTRICTIVE USING (true)"#
        => [r#"strange-policy Ev"ery on orders"#, "strange-policy day on events_2024"];
}
