//! The way in that is left to an owner where an organisation's people sign in through it alone: for when
//! that is broken. It takes a password and a second factor, and the account has to be marked.

use std::time::Instant;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{
    Pages,
    form::Form,
    layout,
    mail::email_field,
    refused::{Refused, told},
    sign_in::{credentials, enter, password_field},
    visitor::Visitor,
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/sign-in/owner", show)
        .post("/sign-in/owner", sign_in)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    email: String,
    password: Zeroizing<String>,
}

async fn show(visitor: Visitor) -> Markup {
    page(&visitor, "", None)
}

fn page(visitor: &Visitor, email: &str, problem: Option<&str>) -> Markup {
    layout::alone(
        "Sign in as an owner",
        html! {
            h1 { "Sign in as an owner" }
            p { "For the owner who said that people sign in through the organisation alone, when that does not work. Your password and your authenticator app are needed, and it is on record." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(visitor, "/sign-in/owner", html! {
                (email_field(email))
                (password_field())
                button.primary.fill type="submit" { "Go on" }
            }))
            p { a href="/sign-in/sso" { "Sign in through your organisation" } }
        },
    )
}

async fn sign_in(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    let again = |(status, problem): (StatusCode, &str)| {
        (status, page(&visitor, &typed.email, Some(problem))).into_response()
    };
    let (mailbox, password) = match credentials(&typed.email, &typed.password) {
        Ok(credentials) => credentials,
        Err(problem) => return Ok(again(problem)),
    };
    let (login, visit, began) = (
        state.accounts().login(),
        visitor.visit(false),
        Instant::now(),
    );
    match login.break_glass(&mailbox, password, visit).await {
        Ok(outcome) => Ok(enter(&state, &visitor, outcome)),
        Err(error) => {
            state.post().wake();
            state.accounts().even_out(began).await;
            Ok(again(told(error)?))
        }
    }
}
