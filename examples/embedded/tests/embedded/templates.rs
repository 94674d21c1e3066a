use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use weft_embedded::{Cluster, Database, Error, Options};

/// Shared by the tests of this file, and left running for the next run, as documented.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    Cluster::start(Options::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))).unwrap()
});

/// A text no earlier run has used.
fn unique(text: &str) -> String {
    format!(
        "{text} {:?} {}",
        std::time::SystemTime::now(),
        std::process::id()
    )
}

fn made_of(cluster: &Cluster, pattern: &str) -> Vec<String> {
    let sql = format!("SELECT datname FROM pg_database WHERE datname LIKE '{pattern}'");
    cluster
        .database("postgres")
        .query(&sql)
        .unwrap()
        .into_iter()
        .flatten()
        .flatten()
        .collect()
}

fn one_table(database: &Database) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")?)
}

fn count(database: &Database) -> String {
    database.query("SELECT count(*) FROM t").unwrap()[0][0]
        .clone()
        .unwrap()
}

#[test]
fn a_template_is_made_once() {
    let text = unique("once");
    let made = AtomicU32::new(0);
    let make = || {
        CLUSTER.template("once", &text, |database| {
            made.fetch_add(1, Ordering::Relaxed);
            one_table(database)
        })
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
        for one in all {
            assert_eq!(
                count(&one.join().unwrap().unwrap().database().unwrap()),
                "1"
            );
        }
    });
    make().unwrap();
    assert_eq!(made.into_inner(), 1);
}

#[test]
fn each_test_has_a_copy_of_its_own_that_is_dropped() {
    let template = CLUSTER.template("copies", "copies", one_table).unwrap();
    let (one, other) = (template.database().unwrap(), template.database().unwrap());
    one.execute("INSERT INTO t VALUES (2)").unwrap();
    assert_eq!(
        (count(&one), count(&other)),
        ("2".to_owned(), "1".to_owned())
    );
    let name = one.name().to_owned();
    assert_eq!(made_of(&CLUSTER, &name), [name.as_str()]);
    drop(one);
    assert!(made_of(&CLUSTER, &name).is_empty());
}

#[test]
fn copies_can_be_made_in_parallel() {
    let template = CLUSTER.template("parallel", "parallel", one_table).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(count(&template.database().unwrap()), "1"));
        }
    });
}

#[test]
fn another_text_makes_another_template_and_removes_the_old_one() {
    let (old, new) = (unique("old"), unique("new"));
    let before = CLUSTER.template("changing", &old, one_table).unwrap();
    let named = |template: &weft_embedded::Template| {
        let debug = format!("{template:?}");
        let start = debug.rfind("weft_template_").unwrap();
        debug[start..start + 47].to_owned()
    };
    let (old_name, family) = (named(&before), named(&before)[..31].to_owned());
    let after = CLUSTER.template("changing", &new, |_| Ok(())).unwrap();
    assert_eq!(
        after
            .database()
            .unwrap()
            .query("SELECT 1 FROM pg_class WHERE relname = 't'")
            .unwrap()
            .len(),
        0
    );
    // In use, so it stays.
    assert!(made_of(&CLUSTER, &format!("{family}%")).contains(&old_name));
    before.database().unwrap();

    drop(before);
    CLUSTER
        .template("changing", &unique("newest"), one_table)
        .unwrap();
    let left = made_of(&CLUSTER, &format!("{family}%"));
    assert!(
        !left.contains(&old_name) && left.contains(&named(&after)),
        "{left:?}"
    );
}

#[test]
fn a_failed_setup_leaves_no_template() {
    let text = unique("failing");
    let failed = CLUSTER.template("failing", &text, |database| {
        one_table(database)?;
        Err("no such luck".into())
    });
    let message = failed.unwrap_err().to_string();
    assert_eq!(message, "setup of failing failed: no such luck");
    let template = CLUSTER.template("failing", &text, one_table).unwrap();
    assert_eq!(count(&template.database().unwrap()), "1");
}

#[test]
fn a_setup_that_panicked_leaves_no_template() {
    let text = unique("panicking");
    let panicked = std::panic::catch_unwind(|| {
        CLUSTER.template("panicking", &text, |database| {
            one_table(database)?;
            panic!("on purpose")
        })
    });
    assert!(panicked.is_err());
    let template = CLUSTER.template("panicking", &text, one_table).unwrap();
    assert_eq!(count(&template.database().unwrap()), "1");
}

#[test]
fn a_connection_left_by_the_setup_does_not_hinder_copies() {
    let text = unique("left open");
    let mut left = None;
    let template = CLUSTER.template("left open", &text, |database| {
        one_table(database)?;
        left = Some(std::os::unix::net::UnixStream::connect(
            CLUSTER
                .socket_dir()
                .join(format!(".s.PGSQL.{}", CLUSTER.port())),
        )?);
        let mut startup = vec![0, 3, 0, 0];
        startup.extend(format!("user\0postgres\0database\0{}\0\0", database.name()).bytes());
        let mut stream = left.as_ref().ok_or("not connected")?;
        use std::io::{Read, Write};
        stream.write_all(&(startup.len() as u32 + 4).to_be_bytes())?;
        stream.write_all(&startup)?;
        stream.read_exact(&mut [0; 9])?;
        Ok(())
    });
    template.unwrap().database().unwrap();
}

#[test]
fn databases_of_killed_tests_are_swept_and_those_of_live_ones_are_not() {
    let template = CLUSTER.template("swept", "swept", one_table).unwrap();
    let live = template.database().unwrap();
    let killed = format!(
        "weft_test_{}_1",
        10_u64.pow(15) + u64::from(std::process::id())
    );
    CLUSTER.ensure_database(&killed).unwrap();
    let neighbour = Options::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"));
    drop(Cluster::start(neighbour).unwrap());
    // Another run of these tests may have been at it first, and is waited for.
    let patience = Instant::now() + Duration::from_secs(5);
    while !made_of(&CLUSTER, &killed).is_empty() {
        assert!(Instant::now() < patience, "{killed} is still there");
    }
    assert_eq!(made_of(&CLUSTER, live.name()).len(), 1);
}

#[test]
fn roles_are_made_or_changed() {
    let is_superuser = |attributes| {
        CLUSTER.ensure_role("an \"app\"", attributes).unwrap();
        let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = 'an \"app\"'";
        CLUSTER.database("postgres").query(sql).unwrap() == [[Some("t".to_owned())]]
    };
    assert!(is_superuser("LOGIN SUPERUSER"));
    assert!(!is_superuser("LOGIN NOSUPERUSER NOBYPASSRLS"));
}

#[test]
fn what_the_server_refuses_is_told_with_its_code() {
    let error = CLUSTER
        .database("postgres")
        .execute("SELECT 1/0")
        .unwrap_err();
    assert!(matches!(&error, Error::Sql { code, .. } if code == "22012"));
    assert_eq!(error.to_string(), "division by zero (sqlstate 22012)");
    let error = CLUSTER.database("nowhere").execute("SELECT 1").unwrap_err();
    assert!(matches!(error, Error::Sql { code, .. } if code == "3D000"));
}
