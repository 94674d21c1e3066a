//! Signing in with a password.

use crate::{browser::Browser, stage::on_stage};

#[test]
fn nobody_signs_in_with_a_wrong_password_and_known_and_unknown_read_alike() {
    on_stage(async |stage| {
        let mut pages = Vec::new();
        for email in ["aiko@kumo-ceramics.example", "none@kumo-ceramics.example"] {
            let mut browser = Browser::new(&stage.router);
            browser.visit("/sign-in").await;
            let fields = [
                ("email", email),
                ("password", "not the password of anybody"),
            ];
            let page = browser.submit("/sign-in", &fields).await.clone();
            assert_eq!(page.status.as_u16(), 422, "{}", page.text);
            assert!(!browser.cookies.contains_key("__Host-session"));
            pages.push(page);
        }
        let names = |at: usize| {
            pages[at]
                .headers
                .keys()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(0), names(1));
        assert_eq!(pages[0].text.len(), pages[1].text.len());
    });
}
