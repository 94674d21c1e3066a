//! Proving again who one is, before something dangerous.

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
    form::Form,
    layout,
    refused::{Refused, told},
    second_factor::{Given, code_field, recovery_field},
    visitor::SignedIn,
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/account/confirm", show)
        .post("/account/confirm/password", by_password)
        .post("/account/confirm/second-factor", by_second_factor)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    password: Zeroizing<String>,
}

async fn show(State(state): State<AppState>, signed_in: SignedIn) -> Result<Markup, Refused> {
    page(&state, &signed_in, None).await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    problem: Option<&str>,
) -> Result<Markup, Refused> {
    let account = super::account(state, signed_in).await?;
    Ok(layout::alone(
        "Is it you?",
        html! {
            h1 { "Is it you?" }
            p { "What you are about to do takes a proof of the last ten minutes." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            @if account.password.is_some() {
                (layout::form(signed_in, "/account/confirm/password", html! {
                    (layout::field("password", "Password", None, html! {
                        input #password type="password" name="password" autocomplete="current-password" required maxlength="128";
                    }))
                    button.primary.fill type="submit" { "Go on" }
                }))
            }
            @if account.second_factor {
                (layout::form(signed_in, "/account/confirm/second-factor", html! {
                    (code_field())
                    button.fill type="submit" { "Go on with a code" }
                }))
                (layout::form(signed_in, "/account/confirm/second-factor", html! {
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
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    let Ok(password) = Password::new(typed.password.as_bytes()) else {
        return again(
            &state,
            &signed_in,
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                "That cannot be a password.",
            ),
        )
        .await;
    };
    let login = state.accounts().login();
    match login
        .confirm_password(signed_in.session(), password, signed_in.visit(false))
        .await
    {
        Ok(who) => raise(&state, signed_in, who).await,
        Err(error) => again(&state, &signed_in, told(error)?).await,
    }
}

async fn by_second_factor(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Form(given): Form<Given>,
) -> Result<Response, Refused> {
    let Some(given) = given.read() else {
        return again(
            &state,
            &signed_in,
            (StatusCode::UNPROCESSABLE_ENTITY, "That is not a code."),
        )
        .await;
    };
    let (accounts, visit) = (state.accounts(), signed_in.visit(false));
    let confirmed = accounts.login().confirm_second_factor(
        signed_in.session(),
        given,
        accounts.secrets(),
        &visit,
    );
    match confirmed.await {
        Ok(who) => raise(&state, signed_in, who).await,
        Err(error) => again(&state, &signed_in, told(error)?).await,
    }
}

/// The session has another token from now on, and what was proved.
async fn raise(
    state: &AppState,
    signed_in: SignedIn,
    who: Authenticated,
) -> Result<Response, Refused> {
    let (visitor, session) = signed_in.into_parts();
    let sessions = state.accounts().login().sessions();
    let started = sessions.elevate(session, who, SystemTime::now()).await?;
    let mut response = Redirect::to("/account").into_response();
    visitor.keep_session(&started, &mut response);
    Ok(response)
}

async fn again(
    state: &AppState,
    signed_in: &SignedIn,
    (status, problem): (StatusCode, &str),
) -> Result<Response, Refused> {
    let page = page(state, signed_in, Some(problem)).await?;
    Ok((status, page).into_response())
}
