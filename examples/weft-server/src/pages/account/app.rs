//! The authenticator app: added with a code of it, and with two factors taken away or given other
//! recovery codes.

use std::time::SystemTime;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use weft_auth::{
    login::OpenSecret,
    totp::{Code, RecoveryCode, Secret, Totp},
};
use zeroize::Zeroizing;

use super::super::{
    Pages,
    form::Form,
    layout,
    refused::{Refused, told},
    second_factor::code_field,
    visitor::SignedIn,
};
use crate::{app::AppState, error::Problem};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/account/app", show)
        .post("/account/app", enrol)
        .post("/account/app/remove", remove)
        .post("/account/app/codes", replace_codes)
}

/// The secret comes back as it was shown, sealed for its account: nothing is kept of an app that was not
/// added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrolled {
    sealed: String,
    code: Zeroizing<String>,
}

async fn show(State(state): State<AppState>, signed_in: SignedIn) -> Result<Markup, Refused> {
    signed_in
        .session()
        .recently_authenticated(SystemTime::now())?;
    let account = super::account(&state, &signed_in).await?;
    if account.second_factor {
        return Ok(enrolled(&signed_in));
    }
    let secret = Secret::generate()?;
    let sealed = state
        .accounts()
        .secrets()
        .seal(&secret, account.id.as_bytes());
    let sealed = sealed.map_err(|_| Problem::unavailable())?;
    page(&signed_in, account.mailbox.as_str(), secret, &sealed, None)
}

fn page(
    signed_in: &SignedIn,
    address: &str,
    secret: Secret,
    sealed: &[u8],
    problem: Option<&str>,
) -> Result<Markup, Refused> {
    let totp = Totp::new(secret);
    let enrolment = totp
        .enrolment("weft", address)
        .map_err(|_| Problem::internal())?;
    let picture = enrolment.svg().ok();
    Ok(layout::alone(
        "Authenticator app",
        html! {
            h1 { "Authenticator app" }
            p { "With an app, nobody gets in with your password alone." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            ol.stack {
                li {
                    "Scan this with your app:"
                    @if let Some(picture) = &picture { div.qr { (PreEscaped(picture.as_str())) } }
                    "Or type this key in:"
                    span.secret.code { (*enrolment.manual_key()) }
                }
                li {
                    "Type in the code that it shows:"
                    (layout::form(signed_in, "/account/app", html! {
                        input type="hidden" name="sealed" value=(STANDARD.encode(sealed));
                        (code_field())
                        button.primary.fill type="submit" { "Add the app" }
                    }))
                }
            }
            p { a href="/account" { "Back to your account" } }
        },
    ))
}

fn enrolled(signed_in: &SignedIn) -> Markup {
    layout::alone(
        "Authenticator app",
        html! {
            h1 { "Authenticator app" }
            (layout::notice("An app is added: signing in takes a code of it."))
            (layout::form(signed_in, "/account/app/codes", html! {
                button type="submit" { "Show new recovery codes" }
            }))
            (layout::form(signed_in, "/account/app/remove", html! {
                button.danger type="submit" { "Take the app away" }
            }))
            p { a href="/account" { "Back to your account" } }
        },
    )
}

async fn enrol(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Form(typed): Form<Enrolled>,
) -> Result<Response, Refused> {
    let recent = signed_in
        .session()
        .recently_authenticated(SystemTime::now())?;
    let account = super::account(&state, &signed_in).await?;
    let (accounts, visit) = (state.accounts(), signed_in.visit(false));
    let sealed = STANDARD.decode(&typed.sealed).unwrap_or_default();
    let open = || OpenSecret::open(accounts.secrets(), &sealed, account.id.as_bytes());
    let secret = open().ok_or_else(|| {
        Problem::unprocessable("begin again: the key is not the one that was shown")
    })?;
    let again = |status: StatusCode, problem: &str| {
        let secret = open().ok_or_else(Problem::internal)?;
        let page = page(
            &signed_in,
            account.mailbox.as_str(),
            secret,
            &sealed,
            Some(problem),
        )?;
        Ok((status, page).into_response())
    };
    let digits: Zeroizing<String> = Zeroizing::new(typed.code.split_whitespace().collect());
    let Ok(code) = Code::parse(&digits) else {
        return again(
            StatusCode::UNPROCESSABLE_ENTITY,
            "That is not a code of six digits.",
        );
    };
    let totp = Totp::new(secret);
    let done = accounts
        .login()
        .enrol(&recent, (&totp, sealed.clone()), &code, &visit)
        .await;
    let (codes, proved) = match done {
        Ok(done) => done,
        Err(error) => {
            let (status, _) = told(error)?;
            return again(
                status,
                "That code is not right. Look at the app again, and at its clock.",
            );
        }
    };
    state.post().wake();
    let (visitor, session) = signed_in.into_parts();
    let started = accounts
        .login()
        .sessions()
        .elevate(session, proved, SystemTime::now())
        .await?;
    let mut response = recovery_codes("The app is added.", &codes).into_response();
    visitor.keep_session(&started, &mut response);
    Ok(response)
}

fn recovery_codes(done: &str, codes: &[RecoveryCode]) -> Markup {
    layout::alone(
        "Recovery codes",
        html! {
            h1 { "Recovery codes" }
            (layout::notice(done))
            p { "Keep these where you find them without your device. Each signs you in once in place of the app. They are not shown again." }
            ul.card.stack.tight.code {
                @for code in codes { li { (*code.grouped()) } }
            }
            p { a.button.primary href="/account" { "I have them" } }
        },
    )
}

async fn replace_codes(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, Refused> {
    let (visitor, session) = signed_in.into_parts();
    let session = session.into_two_factors().map_err(|_| Refused::NotRecent)?;
    let recent = session.recently_authenticated(SystemTime::now())?;
    let login = state.accounts().login();
    let replaced = login
        .replace_recovery_codes(&recent, &visitor.visit(false))
        .await;
    match replaced {
        Ok(codes) => {
            state.post().wake();
            Ok(recovery_codes("Those of before are good for nothing.", &codes).into_response())
        }
        Err(error) => {
            let (status, problem) = told(error)?;
            Err(Problem::new(status, problem).into())
        }
    }
}

async fn remove(State(state): State<AppState>, signed_in: SignedIn) -> Result<Response, Refused> {
    let (visitor, session) = signed_in.into_parts();
    let session = session.into_two_factors().map_err(|_| Refused::NotRecent)?;
    let recent = session.recently_authenticated(SystemTime::now())?;
    let login = state.accounts().login();
    if let Err(error) = login
        .remove_second_factor(&recent, &visitor.visit(false))
        .await
    {
        told(error)?;
    }
    state.post().wake();
    Ok(Redirect::to("/account").into_response())
}
