//! Signing in with a password, and signing out.

use std::time::Instant;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{Mailbox, login::Outcome, password::Password};
use zeroize::Zeroizing;

use super::{
    Pages,
    form::Form,
    layout,
    mail::{NO_ADDRESS, email_field},
    refused::{Refused, told},
    visitor::Visitor,
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/sign-in", show)
        .post("/sign-in", sign_in)
        .post("/sign-out", sign_out)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    email: String,
    password: Zeroizing<String>,
    remember: Option<String>,
}

async fn show(visitor: Visitor) -> Markup {
    page(&visitor, "", None)
}

fn page(visitor: &Visitor, email: &str, problem: Option<&str>) -> Markup {
    layout::alone(
        "Sign in",
        html! {
            h1 { "Sign in" }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(visitor, "/sign-in", html! {
                (email_field(email))
                (password_field())
                label.choice { input type="checkbox" name="remember" value="yes"; "Stay signed in on this device" }
                button.primary.fill type="submit" { "Sign in" }
            }))
            p { a href="/sign-in/link" { "Sign in with a link by mail" } }
            p { a href="/sign-in/sso" { "Sign in through your organisation" } }
            p { a href="/reset" { "Forgot the password?" } }
            p { "New here? " a href="/sign-up" { "Sign up" } }
        },
    )
}

async fn sign_in(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    let again = |(status, problem)| {
        let page = page(&visitor, &typed.email, Some(problem));
        Ok((status, page).into_response())
    };
    let (mailbox, password) = match credentials(&typed.email, &typed.password) {
        Ok(credentials) => credentials,
        Err(problem) => return again(problem),
    };
    let (visit, began) = (visitor.visit(typed.remember.is_some()), Instant::now());
    match state
        .accounts()
        .login()
        .password(&mailbox, password, visit)
        .await
    {
        Ok(outcome) => Ok(enter(&state, &visitor, outcome)),
        Err(error) => {
            state.post().wake();
            state.accounts().even_out(began).await;
            again(told(error)?)
        }
    }
}

/// The field for a password that is there.
pub(super) fn password_field() -> Markup {
    layout::field(
        "password",
        "Password",
        None,
        html! {
            input #password type="password" name="password" autocomplete="current-password" required maxlength="128";
        },
    )
}

/// An address and a password as they were typed. What is said against them does not depend on whether there
/// is an account.
pub(super) fn credentials(
    email: &str,
    password: &str,
) -> Result<(Mailbox, Password), (StatusCode, &'static str)> {
    let mailbox = Mailbox::parse(email.trim()).map_err(|_| NO_ADDRESS)?;
    let no_password = (
        StatusCode::UNPROCESSABLE_ENTITY,
        "That cannot be a password.",
    );
    let password = Password::new(password.as_bytes()).map_err(|_| no_password)?;
    Ok((mailbox, password))
}

/// Lets in whoever is signed in, and asks for a second factor where one is owed.
pub(super) fn enter(state: &AppState, visitor: &Visitor, outcome: Outcome) -> Response {
    let (response, rehash) = match outcome {
        Outcome::SignedIn(signed_in) => {
            let mut response = Redirect::to("/").into_response();
            visitor.keep_session(&signed_in.started, &mut response);
            visitor.drop_challenge(&mut response);
            (response, signed_in.rehash)
        }
        Outcome::SecondFactorNeeded(needed) => {
            let mut response = Redirect::to("/sign-in/second-factor").into_response();
            visitor.keep_challenge(&needed.challenge, &mut response);
            (response, needed.rehash)
        }
    };
    if let Some(rehash) = rehash {
        let accounts = state.accounts().clone();
        tokio::spawn(async move { accounts.login().rehash(rehash).await.is_ok() });
    }
    response
}

async fn sign_out(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Refused> {
    if let Some(token) = visitor.session() {
        state.accounts().login().sessions().sign_out(token).await?;
    }
    let mut response = Redirect::to("/sign-in").into_response();
    weft_auth::headers::signed_out(response.headers_mut());
    Ok(response)
}
