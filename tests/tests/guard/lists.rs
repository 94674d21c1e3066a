//! Rule 6: the derived lists, held against the catalog of a live server.

use weft_embedded::{Cluster, Options, Row, Search};
use weft_tenancy::guard::{functions, types};
use weft_tests::Database;

/// On other servers what is missing from a list is merely refused.
const LISTED: [u32; 2] = [15, 18];

fn disagreements(major: u32, query: impl Fn(&str) -> Vec<Row>) -> Vec<String> {
    let text = |cell: &Option<String>| cell.clone().unwrap();
    let safe = |cell: &Option<String>| cell.as_deref() == Some("t");
    let called: Vec<_> = query(functions::DERIVATION)
        .iter()
        .map(|row| {
            let most = row[2].as_ref().map(|most| most.parse().unwrap());
            (
                text(&row[0]),
                text(&row[1]).parse().unwrap(),
                most,
                safe(&row[3]),
            )
        })
        .collect();
    let cast: Vec<_> = query(types::DERIVATION)
        .iter()
        .map(|row| (text(&row[0]), safe(&row[1])))
        .collect();
    assert!(called.len() > 2_000 && cast.len() > 100);
    let mut found = functions::disagreements(&called);
    found.extend(types::disagreements(&cast));
    if !LISTED.contains(&major) {
        found.retain(|sentence| {
            !sentence.contains("is on neither list") && !sentence.contains("is not listed")
        });
    }
    found
}

#[test]
fn r06_the_lists_are_what_the_server_has() {
    let db = Database::new();
    let version = db.value("SELECT current_setting('server_version_num')::int / 10000");
    let found = disagreements(version.parse().unwrap(), |sql| db.rows(sql));
    assert_eq!(found, [] as [&str; 0]);
}

/// On the Postgres that is fetched where none is installed.
#[test]
fn r06_the_lists_are_what_the_fetched_server_has() {
    if std::env::var_os("WEFT_FETCH").is_none() {
        println!("skipped: WEFT_FETCH is not set");
        return;
    }
    let system = Search::system();
    let path =
        std::env::split_paths(&system.path).filter(|folder| !folder.join("postgres").exists());
    let search = Search {
        named: None,
        installed: "/nowhere".into(),
        path: std::env::join_paths(path).unwrap(),
        cache: None,
    };
    let options = Options::new(concat!(env!("CARGO_MANIFEST_DIR"), " fetched"));
    let cluster = Cluster::start(options.with_search(search)).unwrap();
    let database = cluster.database("postgres");
    let found = disagreements(cluster.major(), |sql| database.query(sql).unwrap());
    assert_eq!(found, [] as [&str; 0]);
}
