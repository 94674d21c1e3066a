//! From nobody to an organisation of one's own, and back in again, in every way there is.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;

use super::spend;
use crate::{
    browser::Browser,
    stage::{Stage, on_stage},
};

pub(super) const ADA: &str = "ada@example.com";
pub(super) const PASSWORD: &str = "tangerine lighthouse saddle";
const SESSION: &str = "__Host-session";

/// Somebody who has signed up, and is in.
pub(super) async fn signed_up(stage: &Stage) -> Browser {
    let mut browser = Browser::new(&stage.router);
    browser.visit("/sign-up").await;
    let page = browser
        .submit("/sign-up", &[("email", ADA), ("password", PASSWORD)])
        .await;
    assert_eq!(
        (page.status.as_u16(), &*page.path),
        (200, "/mailed/register"),
        "{}",
        page.text
    );
    let link = stage.link_of(ADA).await;
    let page = browser.visit(&link).await;
    assert!(page.text.contains("Make my account"), "{}", page.text);
    spend(&mut browser, &link, &[]).await;
    assert!(browser.cookies.contains_key(SESSION), "{:?}", browser.page);
    stage.after_a_while();
    browser
}

async fn sign_in(stage: &Stage, password: &str) -> Browser {
    let mut browser = Browser::new(&stage.router);
    browser.visit("/sign-in").await;
    browser
        .submit("/sign-in", &[("email", ADA), ("password", password)])
        .await;
    browser
}

fn is_in(browser: &Browser) -> bool {
    browser.page.path == "/organizations" || browser.page.path.starts_with("/o/")
}

/// Adds an app, and returns its secret and the recovery codes.
pub(super) async fn with_app(browser: &mut Browser) -> (Vec<u8>, Vec<String>) {
    let page = browser.visit("/account/app").await.clone();
    let sealed = page
        .after("name=\"sealed\" value=\"", "\"")
        .unwrap()
        .to_owned();
    let key = page
        .after("<span class=\"secret code\">", "</span>")
        .unwrap();
    let secret = base32(key);
    let code = code(&secret, 0);
    let page = browser
        .submit("/account/app", &[("sealed", &sealed), ("code", &code)])
        .await;
    assert!(page.text.contains("Recovery codes"), "{}", page.text);
    let codes = page
        .text
        .split("<li>")
        .skip(1)
        .map(|part| part.split("</li>").next().unwrap().to_owned());
    (secret, codes.collect())
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.bytes().filter(|c| *c != b' ') {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|known| *known == c)
            .unwrap();
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// The code of the step that many from now (RFC 6238).
pub(super) fn code(secret: &[u8], steps: u64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &(now / 30 + steps).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let four: [u8; 4] = tag.as_ref()[at..at + 4].try_into().unwrap();
    format!(
        "{:06}",
        (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
    )
}

#[test]
fn somebody_signs_up_and_makes_an_organisation() {
    on_stage(async |stage| {
        let mut browser = signed_up(stage).await;
        let page = browser.visit("/organizations/new").await;
        assert_eq!(page.status.as_u16(), 200);
        let names = [("name", "Ada & Söhne"), ("display_name", "Ada <Lovelace>")];
        browser.submit("/organizations/new", &names).await;
        let page = browser.visit("/organizations").await;
        assert!(
            page.text.contains("Ada &amp; Söhne") && page.text.contains("Ada &lt;Lovelace&gt;")
        );
        let made = "SELECT count(*) FROM memberships m JOIN organizations o ON o.id = m.org_id \
                    WHERE m.role = 'owner' AND o.name = 'Ada & Söhne'";
        assert_eq!(
            stage.database.query(made).unwrap()[0][0].as_deref(),
            Some("1")
        );
        let record = "SELECT count(*) FROM weft_unscoped_audit WHERE reason = 'sign-up'";
        assert_eq!(
            stage.database.query(record).unwrap()[0][0].as_deref(),
            Some("1")
        );
    });
}

#[test]
fn a_password_signs_in_and_a_sign_out_signs_out() {
    on_stage(async |stage| {
        drop(signed_up(stage).await);
        let mut browser = sign_in(stage, PASSWORD).await;
        assert!(is_in(&browser), "{:?}", browser.page);
        let before = browser.cookies.clone();
        browser.visit("/account").await;
        browser.submit("/sign-out", &[]).await;
        assert!(!browser.cookies.contains_key(SESSION));
        // Somebody kept the cookie.
        browser.cookies = before;
        let page = browser.visit("/account").await;
        assert_eq!(page.path, "/sign-in");
    });
}

/// CVE-2022-25896: a session that was there before the sign-in is not the one after it.
#[test]
fn cve_2022_25896_signing_in_begins_another_session() {
    on_stage(async |stage| {
        let first = signed_up(stage).await.cookies[SESSION].clone();
        let mut browser = sign_in(stage, PASSWORD).await;
        let second = browser.cookies[SESSION].clone();
        assert_ne!(first, second);
        // Signing in over a session ends that one.
        browser.visit("/sign-in").await;
        browser
            .submit("/sign-in", &[("email", ADA), ("password", PASSWORD)])
            .await;
        let third = browser.cookies[SESSION].clone();
        assert_ne!(second, third);
        browser.cookies.insert(SESSION.to_owned(), second);
        assert_eq!(browser.visit("/account").await.path, "/sign-in");
        browser.cookies.insert(SESSION.to_owned(), third);
        assert_eq!(browser.visit("/account").await.path, "/account");
    });
}

#[test]
fn staying_signed_in_is_asked_for() {
    on_stage(async |stage| {
        drop(signed_up(stage).await);
        for (remember, kept) in [(None, false), (Some(("remember", "yes")), true)] {
            let mut browser = Browser::new(&stage.router);
            browser.visit("/sign-in").await;
            let fields: Vec<_> = [("email", ADA), ("password", PASSWORD)]
                .into_iter()
                .chain(remember)
                .collect();
            let page = browser.send("/sign-in", &fields).await;
            let cookies = page.headers.get_all("set-cookie").iter();
            let mut session =
                cookies.filter(|cookie| cookie.as_bytes().starts_with(SESSION.as_bytes()));
            let session = session.next().unwrap().to_str().unwrap();
            assert_eq!(session.contains("Max-Age=2592000"), kept, "{session}");
            assert_eq!(session.contains("Max-Age"), kept, "{session}");
        }
    });
}

#[test]
fn a_link_signs_in_once_and_not_by_a_get() {
    on_stage(async |stage| {
        drop(signed_up(stage).await);
        let mut browser = Browser::new(&stage.router);
        browser.visit("/sign-in/link").await;
        browser.submit("/sign-in/link", &[("email", ADA)]).await;
        let link = stage.link_of(ADA).await;
        // A scanner follows it, and posts without the token of a form.
        let mut scanner = Browser::new(&stage.router).at([203, 0, 113, 9]);
        for method in ["GET", "HEAD", "GET"] {
            scanner.go(method, &link, None).await;
        }
        let (path, token) = link.split_once("?token=").unwrap();
        scanner
            .go("POST", path, Some(format!("token={token}")))
            .await;
        assert_eq!(scanner.page.status.as_u16(), 403);
        browser.visit(&link).await;
        spend(&mut browser, &link, &[]).await;
        assert!(is_in(&browser), "{:?}", browser.page);
        let mut again = Browser::new(&stage.router);
        assert_eq!(again.visit(&link).await.status.as_u16(), 410);
    });
}

#[test]
fn a_link_on_another_device_shows_a_code_for_the_first() {
    on_stage(async |stage| {
        drop(signed_up(stage).await);
        let mut asking = Browser::new(&stage.router);
        asking.visit("/sign-in/link").await;
        asking.submit("/sign-in/link", &[("email", ADA)]).await;
        let link = stage.link_of(ADA).await;
        let mut telephone = Browser::new(&stage.router).at([198, 51, 100, 7]);
        let page = telephone.visit(&link).await.clone();
        let code = page
            .after("<p class=\"secret one-time\">", "</p>")
            .unwrap()
            .to_owned();
        assert!(!page.text.contains("name=\"token\""), "{}", page.text);
        // Pressing a button that is not there does not help.
        telephone.visit("/sign-in").await;
        spend(&mut telephone, &link, &[]).await;
        assert_eq!(telephone.page.status.as_u16(), 410);
        assert!(!telephone.cookies.contains_key(SESSION));
        let page = asking
            .submit("/code/sign-in", &[("code", "0000 0000")])
            .await;
        assert_eq!(page.status.as_u16(), 410, "{}", page.text);
        asking.submit("/code/sign-in", &[("code", &code)]).await;
        assert!(is_in(&asking), "{:?}", asking.page);
    });
}

#[test]
fn a_reset_ends_all_other_sessions() {
    on_stage(async |stage| {
        let mut old = signed_up(stage).await;
        let mut browser = Browser::new(&stage.router);
        browser.visit("/reset").await;
        browser.submit("/reset", &[("email", ADA)]).await;
        let link = stage.link_of(ADA).await;
        browser.visit(&link).await;
        spend(&mut browser, &link, &[("password", "short")]).await;
        assert_eq!(browser.page.status.as_u16(), 422, "{}", browser.page.text);
        spend(
            &mut browser,
            &link,
            &[("password", "velvet harbour compass")],
        )
        .await;
        assert!(is_in(&browser), "{:?}", browser.page);
        assert_eq!(old.visit("/account").await.path, "/sign-in");
        assert!(!is_in(&sign_in(stage, PASSWORD).await));
        assert!(is_in(&sign_in(stage, "velvet harbour compass").await));
        let subjects: Vec<_> = stage
            .mail_of(ADA)
            .await
            .into_iter()
            .map(|letter| letter.subject)
            .collect();
        assert!(
            subjects[0].contains("Your password was changed"),
            "{subjects:?}"
        );
    });
}

#[test]
fn with_an_app_a_password_is_not_enough() {
    on_stage(async |stage| {
        let mut first = signed_up(stage).await;
        let (secret, recovery) = with_app(&mut first).await;
        assert_eq!(recovery.len(), 10);
        let mut browser = sign_in(stage, PASSWORD).await;
        assert_eq!(browser.page.path, "/sign-in/second-factor");
        assert!(!browser.cookies.contains_key(SESSION));
        assert_eq!(
            Browser::new(&stage.router)
                .visit("/sign-in/second-factor")
                .await
                .path,
            "/sign-in"
        );
        let path = "/sign-in/second-factor";
        let page = browser.submit(path, &[("code", "000000")]).await;
        assert_eq!(page.status.as_u16(), 422);
        // The step of the enrolment is used up: the next one is taken.
        let next = code(&secret, 1);
        browser.submit(path, &[("code", &next)]).await;
        assert!(is_in(&browser), "{:?}", browser.page);
        let mut with_code = sign_in(stage, PASSWORD).await;
        with_code.submit(path, &[("recovery", &recovery[0])]).await;
        assert!(is_in(&with_code), "{:?}", with_code.page);
        let mut again = sign_in(stage, PASSWORD).await;
        let page = again.submit(path, &[("recovery", &recovery[0])]).await;
        assert_eq!(page.status.as_u16(), 422);
        // Two factors replace the codes.
        with_code.visit("/account/app").await;
        let page = with_code.submit("/account/app/codes", &[]).await;
        let new = page.after("<li>", "</li>").unwrap().to_owned();
        assert_ne!(new, recovery[0]);
        let mut with_old = sign_in(stage, PASSWORD).await;
        let page = with_old.submit(path, &[("recovery", &recovery[1])]).await;
        assert_eq!(page.status.as_u16(), 422);
        with_old.submit(path, &[("recovery", &new)]).await;
        assert!(is_in(&with_old), "{:?}", with_old.page);
        // Two factors take the app away.
        let page = with_code.visit("/account/app").await;
        assert!(page.text.contains("Take the app away"), "{}", page.text);
        with_code.submit("/account/app/remove", &[]).await;
        assert!(is_in(&sign_in(stage, PASSWORD).await));
    });
}

#[test]
fn devices_are_listed_and_ended() {
    on_stage(async |stage| {
        let mut first = signed_up(stage).await;
        let mut second = sign_in(stage, PASSWORD).await;
        let page = second.visit("/account").await;
        assert_eq!(
            page.text.matches("a test&#39;s browser").count()
                + page.text.matches("a test's browser").count(),
            3
        );
        let revoke = page
            .actions()
            .into_iter()
            .find(|path| path.ends_with("/revoke"))
            .unwrap();
        second.submit(&revoke, &[]).await;
        assert_eq!(first.visit("/account").await.path, "/sign-in");
        let mut third = sign_in(stage, PASSWORD).await;
        third.visit("/account").await;
        third.submit("/account/devices/revoke-others", &[]).await;
        assert_eq!(second.visit("/account").await.path, "/sign-in");
        assert_eq!(third.visit("/account").await.path, "/account");
    });
}

#[test]
fn another_address_takes_both_mailboxes() {
    on_stage(async |stage| {
        let mut browser = signed_up(stage).await;
        browser.visit("/account/address").await;
        browser
            .submit("/account/address", &[("email", "countess@example.com")])
            .await;
        let link = stage.link_of(ADA).await;
        browser.visit(&link).await;
        spend(&mut browser, &link, &[]).await;
        assert_eq!(browser.page.path, "/mailed/change-to", "{:?}", browser.page);
        assert!(browser.visit("/account").await.text.contains(ADA));
        let link = stage.link_of("countess@example.com").await;
        browser.visit(&link).await;
        spend(&mut browser, &link, &[]).await;
        assert!(
            browser
                .visit("/account")
                .await
                .text
                .contains("countess@example.com")
        );
        let told = stage.mail_of(ADA).await;
        assert!(
            told[0].subject.contains("Your address was changed"),
            "{told:?}"
        );
    });
}

#[test]
fn a_member_whom_nobody_has_seen_yet_gets_in_by_mail() {
    on_stage(async |stage| {
        let mut browser = Browser::new(&stage.router);
        browser.visit("/sign-in/link").await;
        browser
            .submit("/sign-in/link", &[("email", "aiko@kumo-ceramics.example")])
            .await;
        let link = stage.link_of("aiko@kumo-ceramics.example").await;
        browser.visit(&link).await;
        spend(&mut browser, &link, &[]).await;
        assert_eq!(
            browser.page.path, "/o/kumo-ceramics/inbox",
            "{:?}",
            browser.page
        );
    });
}
