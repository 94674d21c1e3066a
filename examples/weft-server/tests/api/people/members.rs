//! Inviting somebody to an organisation, and what that is worth.

use super::{signed_in, spend};
use crate::{
    browser::Browser,
    stage::{Stage, on_stage},
};

const OWNER: &str = "aiko@kumo-ceramics.example";
const EVE: &str = "eve@example.com";
const INVITE: &str = "/o/kumo-ceramics/members/invite";

/// Invites Eve to one shop, and returns the link that she gets.
async fn invited(stage: &Stage) -> String {
    let mut owner = signed_in(stage, OWNER).await;
    owner.visit(INVITE).await;
    let shop = stage.a.shops[0].to_string();
    let fields = [
        ("address", EVE),
        ("display_name", "Eve"),
        ("access", "some"),
        ("shop_id", &*shop),
    ];
    let page = owner.submit(INVITE, &fields).await;
    assert_eq!(page.path, "/o/kumo-ceramics/members", "{}", page.text);
    assert!(page.text.contains(EVE), "{}", page.text);
    stage.link_of(EVE).await
}

async fn accept(stage: &Stage, link: &str) -> Browser {
    let mut eve = Browser::new(&stage.router);
    eve.visit(link).await;
    spend(&mut eve, link, &[]).await;
    eve
}

fn memberships(stage: &Stage) -> usize {
    let theirs = format!("SELECT id FROM memberships WHERE address = '{EVE}'");
    stage.ids(&theirs).len()
}

#[test]
fn who_is_invited_becomes_a_member_once() {
    on_stage(async |stage| {
        let link = invited(stage).await;
        let mut eve = accept(stage, &link).await;
        assert_eq!(eve.page.path, "/o/kumo-ceramics/inbox", "{:?}", eve.page);
        assert!(!eve.page.text.contains("Kumo Ceramics US"));
        assert_eq!(eve.visit(INVITE).await.status.as_u16(), 403);
        assert_eq!(memberships(stage), 1);
        let mut again = Browser::new(&stage.router);
        assert_eq!(again.visit(&link).await.status.as_u16(), 410);
        assert_eq!(memberships(stage), 1);
    });
}

#[test]
fn an_invitation_does_not_outlive_its_makers_ownership() {
    on_stage(async |stage| {
        let link = invited(stage).await;
        let demoted = format!("UPDATE memberships SET role = 'member' WHERE address = '{OWNER}'");
        let database: &weft_embedded::Database = &stage.database;
        database.execute(&demoted).unwrap();
        let eve = accept(stage, &link).await;
        assert_eq!(eve.page.path, "/organizations", "{:?}", eve.page);
        assert_eq!(memberships(stage), 0);
    });
}

#[test]
fn what_is_withdrawn_is_worth_nothing() {
    on_stage(async |stage| {
        let link = invited(stage).await;
        let mut owner = signed_in(stage, OWNER).await;
        let page = owner.visit("/o/kumo-ceramics/members").await;
        let withdraw = page
            .actions()
            .into_iter()
            .find(|path| path.ends_with("/withdraw"));
        owner.submit(&withdraw.unwrap(), &[]).await;
        assert_eq!(accept(stage, &link).await.page.path, "/organizations");
        assert_eq!(memberships(stage), 0);
    });
}
