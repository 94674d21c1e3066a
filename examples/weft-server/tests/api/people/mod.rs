//! People, in pages.

mod accounts;
mod attachments;
mod back;
mod founding;
mod grade;
mod guard;
mod leftovers;
mod lists;
mod matrix;
mod members;
mod passwords;
mod reports;
mod sessions;
mod settings;
mod site;
mod sso;
mod strangers;
mod tokens;
mod webhooks;

use crate::{browser::Browser, stage::Stage};

/// Somebody who has signed in by mail, as everyone in the demo does.
async fn signed_in(stage: &Stage, address: &str) -> Browser {
    let mut browser = Browser::new(&stage.router);
    browser.visit("/sign-in/link").await;
    browser.submit("/sign-in/link", &[("email", address)]).await;
    let link = stage.link_of(address).await;
    browser.visit(&link).await;
    spend(&mut browser, &link, &[]).await;
    assert!(
        browser.cookies.contains_key("__Host-session"),
        "{:?}",
        browser.page
    );
    stage.after_a_while();
    browser
}

/// Presses the button of the page of a link.
async fn spend(browser: &mut Browser, link: &str, fields: &[(&str, &str)]) {
    let (path, token) = link.split_once("?token=").unwrap();
    let (path, token) = (path.to_owned(), token.to_owned());
    let fields: Vec<_> = [("token", &*token)]
        .into_iter()
        .chain(fields.iter().copied())
        .collect();
    browser.submit(&path, &fields).await;
}
