//! Signing in with a password.

use std::time::Instant;

use weft_auth::password::Params;
use weft_server::accounts::QUANTUM;

use super::matrix::{RIGHT, hash};
use crate::{
    browser::Browser,
    stage::{on_stage, until},
};

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

/// How long a hash takes tells that there is one, if it is another time than that of all others.
#[test]
fn refusals_take_whole_seconds_as_long_as_hashes_of_former_parameters_are_left() {
    on_stage(async |stage| {
        let accounts = stage.state.accounts();
        let add = async |mailbox: &str, params: Params| {
            let hash = hash(params).await;
            let add = format!(
                "INSERT INTO auth_accounts (id, mailbox, password, state, break_glass) \
                 VALUES (gen_random_uuid(), '{mailbox}', '{hash}', 'active', false)"
            );
            stage.database.execute(&add).unwrap();
            accounts.look_at_hashes().await.unwrap();
        };
        accounts.look_at_hashes().await.unwrap();
        assert!(!accounts.is_uneven());
        add("now@example.com", Params::OWASP).await;
        assert!(!accounts.is_uneven());
        add("formerly@example.com", Params::OWASP_7_MIB).await;
        assert!(accounts.is_uneven());
        for path in ["/sign-in", "/sign-in/owner"] {
            for email in ["formerly@example.com", "none@example.com"] {
                let mut browser = Browser::new(&stage.router);
                browser.visit(path).await;
                let began = Instant::now();
                let fields = [("email", email), ("password", "not that one at all")];
                let page = browser.send(path, &fields).await;
                assert_eq!(page.status.as_u16(), 422);
                // Not earlier, however fast the machine is.
                assert!(began.elapsed() >= QUANTUM, "{path} {email}");
            }
        }
        // The last one that is left goes when somebody signs in with it.
        let mut browser = Browser::new(&stage.router);
        browser.visit("/sign-in").await;
        let fields = [("email", "formerly@example.com"), ("password", RIGHT)];
        browser.send("/sign-in", &fields).await;
        assert!(browser.cookies.contains_key("__Host-session"));
        until("all hashes are new", async || {
            accounts.look_at_hashes().await.unwrap();
            !accounts.is_uneven()
        })
        .await;
    });
}
