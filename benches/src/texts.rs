//! Statements as Diesel writes them, over the tables of the stage.

/// An ordinary join.
pub const JOIN: &str = r#"SELECT "orders"."id", "orders"."total", "organizations"."id" FROM ("orders" INNER JOIN "organizations" ON ("orders"."org_id" = "organizations"."id")) WHERE (("orders"."name" = $1) AND ("orders"."total" > $2)) ORDER BY "orders"."id" DESC LIMIT $3"#;

/// Close to a kilobyte: a join with a subquery, a list and a good many conditions.
pub fn of_a_kilobyte() -> String {
    let conditions = (0..6).map(|n| {
        format!(r#" AND (("orders"."total" > $1) OR (upper("orders"."name") LIKE 'A{n}%'))"#)
    });
    let head = JOIN.split(" ORDER BY").next().unwrap_or(JOIN);
    let subquery = r#" AND ("orders"."id" IN (SELECT "inner"."id" FROM "orders" AS "inner" WHERE ("inner"."total" BETWEEN $2 AND $4) AND ("inner"."name" IS NOT NULL)))"#;
    format!(
        "{head}{}{subquery} ORDER BY \"orders\".\"id\" DESC LIMIT $3",
        conditions.collect::<String>()
    )
}
