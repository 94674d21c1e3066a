//! What an endpoint checks signatures with: an old and a new secret at most, and never shown.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    super::{
        Pages, asked::Of, form::Form, layout, members::must_own, refused::Refused, show,
        visitor::Member,
    },
    endpoints::{ONE, path},
    name, overlap, shown_once, within,
};
use crate::{
    app::AppState,
    extract::{Body, Id, Ids, NoBody, NoQuery},
    routes::{
        webhook_endpoints::{self, WebhookEndpoint},
        webhook_secrets::{self, NewWebhookSecret, WebhookSecret},
    },
    value::{Overlap, Provider},
    webhooks::secrets::SecretText,
};

pub(super) fn routes(pages: Pages) -> Pages {
    let rotate = format!("{ONE}/rotate");
    pages
        .get(&rotate, ask)
        .post(&rotate, self::rotate)
        .post(&format!("{ONE}/end"), end)
}

/// An endpoint's secrets: which there are, and until when.
pub(super) fn section(member: &Member, one: &WebhookEndpoint, kept: &[WebhookSecret]) -> Markup {
    let (now, path) = (Utc::now(), path(one.id));
    let in_force = |secret: &WebhookSecret| secret.not_after.is_none_or(|end| end > now);
    let works = kept.iter().any(in_force);
    html! {
        section.stack.tight {
            h2 { "Secrets" }
            @if !works {
                (layout::wrong("There is no secret in force: everything that comes is refused. Add the one that is signed with."))
            }
            @if !kept.is_empty() {
                table {
                    thead { tr {
                        th scope="col" { "Secret" }
                        th scope="col" { "Added" }
                        th scope="col" { "In force" }
                        th scope="col" { "Delete" }
                    } }
                    tbody { @for secret in kept { tr {
                        td data-label="Secret" { code { (secret.id) } }
                        td data-label="Added" { (show::time(secret.created_at)) }
                        td data-label="In force" {
                            @match secret.not_after {
                                None => "without an end",
                                Some(end) if in_force(secret) => { "until " (show::time(end)) },
                                Some(end) => { "ended " (show::time(end)) },
                            }
                        }
                        td data-label="Delete" {
                            (layout::form(member.visitor(), &member.path(&format!("{path}/end")), html! {
                                input type="hidden" name="secret_id" value=(secret.id);
                                button.quiet type="submit" aria-label={ "Delete the secret " (secret.id) } { "Delete" }
                            }))
                        }
                    } } }
                }
            }
            p { a.button href=(member.path(&format!("{path}/rotate"))) {
                @if works { "Change to a new secret" } @else { "Add a secret" }
            } }
        }
    }
}

/// Where a secret is typed in, which is never sent back.
pub(super) fn field(hint: &str) -> Markup {
    layout::field(
        "secret",
        "Secret",
        Some(hint),
        html! {
            input #secret type="password" name="secret" autocomplete="off" spellcheck="false" maxlength="512" aria-describedby="secret-hint";
        },
    )
}

/// Where a provider's secret is found.
const fn found(provider: Provider) -> &'static str {
    match provider {
        Provider::Stripe => {
            "Stripe shows it beside its endpoint for this address; it begins with whsec_."
        }
        Provider::Shopify => {
            "The client secret of your app at Shopify, or what Shopify shows below its own list of webhooks."
        }
        Provider::Slack => "Slack calls it the signing secret of your app.",
        Provider::Workos => "WorkOS shows it beside its endpoint for this address.",
        Provider::Stalwart => "Leave it empty to have one made here, to be given to Stalwart.",
    }
}

async fn ask(member: Member, Of(id): Of) -> Result<Markup, Refused> {
    must_own(&member)?;
    page(&member, id, None, None).await
}

async fn page(
    member: &Member,
    id: Uuid,
    overlapping: Option<Overlap>,
    problem: Option<&str>,
) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(one) = webhook_endpoints::get(tenant.clone(), Id(id), NoQuery).await?;
    let Json(kept) = webhook_secrets::list(tenant.clone(), Id(id), NoQuery).await?;
    let title = format!("New secret for {}", one.label);
    let content = html! {
        h1 { (title) }
        @if !kept.is_empty() {
            p { "Until the secret of before ends, either is good: change it at " (name(one.provider)) " meanwhile, and nothing is lost." }
        }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        section.card {
            (layout::form(member.visitor(), &member.path(&format!("{}/rotate", path(id))), html! {
                (field(found(one.provider)))
                @if !kept.is_empty() { (overlap(overlapping)) }
                button.primary type="submit" { "Take the new secret" }
            }))
        }
        p { a href=(member.path(&path(id))) { "Back to the endpoint" } }
    };
    Ok(within(member, &title, content))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    secret: SecretText,
    overlap_minutes: Option<Overlap>,
}

async fn rotate(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let overlap_minutes = typed.overlap_minutes;
    let new = NewWebhookSecret {
        secret: typed.secret.unless_empty(),
        overlap_minutes,
    };
    let tenant = member.tenant().clone();
    match webhook_secrets::create(State(state), tenant, Id(id), NoQuery, Body(new)).await {
        Ok(added) => Ok(match added.into_row().secret {
            Some(secret) => {
                let whom = "Give it to the provider, which signs with it.";
                shown_once(&member, &secret, whom, &path(id)).into_response()
            }
            None => member.to(&path(id)),
        }),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let said = show::sentence(problem.detail());
            let page = page(&member, id, overlap_minutes, Some(&said)).await?;
            Ok((problem.status(), page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    secret_id: Uuid,
}

async fn end(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(ended): Form<Ended>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let (tenant, ids) = (member.tenant().clone(), Ids(id, ended.secret_id));
    webhook_secrets::delete(State(state), tenant, ids, NoQuery, NoBody).await?;
    Ok(member.to(&path(id)))
}
