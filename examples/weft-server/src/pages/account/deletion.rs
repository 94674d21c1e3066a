//! Deleting oneself: out of each organisation in a scope of it, and then the account.

use std::time::SystemTime;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use weft_auth::AccountId;
use weft_tenancy::Scope;

use super::super::{
    Pages, layout,
    refused::{Refused, told},
    visitor::SignedIn,
};
use crate::{
    app::AppState,
    error::Problem,
    roads::Organization,
    routes::memberships::{leave, owns_alone},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/account/deletion", show)
        .post("/account/deletion", delete)
}

/// What somebody is a member of.
struct Memberships {
    all: Vec<Organization>,
    /// Those that nobody would own any more.
    owned_alone: Vec<Organization>,
}

impl Memberships {
    async fn of(state: &AppState, account: AccountId) -> Result<Memberships, Refused> {
        let all = state.roads().auth.organizations_of(account).await?;
        let mut owned_alone = Vec::new();
        for organization in &all {
            let mut conn = state
                .roads()
                .app
                .within(Scope::org(organization.id))
                .await?;
            if owns_alone(&mut conn, account.into()).await? {
                owned_alone.push(organization.clone());
            }
        }
        Ok(Memberships { all, owned_alone })
    }
}

async fn show(State(state): State<AppState>, signed_in: SignedIn) -> Result<Markup, Refused> {
    let session = signed_in.session();
    session.recently_authenticated(SystemTime::now())?;
    let memberships = Memberships::of(&state, session.account()).await?;
    Ok(page(&signed_in, &memberships))
}

fn page(signed_in: &SignedIn, memberships: &Memberships) -> Markup {
    layout::alone(
        "Delete your account",
        html! {
            h1 { "Delete your account" }
            @if memberships.owned_alone.is_empty() {
                p { "You are signed out everywhere, and nobody can sign in as you any more. What you wrote stays with those whom you wrote it for, without your name." }
                @if !memberships.all.is_empty() {
                    p { "You leave these organisations:" }
                    ul { @for one in &memberships.all { li { (one.name) } } }
                }
                (layout::form(signed_in, "/account/deletion", html! {
                    button.danger.fill type="submit" { "Delete my account" }
                }))
            } @else {
                (layout::wrong("You are the only owner of these. Make somebody else an owner there first."))
                ul.list {
                    @for one in &memberships.owned_alone {
                        li { a href={ "/o/" (one.slug) "/members" } { strong { (one.name) } span.soft { "Members" } } }
                    }
                }
            }
            p { a href="/account" { "Back to your account" } }
        },
    )
}

async fn delete(State(state): State<AppState>, signed_in: SignedIn) -> Result<Response, Refused> {
    let session = signed_in.session();
    let recent = session.recently_authenticated(SystemTime::now())?;
    let memberships = Memberships::of(&state, session.account()).await?;
    if !memberships.owned_alone.is_empty() {
        let page = page(&signed_in, &memberships);
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    for organization in &memberships.all {
        let mut conn = state
            .roads()
            .app
            .within(Scope::org(organization.id))
            .await?;
        leave(&state, &mut conn, session.account().into()).await?;
    }
    let visit = signed_in.visit(false);
    if let Err(error) = state
        .accounts()
        .login()
        .delete_own_account(&recent, &visit)
        .await
    {
        let (status, problem) = told(error)?;
        return Err(Problem::new(status, problem).into());
    }
    state.post().wake();
    let mut response = gone().into_response();
    weft_auth::headers::signed_out(response.headers_mut());
    Ok(response)
}

fn gone() -> Markup {
    layout::alone(
        "Your account is deleted",
        html! {
            h1 { "Your account is deleted" }
            p { "A mail to your address says so too. Thank you for having been here." }
            p { a href="/" { "Back to the start" } }
        },
    )
}
