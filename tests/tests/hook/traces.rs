//! What the hook says of its work: tables, rules, reasons and lines, and no value.

use std::cell::RefCell;
use std::fmt::{Debug, Write};

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use weft_tenancy::{OrgConn, Scope, Unscoped, UnscopedConn, counters};
use weft_tests::schema::{A, B, Customer, customers, orders, users};
use weft_tests::{Database, TENANCY};

thread_local! {
    /// One line for each event of this thread: its level, message and fields.
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// For the whole process, since the other tests' threads decide with it which events are of
/// interest.
struct Lines;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("weft_tenancy")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        LINES.with_borrow_mut(|lines| lines.push(line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn statements_refusals_and_unscoped_access_are_told_without_values() {
    let db = Database::new();
    let (mut app, mut unscoped) = (db.connect("app"), db.connect("unscoped"));
    let count = |conn: &mut Unscoped<_>| customers::table.count().get_result::<i64>(conn);
    tracing::subscriber::set_global_default(Lines).unwrap();
    let before = counters();
    let mut conn = OrgConn::new(&mut app, &TENANCY, Scope::org(A).narrowed_to([77_123_i64]));
    let secret = customers::table.inner_join(orders::table);
    let secret = secret.filter(customers::name.eq("s3cret")).count();
    secret.get_result::<i64>(&mut conn).unwrap();
    let forged = Customer {
        org_id: B,
        id: 9,
        name: "s3cret".to_owned(),
        referred_by: None,
    };
    diesel::insert_into(customers::table)
        .values(forged)
        .execute(&mut conn)
        .unwrap_err();
    users::table
        .select(users::email)
        .load::<String>(&mut conn)
        .unwrap_err();
    let mut road = UnscopedConn::new(&mut unscoped);
    let line = line!() + 1;
    road.unscoped("why", "who", count).unwrap();
    let lines = LINES.take();
    let file = file!();
    assert_eq!(
        lines,
        [
            "DEBUG message=statement guarded tables=[\"customers\", \"orders\"] narrowed=true \
             checks=0"
                .to_owned(),
            "WARN message=statement refused kind=\"org-mismatch\" table=\"customers\"".to_owned(),
            "WARN message=statement refused kind=\"private-table\" table=\"auth.users\"".to_owned(),
            format!(
                "WARN message=unscoped access opened reason=\"why\" actor=\"who\" \
                 file=\"{file}\" line={line}"
            ),
            format!(
                "WARN message=unscoped access closed reason=\"why\" actor=\"who\" \
                 file=\"{file}\" line={line} statements=1"
            ),
        ]
    );
    let after = counters();
    assert!(after.guarded > before.guarded);
    assert!(after.refused >= before.refused + 2);
    assert!(after.unscoped > before.unscoped);
}
