//! The store as a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

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
    let settings = Settings::new(&folder, crate::stage::SITE, Master::random().unwrap()).unwrap();
    let mut child = Command::new(PROGRAM)
        .arg("object-store")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    serde_json::to_writer(&input, &settings).unwrap();
    input.write_all(b"\n").unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(Request::new("GET", "/attachments/").send(port).status, 403);
    for what in ["cmdline", "environ"] {
        let seen = std::fs::read(format!("/proc/{}/{what}", child.id())).unwrap();
        let secret = settings.writer.expose().as_bytes();
        assert!(memchr::memmem::find(&seen, secret).is_none(), "{what}");
    }
    drop(input);
    let ended = at_last(|| child.try_wait().unwrap());
    assert!(ended.success());
    std::fs::remove_dir_all(folder).unwrap();
}
