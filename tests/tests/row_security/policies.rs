//! The text of the policies: over any names and keys, and over its own result.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use weft_tenancy::{Policies, Roles, RowSecurity, Tenancy};
use weft_tests::database::roles;
use weft_tests::schema::A;
use weft_tests::{Database, TENANCY};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// How many rows `from` has in a context.
fn seen(conn: &mut PgConnection, org: &str, shops: &str, from: &str) -> i64 {
    let counted = conn.transaction(|conn| {
        conn.batch_execute(&format!(
            "SET LOCAL weft.org_id = '{org}'; SET LOCAL weft.shop_ids = '{shops}'"
        ))?;
        sql_query(format!("SELECT count(*) FROM {from}")).get_result::<Counted>(conn)
    });
    counted.unwrap().count
}

#[test]
fn any_names_and_keys_are_held() {
    for (key, shop_key) in [
        ("uuid", "uuid"),
        ("uuid", "i64"),
        ("uuid", "i32"),
        ("i64", "uuid"),
        ("i64", "i64"),
        ("i64", "i32"),
    ] {
        let sql_name = |key| match key {
            "uuid" => "uuid",
            "i64" => "bigint",
            _ => "integer",
        };
        let value = |key, number: u32| match key {
            "uuid" => format!("00000000-0000-0000-0000-00000000000{number}"),
            _ => number.to_string(),
        };
        let (root, table) = (r#""A ""B"."select""#, r#""A ""B"."Or'der""#);
        let db = Database::new();
        db.admin(&format!(
            r#"CREATE SCHEMA "A ""B";
               CREATE TABLE {root} ("User" {org} PRIMARY KEY);
               CREATE TABLE {table} ("org id" {org}, "sh""op" {shop});
               GRANT USAGE ON SCHEMA "A ""B" TO app;
               GRANT SELECT ON ALL TABLES IN SCHEMA "A ""B" TO app;
               INSERT INTO {table} VALUES ('{o1}', '{s1}'), ('{o1}', '{s2}'), ('{o2}', '{s1}')"#,
            org = sql_name(key),
            shop = sql_name(shop_key),
            o1 = value(key, 1),
            o2 = value(key, 2),
            s1 = value(shop_key, 1),
            s2 = value(shop_key, 2),
        ));
        let tenancy = Tenancy::from_toml(&format!(
            r#"key = "{key}"
               shop_key = "{shop_key}"
               [root]
               'A "B.select' = "User"
               [shop]
               "A \"B.Or'der" = ["org id", 'sh"op']"#
        ));
        let (tenancy, roles) = (tenancy.unwrap(), Roles::new("app"));
        let policies = Policies::new(&tenancy, &roles);
        for text in [policies.clone().signed(), policies.clone(), policies] {
            db.admin(&text.to_string());
        }
        let mut conn = db.connect("app");
        RowSecurity::check(&mut conn, &tenancy).unwrap();
        let org = value(key, 1);
        let one = format!("{{{}}}", value(shop_key, 2));
        for (shops, count) in [("*", 2), (&one, 1), ("{}", 0), ("", 0)] {
            assert_eq!(seen(&mut conn, &org, shops, table), count, "{key} {shops}");
        }
    }
}

#[test]
fn while_it_runs_again_nothing_more_is_seen() {
    let db = Database::secured();
    let mut conn = db.connect("app");
    let text = Policies::new(&TENANCY, &roles()).to_string();
    let org = A.to_string();
    for statement in text.split(";\n") {
        db.admin(statement);
        assert!(
            seen(&mut conn, &org, "{1}", "customers") <= 3,
            "{statement}"
        );
        assert!(seen(&mut conn, &org, "{1}", "orders") <= 2, "{statement}");
    }
    assert_eq!(seen(&mut conn, &org, "{1}", "orders"), 2);
}

#[test]
fn what_is_declared_no_longer_is_gone() {
    let db = Database::secured();
    let wider = Roles::new("app")
        .with_auth("auth", ["customers"])
        .with_unscoped("unscoped");
    let live = "SELECT count(*) FROM pg_policies WHERE policyname IN
                ('weft_directory', 'weft_unscoped')";
    db.admin(&Policies::new(&TENANCY, &wider).to_string());
    assert_eq!(db.value(live), "6");
    db.admin(&Policies::new(&TENANCY, &Roles::new("app")).to_string());
    assert_eq!(db.value(live), "0");
}
