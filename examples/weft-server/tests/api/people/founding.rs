//! The beginning and the end: the first owner by command line, and the deletion of an account.

use weft_server::{
    accounts::Accounts,
    bootstrap::{NotMade, bootstrap},
    keys::Keys,
    site::Site,
};

use crate::{
    browser::Browser,
    stage::{KEYS, ORIGIN, Stage, on_stage},
};

const AIKO: &str = "aiko@kumo-ceramics.example";
const SESSION: &str = "__Host-session";

async fn made(stage: &Stage, org: &str, email: &str) -> Result<String, NotMade> {
    let keys: Keys = KEYS.parse().unwrap();
    let accounts = Accounts::new(stage.roads.auth.clone(), &keys).unwrap();
    let site = Site::new(ORIGIN, &keys).unwrap();
    bootstrap((&stage.roads, &accounts, &site), org, email).await
}

/// Follows a link of a mail, or one that was handed over.
async fn follow(browser: &mut Browser, link: &str) {
    browser.visit(link).await;
    let (path, token) = link.split_once("?token=").unwrap();
    browser.submit(path, &[("token", token)]).await;
    assert!(browser.cookies.contains_key(SESSION), "{:?}", browser.page);
}

async fn signed_in(stage: &Stage, email: &str) -> Browser {
    let mut browser = Browser::new(&stage.router);
    browser.visit("/sign-in/link").await;
    browser.submit("/sign-in/link", &[("email", email)]).await;
    let link = stage.link_of(email).await;
    follow(&mut browser, &link).await;
    stage.after_a_while();
    browser
}

fn count(stage: &Stage, from: &str) -> u32 {
    let rows = stage
        .database
        .query(&format!("SELECT count(*) FROM {from}"));
    rows.unwrap()[0][0].as_deref().unwrap().parse().unwrap()
}

#[test]
fn the_first_owner_gets_in_once_by_the_link_of_the_command_line() {
    on_stage(async |stage| {
        let link = made(stage, "Wolke & Söhne", "grete@wolke.example")
            .await
            .unwrap();
        let link = link.strip_prefix(ORIGIN).unwrap();
        // Nobody is written to.
        assert!(stage.mail_of("grete@wolke.example").await.is_empty());
        let mut browser = Browser::new(&stage.router);
        follow(&mut browser, link).await;
        let page = browser.visit("/organizations").await;
        assert!(page.text.contains("Wolke &amp; Söhne") && page.text.contains("as grete"));
        let mut again = Browser::new(&stage.router);
        assert_eq!(again.visit(link).await.status.as_u16(), 410);
        assert_eq!(
            count(stage, "weft_unscoped_audit WHERE reason = 'bootstrap'"),
            1
        );
        let owners = "memberships m JOIN organizations o ON o.id = m.org_id \
                      WHERE o.name = 'Wolke & Söhne' AND m.role = 'owner'";
        assert_eq!(count(stage, owners), 1);
    });
}

#[test]
fn a_bootstrap_makes_no_second_organisation_of_a_name() {
    on_stage(async |stage| {
        let counted = || ["organizations", "auth_accounts"].map(|table| count(stage, table));
        let before = counted();
        for (org, email) in [
            ("Kumo Ceramics", "somebody@example.com"),
            ("", "somebody@example.com"),
            ("Two\nlines", "somebody@example.com"),
            ("A new one", "no address"),
        ] {
            let refused = made(stage, org, email).await;
            assert!(refused.is_err(), "{org:?} {email:?}");
        }
        assert_eq!(counted(), before);
    });
}

#[test]
fn the_last_owner_is_not_deleted() {
    on_stage(async |stage| {
        let before = stage.rows_of(stage.a.id);
        let mut browser = signed_in(stage, AIKO).await;
        let page = browser.visit("/account/deletion").await;
        assert!(page.text.contains("Kumo Ceramics"), "{}", page.text);
        assert!(!page.actions().contains(&"/account/deletion".to_owned()));
        // A button that is not there is pressed: the token is another form's.
        browser.visit("/account").await;
        let page = browser.submit("/account/deletion", &[]).await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(page.text.contains("Kumo Ceramics"), "{}", page.text);
        assert_eq!(browser.visit("/account").await.path, "/account");
        assert_eq!(stage.rows_of(stage.a.id), before);
    });
}

#[test]
fn a_deleted_account_leaves_its_organisations_and_is_nobody() {
    on_stage(async |stage| {
        let member = "SELECT address FROM memberships WHERE role = 'member' ORDER BY address";
        let rows = stage.database.query(member).unwrap();
        let email = rows[0][0].clone().unwrap();
        let members = format!("memberships WHERE address = '{email}'");
        let account = format!("auth_accounts WHERE mailbox = '{email}'");
        let (owners, accounts) = (
            count(stage, "memberships WHERE role = 'owner'"),
            count(stage, "auth_accounts"),
        );
        assert_eq!((count(stage, &members), count(stage, &account)), (1, 1));
        let mut other = signed_in(stage, &email).await;
        let mut browser = signed_in(stage, &email).await;
        let cookies = browser.cookies.clone();
        // A link is under way.
        other.visit("/sign-in/link").await;
        other.submit("/sign-in/link", &[("email", &email)]).await;
        let links = "auth_links WHERE account_id IS NOT NULL";
        assert_eq!(count(stage, links), 1);
        browser.visit("/account/deletion").await;
        let page = browser.submit("/account/deletion", &[]).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
        assert_eq!((count(stage, &members), count(stage, &account)), (0, 0));
        assert_eq!(count(stage, "memberships WHERE role = 'owner'"), owners);
        assert_eq!(count(stage, "auth_accounts"), accounts - 1);
        browser.cookies = cookies;
        assert_eq!(browser.visit("/account").await.path, "/sign-in");
        assert_eq!(other.visit("/account").await.path, "/sign-in");
        let told = stage.mail_of(&email).await;
        assert!(
            told[0].subject.contains("Your account was deleted"),
            "{told:?}"
        );
        // What was the account's is nobody's.
        assert_eq!(count(stage, links), 0);
    });
}

#[test]
fn an_old_proof_deletes_nothing() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, AIKO).await;
        let old = "UPDATE auth_sessions SET proved_at = \
                   (SELECT array_agg(at - interval '11 minutes') FROM unnest(proved_at) AS at)";
        stage.database.execute(old).unwrap();
        assert_eq!(
            browser.visit("/account/deletion").await.path,
            "/account/confirm?back=/account/deletion"
        );
        browser.visit("/account").await;
        let page = browser.submit("/account/deletion", &[]).await;
        assert_eq!(page.path, "/account/confirm?back=/account/deletion");
        assert_eq!(
            count(stage, &format!("auth_accounts WHERE mailbox = '{AIKO}'")),
            1
        );
    });
}
