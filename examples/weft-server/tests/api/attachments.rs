//! Files that go with messages, against a store that does as it is told.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;
use weft_embedded::Database;
use weft_server::{
    attachments::{Attachments, sweep},
    token::Permission,
};

use crate::{
    shelf::{Mood, Shelf},
    stage::{Answer, Stage, accounts, files_at, on_stage, token},
    world::World,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";
const PDF: &[u8] = b"%PDF-1.7\nand so on";

/// A conversation of the limited member's shop, and a store that works.
struct Talk {
    stage: Stage,
    shelf: Shelf,
    conversation: Uuid,
}

/// A file that may be sent.
struct Leave {
    id: Uuid,
    key: String,
}

impl Talk {
    async fn of(stage: &Stage) -> Talk {
        let shelf = Shelf::start().await;
        Talk {
            stage: stage.with_files(files_at(shelf.origin())),
            conversation: World::of(stage, stage.a.id, stage.a.shops[0]).conversation,
            shelf,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/conversations/{}{rest}", self.conversation)
    }

    async fn member(&self, method: &str, rest: &str, body: Option<&Value>) -> Answer {
        let token = &self.stage.a.member;
        self.stage.ask(token, method, &self.path(rest), body).await
    }

    async fn announce(&self, kind: &str, bytes: &[u8]) -> Leave {
        let new = json!({ "file_name": "a.png", "content_type": kind, "size": bytes.len() });
        leave(&self.member("POST", "/attachments", Some(&new)).await)
    }

    /// Announces a file, sends it, and asks for it to be confirmed.
    async fn tried(&self, kind: &str, bytes: &[u8]) -> (Leave, Answer) {
        let leave = self.announce(kind, bytes).await;
        self.shelf.put(&leave.key, kind, bytes);
        let answer = self.confirm(&leave).await;
        (leave, answer)
    }

    async fn confirmed(&self) -> Leave {
        let (leave, answer) = self.tried("image/png", PNG).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        leave
    }

    async fn confirm(&self, leave: &Leave) -> Answer {
        let path = format!("/attachments/{}/confirmation", leave.id);
        self.member("POST", &path, None).await
    }

    async fn link(&self, leave: &Leave) -> Answer {
        let path = format!("/attachments/{}/link", leave.id);
        self.member("POST", &path, None).await
    }

    async fn say(&self, files: &[Uuid]) -> Answer {
        let said = json!({ "direction": "out", "body": "Look at this", "attachment_ids": files });
        self.member("POST", "/messages", Some(&said)).await
    }

    /// Confirmed files of the conversation, as members see them.
    async fn listed(&self) -> Vec<Value> {
        let answer = self.member("GET", "/attachments", None).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        let items = answer.json()["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .filter(|item| item["file_name"] != "photo.png")
            .collect()
    }

    async fn sweep(&self, at: DateTime<Utc>) -> Option<usize> {
        let files = self.stage.state.attachments();
        sweep(&self.stage.roads, files, at).await.ok()
    }

    /// What the database has of a file: whether it has a conversation still.
    fn row(&self, leave: &Leave) -> Option<bool> {
        let row = format!(
            "SELECT conversation_id IS NOT NULL FROM attachments WHERE id = '{}'",
            leave.id
        );
        let rows = self.stage.database.query(&row).unwrap();
        rows.first().map(|row| row[0].as_deref() == Some("t"))
    }
}

fn leave(made: &Answer) -> Leave {
    assert_eq!(made.status.as_u16(), 201, "{}", made.text);
    let made = made.json();
    let fields = made["fields"].as_array().unwrap();
    let key = fields.iter().find(|field| field["name"] == "key").unwrap();
    Leave {
        id: made["id"].as_str().unwrap().parse().unwrap(),
        key: key["value"].as_str().unwrap().to_owned(),
    }
}

fn must_refuse(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{detail}");
}

#[test]
fn a_file_is_announced_sent_confirmed_and_goes_with_a_message() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let leave = talk.announce("image/png", PNG).await;
        let own = format!("{}/attachments/{}", stage.a.id, leave.id);
        assert_eq!(leave.key, own, "the key is the organisation's");
        assert!(
            talk.listed().await.is_empty(),
            "not there before it is confirmed"
        );
        must_refuse(&talk.confirm(&leave).await, 409, "has not arrived");
        must_refuse(&talk.link(&leave).await, 409, "not confirmed");
        must_refuse(&talk.say(&[leave.id]).await, 422, "one of the files");

        talk.shelf.put(&leave.key, "image/png", PNG);
        let confirmed = talk.confirm(&leave).await;
        assert_eq!(confirmed.status.as_u16(), 200, "{}", confirmed.text);
        assert_eq!(confirmed.json()["state"], "confirmed");
        assert_eq!(confirmed.json()["sha256"].as_str().unwrap().len(), 64);
        let again = talk.confirm(&leave).await;
        assert_eq!(again.text, confirmed.text, "once is as good as twice");
        assert_eq!(talk.listed().await, [confirmed.json()]);

        let link = talk.link(&leave).await;
        assert_eq!(link.status.as_u16(), 200, "{}", link.text);
        let url = link.json()["url"].as_str().unwrap().to_owned();
        assert!(
            url.starts_with(talk.shelf.origin()) && url.contains("attachment%3B"),
            "{url}"
        );

        let said = talk.say(&[leave.id]).await;
        assert_eq!(said.status.as_u16(), 201, "{}", said.text);
        let message = said.json()["id"].clone();
        assert_eq!(talk.listed().await[0]["message_id"], message);
        let of_it = format!("/attachments?message_id={}", message.as_str().unwrap());
        let of_it = talk.member("GET", &of_it, None).await.json();
        assert_eq!(of_it["items"].as_array().unwrap().len(), 1);
        assert_eq!(talk.shelf.unsigned(), 0);
    });
}

#[test]
fn what_lies_is_not_taken_and_does_not_stay() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let markup = "which a browser runs";
        let lie = "said to be";
        for (kind, bytes, words) in [
            (
                "image/png",
                &b"<!DOCTYPE html><script>alert(1)</script>"[..],
                markup,
            ),
            ("application/octet-stream", b"  <html><body>", markup),
            (
                "text/plain",
                b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"x()\"/>",
                markup,
            ),
            ("text/csv", b"<?xml version=\"1.0\"?><svg/>", markup),
            ("image/jpeg", PNG, lie),
            ("application/pdf", b"MZ\x90\0\x03\0\0\0", lie),
            ("text/plain", PDF, lie),
            ("image/webp", b"RIFF\x10\0\0\0AVI LIST", lie),
        ] {
            let (leave, answer) = talk.tried(kind, bytes).await;
            must_refuse(&answer, 422, words);
            assert!(!talk.shelf.has(&leave.key), "{kind}: the object is gone");
            must_refuse(&talk.confirm(&leave).await, 404, "nothing here");
            assert_eq!(talk.row(&leave), Some(false));
        }
        for kind in ["text/html", "image/svg+xml", "application/xhtml+xml", ""] {
            let new = json!({ "file_name": "a", "content_type": kind, "size": 5 });
            let answer = talk.member("POST", "/attachments", Some(&new)).await;
            must_refuse(&answer, 422, "unknown variant");
        }
        assert!(talk.listed().await.is_empty());
        for (kind, bytes) in [
            ("application/pdf", PDF),
            ("application/octet-stream", b"MZ\x90\0\x03\0\0\0"),
            ("text/csv", "Größe;Preis\n2 < 3;1,20 €".as_bytes()),
        ] {
            assert_eq!(
                talk.tried(kind, bytes).await.1.status.as_u16(),
                200,
                "{kind}"
            );
        }
    });
}

#[test]
fn a_store_that_took_something_else_is_not_believed() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let announce = async |sum: Option<String>| {
            let new = json!({
                "file_name": "a.png", "content_type": "image/png", "size": PNG.len(), "sha256": sum,
            });
            leave(&talk.member("POST", "/attachments", Some(&new)).await)
        };
        let longer = [PNG, b"x"].concat();
        for (kind, bytes, words) in [
            ("image/png", &longer[..], "size"),
            ("image/png", &PNG[1..], "size"),
            ("text/html", PNG, "the type that was announced"),
        ] {
            let leave = announce(None).await;
            talk.shelf.put(&leave.key, kind, bytes);
            must_refuse(&talk.confirm(&leave).await, 422, words);
            assert!(!talk.shelf.has(&leave.key));
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, PNG);
        let sum: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let mut other = PNG.to_vec();
        *other.last_mut().unwrap() ^= 1;
        let leave = announce(Some(sum.clone())).await;
        talk.shelf.put(&leave.key, "image/png", &other);
        must_refuse(&talk.confirm(&leave).await, 422, "checksum");
        let leave = announce(Some(sum.clone())).await;
        talk.shelf.put_without_sum(&leave.key, "image/png", PNG);
        must_refuse(&talk.confirm(&leave).await, 422, "checksum");
        let leave = announce(Some(sum)).await;
        talk.shelf.put(&leave.key, "image/png", PNG);
        assert_eq!(talk.confirm(&leave).await.status.as_u16(), 200);
    });
}

#[test]
fn a_store_that_fails_confirms_nothing_and_loses_nothing() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let leave = talk.announce("image/png", PNG).await;
        talk.shelf.put(&leave.key, "image/png", PNG);
        for mood in [
            Mood::Broken,
            Mood::Silent,
            Mood::Endless,
            Mood::Garbled,
            Mood::Refusing,
            Mood::Vague,
        ] {
            talk.shelf.is(mood);
            must_refuse_for_now(&talk.confirm(&leave).await, mood);
        }
        assert!(talk.listed().await.is_empty());
        assert_eq!(talk.row(&leave), Some(true));
        talk.shelf.is(Mood::Well);
        talk.shelf.lose(&leave.key);
        must_refuse(&talk.confirm(&leave).await, 409, "has not arrived");
        talk.shelf.put(&leave.key, "image/png", PNG);
        assert_eq!(talk.confirm(&leave).await.status.as_u16(), 200);

        // Nor does it make links to what it cannot vouch for.
        talk.shelf.is(Mood::Broken);
        must_refuse_for_now(&talk.link(&leave).await, Mood::Broken);
        talk.shelf.is(Mood::Well);
        talk.shelf.lose(&leave.key);
        must_refuse(&talk.link(&leave).await, 409, "gone");
    });
}

fn must_refuse_for_now(answer: &Answer, mood: Mood) {
    assert_eq!(answer.status.as_u16(), 503, "{mood:?}: {}", answer.text);
    assert_eq!(answer.json()["detail"], "try again in a moment");
}

/// Where the store overwrites, its policy is good for a while after the file was confirmed.
#[test]
fn what_takes_the_place_of_a_confirmed_file_is_never_fetched() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let leave = talk.confirmed().await;
        assert_eq!(talk.say(&[leave.id]).await.status.as_u16(), 201);
        talk.shelf
            .put(&leave.key, "image/png", b"<script>alert(1)</script> etc");
        must_refuse(&talk.link(&leave).await, 422, "another file took the place");
        assert!(!talk.shelf.has(&leave.key));
        must_refuse(&talk.link(&leave).await, 404, "nothing here");
        assert!(talk.listed().await.is_empty());
    });
}

/// What is begun in the last minute of a policy is taken whenever it ends.
#[test]
fn what_ends_after_its_time_takes_no_place_either() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let leave = talk.confirmed().await;
        assert_eq!(talk.say(&[leave.id]).await.status.as_u16(), 201);
        let over = format!(
            "UPDATE attachments SET expires_at = now() - interval '59 minutes' WHERE id = '{}'",
            leave.id
        );
        stage.database.execute(&over).unwrap();
        assert_eq!(talk.link(&leave).await.status.as_u16(), 200);
        talk.shelf
            .put(&leave.key, "image/png", b"<script>alert(1)</script> etc");
        must_refuse(&talk.link(&leave).await, 422, "another file took the place");
        assert!(!talk.shelf.has(&leave.key));
    });
}

#[test]
fn a_message_takes_confirmed_files_of_its_conversation_once() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let elsewhere = format!(
            "SELECT id FROM conversations WHERE org_id = '{}' AND shop_id = '{}' AND id <> '{}' LIMIT 1",
            stage.a.id, stage.a.shops[0], talk.conversation
        );
        let other = Talk {
            stage: talk
                .stage
                .with_files(talk.stage.state.attachments().clone()),
            shelf: talk.shelf.clone(),
            conversation: stage.id(&elsewhere),
        };
        let (own, foreign) = (talk.confirmed().await, other.confirmed().await);
        let before = stage.everything();
        for files in [
            vec![own.id, foreign.id],
            vec![foreign.id],
            vec![own.id, own.id],
            vec![own.id, Uuid::new_v4()],
            vec![own.id; 21],
        ] {
            let answer = talk.say(&files).await;
            assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
            assert_eq!(before, stage.everything(), "nothing of it is kept");
        }
        let ids = [own.id];
        let sent = tokio::join!(talk.say(&ids), talk.say(&ids));
        let mut sent = [sent.0.status.as_u16(), sent.1.status.as_u16()];
        sent.sort_unstable();
        assert_eq!(sent, [201, 422]);
    });
}

#[test]
fn a_plan_has_room_for_so_much_and_many_at_once_do_not_pass_it() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let database: &Database = &stage.database;
        // Two files of eight bytes are there, one of them in a shop that the member does not see.
        database
            .execute("UPDATE plans SET storage = 16 + 100")
            .unwrap();
        let new = json!({ "file_name": "a.png", "content_type": "image/png", "size": 30 });
        let asked = (0..8).map(|_| talk.member("POST", "/attachments", Some(&new)));
        let answers = join_all(asked).await;
        let (taken, refused): (Vec<_>, Vec<_>) = answers
            .iter()
            .partition(|answer| answer.status.as_u16() == 201);
        assert_eq!(
            taken.len(),
            3,
            "{:?}",
            answers.iter().map(|a| a.status).collect::<Vec<_>>()
        );
        for answer in refused {
            must_refuse(answer, 409, "no room");
        }
        // What is smaller than announced is no reason to keep more of the plan, and what was deleted
        // counts for as long as something could still be sent in its place.
        let last = json!({ "file_name": "a.png", "content_type": "image/png", "size": 10 });
        let leave = leave(&talk.member("POST", "/attachments", Some(&last)).await);
        let one = format!("/attachments/{}", leave.id);
        assert_eq!(talk.member("DELETE", &one, None).await.status.as_u16(), 204);
        let answer = talk.member("POST", "/attachments", Some(&last)).await;
        must_refuse(&answer, 409, "no room");
        assert_eq!(talk.sweep(Utc::now() + TimeDelta::hours(2)).await, Some(4));
        let answer = talk.member("POST", "/attachments", Some(&new)).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    });
}

#[test]
fn what_nobody_confirms_sends_or_wants_is_swept() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let (fresh, sent, unsent) = (
            talk.announce("image/png", PNG).await,
            talk.confirmed().await,
            talk.confirmed().await,
        );
        assert_eq!(talk.say(&[sent.id]).await.status.as_u16(), 201);
        let with_message = talk.confirmed().await;
        let said = talk.say(&[with_message.id]).await;
        talk.shelf.put(&fresh.key, "image/png", PNG);
        let now = Utc::now();
        assert_eq!(talk.sweep(now + TimeDelta::minutes(74)).await, Some(0));

        // A deleted message takes its files along, out of sight at once.
        let message = said.location.unwrap().replace("/api", "");
        let (_, message) = message.split_once("/messages").unwrap();
        let answer = talk
            .member("DELETE", &format!("/messages{message}"), None)
            .await;
        assert_eq!(answer.status.as_u16(), 204, "{}", answer.text);
        must_refuse(&talk.link(&with_message).await, 404, "nothing here");

        let later = now + TimeDelta::minutes(76);
        talk.shelf.is(Mood::Broken);
        assert_eq!(talk.sweep(later).await, None);
        // Out of sight, and remembered for as long as the object is there.
        assert_eq!(talk.row(&fresh), Some(false));
        must_refuse(&talk.confirm(&fresh).await, 404, "nothing here");
        assert!(talk.shelf.has(&fresh.key));
        talk.shelf.is(Mood::Well);
        assert_eq!(talk.sweep(later).await, Some(2));
        assert!(!talk.shelf.has(&fresh.key) && !talk.shelf.has(&with_message.key));
        assert_eq!(talk.row(&fresh), None);
        assert_eq!(talk.row(&unsent), Some(true));

        let tomorrow = now + TimeDelta::hours(25);
        // The stage's own two are not sent either, and in no store.
        assert_eq!(talk.sweep(tomorrow).await, Some(1 + 4));
        assert!(!talk.shelf.has(&unsent.key) && talk.shelf.has(&sent.key));

        let answer = talk.member("DELETE", "", None).await;
        assert_eq!(answer.status.as_u16(), 204, "{}", answer.text);
        assert_eq!(talk.row(&sent), Some(false));
        assert_eq!(talk.sweep(tomorrow).await, Some(1));
        assert!(talk.shelf.is_empty());
    });
}

#[test]
fn one_file_that_stays_keeps_no_other() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let mut leaves = Vec::new();
        for _ in 0..3 {
            let leave = talk.announce("image/png", PNG).await;
            talk.shelf.put(&leave.key, "image/png", PNG);
            leaves.push(leave);
        }
        leaves.sort_by_key(|leave| leave.id);
        talk.shelf.is_stuck_with(&leaves[0].key);
        let later = Utc::now() + TimeDelta::hours(2);
        assert_eq!(talk.sweep(later).await, None, "it says so");
        let left: Vec<_> = leaves.iter().map(|leave| talk.row(leave)).collect();
        assert_eq!(left, [Some(false), None, None]);
        assert!(talk.shelf.has(&leaves[0].key) && !talk.shelf.has(&leaves[2].key));
    });
}

#[test]
fn a_member_has_so_many_files_on_their_way_and_others_have_theirs() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let new = json!({ "file_name": "a.png", "content_type": "image/png", "size": 30 });
        let asked = (0..25).map(|_| talk.member("POST", "/attachments", Some(&new)));
        let answers = join_all(asked).await;
        let (taken, refused): (Vec<_>, Vec<_>) = answers
            .iter()
            .partition(|answer| answer.status.as_u16() == 201);
        assert_eq!((taken.len(), refused.len()), (20, 5));
        must_refuse(refused[0], 409, "on their way");
        let path = talk.path("/attachments");
        let others = stage.ask(&stage.a.owner, "POST", &path, Some(&new)).await;
        assert_eq!(others.status.as_u16(), 201, "{}", others.text);
        // One that is given up makes place for another.
        let one = format!("/attachments/{}", leave(taken[0]).id);
        assert_eq!(talk.member("DELETE", &one, None).await.status.as_u16(), 204);
        let again = talk.member("POST", "/attachments", Some(&new)).await;
        assert_eq!(again.status.as_u16(), 201, "{}", again.text);
    });
}

#[test]
fn no_more_files_wait_than_go_with_a_message() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let mut waiting = Vec::new();
        for _ in 0..19 {
            waiting.push(talk.confirmed().await.id);
        }
        // One that is on its way is the last.
        let last = talk.announce("image/png", PNG).await;
        let new = json!({ "file_name": "a.png", "content_type": "image/png", "size": 30 });
        let one_more = async || talk.member("POST", "/attachments", Some(&new)).await;
        must_refuse(&one_more().await, 409, "20 files are on their way");
        talk.shelf.put(&last.key, "image/png", PNG);
        assert_eq!(talk.confirm(&last).await.status.as_u16(), 200);
        must_refuse(&one_more().await, 409, "or wait for a message");
        // They wait in that conversation alone.
        let other = World::of(stage, stage.a.id, stage.a.shops[0]);
        let new_one = json!({ "shop_id": stage.a.shops[0], "subject": "Another" });
        let token = &stage.a.member;
        let made = stage
            .ask(token, "POST", "/api/conversations", Some(&new_one))
            .await;
        let path = format!("{}/attachments", made.location.unwrap());
        assert!(!path.contains(&other.conversation.to_string()));
        let there = talk.stage.ask(token, "POST", &path, Some(&new)).await;
        assert_eq!(there.status.as_u16(), 201, "{}", there.text);
        waiting.push(last.id);
        assert_eq!(talk.say(&waiting).await.status.as_u16(), 201);
        assert_eq!(one_more().await.status.as_u16(), 201);
    });
}

/// What is deleted is remembered until nothing can come in its place, by nobody but the sweep.
#[test]
fn a_shop_goes_whose_files_are_deleted() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let owner = &stage.a.owner;
        let ask = async |method: &str, path: &str, body: Option<Value>| {
            let answer = talk.stage.ask(owner, method, path, body.as_ref()).await;
            assert!(
                answer.status.is_success(),
                "{method} {path}: {}",
                answer.text
            );
            answer
        };
        let new = json!({ "name": "A market stall", "currency": "EUR" });
        let shop = ask("POST", "/api/shops", Some(new)).await.location.unwrap();
        let (_, id) = shop.rsplit_once('/').unwrap();
        let new = json!({ "shop_id": id, "subject": "A cup" });
        let made = ask("POST", "/api/conversations", Some(new)).await;
        let conversation = made.location.unwrap();
        let new = json!({ "file_name": "a.png", "content_type": "image/png", "size": PNG.len() });
        let files = format!("{conversation}/attachments");
        let leave = leave(&ask("POST", &files, Some(new)).await);
        talk.shelf.put(&leave.key, "image/png", PNG);
        ask("POST", &format!("{files}/{}/confirmation", leave.id), None).await;
        let said = json!({ "direction": "out", "body": "Look", "attachment_ids": [leave.id] });
        ask("POST", &format!("{conversation}/messages"), Some(said)).await;
        ask("DELETE", &conversation, None).await;
        assert!(talk.shelf.has(&leave.key));
        ask("DELETE", &shop, None).await;
        assert_eq!(talk.row(&leave), Some(false));
        let later = Utc::now() + TimeDelta::minutes(76);
        assert_eq!(talk.sweep(later).await, Some(1));
        assert!(talk.shelf.is_empty());
        assert_eq!(talk.row(&leave), None);
    });
}

/// The token of a program that only saves what there is.
#[test]
fn a_token_to_read_fetches_files_and_deletes_none() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let leave = talk.confirmed().await;
        let user = stage.id(&format!(
            "SELECT user_id FROM memberships WHERE org_id = '{}' AND role = 'owner'",
            stage.a.id
        ));
        let (accounts, now) = (accounts(&stage.roads), std::time::SystemTime::now());
        let reader = token(&accounts, (stage.a.id, user), &[Permission::Read], now).await;
        let path = talk.path(&format!("/attachments/{}", leave.id));
        let ask = async |method: &str, rest: &str| {
            let path = format!("{path}{rest}");
            talk.stage.ask(reader.expose(), method, &path, None).await
        };
        let link = ask("POST", "/link").await;
        assert_eq!(link.status.as_u16(), 200, "{}", link.text);
        for (method, rest) in [("DELETE", ""), ("POST", "/confirmation")] {
            assert_eq!(ask(method, rest).await.status.as_u16(), 403, "{method}");
        }
    });
}

#[test]
fn a_server_without_a_store_says_so() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let without = Talk {
            stage: stage.with_files(Attachments::new(None).unwrap()),
            ..talk
        };
        let new = json!({ "file_name": "a.png", "content_type": "image/png", "size": 30 });
        let before = stage.everything();
        let answer = without.member("POST", "/attachments", Some(&new)).await;
        must_refuse(&answer, 409, "keeps no files");
        assert_eq!(stage.everything(), before);
    });
}

#[test]
fn nobody_reaches_files_out_of_his_sight() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let expected = talk.announce("image/png", PNG).await;
        talk.shelf.put(&expected.key, "image/png", PNG);
        let confirmed = talk.confirmed().await;
        // The other shop of the same organisation, and another organisation.
        let there = World::of(stage, stage.a.id, stage.a.shops[1]);
        let before = stage.everything();
        let ask = async |token: &str, method: &str, path: &str| {
            let new = json!({ "file_name": "a", "content_type": "image/png", "size": 5 });
            let body = path.ends_with("attachments").then_some(&new);
            talk.stage.ask(token, method, path, body).await
        };
        let all = |conversation: Uuid| format!("/api/conversations/{conversation}/attachments");
        for (token, conversation, id) in [
            (&stage.b.owner, talk.conversation, confirmed.id),
            (&stage.b.member, talk.conversation, expected.id),
            (&stage.a.member, there.conversation, there.attachment),
            (&stage.a.member, talk.conversation, there.attachment),
            (&stage.a.member, there.conversation, confirmed.id),
            (&stage.a.owner, there.conversation, confirmed.id),
            // Who announced it confirms it, and sees it until then.
            (&stage.a.owner, talk.conversation, expected.id),
        ] {
            let one = format!("{}/{id}", all(conversation));
            for (method, path) in [
                ("GET", one.clone()),
                ("DELETE", one.clone()),
                ("POST", format!("{one}/confirmation")),
                ("POST", format!("{one}/link")),
            ] {
                must_refuse(&ask(token, method, &path).await, 404, "nothing here");
            }
        }
        for (token, conversation) in [
            (&stage.b.owner, talk.conversation),
            (&stage.a.member, there.conversation),
        ] {
            for method in ["GET", "POST"] {
                let answer = ask(token, method, &all(conversation)).await;
                must_refuse(&answer, 404, "nothing here");
            }
        }
        assert_eq!(before, stage.everything());
        assert!(talk.shelf.has(&expected.key) && talk.shelf.has(&confirmed.key));
        let path = all(talk.conversation);
        let listed = talk.stage.ask(&stage.a.owner, "GET", &path, None);
        assert!(listed.await.text.contains(&confirmed.id.to_string()));
    });
}

#[test]
fn names_are_made_harmless_and_lead_nowhere() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        let long = format!("{}.pdf", "x".repeat(996));
        for (name, kept) in [
            ("../../etc/passwd", "passwd"),
            ("..\\..\\x.png", "x.png"),
            ("%2e%2e%2fx.png", "%2e%2e%2fx.png"),
            ("invoice\u{202e}gnp.exe", "invoicegnp.exe"),
            ("..", "file"),
            ("${filename}", "${filename}"),
            ("Angebot März.pdf", "Angebot März.pdf"),
            (
                &*long,
                &*format!("{}…{}.pdf", "x".repeat(74), "x".repeat(71)),
            ),
        ] {
            let kind = "application/octet-stream";
            let new = json!({ "file_name": name, "content_type": kind, "size": PNG.len() });
            let made = talk.member("POST", "/attachments", Some(&new)).await;
            assert_eq!(made.json()["file_name"], kept, "{name}");
            let leave = leave(&made);
            assert_eq!(
                leave.key,
                format!("{}/attachments/{}", stage.a.id, leave.id)
            );
        }
        for name in ["a\r\nb", "a\0", "", &format!("{long}x")] {
            let new = json!({ "file_name": name, "content_type": "image/png", "size": 5 });
            let answer = talk.member("POST", "/attachments", Some(&new)).await;
            assert_eq!(answer.status.as_u16(), 422, "{name:?}");
        }
    });
}

/// What is saved is opened by its ending.
#[test]
fn a_name_ends_as_the_type_does() {
    on_stage(async |stage| {
        let talk = Talk::of(stage).await;
        for (name, kind, kept) in [
            ("photo.PNG", "image/png", "photo.PNG"),
            ("photo.jfif", "image/jpeg", "photo.jfif"),
            ("invoice.html", "text/plain", "invoice.html.txt"),
            ("setup.exe", "application/pdf", "setup.exe.pdf"),
            ("invoice", "application/pdf", "invoice.pdf"),
            ("u.Svg", "application/octet-stream", "u.Svg.bin"),
            ("u.svg. ", "application/octet-stream", "u.svg.bin"),
            ("x.xhtml", "application/octet-stream", "x.xhtml.bin"),
            ("plan.dwg", "application/octet-stream", "plan.dwg"),
            ("plan", "application/octet-stream", "plan"),
        ] {
            let new = json!({ "file_name": name, "content_type": kind, "size": 5 });
            let made = talk.member("POST", "/attachments", Some(&new)).await;
            assert_eq!(made.json()["file_name"], kept, "{name}");
        }
    });
}
