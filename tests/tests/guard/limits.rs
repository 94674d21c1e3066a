//! Rule 10: no text overflows the stack of 2 MiB that an async runtime gives its threads.

use std::thread;

use diesel::{ExpressionMethods, QueryDsl};
use weft_tenancy::{RefusalKind, Scope};
use weft_tests::Database;
use weft_tests::schema::{A, B, customers};

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(work).unwrap().join().unwrap();
}

fn deep() -> impl Iterator<Item = String> {
    [
        ("(", "1", ")"),
        ("(SELECT ", "1", ")"),
        ("(SELECT id FROM customers WHERE id = ", "1", ")"),
        ("CASE WHEN true THEN ", "1", " END"),
        ("NOT ", "true", ""),
        ("- ", "1", ""),
        ("abs(", "1", ")"),
        ("ARRAY[", "1", "]"),
    ]
    .into_iter()
    .map(|(open, middle, close)| {
        let (open, close) = (open.repeat(10_000), close.repeat(10_000));
        format!("SELECT {open}{middle}{close}")
    })
}

fn long() -> impl Iterator<Item = String> {
    [" OR true", " + 1", "::int", " UNION SELECT 1"]
        .into_iter()
        .map(|link| format!("SELECT 1{}", link.repeat(100_000 / (1 + link.len() / 8))))
}

fn joins() -> String {
    (0..20_000).fold("SELECT 1 FROM customers".to_owned(), |sql, n| {
        sql + &format!(" JOIN customers a{n} ON true")
    })
}

#[test]
fn g18_no_text_overflows_the_stack() {
    use diesel::RunQueryDsl;

    on_a_small_stack(|| {
        let db = Database::new();
        let mut conn = db.org(Scope::org(A));
        for text in deep() {
            let sent = diesel::sql_query(text).execute(&mut conn);
            assert_eq!(refused!(sent), RefusalKind::TooDeep);
        }
        for text in long().chain([joins()]) {
            let sent = diesel::sql_query(text).execute(&mut conn);
            assert_eq!(refused!(sent), RefusalKind::TooLong);
        }
        let chain = format!("SELECT 1{}", " OR true".repeat(100_000));
        let sent = diesel::sql_query(chain).execute(&mut conn);
        assert_eq!(refused!(sent), RefusalKind::TooLarge);
        assert_eq!(customers::table.count().get_result(&mut conn), Ok(3_i64));
    });
}

#[test]
fn g18_no_text_overflows_the_stack_asynchronously() {
    use diesel_async::RunQueryDsl;

    on_a_small_stack(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let db = Database::new();
            let mut conn = db.org_async(Scope::org(A)).await;
            for text in deep() {
                let sent = diesel::sql_query(text).execute(&mut conn).await;
                assert_eq!(refused!(sent), RefusalKind::TooDeep);
            }
            for text in long().chain([joins()]) {
                let sent = diesel::sql_query(text).execute(&mut conn).await;
                assert_eq!(refused!(sent), RefusalKind::TooLong);
            }
            let count = customers::table.count().get_result(&mut conn).await;
            assert_eq!(count, Ok(3_i64));
        });
    });
}

both!(g18_conditions_added_in_a_loop_are_refused, |db, conn| {
    let chained = |links| {
        let query = customers::table.select(customers::name).into_boxed();
        (0..links).fold(query, |query, id| query.or_filter(customers::id.eq(id)))
    };
    let few: Vec<String> = go!(chained(100).load(&mut conn)).unwrap();
    assert_eq!(few.len(), 3);
    let before = db.snapshot(B);
    let many = go!(chained(500).load::<String>(&mut conn));
    assert!(matches!(
        refused!(many),
        RefusalKind::TooDeep | RefusalKind::TooLong
    ));
    assert_eq!(db.snapshot(B), before);
});
