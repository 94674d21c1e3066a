//! Somebody who signs in, and who tries to.

use weft_auth::sso::DomainProof;

use super::{super::signed_in, CALLBACK, EVE, HERE, OWNER, REN, World, person, session};
use crate::{
    browser::Browser,
    stage::{ORIGIN, on_stage},
};

#[test]
fn a_member_signs_in_through_the_organisation() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut before = signed_in(&world.stage, REN).await;
        let mut ren = Browser::new(&world.stage.router);
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.path, "/o/kumo-ceramics/inbox", "{:?}", ren.page);
        // That the accounts are one from now on is told, and ends what was there.
        assert_eq!(before.visit("/account").await.path, "/sign-in");
        let told = world.stage.mail_of(REN).await;
        assert!(
            told.iter()
                .any(|mail| mail.subject.contains("About your account")),
            "{told:?}"
        );
        // Known by now: another token, and the former one is worth nothing.
        let first = session(&ren).unwrap().clone();
        let mut left = Browser::new(&world.stage.router);
        left.cookies
            .insert("__Host-session".to_owned(), first.clone());
        world.sign_in(&mut ren, person(REN)).await;
        assert_ne!(session(&ren), Some(&first));
        assert_eq!(left.visit("/account").await.path, "/sign-in");
        assert_eq!(world.count("auth_identities"), "1");
        assert!(
            !ren.cookies
                .keys()
                .any(|name| name.starts_with("__Host-sso")),
            "{:?}",
            ren.cookies
        );
        assert_eq!(world.count("auth_flows"), "0");
    });
}

#[test]
fn an_answer_is_of_the_browser_that_began_and_good_once() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        let mut ren = Browser::new(&world.stage.router);
        let back = world.begin(&mut ren, REN).await;
        // Another browser, with a flow of its own or without one.
        let kept = world.kept();
        let mut other = Browser::new(&world.stage.router);
        assert_eq!(other.visit(&back).await.status.as_u16(), 410);
        let own = world.begin(&mut other, REN).await;
        assert_eq!(other.visit(&back).await.status.as_u16(), 410);
        let state = |url: &str| url.split("state=").nth(1).unwrap().to_owned();
        let code = |url: &str| {
            url.split("code=")
                .nth(1)
                .unwrap()
                .split('&')
                .next()
                .unwrap()
                .to_owned()
        };
        let forged = format!("{CALLBACK}?code={}&state={}", code(&own), state(&back));
        assert_eq!(other.visit(&forged).await.status.as_u16(), 410);
        assert_eq!(session(&other), None);
        assert_eq!(world.kept(), kept);
        // The one that began gets in, and only once.
        let cookies = ren.cookies.clone();
        assert_eq!(ren.visit(&back).await.path, "/o/kumo-ceramics/inbox");
        let mut again = Browser::new(&world.stage.router);
        again.cookies = cookies;
        let kept = world.kept();
        assert_eq!(again.visit(&back).await.status.as_u16(), 410);
        assert_eq!(session(&again), None);
        // The code with another flow of the same browser is refused by WorkOS.
        let next = world.begin(&mut again, REN).await;
        let used = format!("{CALLBACK}?code={}&state={}", code(&back), state(&next));
        assert_eq!(again.visit(&used).await.status.as_u16(), 410);
        assert_eq!(session(&again), None);
        assert_eq!(world.kept(), kept);
    });
}

#[test]
fn who_has_another_address_by_now_is_not_vouched_for_by_the_former_one() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        let database: &weft_embedded::Database = &world.stage.database;
        let moved = format!(
            "UPDATE auth_accounts SET mailbox = 'ren@elsewhere.example' WHERE mailbox = '{REN}'"
        );
        database.execute(&moved).unwrap();
        let kept = world.kept();
        let mut theirs = Browser::new(&world.stage.router);
        let back = world.begin(&mut theirs, REN).await;
        assert_eq!(theirs.visit(&back).await.status.as_u16(), 403);
        assert_eq!(session(&theirs), None);
        assert_eq!(world.kept(), kept);
    });
}

#[test]
fn nobody_is_signed_in_by_what_nobody_asked_for() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        let redirect = format!("{ORIGIN}{CALLBACK}");
        let back = world
            .fake
            .start_at_identity_provider("conn_1", &redirect)
            .unwrap();
        let back = back.strip_prefix(ORIGIN).unwrap();
        let mut eve = Browser::new(&world.stage.router);
        let kept = world.kept();
        assert_eq!(eve.visit(back).await.path, "/sign-in/sso");
        // Where the connection is named, a flow of our own begins for it.
        let page = eve.visit(&format!("{CALLBACK}?connection_id=conn_1")).await;
        let link = page.after("class=\"button primary fill\" href=\"", "\"");
        assert!(link.unwrap().contains("connection=conn_1"));
        assert!(!page.headers.contains_key("refresh"), "by nobody's choice");
        assert_eq!(
            eve.visit(&format!("{CALLBACK}?connection_id=conn_2"))
                .await
                .path,
            "/sign-in/sso"
        );
        for query in [
            "",
            "?state=x",
            "?code=a&code=b",
            "?code=a&error=b&state=c",
            "?error=access_denied",
            "?code=a&state=b",
        ] {
            let status = eve
                .visit(&format!("{CALLBACK}{query}"))
                .await
                .status
                .as_u16();
            assert!(matches!(status, 403 | 410), "{query}: {status}");
        }
        assert_eq!(session(&eve), None);
        assert_eq!(world.kept(), kept);
    });
}

#[test]
fn the_answer_depends_on_the_domain_alone() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut browser = Browser::new(&world.stage.router);
        let mut ask = async |address: &str| {
            browser.visit("/sign-in/sso").await;
            let page = browser.submit("/sign-in/sso", &[("email", address)]).await;
            // But for what is random, or was typed.
            let text = page.text.replace(address, "");
            let fixed = |part: &str| {
                let (name, value) = part.split_once('=').unwrap_or_default();
                match ["state", "code_challenge", "amp;state", "amp;code_challenge"].contains(&name)
                {
                    true => format!("{name}={}", value.len()),
                    false => part.to_owned(),
                }
            };
            let text: Vec<String> = text.split('&').map(fixed).collect();
            let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
            names.sort();
            (page.status.as_u16(), names, text.join("&").len())
        };
        let known = ask(OWNER).await;
        assert_eq!(known.0, 200);
        assert_eq!(ask("nobody@kumo-ceramics.example").await, known);
        let unknown = ask("nobody@no-such-domain.example").await;
        assert_eq!(unknown.0, 422);
        // One that is not proved yet, of an organisation that pays; and one that is, of one that does not.
        world.fake.set_domain(
            &world.organization(),
            "pending.example",
            DomainProof::Pending,
        );
        let mut owner = signed_in(&world.stage, OWNER).await;
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(page.text.contains("pending.example"));
        assert_eq!(ask("nobody@pending.example").await, unknown);
        world.pays(false);
        assert_eq!(ask(OWNER).await, unknown);
        assert_eq!(ask("nobody@kumo-ceramics.example").await, unknown);
    });
}

/// Whoever asks has something written.
#[test]
fn one_network_begins_so_often_and_no_more() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut browser = Browser::new(&world.stage.router);
        browser.visit("/sign-in/sso").await;
        let mut status = 200;
        for _ in 0..200 {
            browser.visit("/sign-in/sso").await;
            let page = browser.submit("/sign-in/sso", &[("email", REN)]).await;
            status = page.status.as_u16();
            if status != 200 {
                break;
            }
        }
        assert_eq!(status, 429);
        let kept = world.count("auth_flows");
        browser.visit("/sign-in/sso").await;
        browser.submit("/sign-in/sso", &[("email", REN)]).await;
        assert_eq!(world.count("auth_flows"), kept);
        let few = browser
            .cookies
            .keys()
            .filter(|name| name.starts_with("__Host-sso"));
        assert_eq!(few.count(), 5);
    });
}

/// An account that somebody made and waits with is nobody's who proves to have the address.
#[test]
fn an_account_that_nobody_proved_to_read_the_mailbox_of_is_not_linked() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = Browser::new(&world.stage.router);
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.status.as_u16(), 403);
        assert!(ren.page.text.contains("One more step"), "{}", ren.page.text);
        assert_eq!(
            (session(&ren), &*world.count("auth_identities")),
            (None, "0")
        );
        // Once somebody has, it is.
        drop(world.browser_of(REN).await);
        assert_eq!(world.count("auth_identities"), "1");
    });
}

#[test]
fn whoever_is_no_member_gets_nothing_and_whoever_is_invited_becomes_one() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        world.execute(&format!(
            "DELETE FROM membership_shops; UPDATE conversations SET assignee_id = NULL; \
             UPDATE messages SET author_id = NULL; DELETE FROM memberships WHERE address = '{REN}'"
        ));
        assert_eq!(
            ren.visit("/o/kumo-ceramics/inbox").await.status.as_u16(),
            404
        );
        let mut removed = Browser::new(&world.stage.router);
        let kept = world.kept();
        world.sign_in(&mut removed, person(REN)).await;
        assert_eq!(removed.page.status.as_u16(), 403, "{:?}", removed.page);
        let mut eve = Browser::new(&world.stage.router);
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!(eve.page.text, removed.page.text);
        assert_eq!((session(&removed), session(&eve)), (None, None));
        assert_eq!(world.kept(), kept);

        let mut owner = signed_in(&world.stage, OWNER).await;
        let invite = "/o/kumo-ceramics/members/invite";
        owner.visit(invite).await;
        let fields = [("address", EVE), ("display_name", "Eve"), ("access", "all")];
        assert_eq!(
            owner.submit(invite, &fields).await.path,
            "/o/kumo-ceramics/members"
        );
        // What is said of somebody else is no invitation of Eve's.
        world.sign_in(&mut removed, person(REN)).await;
        assert_eq!(removed.page.status.as_u16(), 403);
        // Nor is one that its maker may not make any more.
        let role =
            |role| format!("UPDATE memberships SET role = '{role}' WHERE address = '{OWNER}'");
        world.execute(&role("member"));
        let kept = world.kept();
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!((eve.page.status.as_u16(), session(&eve)), (403, None));
        assert_eq!(world.kept(), kept);
        world.execute(&role("owner"));
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!(eve.page.path, "/o/kumo-ceramics/inbox", "{:?}", eve.page);
        assert_eq!(world.count("invitations"), "0");
        assert_eq!(
            world.count(&format!("memberships WHERE address = '{EVE}'")),
            "1"
        );
    });
}
