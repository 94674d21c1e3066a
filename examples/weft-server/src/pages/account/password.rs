//! Another password for oneself.

use std::time::SystemTime;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::{
    Pages,
    form::Form,
    layout,
    mail::{choose, new_password_field},
    refused::{Refused, told},
    visitor::SignedIn,
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/account/password", show)
        .post("/account/password", replace)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    password: Zeroizing<String>,
}

async fn show(signed_in: SignedIn) -> Result<Markup, Refused> {
    signed_in
        .session()
        .recently_authenticated(SystemTime::now())?;
    Ok(page(&signed_in, None))
}

fn page(signed_in: &SignedIn, problem: Option<&str>) -> Markup {
    layout::alone(
        "Password",
        html! {
            h1 { "Password" }
            p { "With a new password you are signed out everywhere but here. API tokens of yours stay good: revoke those that you do not know." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(signed_in, "/account/password", html! {
                (new_password_field())
                button.primary.fill type="submit" { "Use this password" }
            }))
            p { a href="/account" { "Back to your account" } }
        },
    )
}

async fn replace(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Refused> {
    let recent = signed_in
        .session()
        .recently_authenticated(SystemTime::now())?;
    let again = |status: StatusCode, problem: &str| {
        (status, page(&signed_in, Some(problem))).into_response()
    };
    let account = super::account(&state, &signed_in).await?;
    let new = match choose(&chosen.password, &[account.mailbox.as_str()]) {
        Ok(new) => new,
        Err(objection) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &objection)),
    };
    let login = state.accounts().login();
    match login
        .replace_own_password(&recent, new, &signed_in.visit(false))
        .await
    {
        Ok(()) => {
            state.post().wake();
            Ok(Redirect::to("/account").into_response())
        }
        Err(error) => told(error).map(|(status, problem)| again(status, problem)),
    }
}
