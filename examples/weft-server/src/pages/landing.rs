//! The front page.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;

use super::{
    Pages, layout,
    refused::Refused,
    visitor::{SignedIn, Visitor},
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages.get("/", show)
}

/// Whoever is signed in goes to where the work is.
async fn show(
    State(state): State<AppState>,
    signed_in: Result<SignedIn, Refused>,
    _: Visitor,
) -> Result<Response, Refused> {
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(Refused::NotSignedIn) => return Ok(front(&state).into_response()),
        Err(other) => return Err(other),
    };
    let account = signed_in.session().account();
    let organizations = state.roads().auth.organizations_of(account).await?;
    let to = match &organizations[..] {
        [only] => format!("/o/{}/inbox", only.slug),
        _ => "/organizations".to_owned(),
    };
    Ok(Redirect::to(&to).into_response())
}

fn front(state: &AppState) -> maud::Markup {
    layout::wide(
        "A shared inbox for commerce",
        html! {
            h1 { "A shared inbox for commerce" }
            p { "Shops, customers, orders and conversations of many organisations in one database, where nobody sees what is not theirs." }
            p.row {
                a.button.primary href="/sign-up" { "Sign up" }
                a.button href="/sign-in" { "Sign in" }
            }
            div.card.stack.tight {
                h2 { "For programs" }
                p { "The API is under " code { "/api" } ", described in " a href="/api/openapi.json" { "OpenAPI 3.1" } "." }
                @if state.post().shown().is_some() {
                    h2 { "This is a demonstration" }
                    p { "It sends no mail: what it would have sent is in " a href="/development/mailbox" { "its mailbox" } ". Sign in by link as " code { "aiko@kumo-ceramics.example" } " or " code { "greta@nordwind-outdoor.example" } ", or sign up." }
                }
            }
        },
    )
}
