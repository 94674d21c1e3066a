//! The suite that anybody can run on a store of their own.

use weft_auth::postgres::PgStore;
use weft_auth::testkit::conformance::{self, Subject};
use weft_auth::testkit::{Threads, Violation};
use weft_tests::auth::Tables;
use weft_tests::auth::lent::{AsyncPool, SyncPool};

use super::stage::{Tasks, run};

struct Synchronous(PgStore<SyncPool>);

struct Asynchronous(PgStore<AsyncPool>);

impl Subject for Synchronous {
    type Store = PgStore<SyncPool>;

    fn connect(&self) -> PgStore<SyncPool> {
        self.0.clone()
    }
}

impl Subject for Asynchronous {
    type Store = PgStore<AsyncPool>;

    fn connect(&self) -> PgStore<AsyncPool> {
        self.0.clone()
    }
}

#[test]
fn the_store_keeps_every_rule_over_synchronous_connections() -> Result<(), Violation> {
    let tables = Tables::new();
    let subject = Synchronous(tables.pooled());
    // Twice, since what is there from before has to be in nobody's way.
    for _ in 0..2 {
        run(conformance::all(&subject, &Threads))?;
        run(conformance::sso(&subject, &Threads))?;
        run(conformance::api_tokens(&subject, &Threads))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_keeps_every_rule_over_asynchronous_connections() -> Result<(), Violation> {
    let tables = Tables::new();
    let subject = Asynchronous(tables.pooled_async());
    for _ in 0..2 {
        conformance::all(&subject, &Tasks).await?;
        conformance::sso(&subject, &Tasks).await?;
        conformance::api_tokens(&subject, &Tasks).await?;
    }
    Ok(())
}
