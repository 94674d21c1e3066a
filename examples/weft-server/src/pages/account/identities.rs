//! By which organisations one is signed in.

use std::time::SystemTime;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{
    sso::IdentityRecord,
    store::{Account, AccountStore, IdentityStore},
};

use super::super::{
    Pages,
    form::Form,
    layout,
    refused::{Refused, told},
    show,
    visitor::SignedIn,
};
use crate::{app::AppState, error::Problem, single_sign_on::unavailable};

pub(super) fn routes(pages: Pages) -> Pages {
    pages.post("/account/identities/unlink", unlink)
}

/// An account has one identity of a connection at most.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Over {
    connection: String,
}

/// All of them, the oldest first, or nothing where there are none.
pub(super) async fn list(
    state: &AppState,
    signed_in: &SignedIn,
    account: &Account,
) -> Result<Markup, Refused> {
    let mut own = of(state, account).await?;
    if own.is_empty() {
        return Ok(html! {});
    }
    own.sort_by_key(|identity| identity.since);
    let mut named = Vec::new();
    for identity in own {
        let connected = state.roads().auth.connected(&identity.organization).await?;
        let name = connected.map_or_else(|| "An organisation".to_owned(), |one| one.name);
        named.push((name, identity));
    }
    let is_only_way = is_only_way(state, account).await?;
    Ok(html! {
        section.stack.tight {
            h2 { "Organisations that sign you in" }
            ul.list { @for (name, identity) in &named { li { div {
                span {
                    strong { (name) }
                    br;
                    span.soft.small { "As " (identity.email) ", since " (show::time(identity.since.into())) }
                }
                @if !is_only_way { (unlink_form(signed_in, name, identity)) }
            } } } }
            @if is_only_way { p.soft.small { (ONLY_WAY) } }
        }
    })
}

fn unlink_form(signed_in: &SignedIn, name: &str, identity: &IdentityRecord) -> Markup {
    layout::form(
        signed_in,
        "/account/identities/unlink",
        html! {
            input type="hidden" name="connection" value=(identity.key.connection());
            button type="submit" aria-label={ "Unlink " (name) } { "Unlink" }
        },
    )
}

const ONLY_WAY: &str = "People with your address sign in through their organisation alone, so this cannot be unlinked as long as that is so: an owner there can change it.";

async fn unlink(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Form(over): Form<Over>,
) -> Result<Response, Refused> {
    let session = signed_in.session();
    let recent = session.recently_authenticated(SystemTime::now())?;
    let account = super::account(&state, &signed_in).await?;
    let own = of(&state, &account).await?;
    let same = |one: &&IdentityRecord| one.key.connection().as_str() == over.connection;
    let identity = own.iter().find(same).ok_or_else(Problem::not_found)?;
    if is_only_way(&state, &account).await? {
        let page = layout::alone(
            "This stays",
            html! {
                h1 { "This stays" }
                p { (ONLY_WAY) }
                p { a href="/account" { "Back to your account" } }
            },
        );
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    let login = state.accounts().login();
    let visit = signed_in.visit(false);
    if let Err(error) = login.unlink_identity(&recent, &identity.key, &visit).await {
        let (status, problem) = told(error)?;
        return Err(Problem::new(status, problem).into());
    }
    state.post().wake();
    Ok(Redirect::to("/account").into_response())
}

async fn of(state: &AppState, account: &Account) -> Result<Vec<IdentityRecord>, Refused> {
    let own = state.accounts().store().identities_of(account.id).await;
    own.map_err(|error| unavailable(&error).into())
}

/// Whether nothing but these would let somebody in.
async fn is_only_way(state: &AppState, account: &Account) -> Result<bool, Refused> {
    let store = state.accounts().store();
    let required = store.requires_single_sign_on(account.mailbox.domain());
    required.await.map_err(|error| unavailable(&error).into())
}
