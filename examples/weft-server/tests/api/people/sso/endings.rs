//! What ends at WorkOS ends here, told or asked for.

use std::time::SystemTime;

use axum::http::Request;
use serde_json::json;
use weft_auth::{
    sso::{ConnectionState, DomainProof, Setup, fake::Mishap},
    token::Scope,
};
use weft_server::token::Permission;

use super::{super::signed_in, DOMAIN, HERE, OWNER, REN, World, away, person, session};
use crate::{
    browser::Browser,
    stage::{accounts, on_stage, token, until},
    webhooks::sender::Endpoint,
};

#[test]
fn what_ends_there_ends_here() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut owner = signed_in(&world.stage, OWNER).await;
        let mut ren = world.browser_of(REN).await;
        owner.visit(HERE).await;
        owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert_eq!(ren.visit("/account").await.path, "/account");
        world
            .fake
            .set_connection("conn_1", ConnectionState::Inactive);
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(page.text.contains("inactive"), "{page:?}");
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        world.fake.set_connection("conn_1", ConnectionState::Active);

        let mut ren = world.browser_of(REN).await;
        world
            .fake
            .set_domain(&world.organization(), DOMAIN, DomainProof::Failed);
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(page.text.contains("not proved"), "{page:?}");
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        world
            .fake
            .set_domain(&world.organization(), DOMAIN, DomainProof::Verified);
        owner.visit(HERE).await;
        owner.submit(&format!("{HERE}/refresh"), &[]).await;

        let mut ren = world.browser_of(REN).await;
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/remove"), &[]).await;
        assert!(page.text.contains("Set it up"), "{page:?}");
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        ren.visit("/sign-in/sso").await;
        let page = ren.submit("/sign-in/sso", &[("email", REN)]).await;
        assert_eq!(page.status.as_u16(), 422);
        // Set up again, it is the same one there.
        owner.visit(HERE).await;
        let page = owner.submit(HERE, &[]).await;
        assert!(
            page.text.contains("proved") && page.text.contains("active"),
            "{page:?}"
        );
    });
}

#[test]
fn what_is_taken_down_frees_its_domains_and_can_be_set_up_again() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        let mut owner = signed_in(&world.stage, OWNER).await;
        world.require(true);
        owner.visit(HERE).await;
        owner.submit(&format!("{HERE}/remove"), &[]).await;
        for table in ["auth_domains", "auth_connections", "auth_identities"] {
            assert_eq!(world.count(table), "0", "{table}");
        }
        // Another organisation has it now, and is asked nothing of the former one.
        world.execute(
            "UPDATE organizations SET plan_id = (SELECT id FROM plans WHERE code = 'enterprise')",
        );
        let theirs = "/o/nordwind-outdoor/sign-on";
        let mut greta = signed_in(&world.stage, "greta@nordwind-outdoor.example").await;
        greta.visit(theirs).await;
        greta.submit(theirs, &[]).await;
        greta
            .submit(
                &format!("{theirs}/portal"),
                &[("part", Setup::Domains.name())],
            )
            .await;
        let back = world.follow(&away(&greta.page));
        greta.visit(&back).await;
        let page = greta.submit(&format!("{theirs}/refresh"), &[]).await;
        assert!(
            page.status.as_u16() == 200 && page.text.contains("proved"),
            "{page:?}"
        );
        let mut owner = signed_in(&world.stage, OWNER).await;
        owner.visit(HERE).await;
        assert_eq!(owner.submit(HERE, &[]).await.status.as_u16(), 409);
        greta.visit(theirs).await;
        greta.submit(&format!("{theirs}/remove"), &[]).await;
        owner.visit(HERE).await;
        let page = owner.submit(&format!("{HERE}/refresh"), &[]).await;
        assert!(
            page.text.contains("proved") && page.text.contains("active"),
            "{page:?}"
        );
        drop(world.browser_of(REN).await);
    });
}

/// The one who takes it down is faster than whoever comes back.
#[test]
fn who_comes_back_to_what_is_taken_down_is_not_signed_in() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        drop(world.browser_of(REN).await);
        world.execute(
            "CREATE FUNCTION taken_down() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
             'BEGIN UPDATE public.organizations SET workos_organization = NULL; RETURN NULL; END'; \
             CREATE TRIGGER taken_down AFTER INSERT ON auth_sessions FOR EACH ROW \
             WHEN (NEW.connection IS NOT NULL) EXECUTE FUNCTION taken_down()",
        );
        let mut ren = Browser::new(&world.stage.router);
        let back = world.begin(&mut ren, REN).await;
        assert_eq!(ren.visit(&back).await.status.as_u16(), 410);
        assert_eq!(session(&ren), None);
        for table in [
            "auth_sessions WHERE connection IS NOT NULL",
            "auth_domains",
            "auth_connections",
            "auth_identities",
        ] {
            assert_eq!(world.count(table), "0", "{table}");
        }
    });
}

/// An event or an answer of WorkOS's that is late says that a domain is of who is nobody here any more.
#[test]
fn what_is_late_of_what_was_taken_down_is_forgotten() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let late = ["org_8", "org_9"];
        for organization in late {
            world.execute(&format!(
                "INSERT INTO auth_domains VALUES \
                 ('{organization}', '{organization}.example', 'verified', false, '2020')"
            ));
        }
        world.execute("INSERT INTO auth_connections VALUES ('conn_9', 'org_9', 'active', '2020')");
        let forgotten = until("they are forgotten", async || {
            world.count("auth_domains") == "1" && world.count("auth_connections") == "1"
        });
        tokio::select! {
            () = world.stage.state.work() => {}
            () = forgotten => {}
        }
        let own = format!("auth_domains WHERE domain = '{DOMAIN}' AND proof = 'verified'");
        assert_eq!(world.count(&own), "1");
    });
}

/// Events get lost, and flows are left.
#[test]
fn what_nobody_told_is_found_by_asking() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        world
            .begin(&mut Browser::new(&world.stage.router), REN)
            .await;
        world.execute("UPDATE auth_flows SET started_at = now() - interval '11 minutes'");
        world
            .begin(&mut Browser::new(&world.stage.router), REN)
            .await;
        world
            .fake
            .set_connection("conn_1", ConnectionState::Inactive);
        let found = until("the server asks", async || {
            let ended = "auth_sessions WHERE connection IS NOT NULL";
            world.count(ended) == "0" && world.count("auth_flows") == "1"
        });
        tokio::select! {
            () = world.stage.state.work() => {}
            () = found => {}
        }
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
    });
}

#[test]
fn what_workos_tells_is_carried_over_if_it_is_signed_for_the_server() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut ren = world.browser_of(REN).await;
        // All that happened so far is known, and can come again.
        assert!(world.tell().await.iter().all(|status| *status == 200));
        let left = json!({
            "id": "directory_user_1", "organization_id": world.organization(),
            "idp_id": "another id", "emails": [{ "value": REN }],
        });
        let gone = "dsync.user.deleted";
        for mishap in [Mishap::BadSignature, Mishap::Altered, Mishap::Late] {
            world.fake.announce(gone, &left);
            world.fake.mishap_next(mishap);
            let told = world.tell().await;
            assert!(matches!(told[..], [400..500]), "{mishap:?}: {told:?}");
            assert_eq!(ren.visit("/account").await.path, "/account");
        }
        // An organisation's own endpoint is signed with its own secret, and is believed nothing.
        let own = Endpoint::make(&world.stage.router, &world.stage.b.owner, "workos", None).await;
        let event = json!({ "id": "event_1", "event": gone, "data": left });
        assert_eq!(
            own.send(&world.stage.router, &event).await.status.as_u16(),
            200
        );
        assert_eq!(ren.visit("/account").await.path, "/account");
        world.fake.announce(gone, &left);
        world.fake.mishap_next(Mishap::Duplicated);
        assert_eq!(world.tell().await, [200, 200]);
        assert_eq!(ren.visit("/account").await.path, "/sign-in");
        // What cannot be read comes again, and somebody looks.
        world.fake.announce(gone, &json!({}));
        assert_eq!(world.tell().await, [422]);
        // A domain of somebody else's is none of the teller's.
        let at = "2099-01-01T00:00:00.000Z";
        let theirs = json!({ "organization_id": "org_9", "domain": DOMAIN, "updated_at": at });
        world.fake.announce("organization_domain.verified", &theirs);
        assert_eq!(world.tell().await, [409]);
        // Where nobody set it up, there is nothing.
        let request = Request::post("/webhooks/workos").body("{}".into());
        let answer = stage.send(request.unwrap()).await;
        assert_eq!(answer.status.as_u16(), 404);
    });
}

/// Somebody whom the organisation's directory turns away is turned away with every program of theirs, there
/// and nowhere else.
#[test]
fn tokens_end_with_whoever_is_turned_away() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        assert!(world.tell().await.iter().all(|status| *status == 200));
        let account = |address: &str| {
            let id = format!("SELECT id FROM auth_accounts WHERE mailbox = '{address}'");
            stage.id(&id)
        };
        let accounts = accounts(&stage.roads);
        let make = async |org, address: &str| {
            let owner = (org, account(address));
            let made = token(&accounts, owner, Permission::ALL, SystemTime::now()).await;
            made.expose().to_owned()
        };
        let status = async |token: &str| {
            let me = stage.ask(token, "GET", "/api/me", None).await;
            me.status.as_u16()
        };
        let join = json!({
            "address": REN, "display_name": "Ren", "role": "member", "shop_ids": null,
        });
        let joined = stage.ask(&stage.b.owner, "POST", "/api/memberships", Some(&join));
        assert_eq!(joined.await.status.as_u16(), 201);
        let elsewhere = make(stage.b.id, REN).await;
        let owners = make(stage.a.id, OWNER).await;
        let left = json!({
            "id": "directory_user_1", "organization_id": world.organization(),
            "emails": [{ "value": REN }],
        });
        let organization = json!({ "organization_id": world.organization() });
        let at = "2099-01-01T00:00:00.000Z";
        let domain = json!({
            "organization_id": world.organization(), "domain": DOMAIN, "updated_at": at,
        });
        // Also who never came by single sign-on, if the directory says the address.
        let never = make(stage.a.id, REN).await;
        world.fake.announce("dsync.user.deleted", &left);
        assert_eq!(world.tell().await, [200]);
        assert_eq!(status(&never).await, 401);
        let mut ren = signed_in(&world.stage, REN).await;
        world.sign_in(&mut ren, person(REN)).await;
        assert_eq!(ren.page.path, "/organizations", "{:?}", ren.page);
        let deactivated = json!({
            "id": "conn_1", "organization_id": world.organization(), "updated_at": at,
        });
        for (name, data, expected) in [
            // Whoever came over it may come over another one.
            ("connection.deactivated", &deactivated, 200),
            ("dsync.user.deleted", &left, 401),
            // Another directory may be of the same people.
            ("dsync.deleted", &organization, 200),
            ("organization_domain.deleted", &domain, 401),
        ] {
            let token = make(stage.a.id, REN).await;
            world.fake.announce(name, data);
            assert_eq!(world.tell().await, [200], "{name}");
            assert_eq!(status(&token).await, expected, "{name}");
            assert_eq!(status(&elsewhere).await, 200, "{name}");
            assert_eq!(status(&owners).await, 200, "{name}");
        }
    });
}

/// The same where no event came, and it is found by asking.
#[test]
fn tokens_end_with_a_domain_that_is_not_proved_any_more() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        world.browser_of(REN).await;
        let mut owner = signed_in(&world.stage, OWNER).await;
        let account = format!("SELECT id FROM auth_accounts WHERE mailbox = '{REN}'");
        let theirs = (stage.a.id, stage.id(&account));
        let accounts = accounts(&stage.roads);
        let token = token(&accounts, theirs, Permission::ALL, SystemTime::now()).await;
        for (proof, expected) in [(DomainProof::Verified, 200), (DomainProof::Failed, 401)] {
            world.fake.set_domain(&world.organization(), DOMAIN, proof);
            owner.visit(HERE).await;
            owner.submit(&format!("{HERE}/refresh"), &[]).await;
            let me = stage.ask(token.expose(), "GET", "/api/me", None).await;
            assert_eq!(me.status.as_u16(), expected, "{proof:?}");
        }
    });
}
