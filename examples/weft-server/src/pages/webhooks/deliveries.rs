//! What came to endpoints, and what became of it.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use uuid::Uuid;

use super::{
    super::{
        Pages,
        asked::{Asked, Of},
        form::{Form, Nothing},
        layout,
        members::must_own,
        names::Names,
        refused::Refused,
        show,
        visitor::Member,
    },
    IN, endpoints, tabs, within,
};
use crate::{
    app::AppState,
    extract::{Id, NoBody, NoQuery, Query},
    routes::webhook_deliveries::{self, WebhookDeliveries, WebhookDelivery},
    value::DeliveryState,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/webhooks/deliveries", list)
        .get(ONE, read)
        .post(&format!("{ONE}/replay"), replay)
}

const ONE: &str = "/o/{org}/webhooks/deliveries/{delivery_id}";

async fn list(
    member: Member,
    Asked(query, here): Asked<WebhookDeliveries>,
) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let state = query.state.map(DeliveryState::as_str);
    let endpoint = query.endpoint_id;
    let Json(page) = webhook_deliveries::list(tenant.clone(), Query(query)).await?;
    let named = page.items.iter().map(|one| one.endpoint_id).chain(endpoint);
    let endpoints = Names::of_endpoints(tenant, named).await?;
    let states = DeliveryState::ALL
        .iter()
        .map(|state| (state.as_str().to_owned(), said(*state).1.to_owned()));
    let content = html! {
        h1 { "Deliveries" }
        (tabs(&member, "webhooks/deliveries", IN))
        form.row.filter method="get" {
            (endpoints.choice(("endpoint_id", "Endpoint", "All endpoints"), endpoint))
            (show::choice(("state", "What became of it", "Whatever did"), states, state, None))
            button type="submit" { "Show" }
        }
        @if page.items.is_empty() {
            (layout::empty("No such deliveries", "What providers send appears here. Choose less above to see more."))
        } @else {
            table {
                thead { tr {
                    th scope="col" { "Came" }
                    th scope="col" { "Endpoint" }
                    th scope="col" { "What became of it" }
                    th.number scope="col" { "Tried" }
                } }
                tbody { @for one in &page.items { tr {
                    td data-label="Came" { a href=(member.path(&path(one.id))) { (show::time(one.received_at)) } }
                    td data-label="Endpoint" { (endpoints.get(one.endpoint_id).unwrap_or(GONE)) }
                    td data-label="What became of it" { (badge(one.state)) }
                    td.number data-label="Tried" { (one.attempts) }
                } } }
            }
        }
        (show::pager(&here, page.next.as_deref(), ("Back to the newest", "Older deliveries")))
    };
    Ok(within(&member, "Deliveries", content))
}

fn path(id: Uuid) -> String {
    format!("webhooks/deliveries/{id}")
}

const GONE: &str = "an endpoint that is gone";

/// The class of a state's badge, and what the state means.
const fn said(state: DeliveryState) -> (&'static str, &'static str) {
    match state {
        DeliveryState::Claimed => ("badge warn", "being worked on"),
        DeliveryState::Done => ("badge", "done"),
        DeliveryState::Failed => ("badge wrong", "failed"),
    }
}

fn badge(state: DeliveryState) -> Markup {
    let (class, said) = said(state);
    html! { span class=(class) { (said) } }
}

async fn read(member: Member, Of(id): Of) -> Result<Markup, Refused> {
    let Json(one) = webhook_deliveries::get(member.tenant().clone(), Id(id), NoQuery).await?;
    page(&member, &one, None).await
}

async fn page(
    member: &Member,
    one: &WebhookDelivery,
    problem: Option<&str>,
) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(body) = webhook_deliveries::body(tenant.clone(), Id(one.id), NoQuery).await?;
    let endpoints = Names::of_endpoints(tenant, [one.endpoint_id]).await?;
    let content = html! {
        div.stack.tight {
            h1 { "Delivery" }
            p.row { (badge(one.state)) span.soft.small { "came " (show::time(one.received_at)) } }
        }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        dl.facts.card {
            dt { "Endpoint" }
            dd {
                @match endpoints.get(one.endpoint_id) {
                    Some(label) => a href=(member.path(&endpoints::path(one.endpoint_id))) { (label) },
                    None => (GONE),
                }
            }
            @if let Some(why) = &one.failure { dt { "Reason" } dd { (why) } }
            dt { "Tried" } dd { (times(one.attempts)) }
            @if let Some(at) = one.settled_at { dt { "Settled" } dd { (show::time(at)) } }
            @if let Some(at) = one.signed_at { dt { "Signed" } dd { (show::time(at)) } }
            dt { "With the secret" } dd { code { (one.secret_id) } }
            dt { "Id" } dd { code { (one.id) } }
        }
        @if one.state != DeliveryState::Claimed {
            (layout::form(member.visitor(), &member.path(&format!("{}/replay", path(one.id))), html! {
                button.primary type="submit" {
                    @match one.state {
                        DeliveryState::Failed => "Try it again",
                        _ => "Let it have its effect once more",
                    }
                }
            }))
        }
        section.card.stack.tight {
            h2 { "What it said" }
            pre.code { (body.text) }
        }
        p { a href=(member.path("webhooks/deliveries")) { "Back to all deliveries" } }
    };
    Ok(within(member, "Delivery", content))
}

/// How often, in words.
pub(super) fn times(count: i32) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

async fn replay(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let tenant = member.tenant();
    match webhook_deliveries::replay(State(state), tenant.clone(), Id(id), NoQuery, NoBody).await {
        Ok(_) => Ok(member.to(&path(id))),
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let Json(one) = webhook_deliveries::get(tenant.clone(), Id(id), NoQuery).await?;
            let said = show::sentence(problem.detail());
            let page = page(&member, &one, Some(&said)).await?;
            Ok((problem.status(), page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}
