//! The store as a process of its own.

use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;

use weft_embedded::store::{Master, Settings, Store};

use crate::stage::{Stage, at_last};
use crate::wire::Request;

const PROGRAM: &str = env!("CARGO_BIN_EXE_weft-embedded");

fn start(settings: &Settings) -> Store {
    Store::start(PROGRAM, &["object-store"], settings.clone()).unwrap()
}

fn kill(process: u32) {
    let killed = Command::new("kill")
        .args(["-9", &process.to_string()])
        .status();
    assert!(killed.unwrap().success());
}

#[test]
fn a_store_that_is_killed_comes_back_at_its_port_with_what_it_had() {
    let stage = Stage::started_by(start);
    let store = stage.store.as_ref().unwrap();
    let key = stage.put(b"kept");
    for _ in 0..2 {
        let before = store.process().unwrap();
        kill(before);
        at_last(|| store.process().filter(|now| *now != before));
        assert_eq!(store.port(), stage.settings.port);
        assert_eq!(stage.get(&key).text(), "kept");
    }
}

/// Whether a process has ended.
fn is_dead(process: u32) -> bool {
    let seen = std::fs::read_to_string(format!("/proc/{process}/stat"));
    seen.map_or(true, |seen| seen.contains(") Z "))
}

#[test]
fn nobody_gets_the_port_while_the_store_is_down_and_who_asks_waits() {
    let stage = Stage::started_by(start);
    let store = stage.store.as_ref().unwrap();
    let key = stage.put(b"kept");
    let process = store.process().unwrap();
    kill(process);
    at_last(|| is_dead(process).then_some(()));
    assert!(TcpListener::bind(("127.0.0.1", store.port())).is_err());
    assert_eq!(stage.get(&key).text(), "kept");
}

#[test]
fn a_store_that_is_started_again_is_where_it_was() {
    let mut stage = Stage::started_by(start);
    let before = stage.settings.port;
    drop(stage.store.take());
    stage.settings.port = 0;
    stage.store = Some(start(&stage.settings));
    assert_eq!(stage.store.as_ref().unwrap().port(), before);
    drop(stage.store.take());
    let other = TcpListener::bind(("127.0.0.1", before)).unwrap();
    stage.store = Some(start(&stage.settings));
    assert_ne!(stage.store.as_ref().unwrap().port(), before);
    drop(other);
}

#[test]
fn a_store_ends_with_its_value() {
    let mut stage = Stage::started_by(start);
    let process = stage.store.as_ref().unwrap().process().unwrap();
    drop(stage.store.take());
    assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
}

#[test]
fn a_child_ends_with_its_input_and_its_secrets_are_in_neither_arguments_nor_environment() {
    let folder = std::env::temp_dir().join(format!("weft-store-{}", uuid::Uuid::new_v4()));
    let mut settings =
        Settings::new(&folder, crate::stage::SITE, Master::random().unwrap()).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    settings.port = listener.local_addr().unwrap().port();
    let (mut line, its) = UnixStream::pair().unwrap();
    let mut child = Command::new(PROGRAM)
        .arg("object-store")
        .env_clear()
        .stdin(OwnedFd::from(its))
        .stdout(OwnedFd::from(listener))
        .spawn()
        .unwrap();
    serde_json::to_writer(&line, &settings).unwrap();
    line.write_all(b"\n").unwrap();
    let asked = Request::new("GET", "/attachments/").send(settings.port);
    assert_eq!(asked.status, 403);
    for what in ["cmdline", "environ"] {
        let seen = std::fs::read(format!("/proc/{}/{what}", child.id())).unwrap();
        let secret = settings.writer.expose().as_bytes();
        assert!(memchr::memmem::find(&seen, secret).is_none(), "{what}");
    }
    drop(line);
    let ended = at_last(|| child.try_wait().unwrap());
    assert!(ended.success());
    std::fs::remove_dir_all(folder).unwrap();
}
