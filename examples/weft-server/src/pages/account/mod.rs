//! What concerns oneself: organisations, devices, password, app, address, and the end of it.

mod address;
mod app;
mod confirm;
mod deletion;
mod devices;
mod identities;
mod password;

use axum::extract::State;
use maud::{Markup, html};
use weft_auth::store::Account;

use super::{Pages, layout, refused::Refused, visitor::SignedIn};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    let pages = pages.get("/account", show);
    let pages = devices::routes(pages);
    let pages = identities::routes(pages);
    let pages = password::routes(pages);
    let pages = app::routes(pages);
    let pages = address::routes(pages);
    let pages = deletion::routes(pages);
    confirm::routes(pages)
}

async fn show(State(state): State<AppState>, signed_in: SignedIn) -> Result<Markup, Refused> {
    let account = account(&state, &signed_in).await?;
    let identities = identities::list(&state, &signed_in, &account).await?;
    let devices = devices::list(&state, &signed_in).await?;
    Ok(layout::wide(
        "Your account",
        html! {
            h1 { "Your account" }
            p { "You are signed in as " strong { (account.mailbox.as_str()) } "." }
            ul.list {
                li { a href="/account/address" { strong { "Address" } span.soft { (account.mailbox.as_str()) } } }
                li { a href="/account/password" { strong { "Password" } span.soft { (if account.password.is_some() { "Set" } else { "None: you sign in by mail" }) } } }
                li { a href="/account/app" { strong { "Authenticator app" } span.soft { (if account.second_factor { "On" } else { "Off" }) } } }
            }
            (identities)
            (devices)
            p { a href="/organizations" { "Your organisations" } }
            p { a href="/account/deletion" { "Delete your account" } }
            (layout::form(&signed_in, "/sign-out", html! { button type="submit" { "Sign out" } }))
        },
    ))
}

/// The account of whoever is signed in.
async fn account(state: &AppState, signed_in: &SignedIn) -> Result<Account, Refused> {
    let found = state.accounts().find(signed_in.session().account()).await?;
    found.ok_or(Refused::NotSignedIn)
}
