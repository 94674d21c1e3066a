use std::os::unix::fs::symlink;

use weft_embedded::{Binaries, Cluster, Error, Search};

use crate::scratch::Scratch;

/// A folder of programs that tell this version and do nothing else.
fn pretend(scratch: &Scratch, folder: &str, version: &str) {
    for program in ["initdb", "postgres"] {
        let text = format!("echo '{program} (PostgreSQL) {version}'");
        scratch.script(&format!("{folder}/{program}"), &text);
    }
}

/// Puts a real tool on the path of a search that knows no other.
fn lend(scratch: &Scratch, tool: &str) {
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path)
        .map(|folder| folder.join(tool))
        .find(|file| file.exists());
    symlink(real.unwrap(), scratch.folder("path").join(tool)).unwrap();
}

fn tried(search: &Search) -> String {
    match Binaries::find_in(search) {
        Err(error @ Error::NoBinaries { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn takes_the_named_folder_before_any_other() {
    let scratch = Scratch::new();
    pretend(&scratch, "installed/17/bin", "17.2");
    pretend(&scratch, "mine", "16.1");
    let search = Search {
        named: Some(scratch.path().join("mine")),
        ..scratch.search()
    };
    assert_eq!(Binaries::find_in(&search).unwrap().major(), 16);
}

#[test]
fn a_named_folder_that_cannot_be_used_is_an_error() {
    let scratch = Scratch::new();
    pretend(&scratch, "installed/17/bin", "17.2");
    pretend(&scratch, "old", "14.9");
    for folder in ["nowhere", "old"] {
        let search = Search {
            named: Some(scratch.path().join(folder)),
            ..scratch.search()
        };
        let error = Binaries::find_in(&search).unwrap_err();
        assert!(matches!(error, Error::NamedBinaries { .. }));
        assert!(error.to_string().contains("WEFT_PG_BIN") && error.to_string().contains(folder));
    }
}

#[test]
fn takes_the_highest_installed_version_that_works() {
    let scratch = Scratch::new();
    pretend(&scratch, "installed/9/bin", "9.6.1");
    pretend(&scratch, "installed/16/bin", "16.3");
    pretend(&scratch, "installed/100/bin", "100.0");
    let found = Binaries::find_in(&scratch.search()).unwrap();
    assert_eq!(found.folder(), scratch.path().join("installed/100/bin"));

    scratch.script("installed/100/bin/postgres", "exit 1");
    assert_eq!(Binaries::find_in(&scratch.search()).unwrap().major(), 16);
}

#[test]
fn skips_a_server_without_its_initdb_or_with_another() {
    let scratch = Scratch::new();
    pretend(&scratch, "installed/17/bin", "17.2");
    pretend(&scratch, "installed/18/bin", "18.1");
    scratch.script("installed/18/bin/initdb", "echo 'initdb (PostgreSQL) 17.2'");
    assert_eq!(Binaries::find_in(&scratch.search()).unwrap().major(), 17);

    std::fs::remove_file(scratch.path().join("installed/18/bin/initdb")).unwrap();
    assert_eq!(Binaries::find_in(&scratch.search()).unwrap().major(), 17);
}

#[test]
fn takes_the_path_after_what_is_installed() {
    let scratch = Scratch::new();
    pretend(&scratch, "path", "18.0");
    assert_eq!(Binaries::find_in(&scratch.search()).unwrap().major(), 18);
    pretend(&scratch, "installed/15/bin", "15.0");
    assert_eq!(Binaries::find_in(&scratch.search()).unwrap().major(), 15);
}

#[test]
fn says_what_to_do_when_there_is_nothing() {
    let message = tried(&Scratch::new().search());
    for choice in ["install", "WEFT_PG_BIN", "npm:", "python3:"] {
        assert!(message.contains(choice), "{message}");
    }
}

#[test]
fn refuses_a_download_that_is_not_the_pinned_one() {
    let scratch = Scratch::new();
    for tool in ["sha512sum", "sha256sum"] {
        lend(&scratch, tool);
    }
    scratch.script("path/npm", "echo anything > package.tgz");
    scratch.script(
        "path/python3",
        "[ \"$2\" = pip ] && echo anything > package.whl",
    );
    scratch.script("path/tar", "echo tar was called >&2; exit 1");
    let message = tried(&scratch.search());
    assert!(
        message.contains("package.tgz is not the pinned one"),
        "{message}"
    );
    assert!(
        message.contains("package.whl is not the pinned one"),
        "{message}"
    );
    assert!(!message.contains("tar was called"), "{message}");
}

#[test]
fn says_why_a_download_failed() {
    let scratch = Scratch::new();
    scratch.script("path/npm", "echo the registry is on fire >&2; exit 1");
    scratch.script("path/python3", "exit 0");
    let message = tried(&scratch.search());
    assert!(message.contains("the registry is on fire"), "{message}");
    assert!(message.contains("no .whl came"), "{message}");
}

/// Both registries, one after the other, each with a server that runs: 50 MB, so only where
/// `WEFT_FETCH` is set, as it is in CI.
#[test]
fn fetched_binaries_run() {
    if std::env::var_os("WEFT_FETCH").is_none() {
        println!("skipped: WEFT_FETCH is not set");
        return;
    }
    for registry in ["npm", "python3"] {
        let scratch = Scratch::new();
        let path = std::env::var_os("PATH").unwrap();
        if registry == "python3" {
            scratch.script("path/npm", "exit 1");
        }
        let path = std::env::split_paths(&path).filter(|folder| !folder.join("postgres").exists());
        let path = std::env::join_paths([scratch.folder("path")].into_iter().chain(path)).unwrap();
        let search = Search {
            path,
            ..scratch.search()
        };
        let cluster = Cluster::start(scratch.options().with_search(search.clone())).unwrap();
        assert_eq!(cluster.major(), 18);
        drop(cluster);

        // A second time there is nothing to fetch, nor a tool to fetch it with.
        let search = Search {
            path: scratch.folder("empty").into(),
            ..search
        };
        assert_eq!(Binaries::find_in(&search).unwrap().major(), 18);
    }
}
