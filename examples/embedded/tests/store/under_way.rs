//! What is under way: how much of it at once, for how long, and what becomes of it.

use std::thread::sleep;
use std::time::Duration;

use uuid::Uuid;
use weft_storage::Key;

use crate::form::{fields_of, form};
use crate::stage::{Stage, at_last, key, key_of};
use crate::wire::Request;

/// More than the system keeps for who does not read.
const LARGE: usize = 30 << 20;

/// A form for a new object of 5 000 bytes.
fn upload(stage: &Stage) -> (Key, Request) {
    let key = key();
    (key, upload_to(stage, &key))
}

fn upload_to(stage: &Stage, key: &Key) -> Request {
    let fields = fields_of(&stage.form_of(key, 5_000));
    form(&fields, &[7; 5_000])
}

#[test]
fn one_form_is_one_upload_at_a_time() {
    let stage = Stage::new();
    let (key, request) = upload(&stage);
    let most = request.body.len() - 10;
    let first = request.begin(stage.settings.port, most);
    at_last(|| (stage.drafts() == 1).then_some(()));
    for _ in 0..3 {
        assert_eq!(stage.send(&request).status, 412);
        assert_eq!(stage.drafts(), 1);
    }
    assert_eq!(first.end(&request.body[most..]).status, 201);
    assert_eq!(stage.get(&key).body, [7; 5_000]);
}

#[test]
fn whoever_gives_up_may_begin_again() {
    let stage = Stage::new();
    let (_, request) = upload(&stage);
    drop(request.begin(stage.settings.port, 3_000));
    at_last(|| (stage.send(&request).status != 412).then_some(()));
}

/// A key whose object was deleted would take bytes that nobody looked at, under links that were made for
/// others.
#[test]
fn what_was_deleted_does_not_come_back() {
    let stage = Stage::new();
    let (key, request) = upload(&stage);
    assert_eq!(stage.send(&request).status, 201);
    let get = stage.get_of(&key);
    stage.delete(&key);
    assert_eq!(stage.send(&request).status, 412);
    assert_eq!(stage.send(&stage.put_of(&key, b"other")).status, 412);
    assert_eq!(stage.send(&get).status, 404);
}

#[test]
fn what_is_deleted_while_it_comes_is_given_up_at_once() {
    let stage = Stage::new();
    let (key, request) = upload(&stage);
    let first = request.begin(stage.settings.port, request.body.len() - 10);
    at_last(|| (stage.drafts() == 1).then_some(()));
    stage.delete(&key);
    assert_eq!(stage.drafts(), 0);
    assert!(first.ends_unanswered());
    assert!(stage.lacks(&key));
}

#[test]
fn what_is_deleted_while_it_goes_is_cut_off() {
    let stage = Stage::new();
    let key = stage.put(&vec![7; LARGE]);
    let reader = stage.get_of(&key).begin(stage.settings.port, 0);
    at_last(|| reader.has_begun().then_some(()));
    stage.delete(&key);
    assert!(reader.end(&[]).body.len() < LARGE);
}

#[test]
fn an_upload_that_takes_too_long_is_ended() {
    let stage = Stage::hasty();
    let (key, request) = upload(&stage);
    let most = request.body.len() - 10;
    let slow = request.begin(stage.settings.port, most);
    sleep(Duration::from_millis(1_500));
    assert_eq!(slow.end(&request.body[most..]).status, 400);
    assert!(stage.lacks(&key));
    assert_eq!(stage.drafts(), 0);
}

#[test]
fn fields_that_take_too_long_are_ended() {
    let stage = Stage::hasty();
    let (key, request) = upload(&stage);
    let slow = request.begin(stage.settings.port, 200);
    sleep(Duration::from_millis(1_500));
    assert_eq!(slow.end(&request.body[200..]).code(), "RequestTimeout");
    assert!(stage.lacks(&key));
}

#[test]
fn whoever_reads_nothing_is_hung_up_on() {
    let stage = Stage::hasty();
    let key = stage.put(&vec![7; LARGE]);
    let get = stage.get_of(&key);
    let readers = [(); 3].map(|()| get.begin(stage.settings.port, 0));
    for reader in &readers {
        at_last(|| reader.has_begun().then_some(()));
    }
    at_last(|| (stage.connections() == 0).then_some(()));
    for reader in readers {
        assert!(reader.end(&[]).body.len() < LARGE);
    }
}

#[test]
fn transfers_leave_places_for_who_only_asks() {
    let stage = Stage::new();
    let kept = stage.put(&[7; 5_000]);
    let uploads: Vec<_> = (0..64).map(|_| upload(&stage).1).collect();
    let begun: Vec<_> = uploads
        .iter()
        .map(|request| request.begin(stage.settings.port, request.body.len() - 10))
        .collect();
    at_last(|| (stage.drafts() == begun.len()).then_some(()));
    let (_, another) = upload(&stage);
    assert_eq!(stage.send(&another).code(), "SlowDown");
    assert_eq!(stage.send(&stage.get_of(&kept)).code(), "SlowDown");
    assert!(stage.head(&kept).is_ok());
    assert_eq!(stage.first_bytes(&kept), [7; 4_096]);
    drop(begun);
    at_last(|| (stage.send(&another).status == 201).then_some(()));
}

#[test]
fn one_tenant_leaves_places_for_others() {
    let stage = Stage::new();
    let tenant = Uuid::new_v4();
    let theirs = || upload_to(&stage, &key_of(tenant));
    let begun: Vec<_> = (0..16)
        .map(|_| theirs())
        .map(|request| request.begin(stage.settings.port, request.body.len() - 10))
        .collect();
    at_last(|| (stage.drafts() == begun.len()).then_some(()));
    assert_eq!(stage.send(&theirs()).code(), "SlowDown");
    assert_eq!(stage.send(&upload(&stage).1).status, 201);
    drop(begun);
    at_last(|| (stage.send(&theirs()).status == 201).then_some(()));
}

#[test]
fn one_object_goes_to_a_few_at_once() {
    let stage = Stage::new();
    let tenant = Uuid::new_v4();
    let [large, small] = [LARGE, 5_000].map(|size| {
        let key = key_of(tenant);
        assert_eq!(stage.send(&stage.put_of(&key, &vec![7; size])).status, 200);
        key
    });
    let get = stage.get_of(&large);
    let readers = [(); 4].map(|()| get.begin(stage.settings.port, 0));
    for reader in &readers {
        at_last(|| reader.has_begun().then_some(()));
    }
    assert_eq!(stage.send(&get).code(), "SlowDown");
    assert_eq!(stage.get(&small).status, 200);
    drop(readers);
    at_last(|| (stage.get(&large).status == 200).then_some(()));
}

#[test]
fn those_who_say_nothing_make_way_for_who_comes_after_them() {
    let stage = Stage::new();
    let kept = stage.put(b"kept");
    let (_, request) = upload(&stage);
    let strangers: Vec<_> = (0..300)
        .map(|_| request.begin(stage.settings.port, 200))
        .collect();
    assert_eq!(stage.get(&kept).text(), "kept");
    assert!(!strangers[299].has_begun());
    assert!(strangers.into_iter().next().unwrap().ends_unanswered());
}
