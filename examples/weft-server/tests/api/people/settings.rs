//! What an organisation is called, and who may change that.

use super::signed_in;
use crate::stage::on_stage;

const SETTINGS: &str = "/o/kumo-ceramics/settings";

#[test]
fn an_owner_renames_the_organisation_and_its_address_stays() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, "aiko@kumo-ceramics.example").await;
        owner.visit(SETTINGS).await;
        let page = owner.submit(SETTINGS, &[("name", "Kumo & Co")]).await;
        assert_eq!(page.path, SETTINGS);
        assert!(page.text.contains("Kumo &amp; Co"), "{}", page.text);
        assert!(page.text.contains("Kumo Ceramics Japan"), "{}", page.text);
        for name in ["", " ", "two\r\nlines", &"x".repeat(201)] {
            let page = owner.submit(SETTINGS, &[("name", name)]).await;
            assert_eq!(page.status.as_u16(), 422, "{name:?}");
            assert!(page.text.contains("role=\"alert\""), "{}", page.text);
        }
        let kept = format!(
            "SELECT id FROM organizations WHERE id = '{}' AND name = 'Kumo & Co'",
            stage.a.id
        );
        assert_eq!(stage.ids(&kept).len(), 1);
    });
}

#[test]
fn a_member_reads_them_alone() {
    on_stage(async |stage| {
        let mut member = signed_in(stage, "ren@kumo-ceramics.example").await;
        let page = member.visit(SETTINGS).await;
        assert!(
            !page.actions().contains(&SETTINGS.to_owned()),
            "{}",
            page.text
        );
        assert!(!page.text.contains("Kumo Ceramics US"), "{}", page.text);
        let before = stage.everything();
        let page = member.submit(SETTINGS, &[("name", "Mine")]).await;
        assert_eq!(page.status.as_u16(), 403);
        assert_eq!(stage.everything(), before);
    });
}
