use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use weft_embedded::{Binaries, Cluster, Error, Profile, Search};

use crate::scratch::Scratch;

/// The program, on the same server as [`Scratch::start`].
fn program(scratch: &Scratch) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weft-embedded"));
    command
        .args(["--name", "test", "--state"])
        .arg(scratch.path());
    command.env("PGCLIENTENCODING", "LATIN1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn address(program: &mut Child) -> String {
    let mut line = String::new();
    let output = program.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// The server's data folder, which is beside its socket's.
fn data(cluster: &Cluster) -> PathBuf {
    cluster
        .socket_dir()
        .with_file_name(format!("data-{}", cluster.major()))
}

fn pid(data: &Path) -> String {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    text.lines().next().unwrap().to_owned()
}

fn signal(name: &str, pid: &str) {
    let sent = Command::new("/bin/sh")
        .args(["-c", r#"kill -"$0" "$1""#, name, pid])
        .status();
    assert!(sent.unwrap().success());
}

fn is_running(pid: &str) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// Leaves a mark that outlives a crash, even where commits are not waited for.
fn note(cluster: &Cluster) {
    for sql in ["CREATE TABLE note ()", "CHECKPOINT"] {
        cluster.database("postgres").execute(sql).unwrap();
    }
}

fn has_note(cluster: &Cluster) -> bool {
    let found = cluster
        .database("postgres")
        .query("SELECT to_regclass('note')")
        .unwrap();
    found == [[Some("note".to_owned())]]
}

/// Kills the server so that it cannot tidy up.
fn crash(cluster: Cluster) -> PathBuf {
    let data = data(&cluster);
    let pid = pid(&data);
    signal("KILL", &pid);
    while is_running(&pid) {
        std::thread::yield_now();
    }
    drop(cluster);
    data
}

#[test]
fn data_stay_between_runs_and_the_server_does_not() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    note(&cluster);
    let data = data(&cluster);
    drop(cluster);
    assert!(!data.join("postmaster.pid").exists());
    assert!(has_note(&scratch.start()));
}

#[test]
fn the_last_to_go_stops_the_server() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    let database = cluster.database("postgres");
    let mut other = program(&scratch).spawn().unwrap();
    assert_eq!(address(&mut other), database.url("postgres"));
    let data = data(&cluster);
    let pid = pid(&data);

    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    database.execute("SELECT 1").unwrap();

    drop(cluster);
    database.execute("SELECT 1").unwrap();
    drop(database);
    assert!(!is_running(&pid));
}

#[test]
fn a_server_whose_parent_was_killed_is_adopted() {
    let scratch = Scratch::new();
    let mut parent = program(&scratch).spawn().unwrap();
    let address = address(&mut parent);
    parent.kill().unwrap();
    // The server holds none of the parent's pipes, so whoever reads them comes to an end.
    let output = parent.wait_with_output().unwrap();
    assert!(output.stdout.is_empty());

    let cluster = scratch.start();
    let database = cluster.database("postgres");
    assert_eq!(database.url("postgres"), address);
    let encoding = database.query("SHOW client_encoding").unwrap();
    assert_eq!(encoding, [[Some("UTF8".to_owned())]]);
    let data = data(&cluster);
    let status = fs::read_to_string(format!("/proc/{}/status", pid(&data))).unwrap();
    assert!(!status.contains(&format!("PPid:\t{}\n", std::process::id())));
    drop((database, cluster));
    assert!(!data.join("postmaster.pid").exists());
}

#[test]
fn ctrl_c_at_the_program_does_not_reach_the_server() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid(&data(&cluster)))).unwrap();
    let own = fs::read_to_string("/proc/self/stat").unwrap();
    let group = |stat: &str| {
        stat.rsplit(") ")
            .next()
            .unwrap()
            .split(' ')
            .nth(2)
            .unwrap()
            .to_owned()
    };
    assert_ne!(group(&stat), group(&own));
}

#[test]
fn several_processes_at_once_make_one_server() {
    let scratch = Scratch::new();
    let mut all: Vec<_> = (0..3).map(|_| program(&scratch).spawn().unwrap()).collect();
    let addresses: Vec<_> = all.iter_mut().map(address).collect();
    assert!(addresses[0].starts_with("postgres://postgres@%2F"));
    assert!(addresses.iter().all(|address| *address == addresses[0]));
    let cluster = scratch.start();
    for mut one in all {
        drop(one.stdin.take());
        assert!(one.wait().unwrap().success());
    }
    assert!(!has_note(&cluster));
}

/// Programs that claim a version and do as the real ones; initdb notes that it began, and waits
/// until the file `go-on` is there.
fn stand_in(scratch: &Scratch, version: &str) -> Search {
    let gate = scratch.folder("gate");
    fs::set_permissions(&gate, Permissions::from_mode(0o777)).unwrap();
    let gate = gate.display();
    let real = Binaries::find_in(&Search::system()).unwrap();
    let real = real.folder().display();
    let told = |program| {
        format!(r#"[ "$1" = --version ] && echo "{program} (PostgreSQL) {version}" && exit"#)
    };
    let wait = format!("echo >> {gate}/began; until [ -e {gate}/go-on ]; do sleep 0.05; done");
    let initdb = format!("{}\n{wait}\nexec {real}/initdb \"$@\"", told("initdb"));
    let postgres = format!("{}\nexec {real}/postgres \"$@\"", told("postgres"));
    scratch.script("stand-in/initdb", &initdb);
    scratch.script("stand-in/postgres", &postgres);
    let named = Some(scratch.path().join("stand-in"));
    Search {
        named,
        ..scratch.search()
    }
}

#[test]
fn an_initdb_whose_parent_was_killed_is_waited_for() {
    let scratch = Scratch::new();
    let major = Binaries::find_in(&Search::system()).unwrap().major();
    let search = stand_in(&scratch, &format!("{major}.0"));
    let gate = scratch.path().join("gate");
    let begun = || {
        fs::read_to_string(gate.join("began"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    let named = search.named.clone().unwrap();
    let mut parent = program(&scratch).env("WEFT_PG_BIN", named).spawn().unwrap();
    while begun() == 0 {
        std::thread::yield_now();
    }
    parent.kill().unwrap();
    parent.wait().unwrap();

    std::thread::scope(|scope| {
        let next = scope.spawn(|| Cluster::start(scratch.options().with_search(search)).unwrap());
        std::thread::sleep(Duration::from_millis(700));
        let begun_meanwhile = begun();
        fs::write(gate.join("go-on"), "").unwrap();
        assert!(!has_note(&next.join().unwrap()));
        assert_eq!((begun_meanwhile, begun()), (1, 2));
    });
}

#[test]
fn a_half_made_data_folder_is_made_anew() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    let data = data(&cluster);
    drop(cluster);
    fs::rename(&data, data.with_extension("draft")).unwrap();
    fs::remove_file(data.with_extension("draft").join("PG_VERSION")).unwrap();
    assert!(!has_note(&scratch.start()));
    assert!(!data.with_extension("draft").exists());
}

#[test]
fn a_failed_initdb_tells_why_and_leaves_no_data_folder() {
    let scratch = Scratch::new();
    for program in ["initdb", "postgres"] {
        let text = format!("[ \"$1\" = --version ] && echo '{program} (PostgreSQL) 16.0' && exit");
        scratch.script(
            &format!("broken/{program}"),
            &format!("{text}\necho no disk >&2; exit 1"),
        );
    }
    let search = Search {
        named: Some(scratch.path().join("broken")),
        ..scratch.search()
    };
    let error = Cluster::start(scratch.options().with_search(search)).unwrap_err();
    assert!(matches!(error, Error::Program { output, .. } if output == "no disk"));
    let homes = fs::read_dir(scratch.path()).unwrap().flatten();
    assert!(
        homes
            .into_iter()
            .all(|home| !home.path().join("data-16").exists())
    );
}

#[test]
fn a_stale_pid_file_does_not_matter() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    note(&cluster);
    crash(cluster);
    assert!(has_note(&scratch.start()));
}

#[test]
fn children_of_a_dead_server_are_waited_for() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    let database = cluster.database("postgres");
    let busy = "SELECT count(*) FROM generate_series(1, 8000000)";
    let find = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%generate_series(1,%' \
                AND pid <> pg_backend_pid() AND state = 'active'";
    std::thread::scope(|scope| {
        scope.spawn(|| database.query(busy));
        let child = loop {
            if let [row] = database.query(find).unwrap().as_slice() {
                break row[0].clone().unwrap();
            }
        };
        crash(cluster);
        assert!(is_running(&child));
        let next = scratch.start();
        assert!(!is_running(&child));
        next.database("postgres").execute("SELECT 1").unwrap();
    });
}

#[test]
fn a_pid_that_is_another_process_by_now_does_not_matter() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    note(&cluster);
    let socket_lock = cluster.socket_dir().join(".s.PGSQL.5432.lock");
    let data = crash(cluster);
    let owner = fs::metadata(&data).unwrap().uid();
    let mut other = Command::new("sleep").arg("100").uid(owner).spawn().unwrap();
    for file in [data.join("postmaster.pid"), socket_lock] {
        let text = fs::read_to_string(&file).unwrap();
        let (_, rest) = text.split_once('\n').unwrap();
        fs::write(&file, format!("{}\n{rest}", other.id())).unwrap();
    }
    let cluster = scratch.start();
    assert!(has_note(&cluster));
    drop(cluster);
    assert!(other.try_wait().unwrap().is_none());
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn test_data_that_went_through_a_power_cut_are_made_anew() {
    let scratch = Scratch::new();
    for profile in [Profile::Test, Profile::Durable] {
        let options = || scratch.options().with_profile(profile);
        let cluster = Cluster::start(options()).unwrap();
        note(&cluster);
        let pid_file = crash(cluster).join("postmaster.pid");
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        fs::File::options()
            .append(true)
            .open(pid_file)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        assert_eq!(
            has_note(&Cluster::start(options()).unwrap()),
            profile == Profile::Durable
        );
    }
}

#[test]
fn a_folder_that_is_not_ours_is_refused() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    let home = cluster.socket_dir().parent().unwrap().to_owned();
    drop(cluster);
    let refused = || match Cluster::start(scratch.options()) {
        Err(Error::ForeignFolder { folder }) => folder == home,
        other => panic!("{other:?}"),
    };

    let elsewhere = scratch.path().join("elsewhere");
    fs::rename(&home, &elsewhere).unwrap();
    symlink(&elsewhere, &home).unwrap();
    assert!(refused());

    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        fs::remove_file(&home).unwrap();
        fs::rename(&elsewhere, &home).unwrap();
        std::os::unix::fs::chown(&home, Some(65534), None).unwrap();
        assert!(refused());
    }
}

#[test]
fn each_major_version_and_profile_has_data_of_its_own() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    note(&cluster);
    let durable = Cluster::start(scratch.options().with_profile(Profile::Durable)).unwrap();
    assert!(!has_note(&durable));
    let fsync = |cluster: &Cluster| cluster.database("postgres").query("SHOW fsync").unwrap();
    assert_eq!(fsync(&cluster), [[Some("off".to_owned())]]);
    assert_eq!(fsync(&durable), [[Some("on".to_owned())]]);

    let search = stand_in(&scratch, "77.0");
    fs::write(scratch.path().join("gate/go-on"), "").unwrap();
    let other = Cluster::start(scratch.options().with_search(search)).unwrap();
    assert_eq!(other.major(), 77);
    assert!(data(&other).ends_with("data-77") && !has_note(&other) && has_note(&cluster));
}

#[test]
fn a_state_folder_too_long_for_a_socket_is_refused() {
    let scratch = Scratch::new();
    let long = scratch.path().join("long/".repeat(20));
    let refused = Cluster::start(scratch.options().with_state_dir(long));
    assert!(matches!(refused, Err(Error::LongSocketPath { .. })));
}

#[test]
fn other_users_can_neither_connect_nor_look() {
    let scratch = Scratch::new();
    let cluster = scratch.start();
    for folder in [cluster.socket_dir(), &data(&cluster)] {
        assert_eq!(fs::metadata(folder).unwrap().mode() & 0o777, 0o700);
    }
}
