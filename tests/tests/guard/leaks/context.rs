//! L52 to L70: a context that is open by default, stale or lost.

use diesel::connection::{Connection, TransactionManager};
use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl, QueryResult};
use weft_tenancy::Scope;
use weft_tests::schema::{A, B, customers, orders};
use weft_tests::{Database, TENANCY};

fn first_name<C>(conn: &mut C) -> QueryResult<String>
where
    C: diesel::connection::LoadConnection<Backend = diesel::pg::Pg>,
{
    let names = customers::table.order(customers::id);
    diesel::RunQueryDsl::first(names.select(customers::name), conn)
}

#[test]
fn l55_a_connection_takes_its_scope_to_another_thread() {
    for db in [Database::new(), Database::secured()] {
        let mut conn = db.org(Scope::org(B));
        let name = std::thread::spawn(move || first_name(&mut conn));
        assert_eq!(name.join().unwrap().as_deref(), Ok("bolt-1"));
    }
}

both!(
    l60_what_one_connection_is_shown_no_other_one_is,
    |db, conn| {
        let count = || orders::table.count();
        let mut other = open!(db, &TENANCY, Scope::org(A));
        let mut relaxed = conn.showing_deleted();
        assert_eq!(go!(count().get_result::<i64>(&mut relaxed)), Ok(6));
        assert_eq!(go!(count().get_result::<i64>(&mut other)), Ok(5));
        let mut shop = other.narrowed([1_i64]);
        assert_eq!(go!(count().get_result::<i64>(&mut shop)), Ok(2));
        assert_eq!(go!(count().get_result::<i64>(&mut relaxed)), Ok(6));
    }
);

both!(
    l62_a_retry_after_a_failure_runs_in_the_same_scope,
    |_db, conn| {
        for attempt in 0..3 {
            let names = go!(conn.transaction(work!(conn => {
                let names = customers::table.order(customers::id).select(customers::name);
                let names: Vec<String> = go!(names.load(conn))?;
                if attempt < 2 {
                    go!(diesel::sql_query("SELECT 1 / 0").execute(conn))?;
                }
                Ok::<_, Error>(names)
            })));
            match names {
                Ok(names) => assert_eq!(names, ["acme-1", "acme-2", "acme-3"]),
                Err(error) => assert!(attempt < 2, "{error}"),
            }
        }
    }
);

#[test]
fn l63_scopes_may_end_in_any_order() {
    fn begin<C: Connection>(conn: &mut C) {
        C::TransactionManager::begin_transaction(conn).unwrap();
    }
    fn commit<C: Connection>(conn: &mut C) {
        C::TransactionManager::commit_transaction(conn).unwrap();
    }

    for db in [Database::new(), Database::secured()] {
        let [mut first, mut second] = [A, B].map(|org| db.org(Scope::org(org)));
        for first_ends_first in [true, false] {
            begin(&mut first);
            begin(&mut second);
            assert_eq!(first_name(&mut first).as_deref(), Ok("acme-1"));
            assert_eq!(first_name(&mut second).as_deref(), Ok("bolt-1"));
            if first_ends_first {
                commit(&mut first);
                assert_eq!(first_name(&mut second).as_deref(), Ok("bolt-1"));
                assert_eq!(first_name(&mut first).as_deref(), Ok("acme-1"));
                commit(&mut second);
            } else {
                commit(&mut second);
                assert_eq!(first_name(&mut first).as_deref(), Ok("acme-1"));
                assert_eq!(first_name(&mut second).as_deref(), Ok("bolt-1"));
                commit(&mut first);
            }
            assert_eq!(first_name(&mut first).as_deref(), Ok("acme-1"));
            assert_eq!(first_name(&mut second).as_deref(), Ok("bolt-1"));
        }
    }
}

both!(
    l66_a_query_belongs_to_the_scope_that_runs_it_and_not_to_the_one_it_was_built_in,
    |db, conn| {
        let query = {
            let narrow = conn.narrowed([1_i64]);
            assert_eq!(narrow.scope().shops().map(<[_]>::len), Some(1));
            orders::table
                .select((orders::id, orders::note))
                .order(orders::id)
        };
        type Rows = Vec<(i64, Option<String>)>;
        let expected = |note: &str, ids: &[i64]| -> Rows {
            ids.iter().map(|id| (*id, Some(note.to_owned()))).collect()
        };
        let mut other = open!(db, &TENANCY, Scope::org(B));
        let theirs: Rows = go!(query.load(&mut other)).unwrap();
        assert_eq!(theirs, expected("bolt", &[1, 2, 3, 4, 5]));
        let own: Rows = go!(query.load(&mut conn)).unwrap();
        assert_eq!(own, expected("acme", &[1, 2, 3, 4, 5]));
        let narrow: Rows = go!(query.load(&mut other.narrowed([2_i64]))).unwrap();
        assert_eq!(narrow, expected("bolt", &[2, 5]));
    }
);

both!(
    l68_after_a_commit_and_after_a_rollback_the_scope_is_still_there,
    |_db, conn| {
        for end in [Ok(()), Err(Error::RollbackTransaction)] {
            let ended = go!(conn.transaction(work!(conn => {
                let update = diesel::update(customers::table.find(1));
                go!(update.set(customers::name.eq("acme-1")).execute(conn))?;
                match &end {
                    Ok(()) => Ok(()),
                    Err(_) => Err(Error::RollbackTransaction),
                }
            })));
            assert_eq!(ended, end);
            let names: Vec<String> = go!(customers::table
                .select(customers::name)
                .order(customers::id)
                .load(&mut conn))
            .unwrap();
            assert_eq!(names, ["acme-1", "acme-2", "acme-3"]);
        }
    }
);
