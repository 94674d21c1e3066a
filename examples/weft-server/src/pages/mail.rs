//! What is asked for by mail: to sign in, to choose another password, and to sign up. Known and unknown
//! addresses are answered alike.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{
    Mailbox,
    link::Purpose,
    login::{Asked, Login},
    password::{NewPassword, Password, Policy},
};
use zeroize::Zeroizing;

use super::{
    Pages,
    form::Form,
    layout,
    refused::{Refused, told},
    show::sentence,
    visitor::Visitor,
};
use crate::{
    accounts::{Blocking, Store},
    app::AppState,
    error::Problem,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/sign-up", async |visitor: Visitor| {
            sign_up_page(&visitor, "", None)
        })
        .post("/sign-up", sign_up)
        .get("/sign-in/link", async |visitor: Visitor| {
            Ask::SignIn.page(&visitor, "", None)
        })
        .post("/sign-in/link", sign_in)
        .get("/reset", async |visitor: Visitor| {
            Ask::Reset.page(&visitor, "", None)
        })
        .post("/reset", reset)
        .get("/mailed/{purpose}", mailed)
}

/// What is asked for with an address alone.
#[derive(Clone, Copy)]
enum Ask {
    SignIn,
    Reset,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignUp {
    email: String,
    password: Zeroizing<String>,
}

impl Ask {
    fn page(self, visitor: &Visitor, email: &str, problem: Option<&str>) -> Markup {
        let (title, text, path) = match self {
            Ask::SignIn => (
                "Sign in by mail",
                "A link comes to your mailbox, and signs you in.",
                "/sign-in/link",
            ),
            Ask::Reset => (
                "Choose another password",
                "A link comes to your mailbox, and lets you choose another password.",
                "/reset",
            ),
        };
        layout::alone(
            title,
            html! {
                h1 { (title) }
                p { (text) }
                @if let Some(problem) = problem { (layout::wrong(problem)) }
                (layout::form(visitor, path, html! {
                    (email_field(email))
                    button.primary.fill type="submit" { "Send me the link" }
                }))
                p { a href="/sign-in" { "Sign in with a password" } }
            },
        )
    }

    async fn answer(
        self,
        state: &AppState,
        visitor: &Visitor,
        email: &str,
    ) -> Result<Response, Refused> {
        let again =
            |(status, problem)| (status, self.page(visitor, email, Some(problem))).into_response();
        let Ok(mailbox) = Mailbox::parse(email.trim()) else {
            return Ok(again(NO_ADDRESS));
        };
        let (login, browser) = (state.accounts().login(), visitor.own_browser());
        let visit = visitor.visit(false);
        let (asked, purpose) = match self {
            Ask::SignIn => (
                login.ask_to_sign_in(&mailbox, browser, &visit).await,
                Purpose::SignIn,
            ),
            Ask::Reset => (
                login.ask_to_reset(&mailbox, browser, &visit).await,
                Purpose::Reset,
            ),
        };
        match asked {
            Ok(asked) => Ok(sent(state, visitor, &asked, purpose)),
            Err(error) => Ok(again(told(error)?)),
        }
    }
}

async fn sign_in(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(typed): Form<Address>,
) -> Result<Response, Refused> {
    Ask::SignIn.answer(&state, &visitor, &typed.email).await
}

async fn reset(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(typed): Form<Address>,
) -> Result<Response, Refused> {
    Ask::Reset.answer(&state, &visitor, &typed.email).await
}

async fn sign_up(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(typed): Form<SignUp>,
) -> Result<Response, Refused> {
    let again = |status: StatusCode, problem: &str| {
        (status, sign_up_page(&visitor, &typed.email, Some(problem))).into_response()
    };
    let Ok(mailbox) = Mailbox::parse(typed.email.trim()) else {
        return Ok(again(NO_ADDRESS.0, NO_ADDRESS.1));
    };
    let chosen = match choose(&typed.password, &[mailbox.as_str()]) {
        Ok(chosen) => chosen,
        Err(objection) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &objection)),
    };
    let login: &Login<Store, Blocking> = state.accounts().login();
    let browser = visitor.own_browser();
    match login
        .ask_to_register(&mailbox, chosen, browser, &visitor.visit(false))
        .await
    {
        Ok(asked) => Ok(sent(&state, &visitor, &asked, Purpose::Register)),
        Err(error) => told(error).map(|(status, problem)| again(status, problem)),
    }
}

fn sign_up_page(visitor: &Visitor, email: &str, problem: Option<&str>) -> Markup {
    layout::alone(
        "Sign up",
        html! {
            h1 { "Sign up" }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(visitor, "/sign-up", html! {
                (email_field(email))
                (new_password_field())
                button.primary.fill type="submit" { "Sign up" }
            }))
            p { "You have an account? " a href="/sign-in" { "Sign in" } }
        },
    )
}

/// The field for an address.
pub(super) fn email_field(email: &str) -> Markup {
    layout::field(
        "email",
        "Email address",
        None,
        html! {
            input #email type="email" name="email" value=(email) autocomplete="username" required maxlength="254";
        },
    )
}

/// The field for a password that is to be.
pub(super) fn new_password_field() -> Markup {
    let hint =
        "At least 15 characters: a few words that do not belong together are easy to remember.";
    layout::field(
        "password",
        "New password",
        Some(hint),
        html! {
            input #password type="password" name="password" autocomplete="new-password" required
                minlength="15" maxlength="128" aria-describedby="password-hint";
        },
    )
}

/// A password that may be chosen, or what stands against it.
pub(super) fn choose(typed: &str, words: &[&str]) -> Result<NewPassword, String> {
    let password = Password::new(typed).map_err(|error| sentence(&error.to_string()))?;
    let words: Vec<&str> = words.iter().copied().chain(["weft"]).collect();
    Policy::alone()
        .accept(password, &words)
        .map_err(|error| sentence(&error.to_string()))
}

/// Says that mail is under way, whether it is or not.
pub(super) fn sent(
    state: &AppState,
    visitor: &Visitor,
    asked: &Asked,
    purpose: Purpose,
) -> Response {
    state.post().wake();
    let mut response = Redirect::to(&format!("/mailed/{}", purpose.name())).into_response();
    visitor.keep_browser(&asked.browser, &mut response);
    response
}

async fn mailed(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(purpose): Path<String>,
) -> Result<Markup, Refused> {
    let purpose = Purpose::from_name(&purpose).filter(|purpose| purpose.is_bound());
    let purpose = purpose.ok_or_else(Problem::not_found)?;
    Ok(mailed_page(&state, &visitor, purpose, None))
}

/// "Look at your mail", with the field for the code that another device shows.
pub(super) fn mailed_page(
    state: &AppState,
    visitor: &Visitor,
    purpose: Purpose,
    problem: Option<&str>,
) -> Markup {
    layout::alone(
        "Look at your mail",
        html! {
            h1 { "Look at your mail" }
            p { "If the address is right, a link is on its way. Open it in this browser, within 15 minutes." }
            @if state.post().shown().is_some() {
                (layout::notice("This server sends no mail. What it would have sent is in its development mailbox."))
                p { a href="/development/mailbox" { "Open the development mailbox" } }
            }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            div.card.stack {
                h2 { "Your mail is on another device?" }
                p { "Open the link there. It shows a code of eight digits: type it in here. Nobody will ever ask you for it." }
                (layout::form(visitor, &format!("/code/{}", purpose.name()), html! {
                    (layout::field("code", "Code", None, html! {
                        input #code.one-time name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="9";
                    }))
                    @if purpose == Purpose::Reset { (new_password_field()) }
                    button type="submit" { "Go on" }
                }))
            }
        },
    )
}

pub(super) const NO_ADDRESS: (StatusCode, &str) = (
    StatusCode::UNPROCESSABLE_ENTITY,
    "That is not an email address.",
);
