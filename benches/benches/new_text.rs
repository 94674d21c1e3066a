//! What does it cost to guard a text for the first time, and to find it again?

#![allow(clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use weft_benches::{compare, report};
use weft_tenancy::{Tenancy, guard::Shape};

const DECLARATION: &str = "
    key = \"i64\"
    [root]
    organizations = \"id\"
    [org]
    customers = \"org_id\"
    orders = \"org_id\"
";

fn main() {
    let ordinary = r#"SELECT "orders"."id", "orders"."total", "customers"."name" FROM ("orders" INNER JOIN "customers" ON ("orders"."customer_id" = "customers"."id")) WHERE (("orders"."status" = $1) AND ("orders"."total" > $2)) ORDER BY "orders"."id" DESC LIMIT $3"#;
    let row = "($1, $2, $3), ";
    let batch = format!(
        "INSERT INTO orders (id, total, status) VALUES {}($1, $2, $3)",
        row.repeat(2_000)
    );

    let tenancy = tenancy();
    let found = compare(
        21,
        10_000,
        || {
            let guarded = tenancy.guard(black_box(ordinary), 3, Shape::default());
            drop(black_box(guarded));
        },
        || drop(black_box(ordinary.to_owned())),
    );
    println!(
        "{}",
        report("a text seen before, against copying it", found)
    );
    for (name, sql, calls) in [
        ("an ordinary join", ordinary, 200),
        ("a batch of 2 000 rows", &batch, 1),
    ] {
        let mut times: Vec<_> = (0..101)
            .map(|_| {
                let tenancies: Vec<_> = (0..calls).map(|_| self::tenancy()).collect();
                let start = Instant::now();
                for tenancy in &tenancies {
                    black_box(tenancy.guard(black_box(sql), 3, Shape::default()))
                        .expect("the statement is sound");
                }
                start.elapsed() / calls
            })
            .collect();
        times.sort_unstable();
        println!(
            "{name} ({} bytes), guarded anew: {:.1?}",
            sql.len(),
            times[times.len() / 2]
        );
    }
}

fn tenancy() -> Tenancy {
    Tenancy::from_toml(DECLARATION).expect("the declaration is sound")
}
