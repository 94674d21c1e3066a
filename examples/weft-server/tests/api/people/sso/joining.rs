//! People who come to an organisation that leaves its people no other way in.

use serde_json::json;
use weft_server::app::description;

use super::{
    super::{
        accounts::{code, with_app},
        signed_in, spend,
    },
    EVE, OWNER, REN, World, person, session,
};
use crate::{browser::Browser, stage::on_stage};

const GRETA: &str = "greta@nordwind-outdoor.example";

async fn invite(world: &World, by: &str, org: &str) -> String {
    let mut owner = signed_in(&world.stage, by).await;
    let invite = format!("/o/{org}/members/invite");
    owner.visit(&invite).await;
    let fields = [("address", EVE), ("display_name", "Eve"), ("access", "all")];
    let page = owner.submit(&invite, &fields).await;
    assert_eq!(page.path, format!("/o/{org}/members"), "{}", page.text);
    world.stage.link_of(EVE).await
}

/// Any organisation may name anybody, and anybody's memberships are where the first sign-in comes from.
#[test]
fn who_was_named_by_a_stranger_gets_in_all_the_same() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let named = json!({
            "address": EVE, "display_name": "x", "role": "member", "shop_ids": null,
        });
        for organization in [&stage.b, &stage.a] {
            let made = world.stage.ask(
                &organization.owner,
                "POST",
                "/api/memberships",
                Some(&named),
            );
            assert_eq!(made.await.status.as_u16(), 201);
        }
        // Where mail signs in as well, that comes first.
        let mut eve = Browser::new(&world.stage.router);
        world.sign_in(&mut eve, person(EVE)).await;
        assert!(eve.page.text.contains("One more step"), "{}", eve.page.text);
        world.require(true);
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!(eve.page.status.as_u16(), 200, "{}", eve.page.text);
        assert!(session(&eve).is_some());
        let inbox = eve.visit("/o/kumo-ceramics/inbox").await;
        assert_eq!(inbox.status.as_u16(), 200);
        let account = format!("auth_accounts WHERE mailbox = '{EVE}' AND state = 'active'");
        assert_eq!(world.count(&account), "1");
        assert_eq!(world.count("auth_identities"), "1");
    });
}

/// A password is somebody's, who may wait for the owner of the address.
#[test]
fn an_account_with_a_password_that_nobody_proved_is_not_taken() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        world.execute(&format!(
            "UPDATE auth_accounts SET password = 'x' WHERE mailbox = '{REN}'"
        ));
        world.require(true);
        let mut ren = Browser::new(&world.stage.router);
        world.sign_in(&mut ren, person(REN)).await;
        assert!(ren.page.text.contains("One more step"), "{}", ren.page.text);
        assert_eq!(
            (session(&ren), &*world.count("auth_identities")),
            (None, "0")
        );
    });
}

#[test]
fn who_is_invited_where_single_sign_on_is_required_becomes_a_member_by_it() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut owner = signed_in(&world.stage, OWNER).await;
        world.require(true);
        let invite = "/o/kumo-ceramics/members/invite";
        owner.visit(invite).await;
        let fields = [("address", EVE), ("display_name", "Eve"), ("access", "all")];
        let page = owner.submit(invite, &fields).await;
        assert_eq!(page.path, "/o/kumo-ceramics/members", "{}", page.text);
        // At once, without the mail.
        let mut eve = Browser::new(&world.stage.router);
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!(eve.page.path, "/o/kumo-ceramics/inbox", "{:?}", eve.page);
    });
}

/// The mail of an organisation that is not the one that signs its people in.
#[test]
fn who_is_invited_by_another_organisation_joins_it_and_signs_in_through_the_own_one() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        world.require(true);
        let link = invite(&world, GRETA, "nordwind-outdoor").await;
        // Nothing of it is there for the organisation that vouches, and nobody gets in before.
        let mut eve = Browser::new(&world.stage.router);
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!((eve.page.status.as_u16(), session(&eve)), (403, None));
        eve.visit(&link).await;
        spend(
            &mut eve,
            &link,
            &[("password", "marmalade under the pavement")],
        )
        .await;
        assert!(
            eve.page.text.contains("You are a member now"),
            "{:?}",
            eve.page
        );
        assert!(eve.page.text.contains("href=\"/sign-in/sso\""));
        assert_eq!(session(&eve), None);
        world.sign_in(&mut eve, person(EVE)).await;
        assert_eq!(eve.page.path, "/o/nordwind-outdoor/inbox", "{:?}", eve.page);
        assert_eq!(
            eve.visit("/o/kumo-ceramics/inbox").await.status.as_u16(),
            404
        );
        let has_password = format!("auth_accounts WHERE mailbox = '{EVE}' AND password <> ''");
        assert_eq!(world.count(&has_password), "0");
    });
}

/// Who owes a second factor is nobody yet.
#[test]
fn an_invitation_waits_for_the_second_factor() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        let (secret, _) = with_app(&mut ren).await;
        world.execute(&format!(
            "DELETE FROM membership_shops; UPDATE conversations SET assignee_id = NULL; \
             UPDATE messages SET author_id = NULL; DELETE FROM memberships WHERE address = '{REN}'"
        ));
        let mut owner = signed_in(&world.stage, OWNER).await;
        let invite = "/o/kumo-ceramics/members/invite";
        owner.visit(invite).await;
        let fields = [("address", REN), ("display_name", "Ren"), ("access", "all")];
        owner.submit(invite, &fields).await;
        let theirs = format!("memberships WHERE address = '{REN}'");
        let mut ren = Browser::new(&world.stage.router);
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.path, "/sign-in/second-factor", "{:?}", ren.page);
        assert_eq!(
            (&*world.count(&theirs), &*world.count("invitations")),
            ("0", "1")
        );
        ren.submit("/sign-in/second-factor", &[("code", &code(&secret, 1))])
            .await;
        assert_eq!(ren.page.path, "/o/kumo-ceramics/inbox", "{:?}", ren.page);
        assert_eq!(
            (&*world.count(&theirs), &*world.count("invitations")),
            ("1", "0")
        );
    });
}

#[test]
fn an_organisation_names_so_many_people_and_no_more() {
    on_stage(async |stage| {
        let mut made = 0;
        let last = loop {
            let named = json!({
                "address": format!("somebody{made}@kumo-ceramics.example"), "display_name": "x",
                "role": "member", "shop_ids": null,
            });
            let named = stage.ask(&stage.b.owner, "POST", "/api/memberships", Some(&named));
            let answer = named.await;
            if answer.status.as_u16() != 201 || made == 200 {
                break answer;
            }
            made += 1;
        };
        assert_eq!((made >= 20, last.status.as_u16()), (true, 429));
        last.must_be_a_problem("one too many");
        let described = description();
        let create = &described["paths"]["/api/memberships"]["post"]["responses"];
        assert!(create["429"].is_object(), "{create}");
        let accounts = "SELECT id FROM auth_accounts WHERE mailbox LIKE 'somebody%'";
        assert_eq!(stage.ids(accounts).len(), made);
        // Another organisation's are its own.
        let named = json!({
            "address": EVE, "display_name": "x", "role": "member", "shop_ids": null,
        });
        let made = stage.ask(&stage.a.owner, "POST", "/api/memberships", Some(&named));
        assert_eq!(made.await.status.as_u16(), 201);
    });
}
