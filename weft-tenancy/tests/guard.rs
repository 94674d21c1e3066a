//! The rules of the guard as text: what is sent, and what is refused. The numbers are those of the
//! attacks in DESIGN.md; the same attacks run on a real Postgres in the package `weft-tests`.

#![allow(clippy::panic)]

use weft_tenancy::{
    RefusalKind, Tenancy,
    guard::{Cell, Shape, highest_bind},
};

const WHOLE: Shape = Shape {
    narrowed: false,
    show_deleted: false,
};
const NARROWED: Shape = Shape {
    narrowed: true,
    show_deleted: false,
};

fn tenancy() -> Tenancy {
    Tenancy::from_toml(
        r#"
        key = "uuid"
        shop_key = "i32"
        shared = ["plans"]
        private = ["users"]
        types = ["mood"]
        [root]
        organizations = "id"
        [org]
        customers = "org_id"
        notes = "org_id"
        "s2.orders" = "org_id"
        [shop]
        orders = ["org_id", "shop_id"]
        [soft_delete]
        notes = "deleted_at"
        [functions]
        my_rank = "pure ranking, reads no table"
        "#,
    )
    .expect("the declaration is sound")
}

fn guarded(sql: &str, shape: Shape) -> String {
    match tenancy().guard(
        sql,
        highest_bind(sql).expect("the text keeps the limits"),
        shape,
    ) {
        Ok(guarded) => guarded
            .sql()
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        Err(refusal) => panic!("{sql}: {refusal}"),
    }
}

fn sends(sql: &str, expected: &str) {
    assert_eq!(guarded(sql, WHOLE), expected, "{sql}");
}

fn refuses(kind: RefusalKind, statements: &[&str]) {
    refuses_in(WHOLE, kind, statements);
}

fn refuses_in(shape: Shape, kind: RefusalKind, statements: &[&str]) {
    for sql in statements {
        let answer = highest_bind(sql).and_then(|binds| tenancy().guard(sql, binds, shape));
        match answer {
            Ok(guarded) => panic!("{sql}\nwas sent as\n{}", guarded.sql()),
            Err(refusal) => assert_eq!(refusal.kind(), kind, "{sql}: {refusal}"),
        }
    }
}

#[test]
fn a_plain_read_gets_its_where() {
    sends(
        "select * from customers",
        r#"select * from customers WHERE "customers"."org_id" = $1"#,
    );
    sends(
        "select * from orders o where o.id = $1 or true -- tail",
        r#"select * from orders o where (o.id = $1 or true) AND "o"."org_id" = $2 -- tail"#,
    );
    sends(
        "select id from organizations",
        r#"select id from organizations WHERE "organizations"."id" = $1"#,
    );
    sends(
        "select * from plans where code = $1",
        "select * from plans where code = $1",
    );
}

#[test]
fn a_narrowed_scope_adds_its_shops_and_soft_deletion_hides() {
    assert_eq!(
        guarded("delete from orders", NARROWED),
        r#"delete from orders WHERE "orders"."org_id" = $1 AND "orders"."shop_id" = ANY($2)"#
    );
    sends(
        "update notes set a = 1",
        r#"update notes set a = 1 WHERE "notes"."org_id" = $1 AND "notes"."deleted_at" IS NULL"#,
    );
    let shown = Shape {
        show_deleted: true,
        ..WHOLE
    };
    assert_eq!(
        guarded("table notes", shown),
        r#"SELECT * FROM (table notes) AS "notes" WHERE "notes"."org_id" = $1"#
    );
}

#[test]
fn g01_a_cte_never_shadows_the_target_of_a_write() {
    sends(
        "with orders as (select 5 as id) delete from orders",
        r#"with orders as (select 5 as id) delete from orders WHERE "orders"."org_id" = $1"#,
    );
    sends(
        "with orders as (select 5 as id) update orders set a = 1",
        r#"with orders as (select 5 as id) update orders set a = 1 WHERE "orders"."org_id" = $1"#,
    );
    sends(
        "with orders as (select 5 as id) insert into orders (a) select id from orders",
        r#"with orders as (select 5 as id) insert into orders (a, "org_id") select id, $1::uuid from orders"#,
    );
}

#[test]
fn g02_functions_are_refused_in_every_spelling() {
    refuses(
        RefusalKind::Function,
        &[
            "select pg_read_file('/etc/hostname')",
            "select ('/etc/hostname'::text).pg_read_file",
            "select (4711::oid).lo_get",
            "select (5::float8).pg_sleep",
            "select pg_catalog.pg_sleep(1)",
            "select \"pg_sleep\"(1)",
            "select U&\"pg_sl\\0065ep\"(1)",
            "select * from pg_ls_dir('.')",
            "select * from rows from (pg_ls_dir('.'))",
            "select * from customers, lateral pg_read_file(name) f",
            "select other.lower('x')",
            "select unknown_function()",
            "select count(*) filter (where pg_sleep(1) is null) from customers",
            "select 1 from customers order by set_config('a', 'b', true)",
            "values (pg_sleep(1))",
            "insert into customers (a) values (nextval('s'))",
            "update customers set a = set_config('x', 'y', false)",
            "delete from customers returning pg_notify('a', 'b')",
            "insert into customers (a) values (1) on conflict (a) do update set a = lo_creat(1)",
            "select \"coalesce\"(1, 2)",
            "select overlay(1)",
            "select substring('a', 1, 2, 3)",
        ],
    );
    refuses(
        RefusalKind::UnsupportedSyntax,
        &["select treat('select 1'::text as ts_stat)"],
    );
    refuses(
        RefusalKind::Operator,
        &[
            "select 1 operator(public.+) 2",
            "select 1 order by 1 using operator(public.<)",
        ],
    );
    sends(
        "select 1 operator(pg_catalog.+) 2, my_rank(1)",
        "select 1 operator(pg_catalog.+) 2, my_rank(1)",
    );
    refuses(
        RefusalKind::Type,
        &[
            "select 'users'::regclass",
            "select regclass 'users'",
            "select cast('users' as pg_catalog.regclass)",
            "select 'x'::undeclared",
            "select * from json_to_record('{}') as t(a regclass)",
        ],
    );
    sends("select 'x'::mood", "select 'x'::mood");
}

#[test]
fn g03_text_that_functions_would_run_is_out_of_reach() {
    refuses(
        RefusalKind::Function,
        &[
            "select ts_rewrite('a'::tsquery, 'select a, b from users')",
            "select query_to_xml('select 1', true, true, '')",
            "select table_to_xml('users', true, true, '')",
            "select * from ts_stat('select 1')",
            "select pg_stat_get_activity(null)",
            "select pg_advisory_lock(1)",
            "select currtid2('users', '(0,1)')",
            "select current_setting('weft.org_id')",
        ],
    );
}

#[test]
fn g04_merge_and_everything_that_is_not_plain_dml_is_refused() {
    refuses(
        RefusalKind::StatementKind,
        &[
            "merge into orders using customers on true when not matched by source then delete",
            "create table t (a int)",
            "drop table orders",
            "truncate orders",
            "copy orders to stdout",
            "copy (select 1) to program 'true'",
            "set search_path = x",
            "reset all",
            "show all",
            "begin",
            "commit",
            "savepoint a",
            "prepare transaction 'a'",
            "lock table orders",
            "call p()",
            "do $$ begin end $$",
            "explain select 1",
            "explain analyze delete from orders",
            "declare c cursor for select 1",
            "fetch c",
            "listen a",
            "notify a",
            "grant select on orders to public",
            "vacuum",
            "refresh materialized view orders",
            "prepare a as select 1",
            "execute a",
            "select * into t from orders",
            "discard all",
        ],
    );
    refuses(
        RefusalKind::MultipleStatements,
        &["select 1; select 2", "select 1; delete from orders"],
    );
    sends("select 1;", "select 1;");
}

#[test]
fn g05_the_cache_holds_checks_and_no_verdict() {
    let tenancy = tenancy();
    let sql = "insert into customers (org_id, a) values ($1, 2), ('0b0e9f7a-0000-4000-8000-000000000001', 3)";
    for _ in 0..2 {
        let guarded = tenancy
            .guard(sql, 1, WHOLE)
            .expect("the statement is sound");
        let cells: Vec<_> = guarded
            .checks()
            .iter()
            .map(|check| check.cell().clone())
            .collect();
        assert_eq!(
            cells,
            [
                Cell::Bind(1),
                Cell::Literal("0b0e9f7a-0000-4000-8000-000000000001".into())
            ]
        );
    }
}

#[test]
fn g06_one_text_is_told_apart_by_its_binds_and_the_shape_of_the_scope() {
    let tenancy = tenancy();
    let sql = "select * from orders where a = $1";
    let text = |binds, shape| {
        let guarded = tenancy.guard(sql, binds, shape);
        guarded
            .expect("the statement is sound")
            .sql()
            .replace(sql, "")
    };
    for _ in 0..2 {
        assert!(text(1, WHOLE).ends_with(r#""org_id" = $2 "#));
        assert!(text(7, WHOLE).ends_with(r#""org_id" = $8 "#));
        assert!(text(1, NARROWED).ends_with(r#""shop_id" = ANY($3) "#));
        assert!(text(7, NARROWED).ends_with(r#""shop_id" = ANY($9) "#));
    }
}

#[test]
fn g07_renamed_columns_never_become_the_guards() {
    sends(
        "select * from customers as c(id, org_id)",
        r#"select * from (SELECT * FROM customers WHERE "customers"."org_id" = $1) as c(id, org_id)"#,
    );
}

#[test]
fn g08_a_with_binds_only_within_the_node_that_carries_it() {
    sends(
        "insert into customers (a) with orders as (select 99 as id) select id from orders returning (select count(*) from orders)",
        r#"insert into customers (a, "org_id") with orders as (select 99 as id) select id, $1::uuid from orders returning (select count(*) from orders WHERE "orders"."org_id" = $1 )"#,
    );
    sends(
        "(with orders as (select 1) select * from orders) union all select 1 from orders",
        r#"(with orders as (select 1) select * from orders) union all select 1 from orders WHERE "orders"."org_id" = $1"#,
    );
    sends(
        "with orders as (select 1) select * from orders union all select * from orders",
        "with orders as (select 1) select * from orders union all select * from orders",
    );
    sends(
        "with a as (select * from orders), orders as (select 1) select * from orders",
        r#"with a as (select * from orders WHERE "orders"."org_id" = $1 ), orders as (select 1) select * from orders"#,
    );
    sends(
        "with recursive a as (select * from orders), orders as (select 1) select * from orders",
        "with recursive a as (select * from orders), orders as (select 1) select * from orders",
    );
    sends(
        "with orders as (select * from orders) select * from orders",
        r#"with orders as (select * from orders WHERE "orders"."org_id" = $1 ) select * from orders"#,
    );
    sends(
        "with orders as (select 1) select * from public.orders",
        r#"with orders as (select 1) select * from public.orders WHERE "public"."orders"."org_id" = $1"#,
    );
}

#[test]
fn g09_unknown_constructs_are_refused() {
    refuses(
        RefusalKind::UnsupportedSyntax,
        &[
            "insert into customers (a) values (1) on conflict (a) do select returning *",
            "select * from graph_table (g match (a) columns (a.x))",
            "delete from orders where current of c",
            "select * from orders tablesample system (50)",
            "select * from orders tablesample bernoulli ($1)",
            "table orders having true",
            "table orders group by a",
        ],
    );
}

#[test]
fn g11_the_join_tree_is_postgres_own() {
    sends(
        "select 1 from customers a cross join plans b right join orders c on true",
        r#"select 1 from customers a cross join plans b right join orders c on (true) AND "a"."org_id" = $1 WHERE "c"."org_id" = $1"#,
    );
    sends(
        "select 1 from customers a natural join notes b left join orders c on true",
        r#"select 1 from customers a natural join notes b left join orders c on (true) AND "c"."org_id" = $1 WHERE "a"."org_id" = $1 AND "b"."org_id" = $1 AND "b"."deleted_at" IS NULL"#,
    );
}

#[test]
fn g12_the_innermost_join_that_null_extends_carries_the_guard() {
    sends(
        "select 1 from plans a left join (customers b left join orders c on p) on q",
        r#"select 1 from plans a left join (customers b left join orders c on (p) AND "c"."org_id" = $1 ) on (q) AND "b"."org_id" = $1"#,
    );
    sends(
        "select 1 from plans a left join customers b join orders c on p on q",
        r#"select 1 from plans a left join customers b join orders c on p on (q) AND "b"."org_id" = $1 AND "c"."org_id" = $1"#,
    );
    for join in [
        "full join notes n on true",
        "left join notes n using (id)",
        "natural left join notes n",
    ] {
        sends(
            &format!("select 1 from plans a {join}"),
            &format!("select 1 from plans a {join}").replace(
                "notes n",
                r#"(SELECT * FROM notes WHERE "notes"."org_id" = $1 AND "notes"."deleted_at" IS NULL) n"#,
            ),
        );
    }
}

#[test]
fn g13_an_aliased_join_is_guarded_within() {
    sends(
        "select 1 from (orders o join customers c on true) as j",
        r#"select 1 from (orders o join customers c on (true) AND "o"."org_id" = $1 AND "c"."org_id" = $1 ) as j"#,
    );
    sends(
        "select 1 from (customers cross join plans) as j",
        r#"select 1 from ((SELECT * FROM customers WHERE "customers"."org_id" = $1) AS "customers" cross join plans) as j"#,
    );
}

#[test]
fn g14_uses_that_only_a_table_has_are_refused_when_it_becomes_a_subquery() {
    refuses(
        RefusalKind::NatureOfTable,
        &[
            "select o from orders o full join customers c on true",
            "select o.ctid from orders o full join customers c on true",
            "select tableoid from orders o full join plans c on true",
            "select row_to_json(o.*) from orders o full join customers c on true",
            "select public.orders.total from public.orders full join customers c on true",
            "select o.status from orders o full join customers c on true group by o.org_id, o.id",
            "select 1 from orders o full join customers c on true where exists (select o)",
            "select name, count(*) from orders o full join customers c on true group by c.org_id, c.id",
        ],
    );
    guarded(
        "select o.*, o.id from orders o full join customers c on o.id = c.id",
        WHOLE,
    );
    guarded(
        "select o.id, count(c.id) from orders o full join customers c on true group by o.id",
        WHOLE,
    );
}

#[test]
fn a_refusal_names_the_same_table_each_time() {
    let sql = "select name from orders o full join customers c on true group by c.id";
    for _ in 0..32 {
        let refusal = tenancy().guard(sql, 0, WHOLE).unwrap_err();
        assert_eq!(refusal.table(), Some("customers"));
    }
}

#[test]
fn g15_the_organisations_cell_is_a_value_or_the_guards() {
    refuses(
        RefusalKind::OrgCell,
        &[
            "insert into customers (org_id, a) values (default, 1)",
            "insert into customers (org_id, a) values (null, 1)",
            "insert into customers (org_id, a) values (gen_random_uuid(), 1)",
            "insert into customers (org_id, a) values ($1, 1), (default, 2)",
            "insert into customers (ORG_ID, a) values (default, 1)",
            "insert into customers (\"org_id\", a) values (default, 1)",
            "insert into customers (U&\"org\\005fid\", a) values (default, 1)",
            "insert into customers (org_id, org_id) values ($1, $1)",
            "insert into customers (a, org_id) select * from customers",
            "insert into customers (a, org_id) select c.*, $1 from customers c",
            "insert into customers (a, org_id) select a, org_id from customers",
            "insert into customers (org_id) table customers",
            "insert into customers (a, org_id) values (1)",
            "insert into customers (a, org_id) values ((c).*, $1)",
            "insert into customers (org_id[1]) values ($1)",
            "insert into customers (org_id) values ($1::text)",
            "insert into customers (org_id) values (U&'a')",
            "insert into customers (org_id) values ('not a uuid')",
        ],
    );
    refuses(
        RefusalKind::MissingColumns,
        &[
            "insert into customers values ($1, 2)",
            "insert into customers default values",
            "insert into customers table customers",
        ],
    );
    sends(
        "insert into customers (a) select 1 from plans union select 2",
        r#"insert into customers (a, "org_id") select 1, $1::uuid from plans union select 2, $1::uuid"#,
    );
}

#[test]
fn a_between_behind_a_cast_never_shifts_the_organisations_cell() {
    refuses(
        RefusalKind::OrgCell,
        &["insert into customers (a, b, org_id) values (1::int between 0 and 2, $1, $2)"],
    );
    refuses(
        RefusalKind::UnsupportedSyntax,
        &[
            "insert into customers (a, b) values (1::int not between 0 and 2, $1)",
            "insert into customers (a, org_id) select 1, $1::uuid between 1 and 2",
            "select * from orders where id::int between 1 and 2",
            "select a::int between symmetric 1 and 2 or b from orders",
        ],
    );
    for operand in ["(id::int)", "cast(id as int)", "id"] {
        guarded(
            &format!("select * from orders where {operand} between 1 and 2"),
            WHOLE,
        );
    }
}

#[test]
fn g16_a_shop_is_within_a_narrowed_scope_or_filled_when_it_is_the_only_one() {
    refuses_in(
        NARROWED,
        RefusalKind::ShopCell,
        &[
            "insert into orders (shop_id) values (default)",
            "insert into orders (shop_id) values (null)",
            "insert into orders (shop_id) values ($1 + 1)",
            "insert into orders (shop_id) values ((select 1))",
            "update orders set shop_id = shop_id + 1",
            "update orders set shop_id = default",
            "update orders set (a, shop_id) = (select 1, 2)",
            "insert into orders (id) values (1) on conflict (id) do update set shop_id = orders.shop_id",
        ],
    );
    assert_eq!(
        guarded("insert into orders (a) values (1), (2)", NARROWED),
        r#"insert into orders (a, "org_id", "shop_id") values (1, $1::uuid, ($2::int4[])[1]), (2, $1::uuid, ($2::int4[])[1])"#
    );
    sends(
        "update orders set shop_id = shop_id + 1",
        r#"update orders set shop_id = shop_id + 1 WHERE "orders"."org_id" = $1"#,
    );
}

#[test]
fn g17_shared_tables_are_read_only_and_the_root_keeps_its_key() {
    refuses(
        RefusalKind::ReadOnlyTable,
        &[
            "update plans set a = 1",
            "delete from plans",
            "insert into plans (a) values (1)",
        ],
    );
    refuses(
        RefusalKind::LockedSharedTable,
        &[
            "select * from plans for update",
            "table plans for share",
            "select * from orders o join plans p on true for update",
            "select * from orders o join plans p on true for update of p",
            "select * from orders o, (select * from plans) p for key share",
            "select * from orders o, (select * from plans) p for key share of p",
            "select * from (orders o join plans p on true) j for update of j",
            "select * from orders o join plans p using (id) as j for update of j",
        ],
    );
    guarded(
        "select * from orders o join plans p on true for update of o skip locked",
        WHOLE,
    );
    refuses(
        RefusalKind::RootTable,
        &[
            "insert into organizations (id) values ($1)",
            "delete from organizations",
            "update organizations set id = $1",
            "update organizations set (id, name) = ($1, 'x')",
        ],
    );
    refuses(
        RefusalKind::PrivateTable,
        &[
            "select * from users",
            "delete from users",
            "select (select 1 from users)",
        ],
    );
    refuses(
        RefusalKind::UndeclaredTable,
        &[
            "select * from nothing",
            "select * from other.orders",
            "update nothing set a = 1",
        ],
    );
    refuses(
        RefusalKind::CatalogRelation,
        &[
            "select * from pg_class",
            "select * from pg_catalog.pg_class",
            "select * from information_schema.tables",
            "select * from pg_temp.orders",
        ],
    );
}

#[test]
fn g18_what_could_overflow_the_stack_is_refused_before_it_is_read() {
    let nested = |depth| format!("select {}1{}", "(".repeat(depth), ")".repeat(depth));
    guarded(&nested(100), WHOLE);
    let chained = |links| format!("select 1{}", " or true".repeat(links));
    guarded(&chained(900), WHOLE);
    let kind = |sql: &str| highest_bind(sql).map_err(|refusal| refusal.kind());
    assert_eq!(kind(&nested(10_000)), Err(RefusalKind::TooDeep));
    assert_eq!(kind(&chained(2_000)), Err(RefusalKind::TooLong));
    assert_eq!(kind(&chained(100_000)), Err(RefusalKind::TooLarge));
}

#[test]
fn g19_no_name_leads_to_a_table_of_the_session() {
    refuses(
        RefusalKind::CatalogRelation,
        &[
            "select * from pg_temp.plans",
            "update \"pg_temp\".orders set a = 1",
            "insert into PG_TEMP.orders (a) values (1)",
            "select * from pg_temp_3.orders",
        ],
    );
    refuses(
        RefusalKind::StatementKind,
        &[
            "set search_path = other",
            "set local standard_conforming_strings = off",
            "reset all",
            "discard all",
            "create temp table plans (code text)",
        ],
    );
}

#[test]
fn g21_names_are_decoded_and_never_trimmed_or_folded_beyond_ascii() {
    refuses(
        RefusalKind::UndeclaredTable,
        &[
            "select * from orders\u{a0}",
            "select * from \"Orders\"",
            "select * from order\u{17f}",
        ],
    );
    sends(
        "with orders\u{a0} as (select 1 as id) select count(*) from orders",
        "with orders\u{a0} as (select 1 as id) select count(*) from orders WHERE \"orders\".\"org_id\" = $1",
    );
    sends(
        "select * from ORDERS O",
        r#"select * from ORDERS O WHERE "o"."org_id" = $1"#,
    );
    sends(
        r#"select * from U&"\006frders" "O""""#,
        r#"select * from U&"\006frders" "O""" WHERE "O"""."org_id" = $1"#,
    );
    refuses(
        RefusalKind::Name,
        &[
            "select * from orders o, customers o",
            "select * from orders o, customers \"o\"",
            "select * from orders o join customers O on true",
            "update orders o set a = 1 from customers o",
            "delete from orders using orders",
            "insert into customers as excluded (a) values (1)",
        ],
    );
    let long = "a".repeat(64);
    refuses(
        RefusalKind::Name,
        &[
            &format!("select * from orders {long}"),
            &format!("select \"{long}\" from orders"),
        ],
    );
}

#[test]
fn g22_filled_cells_carry_their_type_in_every_arm() {
    sends(
        "insert into customers (a) (select distinct 1) union all values (2) order by 1",
        r#"insert into customers (a, "org_id") (select distinct 1, $1::uuid ) union all values (2, $1::uuid) order by 1"#,
    );
}

#[test]
fn g23_only_the_actions_where_is_guarded() {
    sends(
        "insert into customers (a) values (1) on conflict (a) where b or c do update set a = 2 where d or e",
        r#"insert into customers (a, "org_id") values (1, $1::uuid) on conflict (a) where b or c do update set a = 2 where (d or e) AND "customers"."org_id" = $1"#,
    );
    sends(
        "insert into customers as c (a) values (1) on conflict do nothing",
        r#"insert into customers as c (a, "org_id") values (1, $1::uuid) on conflict do nothing"#,
    );
}

#[test]
fn g24_placeholders_never_alias_the_guards_binds() {
    let tenancy = tenancy();
    let kind = |sql, binds| tenancy.guard(sql, binds, WHOLE).unwrap_err().kind();
    assert_eq!(
        kind("select * from customers where a = $2", 1),
        RefusalKind::Placeholder
    );
    assert_eq!(
        kind("select * from customers", 65_535),
        RefusalKind::Placeholder
    );
    assert_eq!(
        kind("select * from customers where a = $65536", 65_535),
        RefusalKind::Placeholder
    );
    let last = tenancy
        .guard("select * from customers", 65_534, WHOLE)
        .expect("one number is left");
    assert_eq!(last.org_bind(), Some(65_535));
    let narrowed = tenancy
        .guard("select * from orders", 65_534, NARROWED)
        .unwrap_err();
    assert_eq!(narrowed.kind(), RefusalKind::Placeholder);
}

/// A text may equal another under its collation; keys are of types that cannot.
#[test]
fn g25_a_key_is_of_a_type_that_compares_by_value() {
    let declared = |key| {
        let tables = "[root]\nfirms = 'id'\n[org]\nnotes = 'org_id'";
        Tenancy::from_toml(&format!("key = '{key}'\n{tables}")).is_ok()
    };
    assert!(declared("uuid") && declared("i64"));
    for key in ["text", "citext", "char", "varchar", "name"] {
        assert!(!declared(key), "{key}");
    }
}

#[test]
fn g26_no_text_controls_a_transaction() {
    refuses(
        RefusalKind::StatementKind,
        &[
            "begin",
            "start transaction",
            "commit",
            "commit and chain",
            "end",
            "rollback",
            "abort",
            "savepoint s",
            "release savepoint s",
            "rollback to s",
            "prepare transaction 'x'",
            "set transaction isolation level serializable",
        ],
    );
}

#[test]
fn g27_set_of_the_organisation_is_a_bind_or_the_proposed_rows() {
    let upsert = "insert into customers (a) values (1) on conflict (a) do update set org_id = excluded.org_id";
    guarded(upsert, WHOLE);
    let guarded = tenancy()
        .guard("update customers set org_id = $1, a = $2", 2, WHOLE)
        .expect("checked at each call");
    assert_eq!(guarded.checks()[0].cell(), &Cell::Bind(1));
    refuses(
        RefusalKind::OrgCell,
        &[
            "update customers set org_id = default",
            "update customers set org_id = null",
            "update customers set org_id = '0b0e9f7a-0000-4000-8000-000000000001'",
            "update customers set (a, org_id) = (select 1, 2)",
            "update customers set (org_id, a) = (default, 1)",
            "update customers set org_id = customers.org_id",
            "update customers c set org_id = n.org_id from notes n",
            "update customers set \"org_id\" = other",
            "insert into customers (a) values (1) on conflict (a) do update set org_id = customers.org_id",
            "insert into customers (a) values (1) on conflict (a) do update set org_id = excluded.a",
        ],
    );
}

#[test]
fn g28_table_keeps_its_tokens() {
    sends(
        "insert into notes (a, b) table customers",
        r#"insert into notes (a, b, "org_id") SELECT *, $1::uuid FROM (table customers) AS "customers" WHERE "customers"."org_id" = $1"#,
    );
    sends(
        "select * from (table only orders limit 1) t where id in (table customers)",
        r#"select * from (SELECT * FROM (table only orders) AS "orders" WHERE "orders"."org_id" = $1 limit 1) t where id in (SELECT * FROM (table customers) AS "customers" WHERE "customers"."org_id" = $1 )"#,
    );
}

#[test]
fn g29_one_name_in_two_schemas_is_guarded_as_written() {
    refuses(RefusalKind::Name, &["select 1 from orders, s2.orders"]);
    sends(
        "select 1 from public.orders, s2.orders",
        r#"select 1 from public.orders, s2.orders WHERE "public"."orders"."org_id" = $1 AND "s2"."orders"."org_id" = $1"#,
    );
}

#[test]
fn g30_guards_go_to_the_ends_of_nodes() {
    sends(
        "insert into customers (a) select f.a*(1)from plans f",
        r#"insert into customers (a, "org_id") select f.a*(1), $1::uuid from plans f"#,
    );
    sends(
        "select 1 from orders--x\n",
        r#"select 1 from orders WHERE "orders"."org_id" = $1 --x"#,
    );
    sends(
        "delete from orders/*x*/;",
        r#"delete from orders WHERE "orders"."org_id" = $1 /*x*/;"#,
    );
}

#[test]
fn g31_having_and_filter_stay_as_they_are() {
    sends(
        "select count(*) filter (where a or b) from orders group by c having d or e limit 1",
        r#"select count(*) filter (where a or b) from orders WHERE "orders"."org_id" = $1 group by c having d or e limit 1"#,
    );
}

#[test]
fn a_continued_string_cannot_hide_a_query() {
    refuses(
        RefusalKind::Unparseable,
        &["select E'a'\n'\\' || (select max(email) from users) || '\n' --'"],
    );
}

#[test]
fn a_column_never_lends_its_name_to_a_refused_function() {
    refuses(
        RefusalKind::Function,
        &[
            "select (t).pg_read_file from (select '/etc/hostname'::text as t, 1 as pg_read_file) as t",
            "select t.pg_read_file from (select '/etc/hostname'::text as t, 1 as pg_read_file) as t",
            "select (select a.pg_read_file from ((select 1 as pg_read_file) as a cross join (select 2 as z) as b) as j) from unnest(array['/etc/hostname']) as a",
            "select (select (v).lo_get from (select 1 as lo_get) v) from (select 4711::oid as v) x",
            "select current_user",
            "select session_user, current_schema",
            "select pg_typeof(1)",
        ],
    );
    guarded("select current_date, localtimestamp", WHOLE);
}

#[test]
fn where_the_columns_are_listed_nothing_else_stands_behind_a_dot() {
    let tenancy = Tenancy::from_toml(
        "key = \"i64\"\nfields = [\"city\"]\n[root]\norganizations = \"id\"\n[org]\nt = \"org_id\"\n\
         [columns]\norganizations = [\"id\"]\nt = [\"org_id\", \"id\", \"address\"]\n",
    )
    .expect("the declaration is sound");
    for sql in [
        "select (address).crosstab2 from t",
        "select (t).crosstab2 from (select 'select 1'::text as t) x",
        "select u.crosstab2 from unnest(array['select 1']) as u",
        "select (v).peek from (values ('x')) as q(v)",
        "select t.peek from t",
        "select (t).peek from (select 'x'::text as t, 1 as peek) as t",
        "select (select a.peek from ((select 1 as peek) as a cross join (select 2 as z) as b) as j) from unnest(array['x']) as a",
        "update t set address = (id).peek",
    ] {
        let refusal = tenancy.guard(sql, 0, WHOLE).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::Function, "{sql}");
    }
    for sql in [
        "select (address).city, t.id, t.ctid from t",
        "select j.key, j.value from jsonb_each('{}') j",
        "select u.n, u.x from unnest(array[1]) with ordinality u(x, n)",
        "select s.count, s.id from (select count(*), id::text from t group by id) s",
        "with recursive r as (select id from t union all select r.id from r) select r.id from r",
        "select j.id from t a join t b using (id) as j",
    ] {
        tenancy.guard(sql, 0, WHOLE).expect(sql);
    }
}

#[test]
fn a_declared_function_is_its_own_schemas() {
    refuses(RefusalKind::Function, &["select s2.my_rank(1)"]);
    guarded("select public.my_rank(1)", WHOLE);
    refuses(RefusalKind::Type, &["select 'x'::s2.mood"]);
    refuses(
        RefusalKind::Name,
        &["select 1 from public.orders full join s2.orders on true"],
    );
}

#[test]
fn a_star_in_any_number_of_parentheses_hides_no_owner() {
    refuses(
        RefusalKind::OrgCell,
        &[
            "insert into customers (id, org_id, name) select (r.*), $1 from (select 77, 'b'::uuid) r",
            "insert into customers (id, org_id, name) select ((r).*), $1 from plans r",
            "insert into customers (id, org_id, name) values (((r).*), $1, 'x')",
            "update customers set (id, name, org_id, email) = (99, r.*, $1) from (select 'p', 'b'::uuid) r",
            "update customers set (id, name, org_id, email) = row(99, r.*, $1) from (select 'p', 'b'::uuid) r",
            "update customers set (id, org_id) = (r.*, (r.*), $1) from plans r",
            "update customers set (org_id, id) = ($1)",
            "insert into customers (a) values (1) on conflict (a) do update set (b, org_id) = (excluded.*, $1)",
        ],
    );
    refuses_in(
        NARROWED,
        RefusalKind::ShopCell,
        &["update orders set (note, shop_id, total) = (r.*, 1) from (select 'p', 9) r"],
    );
    guarded("update customers set (id, org_id) = (1, $1)", WHOLE);
    guarded("insert into customers (org_id, a) values (($1), 2)", WHOLE);
}

#[test]
fn the_shops_come_first_where_the_organisation_needs_no_bind() {
    let sql = "insert into orders (org_id, a) values ('0b0e9f7a-0000-4000-8000-000000000001', $1)";
    let guarded = tenancy()
        .guard(sql, 1, NARROWED)
        .expect("the statement is sound");
    assert_eq!((guarded.org_bind(), guarded.shop_bind()), (None, Some(2)));
    assert!(
        guarded.sql().contains("($2::int4[])[1]"),
        "{}",
        guarded.sql()
    );
}

#[test]
fn names_come_into_sight_in_order() {
    guarded(
        "select 1 from (orders o cross join plans p) as j(a, b, c), lateral (select j.c) x",
        WHOLE,
    );
    guarded(
        "(select o.id from orders o) order by o.total limit 2",
        WHOLE,
    );
    guarded("table orders order by orders.id", WHOLE);
    guarded(
        "select j.a from orders join customers using (id) as j",
        WHOLE,
    );
}

#[test]
fn every_query_within_a_query_is_guarded() {
    let guard = r#"WHERE "customers"."org_id" = $1"#;
    for sql in [
        "select (select 1 from customers)",
        "select 1 from plans where exists (select 1 from customers)",
        "select 1 from plans where a in (select 1 from customers)",
        "select 1 from plans where a = any (select 1 from customers)",
        "select array(select 1 from customers)",
        "select 1 from plans group by (select 1 from customers)",
        "select 1 from plans having (select true from customers)",
        "select 1 order by (select 1 from customers)",
        "select 1 limit (select 1 from customers)",
        "select 1 offset (select 1 from customers)",
        "select sum(1) over (order by (select 1 from customers))",
        "select case when exists (select 1 from customers) then 1 end",
        "values ((select 1 from customers))",
        "select * from unnest(array(select 1 from customers))",
        "select * from plans p, lateral (select 1 from customers) l",
        "select * from plans a left join plans b on exists (select 1 from customers)",
        "select json_array(select 1 from customers)",
        "select count(*) filter (where exists (select 1 from customers))",
        "select coalesce((select 1 from customers), 2)",
        "select 1 union select 1 from customers",
        "select 1 except (select 1 from customers)",
        "with a as (select 1 from customers) select * from a",
        "select (array[1])[(select 1 from customers)]",
        "select distinct on ((select 1 from customers)) 1",
    ] {
        assert!(guarded(sql, WHOLE).contains(guard), "{sql}");
    }
    for sql in [
        "update orders set a = (select 1 from customers)",
        "update orders set (a, b) = (select 1, 2 from customers)",
        "update orders set a[(select 1 from customers)] = 1",
        "delete from orders where a = (select 1 from customers)",
        "delete from orders returning (select 1 from customers)",
        "insert into orders (a) values ((select 1 from customers))",
        "insert into orders (a) values (1) on conflict (a) do update set b = (select 1 from customers)",
        "insert into orders (a) values (1) on conflict (a) do update set b = 1 where (select true from customers)",
        "insert into orders (a) values (1) returning (select 1 from customers)",
        "with a as (delete from customers returning *) select * from a",
    ] {
        assert!(
            guarded(sql, WHOLE).contains(guard),
            "{sql}: {}",
            guarded(sql, WHOLE)
        );
    }
}
