//! That the comparison sees what it is there to see: with one policy out of place it goes red.

use weft_tests::differential::{Layers, Statement, World, security};

/// How many statements it may take.
const STATEMENTS: u64 = 2_000;

/// Whether some statement differs under row-level security alone, changed by `defect`.
fn shows(defect: &str) -> bool {
    let mut world = World::secured_by(&format!("{}; {defect}", security())).unwrap();
    (0..STATEMENTS).any(|seed| {
        let statement = Statement::generate(seed);
        if !statement.shape.deleted {
            return false;
        }
        let differences = world.examine(&statement).unwrap().differences(&statement);
        let of_policies = |layers| layers == Layers::Policies;
        differences
            .iter()
            .any(|difference| of_policies(difference.layers))
    })
}

#[test]
fn a_policy_that_is_missing_shows() {
    assert!(shows("DROP POLICY weft_org ON customers"));
    assert!(shows("DROP POLICY weft_shop ON items"));
}

#[test]
fn a_policy_that_is_permissive_shows() {
    assert!(shows(
        "DROP POLICY weft_org ON archive.logs;
         CREATE POLICY weft_org ON archive.logs AS PERMISSIVE FOR ALL TO app
             USING (org_id = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid))"
    ));
}

#[test]
fn a_table_without_security_shows() {
    assert!(shows("ALTER TABLE notes DISABLE ROW LEVEL SECURITY"));
}
