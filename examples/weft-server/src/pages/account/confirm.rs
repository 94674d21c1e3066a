//! Proving again who one is, before something dangerous, and back to that.

use std::time::SystemTime;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{password::Password, session::Authenticated};
use zeroize::Zeroizing;

use super::super::{
    Pages,
    asked::Asked,
    back::{Back, CONFIRM},
    form::Form,
    layout,
    refused::{Refused, told},
    second_factor::{Given, code_field, recovery_field},
    sign_in::password_field,
    visitor::SignedIn,
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get(CONFIRM, show)
        .post("/account/confirm/password", by_password)
        .post("/account/confirm/second-factor", by_second_factor)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    password: Zeroizing<String>,
}

/// From where somebody came, if that is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Came {
    back: Option<String>,
}

impl Came {
    fn back(&self) -> Option<Back> {
        Back::to(self.back.as_deref()?)
    }

    /// A form of this page's, which keeps that in mind.
    fn form(&self, signed_in: &SignedIn, of: &str, content: Markup) -> Markup {
        let action = match self.back() {
            Some(back) => format!("{CONFIRM}/{of}?back={}", back.as_str()),
            None => format!("{CONFIRM}/{of}"),
        };
        layout::form(signed_in, &action, content)
    }
}

async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Asked(came, _): Asked<Came>,
) -> Result<Markup, Refused> {
    page(&state, &signed_in, &came, None).await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    came: &Came,
    problem: Option<&str>,
) -> Result<Markup, Refused> {
    let account = super::account(state, signed_in).await?;
    let form = |of: &str, content: Markup| came.form(signed_in, of, content);
    Ok(layout::alone(
        "Is it you?",
        html! {
            h1 { "Is it you?" }
            p { "What you are about to do takes a proof of the last ten minutes." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            @if account.password.is_some() {
                (form("password", html! {
                    (password_field())
                    button.primary.fill type="submit" { "Go on" }
                }))
            }
            @if account.second_factor {
                (form("second-factor", html! {
                    (code_field())
                    button.fill type="submit" { "Go on with a code" }
                }))
                (form("second-factor", html! {
                    (recovery_field())
                    button.fill type="submit" { "Go on with a recovery code" }
                }))
            }
            p { "Or sign in again " a href="/sign-in/link" { "with a link by mail" } ", or " a href="/sign-in/sso" { "through your organisation" } "." }
            p { a href="/account" { "Back to your account" } }
        },
    ))
}

async fn by_password(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Asked(came, _): Asked<Came>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    let Ok(password) = Password::new(typed.password.as_bytes()) else {
        let told = (
            StatusCode::UNPROCESSABLE_ENTITY,
            "That cannot be a password.",
        );
        return again(&state, &signed_in, &came, told).await;
    };
    let login = state.accounts().login();
    match login
        .confirm_password(signed_in.session(), password, signed_in.visit(false))
        .await
    {
        Ok(who) => raise(&state, signed_in, &came, who).await,
        Err(error) => again(&state, &signed_in, &came, told(error)?).await,
    }
}

async fn by_second_factor(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Asked(came, _): Asked<Came>,
    Form(given): Form<Given>,
) -> Result<Response, Refused> {
    let Some(given) = given.read() else {
        let told = (StatusCode::UNPROCESSABLE_ENTITY, "That is not a code.");
        return again(&state, &signed_in, &came, told).await;
    };
    let (accounts, visit) = (state.accounts(), signed_in.visit(false));
    let confirmed = accounts.login().confirm_second_factor(
        signed_in.session(),
        given,
        accounts.secrets(),
        &visit,
    );
    match confirmed.await {
        Ok(who) => raise(&state, signed_in, &came, who).await,
        Err(error) => again(&state, &signed_in, &came, told(error)?).await,
    }
}

/// The session has another token from now on, and what was proved.
async fn raise(
    state: &AppState,
    signed_in: SignedIn,
    came: &Came,
    who: Authenticated,
) -> Result<Response, Refused> {
    let (visitor, session) = signed_in.into_parts();
    let sessions = state.accounts().login().sessions();
    let started = sessions.elevate(session, who, SystemTime::now()).await?;
    let back = came.back();
    let to = back.as_ref().map_or("/account", Back::as_str);
    let mut response = Redirect::to(to).into_response();
    visitor.keep_session(&started, &mut response);
    Ok(response)
}

async fn again(
    state: &AppState,
    signed_in: &SignedIn,
    came: &Came,
    (status, problem): (StatusCode, &str),
) -> Result<Response, Refused> {
    let page = page(state, signed_in, came, Some(problem)).await?;
    Ok((status, page).into_response())
}
