//! Another address for oneself, to which both mailboxes agree.

use std::time::SystemTime;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{Mailbox, link::Purpose};

use super::super::{
    Pages,
    form::Form,
    layout,
    mail::sent,
    refused::{Refused, told},
    visitor::SignedIn,
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/account/address", show)
        .post("/account/address", change)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    email: String,
}

async fn show(State(state): State<AppState>, signed_in: SignedIn) -> Result<Markup, Refused> {
    signed_in
        .session()
        .recently_authenticated(SystemTime::now())?;
    let account = super::account(&state, &signed_in).await?;
    Ok(page(&signed_in, &account.mailbox, "", None))
}

fn page(signed_in: &SignedIn, now: &Mailbox, email: &str, problem: Option<&str>) -> Markup {
    layout::alone(
        "Address",
        html! {
            h1 { "Address" }
            p { "It is " strong { (now.as_str()) } " now. A link goes there first, and another one to the new address: it changes when both were opened." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(signed_in, "/account/address", html! {
                (layout::field("email", "New email address", None, html! {
                    input #email type="email" name="email" value=(email) autocomplete="email" required maxlength="254";
                }))
                button.primary.fill type="submit" { "Change it" }
            }))
            p { a href="/account" { "Back to your account" } }
        },
    )
}

async fn change(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Form(new): Form<New>,
) -> Result<Response, Refused> {
    let recent = signed_in
        .session()
        .recently_authenticated(SystemTime::now())?;
    let account = super::account(&state, &signed_in).await?;
    let again = |(status, problem)| {
        (
            status,
            page(&signed_in, &account.mailbox, &new.email, Some(problem)),
        )
            .into_response()
    };
    let Ok(to) = Mailbox::parse(new.email.trim()) else {
        return Ok(again((
            StatusCode::UNPROCESSABLE_ENTITY,
            "That is not an email address.",
        )));
    };
    let (login, browser) = (state.accounts().login(), signed_in.own_browser());
    match login
        .ask_to_change_mailbox(&recent, &to, browser, &signed_in.visit(false))
        .await
    {
        Ok(asked) => Ok(sent(&state, &signed_in, &asked, Purpose::ChangeFrom)),
        Err(error) => Ok(again(told(error)?)),
    }
}
