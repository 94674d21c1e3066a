//! Signing in through one's organisation: away to its identity provider, and back.

mod come_back;
mod no;

use std::time::SystemTime;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{
    Mailbox,
    sso::{Domain, Target},
    store::{DirectoryStore, FlowStore},
};

use super::{
    Pages,
    form::Form,
    layout,
    mail::{NO_ADDRESS, email_field},
    refused::Refused,
    visitor::Visitor,
};
use crate::{
    app::AppState,
    roads::Connected,
    single_sign_on::{CALLBACK, SingleSignOn, plan, unavailable},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/sign-in/sso", show)
        .post("/sign-in/sso", begin)
        .get(CALLBACK, come_back::come_back)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    email: String,
}

async fn show(State(state): State<AppState>, visitor: Visitor) -> Markup {
    match state.single_sign_on() {
        Some(_) => page(&visitor, "", None),
        None => not_set_up(),
    }
}

fn page(visitor: &Visitor, email: &str, problem: Option<&str>) -> Markup {
    layout::alone(
        "Sign in through your organisation",
        html! {
            h1 { "Sign in through your organisation" }
            p { "Your address says which one it is, and you go on there." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(visitor, "/sign-in/sso", html! {
                (email_field(email))
                button.primary.fill type="submit" { "Go on" }
            }))
            (other_ways())
        },
    )
}

fn other_ways() -> Markup {
    html! { p { a href="/sign-in" { "Sign in another way" } } }
}

fn not_set_up() -> Markup {
    layout::alone(
        "Sign in through your organisation",
        html! {
            h1 { "Sign in through your organisation" }
            p { "This is not set up on this server." }
            (other_ways())
        },
    )
}

async fn begin(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    let Some(workos) = state.single_sign_on() else {
        return Ok(not_set_up().into_response());
    };
    let again = |(status, problem): (StatusCode, &str)| {
        (status, page(&visitor, &typed.email, Some(problem))).into_response()
    };
    let Ok(mailbox) = Mailbox::parse(typed.email.trim()) else {
        return Ok(again(NO_ADDRESS));
    };
    if !state.accounts().admits(visitor.network()).await? {
        return Ok(again(TOO_MANY));
    }
    // The domain decides: nobody is looked up, so that nothing is said of anybody.
    match target(&state, mailbox.domain()).await? {
        Some((target, connected)) => go(&state, workos, (target, &connected), &headers).await,
        None => Ok(again(NO_ORGANIZATION)),
    }
}

const TOO_MANY: (StatusCode, &str) = (
    StatusCode::TOO_MANY_REQUESTS,
    "That was tried too often. Wait a little, then try again.",
);
const NO_ORGANIZATION: (StatusCode, &str) = (
    StatusCode::UNPROCESSABLE_ENTITY,
    "No organisation signs people with such addresses in here. Sign in another way.",
);

/// The organisation that has proved that the domain is its own, if its plan lets its people in.
async fn target(state: &AppState, domain: &str) -> Result<Option<(Target, Connected)>, Refused> {
    let Some(domain) = Domain::new(domain) else {
        return Ok(None);
    };
    let owner = state.accounts().store().owner_of_domain(&domain).await;
    let Some(owner) = owner.map_err(|error| unavailable(&error))? else {
        return Ok(None);
    };
    let connected = state.roads().auth.connected(&owner.organization).await?;
    let has_it = |one: &Connected| plan(&one.plan).has_sso(SystemTime::now());
    let target = Target::organization(owner.organization);
    Ok(connected.filter(has_it).map(|one| (target, one)))
}

/// Sends the browser away, with what binds the flow to it.
async fn go(
    state: &AppState,
    workos: &SingleSignOn,
    (target, connected): (Target, &Connected),
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let (workos, now) = (workos.client().workos(), SystemTime::now());
    let start = workos.start(target, plan(&connected.plan), headers, now);
    let start = start.map_err(|error| unavailable(&error))?;
    let mut response = away(start.url());
    for cookie in start.cookies() {
        let cookie = cookie.clone();
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    let pending = start.into_pending();
    let kept = state.accounts().store().keep_flow(&pending).await;
    kept.map_err(|error| unavailable(&error))?;
    Ok(response)
}

/// A page that leads elsewhere. The policy holds what a form is redirected to against this site, so it is
/// no redirect.
pub(super) fn away(url: &str) -> Response {
    let page = layout::alone(
        "On your way",
        html! {
            h1 { "On your way" }
            p { "You go on elsewhere, and come back here afterwards." }
            a.button.primary.fill href=(url) { "Go on" }
        },
    );
    let mut response = page.into_response();
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={url}")) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}
