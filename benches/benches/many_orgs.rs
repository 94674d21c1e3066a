//! Does it matter how many organisations share a million rows, and what do policies keep an index from?

#![allow(missing_docs, clippy::print_stdout)]

use diesel::sql_types::Text;
use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use weft_benches::{TENANCY, database, in_turns, orders};
use weft_embedded::TestDatabase;
use weft_tenancy::{OrgConn, RowSecurity, Scope};

const ROUNDS: usize = 801;
const CALLS: u32 = 5;
const ROWS: u32 = 1_000_000;

/// What a superuser can declare: that these functions tell nothing of the rows that they refuse.
const ADVICE: &str = "
    ALTER FUNCTION textlike(text, text) LEAKPROOF;
    ALTER FUNCTION numeric_gt(numeric, numeric) LEAKPROOF;
    ALTER FUNCTION numeric_lt(numeric, numeric) LEAKPROOF;
";

type Work = dyn Fn(&mut Scoped, u32);
type Scoped = OrgConn<Box<PgConnection>>;

fn main() {
    let (few, many) = (filled(10), filled(10_000));
    of_many(&few, &many);
    println!("predicates, of an organisation with {} rows:", ROWS / 10);
    predicates(&few, "without the advice");
    few.execute(ADVICE).expect("a superuser");
    predicates(&few, "with the advice");
}

/// A million orders, spread evenly over `orgs` organisations.
fn filled(orgs: u32) -> TestDatabase {
    database(&format!(
        "TRUNCATE orders;
         ALTER TABLE orders ADD amount numeric NOT NULL DEFAULT 0;
         INSERT INTO orders SELECT 1 + i % {orgs}, 1 + i / {orgs}, md5(i::text), i, i
            FROM generate_series(0, {ROWS} - 1) AS i;
         CREATE INDEX orders_by_name ON orders (org_id, name text_pattern_ops);
         CREATE INDEX orders_by_amount ON orders (org_id, amount);"
    ))
}

fn of_many(few: &TestDatabase, many: &TestDatabase) {
    let connect = |database: &TestDatabase| {
        let mut conn = PgConnection::establish(&database.url("app")).expect("a connection");
        let security = RowSecurity::check(&mut conn, &TENANCY).expect("row-level security");
        let conn = OrgConn::new(Box::new(conn), &TENANCY, Scope::org(7_i64));
        conn.with_row_security(&security)
    };
    let (mut few, mut many) = (connect(few), connect(many));
    let point = |conn: &mut Scoped, calls| {
        for _ in 0..calls {
            let query = orders::table.filter(orders::id.eq(50_i64));
            let found: i64 = query.select(orders::id).first(conn).expect("a row");
            assert_eq!(found, 50);
        }
    };
    let listing = |conn: &mut Scoped, calls| {
        for _ in 0..calls {
            let page = orders::table.order(orders::id).limit(50);
            let page: Vec<(i64, String)> = page
                .select((orders::id, orders::name))
                .load(conn)
                .expect("rows");
            assert_eq!(page.len(), 50);
        }
    };
    let works: [(&str, &Work); 2] = [("a point read", &point), ("a page of 50 by id", &listing)];
    for (name, work) in works {
        let [of_few, of_many] = in_turns(
            ROUNDS,
            CALLS,
            [
                &mut |calls| {
                    work(&mut few, calls);
                },
                &mut |calls| work(&mut many, calls),
            ],
        );
        let question = format!("{name}, 10 000 organisations against 10");
        println!("{}", of_many.against(&of_few, &question));
    }
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

fn predicates(database: &TestDatabase, advice: &str) {
    let context = "SELECT set_config('weft.org_id', '7', false)";
    let mut bound = PgConnection::establish(&database.url("app")).expect("a connection");
    diesel::sql_query(context)
        .execute(&mut bound)
        .expect("a context");
    let mut free = PgConnection::establish(&database.url("postgres")).expect("a connection");
    for condition in ["name LIKE 'abcd%'", "amount > 500000 AND amount < 500100"] {
        let sql = format!("SELECT count(*) FROM orders WHERE org_id = 7 AND {condition}");
        let counted = |conn: &mut PgConnection, calls| {
            for _ in 0..calls {
                let counted = diesel::sql_query(sql.as_str()).execute(conn);
                assert_eq!(counted, Ok(1));
            }
        };
        let [under_policies, without] = in_turns(
            51,
            2,
            [
                &mut |calls| {
                    counted(&mut bound, calls);
                },
                &mut |calls| counted(&mut free, calls),
            ],
        );
        println!(
            "  {}",
            under_policies.against(
                &without,
                &format!("{condition}, {advice}, policies against none")
            )
        );
        let plan = diesel::sql_query(format!("EXPLAIN (COSTS OFF) {sql}"));
        let plan: Vec<Line> = plan.load(&mut bound).expect("a plan");
        let nodes = plan
            .iter()
            .map(|line| line.line.trim().trim_start_matches("->").trim());
        let nodes = nodes.filter(|line| {
            line.contains("Scan") || line.contains("Cond") || line.contains("Filter")
        });
        for node in nodes {
            println!("    {node}");
        }
    }
}
