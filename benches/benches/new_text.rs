//! What does it cost to guard a text for the first time, and to find it again?

#![allow(missing_docs, clippy::print_stdout)]

use std::hint::black_box;

use weft_benches::{JOIN, TENANCY, in_turns, of_a_kilobyte};
use weft_tenancy::Tenancy;
use weft_tenancy::guard::Shape;

fn main() {
    let batch = format!(
        "INSERT INTO orders (id, name, total) VALUES {}($1, $2, $3)",
        "($1, $2, $3), ".repeat(2_000)
    );
    let kilobyte = of_a_kilobyte();
    println!("guarded for the first time, against being copied:");
    for (name, sql, rounds, calls) in [
        ("an ordinary join", JOIN, 401, 20),
        ("a query of a kilobyte", &kilobyte, 401, 10),
        ("a batch of 2 000 rows", &batch, 51, 1),
    ] {
        // Each text is new: a comment tells it apart.
        let mut number = 0;
        let [anew, copied] = in_turns(
            rounds,
            calls,
            [
                &mut |calls| {
                    for _ in 0..calls {
                        number += 1;
                        guard(&TENANCY, &format!("{sql} --{number}"));
                    }
                },
                &mut |calls| {
                    for call in 0..calls {
                        drop(black_box(format!("{sql} --{call}")));
                    }
                },
            ],
        );
        println!(
            "  {name}, {} bytes: {:.1} µs",
            sql.len(),
            anew.added(&copied)
        );
    }
    let [found, copied] = in_turns(
        101,
        10_000,
        [
            &mut |calls| (0..calls).for_each(|_| guard(&TENANCY, black_box(JOIN))),
            &mut |calls| (0..calls).for_each(|_| drop(black_box(JOIN.to_owned()))),
        ],
    );
    println!("found again: {:.3} µs", found.wall());
    println!("copied: {:.3} µs", copied.wall());
}

fn guard(tenancy: &Tenancy, sql: &str) {
    let guarded = tenancy.guard(sql, 4, Shape::default());
    black_box(guarded).expect("the statement is sound");
}
