//! Where one is signed in.

use std::time::SystemTime;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use weft_auth::{SessionId, session::Record};

use super::super::{Pages, layout, refused::Refused, visitor::SignedIn};
use crate::{app::AppState, extract::Id};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .post("/account/devices/{id}/revoke", revoke)
        .post("/account/devices/revoke-others", revoke_others)
}

/// All of them, the one last used first.
pub(super) async fn list(state: &AppState, signed_in: &SignedIn) -> Result<Markup, Refused> {
    let (sessions, session) = (state.accounts().login().sessions(), signed_in.session());
    let now = SystemTime::now();
    let devices = sessions.devices(session.account(), now).await?;
    Ok(html! {
        section.stack.tight {
            h2 { "Devices" }
            ul.list {
                @for record in &devices { li { div { (one(signed_in, record, now)) } } }
            }
            @if devices.len() > 1 {
                (layout::form(signed_in, "/account/devices/revoke-others", html! {
                    button.danger type="submit" { "Sign out everywhere else" }
                }))
            }
        }
    })
}

fn one(signed_in: &SignedIn, record: &Record, now: SystemTime) -> Markup {
    let name = match record.device.name() {
        "" => "A browser without a name",
        name => name,
    };
    let minutes = now
        .duration_since(record.last_seen_at)
        .unwrap_or_default()
        .as_secs()
        / 60;
    let id = uuid::Uuid::from(record.id);
    html! {
        span {
            strong { (name) }
            br;
            span.soft.small {
                @match minutes {
                    0..2 => "Used just now",
                    2..120 => { "Used " (minutes) " minutes ago" },
                    120..2880 => { "Used " (minutes / 60) " hours ago" },
                    _ => { "Used " (minutes / 1440) " days ago" },
                }
                @if record.remembered { ", stays signed in" }
            }
        }
        @if record.id == signed_in.session().id() {
            span.badge { "This one" }
        } @else {
            form method="post" action={ "/account/devices/" (id) "/revoke" } {
                (signed_in.token())
                button type="submit" aria-label={ "Sign out " (name) } { "Sign out" }
            }
        }
    }
}

async fn revoke(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Id(id): Id,
) -> Result<Response, Refused> {
    let (sessions, account) = (
        state.accounts().login().sessions(),
        signed_in.session().account(),
    );
    sessions.revoke(account, SessionId::from(id)).await?;
    Ok(Redirect::to("/account").into_response())
}

async fn revoke_others(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, Refused> {
    let recent = signed_in
        .session()
        .recently_authenticated(SystemTime::now())?;
    state
        .accounts()
        .login()
        .sessions()
        .revoke_others(&recent)
        .await?;
    Ok(Redirect::to("/account").into_response())
}
