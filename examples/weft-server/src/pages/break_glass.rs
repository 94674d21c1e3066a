//! The way in that is left to an owner where an organisation's people sign in through it alone: for when
//! that is broken. It takes a password and a second factor, and the account has to be marked.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{Mailbox, password::Password};
use zeroize::Zeroizing;

use super::{
    Pages,
    form::Form,
    layout,
    mail::{NO_ADDRESS, email_field},
    refused::{Refused, told},
    sign_in::enter,
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
                (layout::field("password", "Password", None, html! {
                    input #password type="password" name="password" autocomplete="current-password" required maxlength="128";
                }))
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
    let Ok(mailbox) = Mailbox::parse(typed.email.trim()) else {
        return Ok(again(NO_ADDRESS));
    };
    let Ok(password) = Password::new(typed.password.as_bytes()) else {
        let problem = "That cannot be a password.";
        return Ok(again((StatusCode::UNPROCESSABLE_ENTITY, problem)));
    };
    let (login, visit) = (state.accounts().login(), visitor.visit(false));
    match login.break_glass(&mailbox, password, visit).await {
        Ok(outcome) => Ok(enter(&state, &visitor, outcome)),
        Err(error) => {
            state.post().wake();
            Ok(again(told(error)?))
        }
    }
}
