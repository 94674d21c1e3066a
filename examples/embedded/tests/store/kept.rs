//! What is on the disk.

use std::fs;
use std::path::Path;

use uuid::Uuid;
use weft_embedded::store::{Store, erase};

use crate::stage::{Stage, key_of};

/// All files of a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => all.extend(files(&entry.path())),
            false => all.push((
                entry.path().display().to_string(),
                fs::read(entry.path()).unwrap(),
            )),
        }
    }
    all
}

#[test]
fn no_16_bytes_of_an_object_are_on_the_disk() {
    let stage = Stage::new();
    let bytes: Vec<u8> = (0..20_000_u32).flat_map(u32::to_be_bytes).collect();
    stage.put(&bytes);
    let files = files(stage.folder());
    assert!(files.iter().any(|(_, kept)| kept.len() > bytes.len()));
    let plain: std::collections::HashSet<&[u8]> = bytes.windows(16).collect();
    let hash = ring::digest::digest(&ring::digest::SHA256, &bytes);
    for (name, kept) in &files {
        assert!(!kept.windows(16).any(|run| plain.contains(run)), "{name}");
        let has = |what: &[u8]| memchr::memmem::find(kept, what).is_some();
        assert!(!has(hash.as_ref()) && !has(b"application/pdf"), "{name}");
    }
}

#[test]
fn drafts_of_refused_uploads_are_gone() {
    let stage = Stage::new();
    let key = crate::stage::key();
    let put = stage
        .put_of(&key, b"as announced")
        .with_body(b"otherwise!!!");
    assert_eq!(stage.send(&put).code(), "BadDigest");
    assert!(files(&stage.folder().join("drafts")).is_empty());
    assert!(stage.lacks(&key));
}

#[test]
fn what_somebody_changed_is_not_served() {
    let stage = Stage::new();
    let tenant = Uuid::new_v4();
    let (one, other) = (key_of(tenant), key_of(tenant));
    for key in [&one, &other] {
        assert_eq!(stage.send(&stage.put_of(key, b"some bytes")).status, 200);
    }
    let path = |key: &weft_storage::Key| stage.folder().join("objects").join(key.to_string());
    let kept = fs::read(path(&one)).unwrap();
    for at in [0, kept.len() / 2, kept.len() - 1] {
        let mut changed = kept.clone();
        changed[at] ^= 1;
        fs::write(path(&one), changed).unwrap();
        let got = stage.get(&one);
        assert!(got.status == 500 || got.body.is_empty(), "{at}: {got:?}");
    }
    fs::copy(path(&other), path(&one)).unwrap();
    assert_eq!(
        stage.get(&one).status,
        500,
        "another's bytes under its name"
    );
    assert_eq!(stage.get(&other).status, 200);
}

#[test]
fn a_tenant_that_is_erased_is_gone_and_others_are_not() {
    let stage = Stage::new();
    let (gone, stays) = (stage.put(b"gone"), stage.put(b"stays"));
    let path = stage.folder().join("objects").join(gone.to_string());
    let copy = fs::read(&path).unwrap();
    erase(stage.folder(), gone.tenant()).unwrap();
    assert!(stage.lacks(&gone));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, copy).unwrap();
    assert!(stage.lacks(&gone), "a copy of the bytes opens");
    assert_eq!(stage.get(&stays).text(), "stays");
}

#[test]
fn objects_are_there_after_a_restart_and_a_folder_has_one_store() {
    let mut stage = Stage::new();
    let key = stage.put(b"from before");
    assert!(Store::within(&stage.settings).is_err());
    let mut elsewhere = stage.settings.clone();
    elsewhere.port = 0;
    assert!(Store::within(&elsewhere).is_err(), "two stores in a folder");
    drop(stage.store.take());
    let again = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        Store::within(&stage.settings).ok()
    });
    stage.store = Some(again.unwrap());
    assert_eq!(stage.get(&key).text(), "from before");
}
