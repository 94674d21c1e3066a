//! What does a scope add to a statement, next to what the hooks of other languages add?

#![allow(missing_docs, clippy::print_stdout)]

use std::cell::RefCell;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use diesel::{Connection, ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use weft_benches::{TENANCY, database, in_turns, orders};
use weft_tenancy::{OrgConn, Scope};

const ROUNDS: usize = 201;
const CALLS: u32 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let database = database("");
    let url = database.url("postgres");
    let python = python()?;
    let alchemy = RefCell::new(Peer::start(&python, "loader_criteria.py", &url)?);
    let django = RefCell::new(Peer::start(&python, "multitenant.py", &url)?);
    let mut bare = PgConnection::establish(&url)?;
    let mut inner = PgConnection::establish(&url)?;
    let mut hooked = OrgConn::new(&mut inner, &TENANCY, Scope::org(7_i64));
    let series = in_turns(
        ROUNDS,
        CALLS,
        [
            &mut |calls| {
                for _ in 0..calls {
                    let query = orders::table.filter(orders::id.eq(500_i64));
                    let read = query.select(orders::total).first::<i64>(&mut hooked);
                    assert_eq!(read, Ok(500));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let query = orders::table.filter(orders::org_id.eq(7_i64));
                    let query = query.filter(orders::id.eq(500_i64));
                    let read = query.select(orders::total).first::<i64>(&mut bare);
                    assert_eq!(read, Ok(500));
                }
            },
            &mut |calls| alchemy.borrow_mut().run("hooked", calls),
            &mut |calls| alchemy.borrow_mut().run("plain", calls),
            &mut |calls| django.borrow_mut().run("hooked", calls),
            &mut |calls| django.borrow_mut().run("plain", calls),
        ],
    );
    let names = [
        "weft on Diesel",
        "with_loader_criteria on SQLAlchemy",
        "django-multitenant on Django",
    ];
    println!("a point read, hooked and plain, and what the hook adds:");
    for (name, pair) in names.iter().zip(series.chunks(2)) {
        if let [hooked, plain] = pair {
            println!(
                "  {name}: {:.1} and {:.1} µs, {:.1} µs",
                hooked.wall().median,
                plain.wall().median,
                hooked.added(plain)
            );
        }
    }
    Ok(())
}

/// A script that does its work when it is told to.
struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(python: &Path, script: &str, url: &str) -> Result<Peer, Box<dyn Error>> {
        let mut process = Command::new(python)
            .arg(Path::new(SCRIPTS).join(script))
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take().ok_or("a script takes orders")?;
        let answers = process.stdout.take().ok_or("a script answers")?;
        Ok(Peer {
            process,
            orders,
            answers: BufReader::new(answers),
        })
    }

    fn run(&mut self, work: &str, calls: u32) {
        writeln!(self.orders, "{work} {calls}").expect("the script runs");
        let mut answer = String::new();
        self.answers
            .read_line(&mut answer)
            .expect("the script answers");
        assert_eq!(answer, "done\n");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

/// A Python that has the peers, made in the target folder the first time.
fn python() -> Result<PathBuf, Box<dyn Error>> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let python = home.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    }
    let requirements = Path::new(SCRIPTS).join("requirements.txt");
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--only-binary",
        ":all:",
        "-r",
    ];
    run(Command::new(&python).args(install).arg(requirements))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    match command.status()? {
        status if status.success() => Ok(()),
        status => Err(format!("{}: {status}", command.get_program().display()).into()),
    }
}
