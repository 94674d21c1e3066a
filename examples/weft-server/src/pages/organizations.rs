//! The organisations that somebody is a member of, and making another one.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{AccountId, Mailbox};

use super::{Pages, form::Form, layout, refused::Refused, visitor::SignedIn};
use crate::{
    app::AppState,
    founding::{Owner, Reason, found},
    value::Line,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/organizations", list)
        .get("/organizations/new", ask)
        .post("/organizations/new", make)
}

async fn list(State(state): State<AppState>, signed_in: SignedIn) -> Result<Markup, Refused> {
    let account = signed_in.session().account();
    let all = state.roads().auth.organizations_of(account).await?;
    Ok(layout::alone(
        "Your organisations",
        html! {
            h1 { "Your organisations" }
            @if all.is_empty() {
                (layout::empty("None yet", "Make one, or ask somebody to invite you to theirs."))
            } @else {
                ul.list {
                    @for one in &all {
                        li { a href={ "/o/" (one.slug) "/inbox" } { strong { (one.name) } span.soft { "as " (one.display_name) } } }
                    }
                }
            }
            a.button.primary href="/organizations/new" { "New organisation" }
            p { a href="/account" { "Your account" } }
            (layout::form(&signed_in, "/sign-out", html! { button.quiet type="submit" { "Sign out" } }))
        },
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    display_name: String,
}

async fn ask(signed_in: SignedIn) -> Markup {
    page(&signed_in, None)
}

fn page(signed_in: &SignedIn, problem: Option<&str>) -> Markup {
    layout::alone(
        "New organisation",
        html! {
            h1 { "New organisation" }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(signed_in, "/organizations/new", html! {
                (layout::field("name", "What is it called?", None, html! {
                    input #name name="name" required maxlength="200" autocomplete="organization";
                }))
                (layout::field("display_name", "And you?", Some("Other members see this name."), html! {
                    input #display_name name="display_name" required maxlength="200" autocomplete="name" aria-describedby="display_name-hint";
                }))
                button.primary.fill type="submit" { "Make it" }
            }))
        },
    )
}

async fn make(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Form(new): Form<New>,
) -> Result<Response, Refused> {
    let line = |text: &str| Line::<1, 200>::new(text.to_owned());
    let (Ok(name), Ok(display_name)) = (line(&new.name), line(&new.display_name)) else {
        let page = page(&signed_in, Some("Both names are needed, on one line each."));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let account = signed_in.session().account();
    let mailbox = mailbox(&state, account).await?;
    let owner = Owner {
        account: Some(account),
        mailbox: &mailbox,
        display_name: &display_name,
    };
    let founded = found(state.roads(), &name, owner, Reason::SignUp).await?;
    Ok(Redirect::to(&format!("/o/{}/inbox", founded.slug)).into_response())
}

/// Whose account it is.
pub(super) async fn mailbox(state: &AppState, account: AccountId) -> Result<Mailbox, Refused> {
    let found = state.accounts().find(account).await?;
    Ok(found.ok_or(Refused::NotSignedIn)?.mailbox)
}
