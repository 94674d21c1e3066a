//! What owners set up, and what ends what is set up.

use uuid::Uuid;
use weft_auth::{
    password::Params,
    sso::{Setup, fake::Fault},
};

use super::{
    super::{
        matrix::{RIGHT, hash},
        signed_in,
    },
    CALLBACK, DOMAIN, HERE, OWNER, REN, World, away, person, session,
};
use crate::{browser::Browser, stage::on_stage};

#[test]
fn an_organisation_can_leave_its_people_no_other_way_and_its_owner_one() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let mut owner = signed_in(&world.stage, OWNER).await;
        owner.visit(HERE).await;
        let require = format!("{HERE}/require");
        let yes = [("domain", DOMAIN), ("required", "yes")];
        // Not without a way in for whoever says so.
        let page = owner.submit(&require, &yes).await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(
            page.text.contains("authenticator app first"),
            "{}",
            page.text
        );
        let hash = hash(Params::OWASP).await;
        world.execute(&format!(
            "UPDATE auth_accounts SET password = '{hash}' WHERE mailbox IN ('{OWNER}', '{REN}'); \
             INSERT INTO auth_totps (account_id, sealed, last_step) \
             SELECT id, 'x', 0 FROM auth_accounts WHERE mailbox = '{OWNER}'"
        ));
        let somebody_elses = [("domain", "nordwind-outdoor.example"), ("required", "yes")];
        assert_eq!(
            owner
                .submit(&require, &somebody_elses)
                .await
                .status
                .as_u16(),
            404
        );
        let marked = format!("auth_accounts WHERE break_glass AND mailbox = '{OWNER}'");
        assert_eq!(world.count(&marked), "0");
        owner.visit(HERE).await;
        let page = owner.submit(&require, &yes).await;
        assert!(
            page.text.contains("through the organisation alone"),
            "{page:?}"
        );
        assert_eq!(world.count(&marked), "1");
        // Whether there is an account or not, nobody of the domain signs in in another way.
        let mut browser = Browser::new(&world.stage.router);
        let mut ask = async |path: &str, fields: &[(&str, &str)]| {
            stage.after_a_while();
            browser.visit(path).await;
            let page = browser.submit(path, fields).await;
            (
                page.status.as_u16(),
                page.text.contains("through their organisation"),
            )
        };
        for address in [REN, OWNER, "nobody@kumo-ceramics.example"] {
            let password = ("password", "pavement under the marmalade");
            assert_eq!(
                ask("/sign-in", &[("email", address), password]).await,
                (403, true)
            );
            assert_eq!(
                ask("/sign-in/link", &[("email", address)]).await,
                (403, true)
            );
            assert_eq!(ask("/reset", &[("email", address)]).await, (403, true));
            // Nor by the way that is left to owners, without the right password.
            let (status, _) = ask("/sign-in/owner", &[("email", address), password]).await;
            assert_eq!(status, 422);
        }
        // With it, the owner who said so is asked for the second factor, and nobody else.
        let password = ("password", RIGHT);
        assert_eq!(
            ask("/sign-in", &[("email", OWNER), password]).await,
            (403, true)
        );
        assert_eq!(
            ask("/sign-in/owner", &[("email", REN), password]).await.0,
            422
        );
        assert_eq!(
            ask("/sign-in/owner", &[("email", OWNER), password]).await.0,
            200
        );
        assert_eq!(browser.page.path, "/sign-in/second-factor");
        let no = [("domain", DOMAIN), ("required", "no")];
        owner.visit(HERE).await;
        let page = owner.submit(&require, &no).await;
        assert!(page.text.contains("as they like"), "{page:?}");
        drop(signed_in(&world.stage, REN).await);
        // What is taken down requires nothing.
        owner.submit(&require, &yes).await;
        assert_eq!(world.count("auth_domains WHERE enforced"), "1");
        owner.submit(&format!("{HERE}/remove"), &[]).await;
        drop(signed_in(&world.stage, REN).await);
    });
}

#[test]
fn owners_alone_set_it_up_and_nobody_elses() {
    on_stage(async |stage| {
        let world = World::set_up(stage).await;
        let bound = world.organization();
        let ways = [
            ("", vec![]),
            ("/refresh", vec![]),
            ("/portal", vec![("part", "sso")]),
            ("/require", vec![("domain", DOMAIN), ("required", "yes")]),
            ("/remove", vec![]),
        ];
        for (who, status) in [(REN, 403), ("greta@nordwind-outdoor.example", 404)] {
            let mut browser = signed_in(&world.stage, who).await;
            assert_eq!(browser.visit(HERE).await.status.as_u16(), status, "{who}");
            let asked = world.fake.requests().len();
            for (way, fields) in &ways {
                browser.visit("/organizations").await;
                let page = browser.send(&format!("{HERE}{way}"), fields).await;
                assert_eq!(page.status.as_u16(), status, "{who} {way}");
            }
            assert_eq!(world.fake.requests().len(), asked);
            let settings = browser.visit("/o/kumo-ceramics/settings").await;
            assert!(
                !settings.text.contains("Single sign-on"),
                "{}",
                settings.text
            );
        }
        assert_eq!(world.organization(), bound);
        // Another organisation gets one of its own, whatever it does.
        world.execute(
            "UPDATE organizations SET plan_id = (SELECT id FROM plans WHERE code = 'enterprise')",
        );
        let theirs = "/o/nordwind-outdoor/sign-on";
        let mut greta = signed_in(&world.stage, "greta@nordwind-outdoor.example").await;
        greta.visit(theirs).await;
        let page = greta.submit(theirs, &[]).await;
        assert!(
            !page.text.contains(&bound) && page.text.contains("org_"),
            "{page:?}"
        );
        // It says that our domain is its own as well, and is told that it is not.
        let page = greta
            .submit(
                &format!("{theirs}/portal"),
                &[("part", Setup::Domains.name())],
            )
            .await;
        let back = away(page);
        assert_eq!(world.follow(&back), theirs);
        greta.visit(theirs).await;
        let page = greta.submit(&format!("{theirs}/refresh"), &[]).await;
        assert_eq!(page.status.as_u16(), 409);
        let yes = [("domain", DOMAIN), ("required", "yes")];
        let page = greta.submit(&format!("{theirs}/require"), &yes).await;
        assert!(page.status.is_client_error());
        assert_eq!(world.count("auth_domains WHERE enforced"), "0");
        // And one that is for another organisation there lets nobody in here.
        world.fake.organize("org_9", Some(&Uuid::nil().to_string()));
        world.fake.connect("conn_9", "org_9", &[DOMAIN]);
        let mut ren = Browser::new(&world.stage.router);
        world.execute("UPDATE auth_domains SET proof = 'withdrawn'; UPDATE organizations SET workos_organization = 'org_9' WHERE slug = 'kumo-ceramics'");
        world.execute("INSERT INTO auth_domains VALUES ('org_9', 'kumo-ceramics.example', 'verified', false, '2020')");
        world.fake.sign_in(person(REN));
        let back = world.begin(&mut ren, REN).await;
        assert_eq!(ren.visit(&back).await.status.as_u16(), 503);
        assert_eq!(session(&ren), None);
    });
}

#[test]
fn where_it_is_not_set_up_or_not_paid_for_that_is_said() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        assert!(
            owner
                .visit(HERE)
                .await
                .text
                .contains("Not set up on this server")
        );
        assert!(
            owner
                .visit("/sign-in/sso")
                .await
                .text
                .contains("not set up")
        );
        assert!(owner.visit(CALLBACK).await.text.contains("not set up"));
        let world = World::new(stage);
        world.pays(false);
        let mut owner = signed_in(&world.stage, OWNER).await;
        assert!(
            owner
                .visit(HERE)
                .await
                .text
                .contains("Not part of your plan")
        );
        owner.visit("/organizations").await;
        assert_eq!(owner.send(HERE, &[]).await.status.as_u16(), 409);
        assert!(world.fake.requests().is_empty());
        // WorkOS fails while it is set up.
        world.pays(true);
        owner.visit(HERE).await;
        world.fake.fail_next(Fault::ServerError);
        let page = owner.submit(HERE, &[]).await;
        assert_eq!(page.status.as_u16(), 503);
        assert!(page.text.contains("Nothing was changed"), "{}", page.text);
        assert_eq!(
            world.count("organizations WHERE workos_organization IS NOT NULL"),
            "0"
        );
        let page = owner.submit(HERE, &[]).await;
        assert!(page.text.contains("None is connected yet"), "{page:?}");
    });
}
