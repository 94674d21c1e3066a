//! Links that came by mail. A GET shows what they are for, and a POST uses them up.

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{
    link::{Code, Purpose},
    login::{Accepted, Presented, Shown},
    token::{Link, Token},
};
use zeroize::Zeroizing;

use super::{
    Pages,
    form::Form,
    invitations, layout,
    mail::{choose, mailed_page, new_password_field, sent},
    refused::{Refused, told},
    sign_in::enter,
    visitor::Visitor,
};
use crate::{app::AppState, error::Problem};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/link/{purpose}", show)
        .post("/link/{purpose}", follow)
        .post("/code/{purpose}", type_in)
}

#[derive(Deserialize)]
struct Asked {
    token: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Followed {
    token: Zeroizing<String>,
    password: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TypedIn {
    code: Zeroizing<String>,
    password: Option<Zeroizing<String>>,
}

fn purpose(name: &str) -> Result<Purpose, Refused> {
    Purpose::from_name(name).ok_or_else(|| Problem::not_found().into())
}

async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    let purpose = purpose(&name)?;
    let token = asked
        .token
        .as_deref()
        .and_then(|text| Token::parse(text).ok());
    let Some(token) = token else {
        return Ok(not_good(purpose));
    };
    let (login, visit) = (state.accounts().login(), visitor.visit(false));
    match login
        .show(&token, purpose, visitor.browser(), visit.now)
        .await
    {
        Ok(Shown::Button) => Ok(button(&visitor, purpose, &token, None).into_response()),
        Ok(Shown::Code(code)) => Ok(code_page(&code).into_response()),
        Err(error) => told(error).map(|_| not_good(purpose)),
    }
}

async fn follow(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(followed): Form<Followed>,
) -> Result<Response, Refused> {
    let purpose = purpose(&name)?;
    let Ok(token) = Token::parse(&followed.token) else {
        return Ok(not_good(purpose));
    };
    let presented = Presented::Link(&token, visitor.browser());
    match spend(&state, &visitor, purpose, presented, followed.password).await? {
        Spent::Answered(response) => Ok(response),
        Spent::Objected(objection) => {
            let page = button(&visitor, purpose, &token, Some(&objection));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Spent::Refused(..) => Ok(not_good(purpose)),
    }
}

async fn type_in(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(typed): Form<TypedIn>,
) -> Result<Response, Refused> {
    let purpose = purpose(&name)?;
    let again = |status: StatusCode, problem: &str| {
        (
            status,
            mailed_page(&state, &visitor, purpose, Some(problem)),
        )
            .into_response()
    };
    let (Ok(code), Some(browser)) = (Code::parse(typed.code.trim()), visitor.browser()) else {
        let problem = "That is not a code of eight digits that was asked for in this browser.";
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, problem));
    };
    let presented = Presented::Code(&code, browser);
    match spend(&state, &visitor, purpose, presented, typed.password).await? {
        Spent::Answered(response) => Ok(response),
        Spent::Objected(objection) => Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &objection)),
        Spent::Refused(status, problem) => Ok(again(status, problem)),
    }
}

/// What came of using up a link.
enum Spent {
    Answered(Response),
    /// Something stands against the password; the link is as good as before.
    Objected(String),
    Refused(StatusCode, &'static str),
}

async fn spend(
    state: &AppState,
    visitor: &Visitor,
    purpose: Purpose,
    presented: Presented<'_>,
    password: Option<Zeroizing<String>>,
) -> Result<Spent, Refused> {
    let chosen = password
        .filter(|text| !text.is_empty())
        .map(|text| choose(&text, &[]));
    let chosen = match chosen.transpose() {
        Ok(chosen) => chosen,
        Err(objection) => return Ok(Spent::Objected(objection)),
    };
    let (login, post, visit) = (
        state.accounts().login(),
        visitor.post()?,
        visitor.visit(false),
    );
    let outcome = match (purpose, chosen) {
        (Purpose::SignIn, _) => login.sign_in_by_link(post, presented, visit).await,
        (Purpose::Register, _) => login.register(post, presented, visit).await,
        (Purpose::Reset, Some(chosen)) => login.reset(post, presented, chosen, visit).await,
        (Purpose::Reset, None) => {
            return Ok(Spent::Objected("A new password is needed.".to_owned()));
        }
        (Purpose::Invite, chosen) => {
            return match login
                .accept_invitation(post, presented, chosen, visit)
                .await
            {
                Ok(accepted) => join(state, visitor, accepted).await.map(Spent::Answered),
                Err(error) => told(error).map(|(status, problem)| Spent::Refused(status, problem)),
            };
        }
        (Purpose::Unlock, _) => match login.unlock(post, presented, &visit).await {
            Ok(()) => {
                let page = done(
                    "Passwords are taken again",
                    "Sign in with yours, or choose another one.",
                );
                return Ok(Spent::Answered(page.into_response()));
            }
            Err(error) => Err(error),
        },
        (Purpose::ChangeFrom, _) => {
            let browser = match visitor.own_browser() {
                Some(browser) => browser,
                None => Token::generate()?,
            };
            match login.allow_change(post, presented, browser, &visit).await {
                Ok(asked) => {
                    return Ok(Spent::Answered(sent(
                        state,
                        visitor,
                        &asked,
                        Purpose::ChangeTo,
                    )));
                }
                Err(error) => Err(error),
            }
        }
        (Purpose::ChangeTo, _) => match login.change_mailbox(post, presented, &visit).await {
            Ok(()) => {
                state.post().wake();
                let page = done("Your address is changed", "Sign in with it from now on.");
                return Ok(Spent::Answered(page.into_response()));
            }
            Err(error) => Err(error),
        },
        _ => return Err(Problem::not_found().into()),
    };
    match outcome {
        Ok(outcome) => {
            state.post().wake();
            Ok(Spent::Answered(enter(state, visitor, outcome)))
        }
        Err(error) => told(error).map(|(status, problem)| Spent::Refused(status, problem)),
    }
}

/// Makes a member of whoever accepted an invitation, and lets them in.
async fn join(
    state: &AppState,
    visitor: &Visitor,
    accepted: Accepted,
) -> Result<Response, Refused> {
    let joined = invitations::accept(state, accepted.account, &accepted.to).await?;
    Ok(match (accepted.outcome, joined) {
        (Some(outcome), _) => enter(state, visitor, outcome),
        (None, Some(slug)) if accepted.single_sign_on => joined_elsewhere(&slug).into_response(),
        (None, Some(slug)) => Redirect::to(&format!("/o/{slug}/inbox")).into_response(),
        (None, None) => {
            let page = done(
                "Not good any more",
                "This invitation was withdrawn, or is too old.",
            );
            (StatusCode::GONE, page).into_response()
        }
    })
}

/// A link signs nobody in where the organisation does that.
fn joined_elsewhere(slug: &str) -> Markup {
    layout::alone(
        "You are a member now",
        html! {
            h1 { "You are a member now" }
            p { "People with your address sign in through their organisation." }
            p { a.button.primary.fill href="/sign-in/sso" { "Sign in through your organisation" } }
            p { a href=(format!("/o/{slug}/inbox")) { "You are signed in already" } }
        },
    )
}

fn button(
    visitor: &Visitor,
    purpose: Purpose,
    token: &Token<Link>,
    problem: Option<&str>,
) -> Markup {
    let (title, text, go) = match purpose {
        Purpose::SignIn => ("Sign in", "This signs you in, in this browser.", "Sign in"),
        Purpose::Reset => (
            "Choose a new password",
            "All other sessions end.",
            "Use this password",
        ),
        Purpose::Register => (
            "Finish signing up",
            "One more press of a button, and you are in.",
            "Make my account",
        ),
        Purpose::Invite => (
            "You are invited",
            "Somebody would like to share an inbox with you.",
            "Join",
        ),
        Purpose::ChangeFrom => (
            "Change your address?",
            "Another link goes to the new address then.",
            "Yes, change it",
        ),
        Purpose::ChangeTo => (
            "Your new address",
            "You sign in with this address from now on.",
            "Use this address",
        ),
        _ => (
            "Take passwords again",
            "Somebody tried many wrong ones. This lets them be tried again.",
            "Take passwords again",
        ),
    };
    layout::alone(
        title,
        html! {
            h1 { (title) }
            p { (text) }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(visitor, &format!("/link/{}", purpose.name()), html! {
                input type="hidden" name="token" value=(token.expose());
                @match purpose {
                    Purpose::Reset => (new_password_field()),
                    Purpose::Invite => (invitation_password()),
                    _ => {},
                }
                button.primary.fill type="submit" { (go) }
            }))
        },
    )
}

fn invitation_password() -> Markup {
    let hint =
        "Only if you have no account yet: at least 15 characters. Leave it out to sign in by mail.";
    layout::field(
        "password",
        "Password",
        Some(hint),
        html! {
            input #password type="password" name="password" autocomplete="new-password" minlength="15"
                maxlength="128" aria-describedby="password-hint";
        },
    )
}

fn code_page(code: &Code) -> Markup {
    layout::alone(
        "Your code",
        html! {
            h1 { "Your code" }
            p { "You asked for this in another browser. Type this code in there:" }
            p.secret.one-time { (*code.grouped()) }
            p { strong { "Nobody will ever ask you for it" } ", neither in a mail nor on the telephone. If you did not ask for it, close this page." }
        },
    )
}

fn done(title: &str, text: &str) -> Markup {
    layout::alone(
        title,
        html! {
            h1 { (title) }
            p { (text) }
            p { a.button.primary href="/" { "Go on" } }
        },
    )
}

fn not_good(purpose: Purpose) -> Response {
    let again = match purpose {
        Purpose::SignIn => Some(("/sign-in/link", "Ask for a new link")),
        Purpose::Reset => Some(("/reset", "Ask for a new link")),
        Purpose::Register => Some(("/sign-up", "Sign up again")),
        _ => None,
    };
    let page = layout::alone(
        "Not good any more",
        html! {
            h1 { "Not good any more" }
            p { "This link was used, is too old, or was meant for something else." }
            @if let Some((path, text)) = again { p { a.button.primary href=(path) { (text) } } }
            p { a href="/" { "Back to the start" } }
        },
    );
    (StatusCode::GONE, page).into_response()
}
