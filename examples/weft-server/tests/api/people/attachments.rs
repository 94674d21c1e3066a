//! Files by the forms of pages, with the embedded store: they go past the server.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, middleware, response::Response};
use http_body_util::BodyExt;
use uuid::Uuid;
use weft_server::{attachments::Attachments, object_store::ObjectStore};

use super::signed_in;
use crate::{
    browser::{Browser, Page},
    stage::{ORIGIN, Stage, on_stage},
    wire::{Request, Response as Answer},
    world::World,
};

const OWNER: &str = "aiko@kumo-ceramics.example";
const LIMITED: &str = "ren@kumo-ceramics.example";
const STRANGER: &str = "greta@nordwind-outdoor.example";

/// A stage with a store of its own, in a folder of its own.
struct Depot {
    stage: Stage,
    folder: PathBuf,
    conversation: Uuid,
}

impl Depot {
    fn of(stage: &Stage) -> Depot {
        let folder = std::env::temp_dir().join(format!("weft-depot-{}", Uuid::new_v4()));
        let store = ObjectStore::within(&folder, ORIGIN).unwrap();
        Depot {
            stage: stage.with_files(Attachments::new(Some(store)).unwrap()),
            folder,
            conversation: World::of(stage, stage.a.id, stage.a.shops[0]).conversation,
        }
    }

    fn talk(&self) -> String {
        format!("/o/kumo-ceramics/conversations/{}", self.conversation)
    }

    /// Sends a form, or fetches a file, as a browser does.
    fn send(&self, request: &Request) -> Answer {
        let (_, port) = self
            .stage
            .state
            .attachments()
            .origin()
            .unwrap()
            .rsplit_once(':')
            .unwrap();
        request.send(port.parse().unwrap())
    }

    /// Goes to the page of a file that may be sent; where that is.
    async fn announced(&self, browser: &mut Browser, kind: &str) -> String {
        browser.visit(&self.talk()).await;
        let action = format!("{}/attachments", self.talk());
        let fields = [
            ("file_name", "cups and saucers.pdf"),
            ("content_type", kind),
        ];
        browser.submit(&action, &fields).await;
        assert_eq!(browser.page.status.as_u16(), 200, "{:?}", browser.page);
        browser.page.path.clone()
    }

    /// Takes a file all the way to those that may go with a message.
    async fn finished(&self, browser: &mut Browser, bytes: &[u8]) -> String {
        let at = self.announced(browser, "application/pdf").await;
        let answer = self.send(&form(&browser.page, bytes));
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser.submit(&format!("{at}/confirmation"), &[]).await;
        assert_eq!(browser.page.path, self.talk(), "{:?}", browser.page);
        at
    }

    /// The URL that a click on a file leads to.
    async fn link(&self, browser: &mut Browser, at: &str) -> String {
        browser.visit(at).await;
        let page = browser.send(&format!("{at}/link"), &[]).await;
        assert_eq!(page.status.as_u16(), 303, "{page:?}");
        page.headers["location"].to_str().unwrap().to_owned()
    }
}

impl Drop for Depot {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The store's form of a page, with that file.
fn form(page: &Page, bytes: &[u8]) -> Request {
    let fields = fields(page);
    filled(page, &fields, bytes)
}

fn fields(page: &Page) -> Vec<(String, String)> {
    let form = page.after("id=\"send\"", "</form>").unwrap();
    assert!(!form.contains("csrf_token"), "the store is told no token");
    let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    let pair = |input: &str| {
        let (name, rest) = input.split_once("\" value=\"")?;
        Some((name.to_owned(), rest.split_once('"')?.0.to_owned()))
    };
    inputs.map(|input| pair(input).unwrap()).collect()
}

fn filled(page: &Page, fields: &[(String, String)], bytes: &[u8]) -> Request {
    let form = page.after("id=\"send\"", ">").unwrap();
    let (_, url) = form.split_once("action=\"").unwrap();
    let (url, _) = url.split_once('"').unwrap();
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    body.extend(
        b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\
          Content-Type: application/octet-stream\r\n\r\n",
    );
    body.extend(bytes);
    body.extend(b"\r\n--edge--\r\n");
    Request::new("POST", url)
        .with("Content-Type", "multipart/form-data; boundary=edge")
        .with_body(&body)
}

/// A document of so many bytes, in which no stretch is like another.
fn document(length: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut state: u64 = 7;
    while bytes.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        bytes.extend((state >> 16).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The same service, which counts the bytes of all bodies, in and out.
fn counted(router: &Router) -> (Router, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let count_one = middleware::from_fn(
        move |request: axum::extract::Request, next: middleware::Next| {
            let counter = Arc::clone(&counter);
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                counter.fetch_add(body.len(), Ordering::Relaxed);
                let request = axum::extract::Request::from_parts(parts, Body::from(body));
                let (parts, body) = next.run(request).await.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                counter.fetch_add(body.len(), Ordering::Relaxed);
                Response::from_parts(parts, Body::from(body))
            }
        },
    );
    (router.clone().layer(count_one), count)
}

#[test]
fn a_file_goes_past_the_server_in_both_directions() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let (router, count) = counted(&depot.stage.router);
        let counting = Stage::over(&depot.stage, router);
        let mut browser = signed_in(&counting, OWNER).await;
        let bytes = document(5 << 20);
        let before = count.load(Ordering::Relaxed);

        let at = depot.announced(&mut browser, "application/pdf").await;
        let answer = depot.send(&form(&browser.page, &bytes));
        assert_eq!(answer.status, 303, "{}", answer.text());
        let back = answer.header("location").unwrap();
        let back = back.strip_prefix(ORIGIN).unwrap().to_owned();
        assert!(back.starts_with(&format!("{at}?")), "{back}");
        let arrived = browser.visit(&back).await;
        assert!(arrived.text.contains("The file has arrived"), "{arrived:?}");
        browser.submit(&format!("{at}/confirmation"), &[]).await;
        assert!(browser.page.text.contains("cups and saucers.pdf"));

        let id = at.rsplit('/').next().unwrap().to_owned();
        let said = [
            ("direction", "out"),
            ("body", "Our list"),
            ("attachment_ids", &*id),
        ];
        let talk = browser
            .submit(&format!("{}/messages", depot.talk()), &said)
            .await;
        assert!(
            talk.text.contains("Download cups and saucers.pdf"),
            "{talk:?}"
        );
        let url = depot.link(&mut browser, &at).await;
        let fetched = depot.send(&Request::new("GET", &url));
        assert_eq!(fetched.status, 200);
        assert!(fetched.body == bytes, "what comes down is what went up");
        let saved = fetched.header("content-disposition").unwrap();
        assert!(
            saved.starts_with("attachment;") && saved.contains("cups and saucers.pdf"),
            "{saved}"
        );

        let passed = count.load(Ordering::Relaxed) - before;
        assert!((5_000..200_000).contains(&passed), "{passed} bytes");
    });
}

#[test]
fn a_form_is_good_for_one_file_and_no_other() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let mut browser = signed_in(&depot.stage, OWNER).await;
        let at = depot.announced(&mut browser, "application/pdf").await;
        let page = browser.page.clone();
        let (first, second) = (document(1000), document(2000));
        assert_eq!(depot.send(&form(&page, &first)).status, 303);
        // Before it is confirmed, and after.
        assert_eq!(depot.send(&form(&page, &second)).status, 412);
        browser.submit(&format!("{at}/confirmation"), &[]).await;
        assert_eq!(depot.send(&form(&page, &second)).status, 412);
        let url = depot.link(&mut browser, &at).await;
        assert!(depot.send(&Request::new("GET", &url)).body == first);
        // Nor is it brought back after the file was deleted.
        browser.visit(&at).await;
        browser.submit(&format!("{at}/remove"), &[]).await;
        assert_eq!(depot.send(&Request::new("GET", &url)).status, 404);
        assert_eq!(depot.send(&form(&page, &second)).status, 412);
        assert_eq!(browser.visit(&at).await.status.as_u16(), 404);
    });
}

#[test]
fn nothing_of_a_form_or_a_link_leads_to_what_is_anothers() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let mut owner = signed_in(&depot.stage, OWNER).await;
        let bytes = document(1000);
        let at = depot.finished(&mut owner, &bytes).await;
        let id = at.rsplit('/').next().unwrap().to_owned();
        let url = depot.link(&mut owner, &at).await;
        let key = format!("{}/attachments/{id}", stage.a.id);
        assert!(url.contains(&key), "{url}");

        let mut stranger = signed_in(&depot.stage, STRANGER).await;
        let talk = World::of(stage, stage.b.id, stage.b.shops[0]).conversation;
        let talk = format!("/o/nordwind-outdoor/conversations/{talk}");
        stranger.visit(&talk).await;
        let fields_of = [("file_name", "a.pdf"), ("content_type", "application/pdf")];
        stranger
            .submit(&format!("{talk}/attachments"), &fields_of)
            .await;
        let page = stranger.page.clone();
        let own = fields(&page);
        let own_key = own
            .iter()
            .find(|(name, _)| name == "key")
            .unwrap()
            .1
            .clone();
        assert!(own_key.starts_with(&stage.b.id.to_string()), "{own_key}");
        // A form of one's own, with the other's key or tenant.
        for other in [
            key.clone(),
            own_key.replace(&stage.b.id.to_string(), &stage.a.id.to_string()),
            format!("{}/../{key}", stage.b.id),
        ] {
            let fields: Vec<_> = own
                .iter()
                .map(|(name, value)| match &**name {
                    "key" => (name.clone(), other.clone()),
                    _ => (name.clone(), value.clone()),
                })
                .collect();
            let answer = depot.send(&filled(&page, &fields, b"%PDF-1.7 other"));
            assert!(
                (400..500).contains(&answer.status),
                "{other}: {}",
                answer.status
            );
        }
        // A link of one's own, with the other's key.
        assert_eq!(depot.send(&form(&page, &bytes)).status, 303);
        let theirs = page.path.clone();
        stranger
            .submit(&format!("{theirs}/confirmation"), &[])
            .await;
        let own_url = depot.link(&mut stranger, &theirs).await;
        assert_eq!(depot.send(&Request::new("GET", &own_url)).status, 200);
        let swapped = own_url.replace(&own_key, &key);
        assert_ne!(swapped, own_url);
        assert_eq!(depot.send(&Request::new("GET", &swapped)).status, 403);
        // Its id, in each page and form of either organisation.
        for org in ["kumo-ceramics", "nordwind-outdoor"] {
            let path = format!("/o/{org}/attachments/{id}");
            assert_eq!(stranger.visit(&path).await.status.as_u16(), 404);
            for what in ["confirmation", "link", "remove"] {
                stranger.visit(&talk).await;
                let page = stranger.send(&format!("{path}/{what}"), &[]).await;
                assert_eq!(page.status.as_u16(), 404, "{path}/{what}");
            }
        }
        stranger.visit(&talk).await;
        let said = [
            ("direction", "out"),
            ("body", "Look"),
            ("attachment_ids", &*id),
        ];
        let page = stranger.send(&format!("{talk}/messages"), &said).await;
        assert_eq!(page.status.as_u16(), 422);
        assert!(depot.send(&Request::new("GET", &url)).body == bytes);
    });
}

#[test]
fn a_colleague_sees_files_of_the_own_shops_and_none_that_is_unfinished() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let mut owner = signed_in(&depot.stage, OWNER).await;
        let mut colleague = signed_in(&depot.stage, LIMITED).await;
        let finished = depot.finished(&mut owner, &document(1000)).await;
        let unfinished = depot.announced(&mut owner, "application/pdf").await;
        assert_eq!(colleague.visit(&finished).await.status.as_u16(), 200);
        assert_eq!(colleague.visit(&unfinished).await.status.as_u16(), 404);
        assert!(
            !colleague
                .visit(&depot.talk())
                .await
                .text
                .contains("cups and saucers"),
            "who sends it, chooses when"
        );
        let there = Depot {
            stage: Stage::over(&depot.stage, depot.stage.router.clone()),
            folder: PathBuf::new(),
            conversation: World::of(stage, stage.a.id, stage.a.shops[1]).conversation,
        };
        let elsewhere = there.finished(&mut owner, &document(1000)).await;
        assert_eq!(colleague.visit(&elsewhere).await.status.as_u16(), 404);
    });
}

#[test]
fn what_is_not_what_it_was_called_is_refused_in_words_and_does_not_stay() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let mut browser = signed_in(&depot.stage, OWNER).await;
        for (kind, bytes, words) in [
            (
                "application/pdf",
                &b"<html><script>x()</script>"[..],
                "which a browser runs",
            ),
            (
                "application/octet-stream",
                b"<svg onload='x()'>",
                "which a browser runs",
            ),
            ("image/png", b"%PDF-1.7\n", "was said to be another type"),
        ] {
            let at = depot.announced(&mut browser, kind).await;
            assert_eq!(depot.send(&form(&browser.page, bytes)).status, 303);
            let page = browser.submit(&format!("{at}/confirmation"), &[]).await;
            assert_eq!(page.status.as_u16(), 422);
            assert!(page.text.contains(words), "{}", page.text);
            assert_eq!(browser.visit(&at).await.status.as_u16(), 404);
        }
        // What has not arrived may still be sent.
        let at = depot.announced(&mut browser, "application/pdf").await;
        let page = browser.submit(&format!("{at}/confirmation"), &[]).await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(
            page.text.contains("The file has not arrived."),
            "{}",
            page.text
        );
        assert_eq!(depot.send(&form(page, &document(1000))).status, 303);
        browser.submit(&format!("{at}/confirmation"), &[]).await;
        assert_eq!(browser.page.path, depot.talk());
    });
}

#[test]
fn a_script_says_how_large_a_file_is_and_is_sent_nowhere_else() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let mut browser = signed_in(&depot.stage, OWNER).await;
        let page = browser.visit(&depot.talk()).await;
        let nonce = page
            .after("type=\"module\" src=\"/assets/", "></script>")
            .unwrap();
        let nonce = nonce
            .split("nonce=\"")
            .nth(1)
            .unwrap()
            .trim_end_matches('"');
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
        let store = depot.stage.state.attachments().origin().unwrap();
        assert!(
            policy.contains(&format!("connect-src 'self' {store};")),
            "{policy}"
        );
        assert!(
            policy.contains(&format!("form-action 'self' {store};")),
            "{policy}"
        );

        let account = &browser.visit("/account").await.headers;
        let elsewhere = account["content-security-policy"].to_str().unwrap();
        assert!(!elsewhere.contains(store), "{elsewhere}");
        browser.visit(&depot.talk()).await;

        let action = format!("{}/attachments", depot.talk());
        let announced = [
            ("file_name", "a.pdf"),
            ("content_type", "application/pdf"),
            ("size", "1000"),
        ];
        let page = browser.submit(&action, &announced).await.clone();
        assert!(page.path.ends_with("?by=script"), "{}", page.path);
        let names: Vec<_> = fields(&page).into_iter().map(|(name, _)| name).collect();
        assert!(!names.contains(&"success_action_redirect".to_owned()));
        for length in [999, 1001] {
            assert_eq!(depot.send(&form(&page, &document(length))).status, 400);
        }
        assert_eq!(depot.send(&form(&page, &document(1000))).status, 201);
        for size in ["0", "-1", "268435457", "x", ""] {
            browser.visit(&depot.talk()).await;
            let announced = [announced[0], announced[1], ("size", size)];
            let page = browser.send(&action, &announced).await;
            assert_eq!(page.status.as_u16(), 422, "{size}");
        }
    });
}

#[test]
fn a_form_takes_what_room_the_plan_has_left() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let mut browser = signed_in(&depot.stage, OWNER).await;
        // Two files of eight bytes are there.
        stage
            .database
            .execute("UPDATE plans SET storage = 16 + 1000")
            .unwrap();
        depot.announced(&mut browser, "application/pdf").await;
        assert_eq!(
            depot.send(&form(&browser.page, &document(1001))).status,
            400
        );
        let full = browser.page.clone();
        browser.visit(&depot.talk()).await;
        let fields = [("file_name", "b.pdf"), ("content_type", "application/pdf")];
        let page = browser
            .send(&format!("{}/attachments", depot.talk()), &fields)
            .await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(page.text.contains("no room"), "{}", page.text);
        // What is given up takes no room any more, and its form is good for nothing.
        browser.visit(&full.path).await;
        browser.submit(&format!("{}/remove", full.path), &[]).await;
        assert_eq!(depot.send(&form(&full, &document(1000))).status, 412);
        browser.visit(&depot.talk()).await;
        let again = browser
            .send(&format!("{}/attachments", depot.talk()), &fields)
            .await;
        assert_eq!(again.status.as_u16(), 303);
    });
}

#[test]
fn what_was_typed_stays_when_a_file_cannot_go_with_it() {
    on_stage(async |stage| {
        let depot = Depot::of(stage);
        let mut browser = signed_in(&depot.stage, OWNER).await;
        let id = |at: String| at.rsplit('/').next().unwrap().to_owned();
        let gone = depot.finished(&mut browser, &document(1000)).await;
        let kept = id(depot.finished(&mut browser, &document(1000)).await);
        let not_chosen = id(depot.finished(&mut browser, &document(1000)).await);
        browser.visit(&gone).await;
        browser.submit(&format!("{gone}/remove"), &[]).await;
        let said = [
            ("direction", "out"),
            ("body", "A long <answer>"),
            ("attachment_ids", &*kept),
            ("attachment_ids", &*id(gone)),
        ];
        let page = browser
            .send(&format!("{}/messages", depot.talk()), &said)
            .await;
        assert_eq!(page.status.as_u16(), 422);
        assert!(page.text.contains("A long &lt;answer&gt;</textarea>"));
        let problem = page.after("role=\"alert\">", "</p>").unwrap();
        assert!(problem.contains("One of the files"), "{problem}");
        let ticked = |id: &str| {
            let choice = page.after(&format!("name=\"attachment_ids\" value=\"{id}\""), ">");
            choice.unwrap().contains("checked")
        };
        assert!(ticked(&kept) && !ticked(&not_chosen), "{}", page.text);
        // What is wrong with the text leaves the choice as it was, too.
        let blank = [
            ("direction", "out"),
            ("body", " "),
            ("attachment_ids", &*kept),
        ];
        let page = browser
            .send(&format!("{}/messages", depot.talk()), &blank)
            .await;
        assert_eq!(page.status.as_u16(), 422);
        let choice = format!("name=\"attachment_ids\" value=\"{not_chosen}\">");
        assert!(page.text.contains(&choice), "{}", page.text);
    });
}
