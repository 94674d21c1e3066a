//! The organisations that somebody is a member of, and making another one.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;
use weft_auth::{AccountId, Mailbox};
use weft_tenancy::Scope;

use super::{Pages, form::Form, layout, refused::Refused, visitor::SignedIn};
use crate::{
    app::AppState,
    error::Problem,
    schema::{memberships, organizations, plans},
    value::{Line, Role},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/organizations", list)
        .get("/organizations/new", ask)
        .post("/organizations/new", make)
}

async fn list(State(state): State<AppState>, signed_in: SignedIn) -> Result<Markup, Refused> {
    let account = signed_in.session().account();
    let all = state.roads().auth.organizations_of(account).await?;
    Ok(layout::alone(
        "Your organisations",
        html! {
            h1 { "Your organisations" }
            @if all.is_empty() {
                (layout::empty("None yet", "Make one, or ask somebody to invite you to theirs."))
            } @else {
                ul.list {
                    @for one in &all {
                        li { a href={ "/o/" (one.slug) "/inbox" } { strong { (one.name) } span.soft { "as " (one.display_name) } } }
                    }
                }
            }
            a.button.primary href="/organizations/new" { "New organisation" }
            p { a href="/account" { "Your account" } }
            (layout::form(&signed_in, "/sign-out", html! { button.quiet type="submit" { "Sign out" } }))
        },
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    display_name: String,
}

async fn ask(signed_in: SignedIn) -> Markup {
    page(&signed_in, None)
}

fn page(signed_in: &SignedIn, problem: Option<&str>) -> Markup {
    layout::alone(
        "New organisation",
        html! {
            h1 { "New organisation" }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(signed_in, "/organizations/new", html! {
                (layout::field("name", "What is it called?", None, html! {
                    input #name name="name" required maxlength="200" autocomplete="organization";
                }))
                (layout::field("display_name", "And you?", Some("Other members see this name."), html! {
                    input #display_name name="display_name" required maxlength="200" autocomplete="name" aria-describedby="display_name-hint";
                }))
                button.primary.fill type="submit" { "Make it" }
            }))
        },
    )
}

async fn make(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Form(new): Form<New>,
) -> Result<Response, Refused> {
    let line = |text: &str| Line::<1, 200>::new(text.to_owned());
    let (Ok(name), Ok(display_name)) = (line(&new.name), line(&new.display_name)) else {
        let page = page(&signed_in, Some("Both names are needed, on one line each."));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let account = signed_in.session().account();
    let (org, slug) = organization(&state, &name).await?;
    own(&state, org, account, &display_name).await?;
    Ok(Redirect::to(&format!("/o/{slug}/inbox")).into_response())
}

/// An organisation belongs to no scope before it is there: this is the third road's work.
async fn organization(state: &AppState, name: &Line<1, 200>) -> Result<(Uuid, String), Refused> {
    let (id, slug) = (Uuid::now_v7(), slug(name));
    let mut conn = state.roads().unscoped.open().await?;
    conn.unscoped("sign-up", "weft-server", async |conn| {
        let plan: Uuid = plans::table
            .filter(plans::code.eq("starter"))
            .select(plans::id)
            .first(conn)
            .await?;
        diesel::insert_into(organizations::table)
            .values((
                organizations::id.eq(id),
                organizations::slug.eq(&slug),
                organizations::name.eq(name),
                organizations::plan_id.eq(plan),
            ))
            .execute(conn)
            .await
    })
    .await?;
    Ok((id, slug))
}

/// Its first membership, in a scope of it.
async fn own(
    state: &AppState,
    org: Uuid,
    account: AccountId,
    display_name: &Line<1, 200>,
) -> Result<(), Refused> {
    let mailbox = mailbox(state, account).await?;
    let mut conn = state.roads().app.within(Scope::org(org)).await?;
    conn.transaction(async |conn| {
        diesel::insert_into(memberships::table)
            .values((
                memberships::id.eq(Uuid::now_v7()),
                memberships::user_id.eq(Uuid::from(account)),
                memberships::role.eq(Role::Owner),
                memberships::all_shops.eq(true),
                memberships::display_name.eq(display_name),
                memberships::address.eq(mailbox.as_str()),
            ))
            .execute(conn)
            .await
    })
    .await?;
    Ok(())
}

/// Whose account it is.
pub(super) async fn mailbox(state: &AppState, account: AccountId) -> Result<Mailbox, Refused> {
    use weft_auth::store::AccountStore;
    let found = state.accounts().store().account(account).await;
    let found = found.map_err(|error| {
        tracing::error!(%error, "an account cannot be read");
        Problem::unavailable()
    })?;
    Ok(found.ok_or(Refused::NotSignedIn)?.mailbox)
}

/// A short name that nobody has yet: the letters of the name, and some that are random.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let letters = slug.trim_matches(|c: char| !c.is_ascii_lowercase());
    let letters: String = letters.chars().take(24).collect();
    let letters = match letters.trim_end_matches('-') {
        "" => "org",
        letters => letters,
    };
    let random = Uuid::new_v4().simple().to_string();
    format!("{letters}-{}", &random[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_one_that_the_database_takes() {
        for (name, start) in [
            ("Kumo Ceramics", "kumo-ceramics-"),
            ("  4 Elements & Söhne  ", "elements-s-hne-"),
            ("雲", "org-"),
            (&"x".repeat(200), "xxxxxxxxxxxxxxxxxxxxxxxx-"),
        ] {
            let slug = slug(name);
            assert!(slug.starts_with(start), "{slug}");
            assert!(slug.len() <= 40 && slug.starts_with(|c: char| c.is_ascii_lowercase()));
        }
        assert_ne!(slug("a"), slug("a"));
    }
}
