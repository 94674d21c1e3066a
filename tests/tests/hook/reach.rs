//! Nothing that a query carries reaches the connection behind a scope.

use std::any::Any;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::pg::{Pg, PgMetadataLookup};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl};
use weft_tenancy::{AsyncOrgConn, AsyncUnscopedConn, OrgConn, RefusalKind, Scope};
use weft_tests::schema::sql_types::OrderStatus as OrderStatusType;
use weft_tests::schema::{A, B, OrderStatus, customers};
use weft_tests::{Database, TENANCY};

static REACHED: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicBool = AtomicBool::new(false);

/// A value that looks for the connection while it is written.
#[derive(Debug)]
struct Burrower;

impl ToSql<Text, Pg> for Burrower {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let lookup: &mut (dyn PgMetadataLookup + 'static) = out.metadata_lookup();
        let _ = lookup.lookup_type("order_status", None);
        let any: &mut dyn Any = lookup.as_any();
        ASKED.store(true, Ordering::Relaxed);
        if any.downcast_mut::<PgConnection>().is_some() {
            REACHED.store(true, Ordering::Relaxed);
        }
        std::io::Write::write_all(out, b"x")?;
        Ok(IsNull::No)
    }
}

/// With Diesel alone a value can be handed the connection itself, and run what it likes on it.
#[test]
fn a_value_cannot_reach_the_connection_it_is_written_for() {
    use diesel::RunQueryDsl;

    let db = Database::new();
    let mut conn = db.org(Scope::org(A));
    let query = diesel::sql_query("SELECT id FROM customers WHERE name = $1");
    assert_eq!(query.bind::<Text, _>(Burrower).execute(&mut conn), Ok(0));
    assert!(ASKED.load(Ordering::Relaxed));
    assert!(!REACHED.load(Ordering::Relaxed));
}

/// A fragment whose organisation is the scope's at first and another's later. Its enum makes both
/// connections read the binds more than once.
#[derive(Default)]
struct Fickle {
    readings: Cell<u32>,
    extra: bool,
}

impl QueryFragment<Pg> for Fickle {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The first reading renders, the second collects; what comes after is what would be sent.
        let later = self.readings.replace(self.readings.get() + 1) >= 2;
        pass.push_sql("INSERT INTO orders (org_id, id, customer_id, total, status) VALUES (");
        pass.push_bind_param::<SqlUuid, _>(if later && !self.extra { &B } else { &A })?;
        pass.push_sql(", 70, 1, 1, ");
        pass.push_bind_param::<OrderStatusType, _>(&OrderStatus::Open)?;
        pass.push_sql(")");
        if self.extra && later {
            pass.push_bind_param::<BigInt, _>(&7)?;
        }
        Ok(())
    }
}

impl<Conn> diesel::RunQueryDsl<Conn> for Fickle {}

impl QueryId for Fickle {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

both!(what_is_sent_is_what_was_checked, |db, conn| {
    let other = refused!(go!(Fickle::default().execute(&mut conn)));
    assert_eq!(other, RefusalKind::OrgMismatch);
    let more = refused!(go!(Fickle {
        extra: true,
        ..Fickle::default()
    }
    .execute(&mut conn)));
    assert_eq!(more, RefusalKind::Unproved);
    assert_eq!(db.value("SELECT count(*) FROM orders WHERE id = 70"), "0");
});

/// Scopes, narrowed scopes and unscoped work run on any thread of the runtime.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn futures_of_scopes_can_be_spawned() {
    use diesel_async::{AsyncConnection, RunQueryDsl};

    let db = Database::new();
    let mut inner = db.connect_async("app").await;
    let count = tokio::spawn(async move {
        let mut conn = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(A));
        let count = conn
            .transaction(async |conn| {
                let mut shop = conn.narrowed([1_i64]);
                shop.transaction(async |shop| {
                    customers::table.count().get_result::<i64>(shop).await
                })
                .await
            })
            .await?;
        let mut serializable = conn.build_transaction().serializable();
        serializable.run(async |conn| rename(conn).await).await?;
        conn.explain(customers::table.count()).await?;
        Ok::<_, Error>(count)
    });
    assert_eq!(count.await.unwrap(), Ok(3));
    let mut inner = db.connect_async("unscoped").await;
    let all = tokio::spawn(async move {
        AsyncUnscopedConn::new(&mut inner)
            .unscoped("count", "test", async |conn| {
                let mut scoped = conn.scoped(&TENANCY, Scope::org(B));
                rename(&mut scoped).await?;
                customers::table.count().get_result::<i64>(conn).await
            })
            .await
    });
    assert_eq!(all.await.unwrap(), Ok(6));

    async fn rename(
        conn: &mut AsyncOrgConn<&mut diesel_async::AsyncPgConnection>,
    ) -> QueryResult<usize> {
        let first = diesel::update(customers::table.find(1));
        first.set(customers::name.eq("renamed")).execute(conn).await
    }
}

/// Code that is generic over the connection takes a scope.
#[test]
fn generic_code_takes_a_scope() {
    use diesel::RunQueryDsl;
    use diesel::connection::LoadConnection;

    fn first_name<C: LoadConnection<Backend = Pg>>(conn: &mut C) -> QueryResult<String> {
        conn.transaction(|conn| customers::table.find(1).select(customers::name).first(conn))
    }

    let db = Database::new();
    let mut inner = db.connect("app");
    let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(B));
    assert_eq!(first_name(&mut conn).as_deref(), Ok("bolt-1"));
}
