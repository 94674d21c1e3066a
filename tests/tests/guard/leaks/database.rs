//! L89 to L96: holes and residues of the database itself.

use std::sync::LazyLock;

use diesel::sql_types::Text;
use diesel::{ExpressionMethods, QueryDsl};
use weft_tenancy::{RefusalKind, Scope, Tenancy};
use weft_tests::schema::{A, B, customers};
use weft_tests::{Database, TENANCY};

static BARE: LazyLock<Tenancy> = LazyLock::new(|| TENANCY.insecure_without_conditions());

both!(
    l90_statistics_and_the_operators_that_would_read_them_are_out_of_reach,
    |db, conn| {
        db.admin("ANALYZE customers");
        for (text, kind) in [
            (
                "SELECT most_common_vals::text FROM pg_stats",
                RefusalKind::CatalogRelation,
            ),
            (
                "SELECT stxdmcv::text FROM pg_statistic_ext_data",
                RefusalKind::CatalogRelation,
            ),
            (
                "SELECT id FROM customers WHERE name OPERATOR(public.<<<) ''",
                RefusalKind::Operator,
            ),
            (
                "EXPLAIN SELECT id FROM customers WHERE name < 'b'",
                RefusalKind::StatementKind,
            ),
        ] {
            let sent = go!(diesel::sql_query(text).execute(&mut conn));
            assert_eq!(refused!(sent), kind, "{text}");
        }
    }
);

/// The other half of g10: under the policies a condition meets the scope's rows alone.
#[test]
fn l90_under_row_security_a_condition_that_raises_meets_no_foreign_row() {
    use diesel::RunQueryDsl;

    let db = Database::secured();
    db.admin(&format!(
        "ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE;
         UPDATE customers SET name = '(' WHERE org_id = '{B}'"
    ));
    for tenancy in [&*TENANCY, &*BARE] {
        let mut conn = db.scoped(Box::new(db.connect("app")), tenancy, Scope::org(A));
        let matching = diesel::dsl::sql::<diesel::sql_types::Bool>("'acme-2' ~ name");
        let ids: Vec<i64> = customers::table
            .filter(matching)
            .select(customers::id)
            .load(&mut conn)
            .unwrap();
        assert_eq!(ids, [2]);
    }
}

/// With the hook's own conditions out, the plan is the policies' alone; after five executions it is
/// the generic one.
#[test]
fn l91_a_plan_made_in_one_context_shows_each_context_its_own_rows() {
    use diesel::RunQueryDsl;

    let db = Database::secured();
    let mut inner = db.connect("app");
    for turn in 0..8 {
        for (org, prefix) in [(A, "acme"), (B, "bolt")] {
            let mut conn = db.scoped(&mut inner, &BARE, Scope::org(org));
            let names: Vec<String> = customers::table
                .filter(customers::name.ne(diesel::dsl::sql::<Text>("'nobody'")))
                .select(customers::name)
                .order(customers::id)
                .load(&mut conn)
                .unwrap();
            let expected = [1, 2, 3].map(|id| format!("{prefix}-{id}"));
            assert_eq!(names, expected, "turn {turn}");
        }
    }
}

both!(
    l96_a_grant_that_policies_do_not_hold_is_of_no_use_in_a_scope,
    |db, conn| {
        db.admin("GRANT TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA public TO app");
        refuses!(
            db,
            conn,
            StatementKind,
            [
                "TRUNCATE customers CASCADE",
                "TRUNCATE TABLE ONLY orders",
                "CREATE TABLE spy (org_id uuid, id bigint REFERENCES customers)",
                "CREATE TRIGGER spy BEFORE INSERT ON orders EXECUTE FUNCTION spy()",
                "ALTER TABLE customers DISABLE ROW LEVEL SECURITY",
            ]
        );
    }
);
