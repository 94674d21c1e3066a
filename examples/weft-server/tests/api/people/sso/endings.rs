//! What ends at WorkOS ends here, told or asked for.

use axum::http::Request;
use serde_json::json;
use weft_auth::sso::{ConnectionState, DomainProof, fake::Mishap};

use super::{super::signed_in, DOMAIN, HERE, OWNER, REN, World};
use crate::{
    browser::Browser,
    stage::{on_stage, until},
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
