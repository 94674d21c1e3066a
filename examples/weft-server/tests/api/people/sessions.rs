//! One browser with two tabs, the button back, and a lock that mail gets around.

use crate::{
    browser::Browser,
    stage::{Stage, on_stage},
};

const AIKO: &str = "aiko@kumo-ceramics.example";
const PASSWORD: &str = "tangerine lighthouse saddle";
const SESSION: &str = "__Host-session";

async fn follow(browser: &mut Browser, link: &str, fields: &[(&str, &str)]) {
    browser.visit(link).await;
    let (path, token) = link.split_once("?token=").unwrap();
    let fields = [("token", token)].into_iter().chain(fields.iter().copied());
    browser.submit(path, &fields.collect::<Vec<_>>()).await;
}

async fn asked(stage: &Stage, path: &str, email: &str) -> (Browser, String) {
    stage.after_a_while();
    let mut browser = Browser::new(&stage.router);
    browser.visit(path).await;
    browser.submit(path, &[("email", email)]).await;
    (browser, stage.link_of(email).await)
}

/// Somebody of the demo, who is in and has a password.
async fn with_password(stage: &Stage) -> Browser {
    let (mut browser, link) = asked(stage, "/reset", AIKO).await;
    follow(&mut browser, &link, &[("password", PASSWORD)]).await;
    assert!(browser.cookies.contains_key(SESSION), "{:?}", browser.page);
    browser
}

async fn password(browser: &mut Browser, password: &str) -> u16 {
    browser.visit("/sign-in").await;
    let fields = [("email", AIKO), ("password", password)];
    browser.send("/sign-in", &fields).await.status.as_u16()
}

#[test]
fn two_tabs_are_one_session() {
    on_stage(async |stage| {
        let mut browser = with_password(stage).await;
        let one = browser.visit("/account").await.clone();
        let other = browser.visit("/organizations/new").await.clone();
        // The form of the first tab is good although the second was opened since.
        browser.page = one;
        let page = browser.submit("/account/devices/revoke-others", &[]).await;
        assert_eq!((page.status.as_u16(), &*page.path), (200, "/account"));
        browser.submit("/sign-out", &[]).await;
        // What the second tab still shows does nothing any more.
        browser.page = other;
        let before = stage.everything();
        let names = [("name", "A late one"), ("display_name", "Aiko")];
        let page = browser.submit("/organizations/new", &names).await;
        assert_eq!(page.status.as_u16(), 403, "{}", page.text);
        assert_eq!(stage.everything(), before);
    });
}

/// Whoever opened a form before somebody signed in does not act as that somebody.
#[test]
fn a_form_of_before_the_sign_in_is_none_of_after_it() {
    on_stage(async |stage| {
        drop(with_password(stage).await);
        let mut browser = Browser::new(&stage.router);
        let before = browser.visit("/sign-in").await.clone();
        assert_eq!(password(&mut browser, PASSWORD).await, 303);
        browser.visit("/account").await;
        browser.page = before;
        let page = browser.send("/account/devices/revoke-others", &[]).await;
        assert_eq!(page.status.as_u16(), 403, "{}", page.text);
    });
}

#[test]
fn the_button_back_shows_nothing_after_a_sign_out() {
    on_stage(async |stage| {
        let mut browser = with_password(stage).await;
        for path in ["/account", "/organizations", "/o/kumo-ceramics/inbox"] {
            let page = browser.visit(path).await;
            assert_eq!(page.headers["cache-control"], "no-store", "{path}");
        }
        let cookies = browser.cookies.clone();
        browser.visit("/account").await;
        let page = browser.send("/sign-out", &[]).await;
        let cleared = page.headers["clear-site-data"].to_str().unwrap();
        assert!(cleared.contains("\"cookies\""), "{cleared}");
        for cookies in [browser.cookies.clone(), cookies] {
            browser.cookies = cookies;
            assert_eq!(browser.visit("/account").await.path, "/sign-in");
        }
    });
}

#[test]
fn mail_gets_around_a_lock_and_ends_it() {
    on_stage(async |stage| {
        drop(with_password(stage).await);
        let lock = async || {
            stage.after_a_while();
            let mut attacker = Browser::new(&stage.router).at([203, 0, 113, 9]);
            assert_eq!(password(&mut attacker, "not the right password").await, 422);
            let nearly = "UPDATE auth_failures SET failures = 99, next_at = now()";
            stage.database.execute(nearly).unwrap();
            assert_eq!(password(&mut attacker, "not the right password").await, 422);
            assert_eq!(password(&mut attacker, PASSWORD).await, 429);
        };
        // By the link that the lock mailed.
        lock().await;
        let link = stage.link_of(AIKO).await;
        assert!(link.starts_with("/link/unlock"), "{link}");
        let mut owner = Browser::new(&stage.router);
        follow(&mut owner, &link, &[]).await;
        assert!(
            owner.page.text.contains("Passwords are taken again"),
            "{}",
            owner.page.text
        );
        assert_eq!(password(&mut owner, PASSWORD).await, 303);
        // By a link that was asked for.
        lock().await;
        let (mut owner, link) = asked(stage, "/sign-in/link", AIKO).await;
        follow(&mut owner, &link, &[]).await;
        assert!(owner.cookies.contains_key(SESSION), "{:?}", owner.page);
        assert_eq!(
            password(&mut Browser::new(&stage.router), PASSWORD).await,
            303
        );
    });
}
