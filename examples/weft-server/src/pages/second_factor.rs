//! The second factor that is owed at a sign-in.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{
    login::{Outcome, SecondFactor},
    session::Proof,
    totp::{Code, RecoveryCode},
};
use zeroize::Zeroizing;

use super::{
    Pages,
    form::Form,
    invitations::accept_waiting,
    layout,
    refused::{Refused, told},
    sign_in::enter,
    visitor::Visitor,
};
use crate::app::AppState;

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/sign-in/second-factor", show)
        .post("/sign-in/second-factor", give)
}

/// One of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    code: Option<Zeroizing<String>>,
    recovery: Option<Zeroizing<String>>,
}

impl Given {
    /// What was given, if it can be one.
    pub(super) fn read(&self) -> Option<SecondFactor> {
        match (&self.code, &self.recovery) {
            (Some(code), None) => {
                let digits: Zeroizing<String> = Zeroizing::new(code.split_whitespace().collect());
                Code::parse(&digits).ok().map(SecondFactor::Totp)
            }
            (None, Some(code)) => RecoveryCode::parse(code.trim())
                .ok()
                .map(SecondFactor::Recovery),
            _ => None,
        }
    }
}

async fn show(visitor: Visitor) -> Response {
    match visitor.challenge() {
        Some(_) => page(&visitor, None).into_response(),
        None => Redirect::to("/sign-in").into_response(),
    }
}

fn page(visitor: &Visitor, problem: Option<&str>) -> Markup {
    layout::alone(
        "Second factor",
        html! {
            h1 { "One more step" }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(visitor, "/sign-in/second-factor", html! {
                (code_field())
                button.primary.fill type="submit" { "Go on" }
            }))
            div.card.stack {
                h2 { "Without your device?" }
                (layout::form(visitor, "/sign-in/second-factor", html! {
                    (recovery_field())
                    button type="submit" { "Use a recovery code" }
                }))
            }
            p { a href="/sign-in" { "Begin again" } }
        },
    )
}

/// The field for a code of an app.
pub(super) fn code_field() -> Markup {
    layout::field(
        "code",
        "Code of your authenticator app",
        None,
        html! {
            input #code.one-time name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="7";
        },
    )
}

/// The field for a recovery code.
pub(super) fn recovery_field() -> Markup {
    layout::field(
        "recovery",
        "Recovery code",
        Some("One of those that you were shown when you added the app; each is good once."),
        html! {
            input #recovery name="recovery" autocomplete="off" required maxlength="64" aria-describedby="recovery-hint";
        },
    )
}

async fn give(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(given): Form<Given>,
) -> Result<Response, Refused> {
    let Some(challenge) = visitor.challenge() else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    let again = |(status, problem)| (status, page(&visitor, Some(problem))).into_response();
    let Some(given) = given.read() else {
        return Ok(again((
            StatusCode::UNPROCESSABLE_ENTITY,
            "That is not a code.",
        )));
    };
    let accounts = state.accounts();
    let login = accounts.login();
    let given = login.second_factor(challenge, given, accounts.secrets(), visitor.visit(false));
    let done = match given.await {
        Ok(signed_in) => {
            login
                .still_vouched_for(signed_in, &visitor.visit(false))
                .await
        }
        refused => refused,
    };
    state.post().wake();
    match done {
        Ok(signed_in) => {
            let session = &signed_in.started.session;
            let proofs = session.proofs();
            if proofs.iter().any(|(proof, _)| proof == Proof::Federation) {
                accept_waiting(&state, session.account()).await?;
            }
            Ok(enter(&state, &visitor, Outcome::SignedIn(signed_in)))
        }
        Err(error) => Ok(again(told(error)?)),
    }
}
