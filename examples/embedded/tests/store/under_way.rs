//! What is under way: how much of it at once, for how long, and what becomes of it.

use std::thread::sleep;
use std::time::Duration;

use crate::form::{fields_of, form};
use crate::stage::{Stage, key};
use crate::wire::Request;

/// A form for a new object of 5 000 bytes.
fn upload(stage: &Stage) -> (weft_storage::Key, Request) {
    let key = key();
    let fields = fields_of(&stage.form_of(&key, 5_000));
    (key, form(&fields, &[7; 5_000]))
}

#[test]
fn one_form_is_one_upload_at_a_time() {
    let stage = Stage::new();
    let (key, request) = upload(&stage);
    let most = request.body.len() - 10;
    let first = request.begin(stage.settings.port, most);
    while stage.drafts() == 0 {
        sleep(Duration::from_millis(5));
    }
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
    while stage.send(&request).status == 412 {
        sleep(Duration::from_millis(5));
    }
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
fn what_is_deleted_while_it_comes_does_not_stay() {
    let stage = Stage::new();
    let (key, request) = upload(&stage);
    let most = request.body.len() - 10;
    let first = request.begin(stage.settings.port, most);
    while stage.drafts() == 0 {
        sleep(Duration::from_millis(5));
    }
    stage.delete(&key);
    assert_eq!(first.end(&request.body[most..]).status, 412);
    assert!(stage.lacks(&key));
    assert_eq!(stage.drafts(), 0);
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
    let key = stage.put(&vec![7; 30 << 20]);
    let get = stage.get_of(&key);
    let reader = get.begin(stage.settings.port, 0);
    sleep(Duration::from_millis(1_500));
    let answer = reader.end(&[]);
    assert_eq!(answer.status, 200);
    assert!(answer.body.len() < 30 << 20, "{}", answer.body.len());
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
    while stage.drafts() < begun.len() {
        sleep(Duration::from_millis(5));
    }
    let (_, another) = upload(&stage);
    assert_eq!(stage.send(&another).code(), "SlowDown");
    assert_eq!(stage.send(&stage.get_of(&kept)).code(), "SlowDown");
    assert!(stage.head(&kept).is_ok());
    assert_eq!(stage.first_bytes(&kept), [7; 4_096]);
    drop(begun);
    while stage.send(&another).status != 201 {
        sleep(Duration::from_millis(5));
    }
}
