//! What an organisation is called and what it is made of, and the way to the rest of its settings.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Pages,
    form::Form,
    layout::{self, Section},
    members::must_own,
    names::Names,
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    extract::{Body, Id, NoQuery},
    routes::{
        organization::{self, OrganizationChanges},
        plans,
    },
    value::{Line, Role},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/settings", read)
        .post("/o/{org}/settings", rename)
}

/// Other pages of settings: where, what they are called, what is there, and whether owners alone see them.
const PARTS: &[(&str, &str, &str, bool)] = &[
    (
        "tokens",
        "API tokens",
        "For programs that work for you",
        false,
    ),
    (
        "webhooks/in",
        "Webhooks in",
        "What Stripe, Shopify, Slack and others send here",
        true,
    ),
    (
        "webhooks/out",
        "Webhooks out",
        "Who is told of what happens here",
        true,
    ),
    (
        "sign-on",
        "Single sign-on",
        "How people of the organisation sign in",
        true,
    ),
];

async fn read(member: Member) -> Result<Markup, Refused> {
    page(&member, None).await
}

/// What was typed, and what is wrong with it.
struct Typed<'t>(&'t str, &'t str);

async fn page(member: &Member, typed: Option<Typed<'_>>) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let owns = tenant.identity().role == Role::Owner;
    let Json(organization) = organization::get(tenant.clone(), NoQuery).await?;
    let Json(plan) = plans::get(tenant.clone(), Id(organization.plan_id), NoQuery).await?;
    let shops = Names::of_shops(tenant, []).await?;
    let (name, problem) = match typed {
        Some(Typed(name, problem)) => (name, Some(problem)),
        None => (&*organization.name, None),
    };
    let parts = PARTS.iter().filter(|(.., owners)| owns || !owners);
    let parts: Vec<_> = parts.collect();
    let content = html! {
        h1 { "Settings" }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        @if owns {
            section.card {
                (layout::form(member.visitor(), &member.path("settings"), html! {
                    (layout::field("name", "Name of the organisation", Some("Its address does not change."), html! {
                        input #name name="name" value=(name) required maxlength="200" autocomplete="organization" aria-describedby="name-hint";
                    }))
                    button.primary type="submit" { "Rename it" }
                }))
            }
        }
        @if !parts.is_empty() {
            ul.list {
                @for (path, name, what, _) in parts {
                    li { a href=(member.path(path)) { strong { (name) } span.soft { (what) } } }
                }
            }
        }
        section.card.stack.tight {
            h2 { "Plan" }
            p { (plan.name) ", " (show::money(plan.price, &plan.currency)) " a month" }
        }
        section.card.stack.tight {
            h2 { "Shops" }
            @if shops.len() == 0 { p.soft { "None yet. Programs add them by the API." } }
            ul { @for (_, name) in shops.iter() { li { (name) } } }
            @if let Some(note) = shops.note() { p.soft { (note) } }
        }
        p.soft.small { "Here since " (show::time(organization.created_at)) "." }
    };
    Ok(layout::within(
        member,
        Section::Settings,
        "Settings",
        content,
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renamed {
    name: String,
}

async fn rename(member: Member, Form(renamed): Form<Renamed>) -> Result<Response, Refused> {
    must_own(&member)?;
    let Ok(name) = Line::new(renamed.name.clone()) else {
        let typed = Typed(&renamed.name, "A name on one line is needed.");
        let page = page(&member, Some(typed)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let changes = OrganizationChanges { name: Some(name) };
    let _ = organization::update(member.tenant().clone(), NoQuery, Body(changes)).await?;
    Ok(member.to("settings"))
}
