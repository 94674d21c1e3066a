//! How many instructions does the client spend on a point read and on a new text?

#![allow(missing_docs, clippy::print_stdout)]

use std::env;
use std::process::Command;

use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_benches::{
    COUNTED, JOIN, TENANCY, counted_calls, database, of_a_kilobyte, orders, tokio_runtime,
};
use weft_tenancy::guard::Shape;
use weft_tenancy::{AsyncOrgConn, OrgConn, Scope};

const WORKS: [&str; 6] = [
    "sync point read by hand",
    "sync point read through the hook",
    "async point read by hand",
    "async point read through the hook",
    "new text, an ordinary join",
    "new text of a kilobyte",
];

/// Runs itself under callgrind once for each work; told which, it does that work.
fn main() {
    let asked: Vec<String> = env::args().skip(1).collect();
    if let Some(work) = WORKS
        .iter()
        .find(|work| asked.iter().any(|arg| arg == *work))
    {
        return run(work);
    }
    for work in WORKS {
        match count(work) {
            Some(instructions) => println!("{work}: {instructions} instructions"),
            None => println!("{work}: not counted, is valgrind installed?"),
        }
    }
}

/// Instructions per call.
fn count(work: &str) -> Option<u64> {
    let collected = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*counted_calls*")
        .arg(env::current_exe().ok()?)
        .arg(work)
        .output()
        .ok()?;
    let report = String::from_utf8(collected.stderr).ok()?;
    let total = report.split("Collected :").nth(1)?;
    let total: u64 = total.split_whitespace().next()?.parse().ok()?;
    Some(total / u64::from(COUNTED))
}

fn run(work: &str) {
    match work {
        "new text, an ordinary join" => new_texts(JOIN),
        "new text of a kilobyte" => new_texts(&of_a_kilobyte()),
        _ if work.starts_with("async") => asynchronous(work.ends_with("hook")),
        _ => synchronous(work.ends_with("hook")),
    }
}

fn new_texts(sql: &str) {
    let mut number = 0;
    counted_calls(&mut |calls| {
        for _ in 0..calls {
            number += 1;
            let guarded = TENANCY.guard(&format!("{sql} --{number}"), 4, Shape::default());
            guarded.expect("the statement is sound");
        }
    });
}

fn synchronous(hooked: bool) {
    use diesel::RunQueryDsl;

    let database = database("");
    let mut inner = PgConnection::establish(&database.url("postgres")).expect("a connection");
    let query = orders::table.filter(orders::id.eq(500_i64));
    if hooked {
        let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
        warm(&mut |calls| {
            for _ in 0..calls {
                let read = query.select(orders::total).first::<i64>(&mut conn);
                assert_eq!(read, Ok(500));
            }
        });
    } else {
        let query = query.filter(orders::org_id.eq(7_i64));
        warm(&mut |calls| {
            for _ in 0..calls {
                let read = query.select(orders::total).first::<i64>(&mut inner);
                assert_eq!(read, Ok(500));
            }
        });
    }
}

fn asynchronous(hooked: bool) {
    use diesel_async::RunQueryDsl;

    let database = database("");
    let runtime = tokio_runtime();
    let inner = runtime.block_on(AsyncPgConnection::establish(&database.url("postgres")));
    let mut inner = inner.expect("a connection");
    let query = orders::table.filter(orders::id.eq(500_i64));
    if hooked {
        let mut conn = AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
        warm(&mut |calls| {
            for _ in 0..calls {
                let query = query.select(orders::total);
                let read = runtime.block_on(query.first::<i64>(&mut conn));
                assert_eq!(read, Ok(500));
            }
        });
    } else {
        let query = query.filter(orders::org_id.eq(7_i64));
        warm(&mut |calls| {
            for _ in 0..calls {
                let query = query.select(orders::total);
                let read = runtime.block_on(query.first::<i64>(&mut inner));
                assert_eq!(read, Ok(500));
            }
        });
    }
}

/// Counts `work` once what is done only once has been done.
fn warm(work: &mut dyn FnMut(u32)) {
    work(10);
    counted_calls(work);
}
