//! What links people to an organisation's identity provider, and what cuts that.

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;

use super::{
    super::{signed_in, spend},
    OWNER, REN, World, person, session,
};
use crate::{
    browser::Browser,
    stage::{on_stage, until},
};

const ELSEWHERE: &str = "ren@elsewhere.example";
const UNLINK: &str = "/account/identities/unlink";

/// The former organisation may still have its say over the former address.
#[test]
fn a_change_of_address_cuts_what_was_vouched_for_the_former_one() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        let mut by_mail = signed_in(&world.stage, REN).await;
        by_mail.visit("/account/address").await;
        by_mail
            .submit("/account/address", &[("email", ELSEWHERE)])
            .await;
        for address in [REN, ELSEWHERE] {
            let link = world.stage.link_of(address).await;
            by_mail.visit(&link).await;
            spend(&mut by_mail, &link, &[]).await;
        }
        assert_eq!(world.count("auth_identities"), "0");
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        let account = by_mail.visit("/account").await;
        assert!(account.text.contains(ELSEWHERE), "{}", account.text);
        assert!(!account.text.contains("sign you in"), "{}", account.text);
        let kept = world.kept();
        let mut theirs = Browser::new(&world.stage.router);
        let back = world.begin(&mut theirs, REN).await;
        assert_eq!(theirs.visit(&back).await.status.as_u16(), 403);
        assert_eq!(session(&theirs), None);
        assert_eq!(world.kept(), kept);
    });
}

#[test]
fn whoever_is_let_go_or_leaves_begins_anew_when_asked_back() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let member = world.stage.id(&format!(
            "SELECT id FROM memberships WHERE address = '{REN}'"
        ));
        let page = format!("/o/kumo-ceramics/members/{member}");
        let role = |role| {
            format!(
                "UPDATE memberships SET role = '{role}', all_shops = true WHERE id = '{member}'"
            )
        };
        world.execute(
            "DELETE FROM membership_shops; UPDATE conversations SET assignee_id = NULL; \
             UPDATE messages SET author_id = NULL",
        );
        let mut ren = world.browser_of(REN).await;
        world.execute(&role("owner"));
        ren.visit(&page).await;
        ren.submit(&format!("{page}/remove"), &[]).await;
        // He was signed in by the organisation's word.
        assert_eq!(ren.page.path, "/sign-in", "{:?}", ren.page);
        assert_eq!(world.count("auth_identities"), "0");

        let named = json!({
            "address": REN, "display_name": "Ren", "role": "member", "shop_ids": null,
        });
        let named = world
            .stage
            .ask(&stage.a.owner, "POST", "/api/memberships", Some(&named));
        let named = named.await;
        assert_eq!(named.status.as_u16(), 201, "{}", named.text);
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.path, "/o/kumo-ceramics/inbox", "{:?}", ren.page);
        let mut colleague = signed_in(&world.stage, OWNER).await;
        world.sign_in(&mut colleague, person(OWNER)).await;
        assert_eq!(world.count("auth_identities"), "2");
        let path = named.location.unwrap();
        let gone = world.stage.ask(&stage.a.owner, "DELETE", &path, None);
        assert_eq!(gone.await.status.as_u16(), 204);
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        assert_eq!(world.count("auth_identities"), "1");
        assert_eq!(colleague.visit("/account").await.path, "/account");
    });
}

/// The database sees no deadlock that goes through two connections of ours.
#[test]
fn whoever_is_let_go_is_gone_before_sessions_are_waited_for() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        world.execute(
            "DELETE FROM membership_shops; UPDATE conversations SET assignee_id = NULL; \
             UPDATE messages SET author_id = NULL",
        );
        let _ren = world.browser_of(REN).await;
        let member = format!("SELECT id FROM memberships WHERE address = '{REN}'");
        let path = format!("/api/memberships/{}", world.stage.id(&member));
        let url = world.stage.database.url("postgres");
        let mut held = AsyncPgConnection::establish(&url).await.unwrap();
        let sessions = "BEGIN; SELECT FROM auth_sessions FOR KEY SHARE";
        held.batch_execute(sessions).await.unwrap();
        let gone = world.stage.ask(&stage.a.owner, "DELETE", &path, None);
        let meanwhile = async {
            let is_gone = async || world.stage.ids(&member).is_empty();
            until("gone", is_gone).await;
            held.batch_execute("COMMIT").await.unwrap();
        };
        let (gone, ()) = tokio::join!(gone, meanwhile);
        assert_eq!(gone.status.as_u16(), 204);
        assert_eq!(world.count("auth_identities"), "0");
    });
}

#[test]
fn one_sees_which_organisations_sign_one_in_and_unlinks_them() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        let account = ren.visit("/account").await.clone();
        for said in ["Kumo Ceramics", REN, "Unlink"] {
            assert!(account.text.contains(said), "{said}: {}", account.text);
        }
        assert!(account.actions().iter().any(|action| action == UNLINK));
        // It is nobody else's, and not what nobody has.
        let mut owner = signed_in(&world.stage, OWNER).await;
        let connection = [("connection", "conn_1")];
        owner.visit("/account").await;
        assert_eq!(owner.send(UNLINK, &connection).await.status.as_u16(), 404);
        let nobodys = [("connection", "conn_9")];
        ren.visit("/account").await;
        assert_eq!(ren.send(UNLINK, &nobodys).await.status.as_u16(), 404);
        // Where there is no other way in, it stays.
        world.require(true);
        let account = ren.visit("/account").await.clone();
        assert!(account.text.contains("cannot be unlinked"));
        assert!(!account.actions().iter().any(|action| action == UNLINK));
        let page = ren.send(UNLINK, &connection).await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(page.text.contains("cannot be unlinked"), "{}", page.text);
        assert_eq!(world.count("auth_identities"), "1");
        world.require(false);
        // It takes a proof of a moment ago.
        let proved = |by: &str| {
            format!(
                "UPDATE auth_sessions SET proved_at = \
                 (SELECT array_agg(at {by} interval '11 minutes') FROM unnest(proved_at) AS at)"
            )
        };
        world.execute(&proved("-"));
        ren.visit("/account").await;
        ren.submit(UNLINK, &connection).await;
        assert_ne!(ren.page.path, "/account");
        assert_eq!(world.count("auth_identities"), "1");
        world.execute(&proved("+"));
        ren.visit("/account").await;
        ren.submit(UNLINK, &connection).await;
        assert_eq!(ren.page.path, "/sign-in", "{:?}", ren.page);
        assert_eq!(world.count("auth_identities"), "0");
        let told = world.stage.mail_of(REN).await;
        assert!(told[0].subject.contains("About your account"), "{told:?}");
    });
}
