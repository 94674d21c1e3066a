//! Proving again who one is, and back to what that was for; and forms that are too old.

use super::{signed_in, spend};
use crate::{
    browser::Browser,
    stage::{Stage, on_stage},
};

const AIKO: &str = "aiko@kumo-ceramics.example";
const PASSWORD: &str = "tangerine lighthouse saddle";
const INVITE: &str = "/o/kumo-ceramics/members/invite";

/// Somebody of the demo, who has a password and was away for a while.
async fn late(stage: &Stage) -> Browser {
    let mut browser = Browser::new(&stage.router);
    browser.visit("/reset").await;
    browser.submit("/reset", &[("email", AIKO)]).await;
    let link = stage.link_of(AIKO).await;
    browser.visit(&link).await;
    spend(&mut browser, &link, &[("password", PASSWORD)]).await;
    assert!(browser.cookies.contains_key("__Host-session"));
    age(stage);
    browser
}

fn age(stage: &Stage) {
    let late = "UPDATE auth_sessions SET proved_at = \
                (SELECT array_agg(at - interval '11 minutes') FROM unnest(proved_at) AS at)";
    stage.database.execute(late).unwrap();
}

/// The form of the page that takes the password.
fn form(browser: &Browser) -> String {
    let mut actions = browser.page.actions().into_iter();
    let form = actions.find(|action| action.starts_with("/account/confirm/password"));
    form.unwrap_or_else(|| panic!("{}", browser.page.text))
}

#[test]
fn a_proof_leads_back_to_what_it_was_for() {
    on_stage(async |stage| {
        let mut browser = late(stage).await;
        for (asked, back) in [
            (INVITE, INVITE),
            ("/account/password", "/account/password"),
            ("/account/app", "/account/app"),
            ("/o/kumo-ceramics/tokens/new", "/o/kumo-ceramics/tokens/new"),
        ] {
            browser.visit(asked).await;
            assert_eq!(browser.page.path, format!("/account/confirm?back={back}"));
            let form = form(&browser);
            // A slip of the finger loses nothing.
            let page = browser.submit(&form, &[("password", "not that one")]).await;
            assert_eq!(page.status.as_u16(), 422);
            let page = browser.submit(&form, &[("password", PASSWORD)]).await;
            assert_eq!((page.status.as_u16(), &*page.path), (200, back));
            age(stage);
            stage.after_a_while();
        }
        // A button whose form is no page leads to the page that it is on.
        browser.visit("/account").await;
        browser.submit("/account/devices/revoke-others", &[]).await;
        assert_eq!(browser.page.path, "/account/confirm?back=/account");
    });
}

#[test]
fn a_proof_leads_nowhere_else() {
    on_stage(async |stage| {
        let mut browser = late(stage).await;
        for evil in [
            "//evil.example",
            "/\\evil.example",
            "/%5Cevil.example",
            "%2F%2Fevil.example",
            "https://evil.example/",
            "https:evil.example",
            "javascript:alert(1)",
            "/account\r\nset-cookie: evil=1",
            "/o/../evil",
            "/o/evil.example/inbox",
            "/account?evil",
        ] {
            let query = serde_urlencoded::to_string([("back", evil)]).unwrap();
            let page = browser.visit(&format!("/account/confirm?{query}")).await;
            assert_eq!(page.status.as_u16(), 200, "{evil:?}");
            assert!(!page.text.contains("evil"), "{evil:?}: {}", page.text);
            stage.after_a_while();
            let form = format!("/account/confirm/password?{query}");
            let answer = browser.send(&form, &[("password", PASSWORD)]).await;
            assert_eq!(answer.status.as_u16(), 303, "{evil:?}");
            assert_eq!(answer.headers["location"], "/account", "{evil:?}");
            assert!(!browser.cookies.contains_key("evil"));
        }
    });
}

#[test]
fn a_form_that_is_too_old_is_refused_in_a_page_that_leads_on() {
    on_stage(async |stage| {
        let mut browser = Browser::new(&stage.router);
        let before = browser.visit("/sign-in").await.clone();
        let mut browser = signed_in(stage, AIKO).await;
        browser.page = before;
        let fields = [("email", AIKO), ("password", PASSWORD)];
        let page = browser.send("/sign-in", &fields).await;
        assert_eq!(page.status.as_u16(), 403);
        assert_eq!(page.after("<h1>", "</h1>"), Some("This page is too old"));
        let again = page.after("<a class=\"button primary\" href=\"", "\"");
        assert_eq!(again, Some("/sign-in"));
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("style-src 'self'"), "{policy}");
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(!page.headers.contains_key("set-cookie"));
        // What is no page leads to none.
        let page = browser.send("/sign-out", &[]).await;
        assert_eq!(page.status.as_u16(), 403);
        assert!(page.text.contains("Go back, and load it again"));
        assert_eq!(browser.visit("/account").await.path, "/account");
    });
}
