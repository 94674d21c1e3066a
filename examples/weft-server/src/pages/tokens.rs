//! A member's own tokens for programs, in one organisation. A token is shown once, when it is made.

use std::time::{Duration, SystemTime};

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;
use weft_auth::{
    ApiTokenId,
    store::ApiTokenStore,
    token::{ApiTokenRecord, NoToken},
};

use super::{
    Pages,
    asked::Of,
    form::{Form, Nothing},
    layout::{self, Section},
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    accounts::failed,
    app::AppState,
    error::Problem,
    site::Site,
    token::{ApiToken, New, Permission, Scopes},
    value::Line,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/tokens", list)
        .get("/o/{org}/tokens/new", ask)
        .post("/o/{org}/tokens/new", make)
        .post("/o/{org}/tokens/{token_id}/revoke", revoke)
}

/// The member's tokens for this organisation, the newest first.
async fn own(state: &AppState, member: &Member) -> Result<Vec<ApiTokenRecord>, Refused> {
    let all = state.accounts().store().api_tokens_of(member.account());
    let mut own = all.await.map_err(|error| failed(&error))?;
    own.retain(|record| record.audience == Some(member.organization().id));
    own.sort_by_key(|record| (std::cmp::Reverse(record.created_at), record.id));
    Ok(own)
}

async fn list(State(state): State<AppState>, member: Member) -> Result<Markup, Refused> {
    let (tokens, now) = (own(&state, &member).await?, SystemTime::now());
    let content = html! {
        div.row.apart {
            h1 { "API tokens" }
            a.button.primary href=(member.path("tokens/new")) { "New token" }
        }
        p { "A program that has a token of yours sees and does here what you may. It ends with your membership." }
        @if tokens.is_empty() {
            (layout::empty("No tokens yet", "Make one for each program, so that each can be stopped alone."))
        } @else {
            ul.list { @for one in &tokens { li { div { (row(&member, one, now)) } } } }
        }
        p { a href=(member.path("settings")) { "Back to the settings" } }
    };
    Ok(page(&member, "API tokens", content))
}

fn page(member: &Member, title: &str, content: Markup) -> Markup {
    layout::within(member, Section::Settings, title, content)
}

fn row(member: &Member, one: &ApiTokenRecord, now: SystemTime) -> Markup {
    let path = member.path(&format!("tokens/{}/revoke", Uuid::from(one.id)));
    let reads = Scopes::new([Permission::Read]).to_string() == one.scopes;
    let ended = one.expires_at.is_some_and(|end| end <= now);
    html! {
        span {
            strong { (one.label) }
            " " span.badge.plain { @if reads { "reads" } @else { "reads and changes" } }
            @if ended { " " span.badge.wrong { "ended" } }
            br;
            span.soft.small {
                "made " (show::time(one.created_at.into())) " · "
                @match one.last_used_at {
                    Some(at) => { "last used " (show::time(at.into())) },
                    None => "never used",
                }
                @if let Some(at) = one.expires_at {
                    " · " @if ended { "ended " } @else { "ends " } (show::time(at.into()))
                }
            }
        }
        (layout::form(member.visitor(), &path, html! {
            button.danger type="submit" aria-label={ "Revoke " (one.label) } { "Revoke" }
        }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    label: String,
    permission: String,
    days: String,
}

impl Typed {
    /// What is asked for, which is a token for the member and this organisation.
    fn read(&self) -> Result<(Line<1, 100>, Scopes<Permission>, Duration), &'static str> {
        let label = Line::new(self.label.trim().to_owned());
        let label =
            label.map_err(|_| "A name on one line is needed, of at most 100 characters.")?;
        let scopes = match &*self.permission {
            READ => Scopes::new([Permission::Read]),
            WRITE => Scopes::new([Permission::Read, Permission::Write]),
            _ => return Err("Choose what the program may do."),
        };
        let days = LIFETIMES.iter().find(|days| days.to_string() == self.days);
        let days = days.ok_or("Choose how long the token is good.")?;
        Ok((label, scopes, Duration::from_secs(days * 24 * 60 * 60)))
    }
}

const READ: &str = "read";
const WRITE: &str = "write";

/// How many days a token may be good.
const LIFETIMES: [u64; 4] = [7, 30, 90, 365];

/// How many tokens a member may have in an organisation.
const MOST: usize = 50;

async fn ask(member: Member) -> Result<Markup, Refused> {
    member.must_be_recent()?;
    let typed = Typed {
        label: String::new(),
        permission: READ.to_owned(),
        days: "90".to_owned(),
    };
    Ok(form(&member, &typed, None))
}

fn form(member: &Member, typed: &Typed, problem: Option<&str>) -> Markup {
    let may = |value: &'static str, text: &'static str| {
        html! {
            label.choice {
                input type="radio" name="permission" value=(value) required checked[typed.permission == value];
                (text)
            }
        }
    };
    let content = html! {
        h1 { "New token" }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        section.card {
            (layout::form(member.visitor(), &member.path("tokens/new"), html! {
                (layout::field("label", "Name", Some("Say what program it is for. You find it again by that."), html! {
                    input #label name="label" value=(typed.label) required maxlength="100" autocomplete="off" aria-describedby="label-hint";
                }))
                fieldset {
                    legend { "May do" }
                    (may(READ, "Read what you see"))
                    (may(WRITE, "Read it, and change what you may change"))
                }
                div.field {
                    label for="days" { "Good for" }
                    select #days name="days" {
                        @for days in LIFETIMES {
                            option value=(days) selected[days.to_string() == typed.days] { (days) " days" }
                        }
                    }
                }
                button.primary type="submit" { "Make it" }
            }))
        }
        p { a href=(member.path("tokens")) { "Back to your tokens" } }
    };
    page(member, "New token", content)
}

async fn make(
    State(state): State<AppState>,
    member: Member,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    member.must_be_recent()?;
    let again = |status: StatusCode, problem: &str| {
        Ok((status, form(&member, &typed, Some(problem))).into_response())
    };
    let (label, scopes, lifetime) = match typed.read() {
        Ok(read) => read,
        Err(problem) => return again(StatusCode::UNPROCESSABLE_ENTITY, problem),
    };
    if own(&state, &member).await?.len() >= MOST {
        let problem = "You have 50 tokens here. Revoke one that nobody needs any more first.";
        return again(StatusCode::CONFLICT, problem);
    }
    let new = New {
        account: member.account(),
        audience: Some(member.organization().id),
        label: &label,
        scopes: &scopes,
        lifetime: Some(lifetime),
    };
    match state
        .accounts()
        .tokens()
        .issue(new, SystemTime::now())
        .await
    {
        Ok((_, token)) => Ok(made(&member, state.site(), &label, &token).into_response()),
        Err(weft_auth::Error::Refused(NoToken::Account)) => Err(Refused::NotSignedIn),
        Err(error) => Err(failed(&error).into()),
    }
}

fn made(member: &Member, site: &Site, label: &str, token: &ApiToken) -> Markup {
    let content = html! {
        h1 { "The token is made" }
        (layout::notice("Copy it now: it is not shown again."))
        section.card.stack.tight {
            h2 { (label) }
            span.secret.code { (token.expose()) }
        }
        section.card.stack.tight {
            h2 { "Try it" }
            p { "This says whom the token speaks for:" }
            span.secret.code { (*site.curl("/api/me", token)) }
            p { "The rest of the API is described in " a href="/api/openapi.json" { "OpenAPI 3.1" } "." }
        }
        p { a.button.primary href=(member.path("tokens")) { "I have it" } }
    };
    page(member, "The token is made", content)
}

async fn revoke(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    member.must_be_recent()?;
    let id = ApiTokenId::from(id);
    let own = own(&state, &member).await?;
    if !own.iter().any(|record| record.id == id) {
        return Err(Problem::not_found().into());
    }
    let revoked = state
        .accounts()
        .store()
        .revoke_api_token(member.account(), id);
    revoked.await.map_err(|error| failed(&error))?;
    Ok(member.to("tokens"))
}
