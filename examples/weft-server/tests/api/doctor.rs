//! The doctor on this server's own schema.

use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_server::{
    migrate,
    schema::{TENANCY, roles},
};
use weft_tenancy::doctor::{Catalog, Doctor};

use crate::stage::{Stage, on_stage};

async fn report(stage: &Stage) -> weft_tenancy::doctor::Report {
    // What the first migration says of the database itself, a copy of it has not.
    let database: &weft_embedded::Database = &stage.database;
    database.execute(&migrate::migrations()[0].1).unwrap();
    let url = stage.database.url("postgres");
    let mut conn = AsyncPgConnection::establish(&url).await.unwrap();
    let catalog = Catalog::load_async(&mut conn).await.unwrap();
    Doctor::new(&TENANCY, &roles()).examine(&catalog)
}

#[test]
fn it_finds_nothing() {
    on_stage(async |stage| {
        let report = report(stage).await;
        assert!(report.findings.is_empty(), "{report}");
        assert!(report.excepted.is_empty(), "{report}");
    });
}

#[test]
fn it_would_find_a_table_that_nobody_declared_and_a_policy_that_is_gone() {
    on_stage(async |stage| {
        let database: &weft_embedded::Database = &stage.database;
        database
            .execute("CREATE TABLE notes (); DROP POLICY weft_org ON messages")
            .unwrap();
        let found: Vec<_> = report(stage)
            .await
            .findings
            .into_iter()
            .map(|finding| finding.object)
            .collect();
        assert_eq!(found, ["weft_org on messages", "notes"]);
    });
}
