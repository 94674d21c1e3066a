//! What subscriptions were told, and what came of it.

use axum::{
    Json,
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
    OUT,
    deliveries::times,
    subscriptions, tabs, within,
};
use crate::{
    extract::{Id, NoBody, NoQuery, Query},
    routes::webhook_events::{self, WebhookAttempt, WebhookEvents},
    value::EventState,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/webhooks/messages", list)
        .get(ONE, read)
        .post(&format!("{ONE}/replay"), replay)
}

const ONE: &str = "/o/{org}/webhooks/messages/{event_id}";

async fn list(member: Member, Asked(query, here): Asked<WebhookEvents>) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let state = query.state.map(EventState::as_str);
    let subscription = query.subscription_id;
    let Json(page) = webhook_events::list(tenant.clone(), Query(query)).await?;
    let named = page.items.iter().map(|one| one.subscription_id);
    let subscriptions = Names::of_subscriptions(tenant, named.chain(subscription)).await?;
    let states = EventState::ALL
        .iter()
        .map(|state| (state.as_str().to_owned(), said(*state).1.to_owned()));
    let content = html! {
        h1 { "Messages" }
        (tabs(&member, "webhooks/messages", OUT))
        form.row.filter method="get" {
            (subscriptions.choice(("subscription_id", "To", "All subscriptions"), subscription))
            (show::choice(("state", "What became of it", "Whatever did"), states, state, None))
            button type="submit" { "Show" }
        }
        @if page.items.is_empty() {
            (layout::empty("No such messages", "What subscriptions are told appears here. Choose less above to see more."))
        } @else {
            table {
                thead { tr {
                    th scope="col" { "Made" }
                    th scope="col" { "Told of" }
                    th scope="col" { "To" }
                    th scope="col" { "What became of it" }
                    th.number scope="col" { "Tried" }
                } }
                tbody { @for one in &page.items { tr {
                    td data-label="Made" { a href=(member.path(&path(one.id))) { (show::time(one.created_at)) } }
                    td data-label="Told of" { (one.event_type.as_str()) }
                    td data-label="To" { (subscriptions.get(one.subscription_id).unwrap_or(GONE)) }
                    td data-label="What became of it" { (badge(one.state)) }
                    td.number data-label="Tried" { (one.attempts) }
                } } }
            }
        }
        (show::pager(&here, page.next.as_deref(), ("Back to the newest", "Older messages")))
    };
    Ok(within(&member, "Messages", content))
}

fn path(id: Uuid) -> String {
    format!("webhooks/messages/{id}")
}

const GONE: &str = "a subscription that is gone";

/// The class of a state's badge, and what the state means.
const fn said(state: EventState) -> (&'static str, &'static str) {
    match state {
        EventState::Pending => ("badge warn", "to be sent"),
        EventState::Delivered => ("badge", "delivered"),
        EventState::Failed => ("badge wrong", "failed"),
    }
}

fn badge(state: EventState) -> Markup {
    let (class, said) = said(state);
    html! { span class=(class) { (said) } }
}

async fn read(member: Member, Of(id): Of) -> Result<Markup, Refused> {
    page(&member, id, None).await
}

async fn page(member: &Member, id: Uuid, problem: Option<&str>) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(one) = webhook_events::get(tenant.clone(), Id(id), NoQuery).await?;
    let Json(attempts) = webhook_events::attempts(tenant.clone(), Id(id), NoQuery).await?;
    let subscriptions = Names::of_subscriptions(tenant, [one.subscription_id]).await?;
    let content = html! {
        div.stack.tight {
            h1 { "Message" }
            p.row { (badge(one.state)) span.soft.small { "made " (show::time(one.created_at)) } }
        }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        dl.facts.card {
            dt { "Told of" } dd { (one.event_type.as_str()) }
            dt { "To" }
            dd {
                @match subscriptions.get(one.subscription_id) {
                    Some(url) => a href=(member.path(&subscriptions::path(one.subscription_id))) { (url) },
                    None => (GONE),
                }
            }
            dt { "Tried" } dd { (times(one.attempts)) }
            @match one.settled_at {
                Some(at) => { dt { "Settled" } dd { (show::time(at)) } },
                None => { dt { "Due" } dd { (show::time(one.due_at)) } },
            }
            dt { "Id" } dd { code { "msg_" (one.id.simple()) } }
        }
        @if one.state != EventState::Pending {
            (layout::form(member.visitor(), &member.path(&format!("{}/replay", path(id))), html! {
                button.primary type="submit" { "Send it once more" }
            }))
        }
        section.stack.tight {
            h2 { "Attempts" }
            @if attempts.is_empty() { p.soft { "None yet." } } @else { (table(&attempts)) }
        }
        p { a href=(member.path("webhooks/messages")) { "Back to all messages" } }
    };
    Ok(within(member, "Message", content))
}

fn table(attempts: &[WebhookAttempt]) -> Markup {
    html! {
        table {
            thead { tr {
                th.number scope="col" { "Attempt" }
                th scope="col" { "Began" }
                th.number scope="col" { "Took" }
                th scope="col" { "Answer" }
                th scope="col" { "Outcome" }
            } }
            tbody { @for one in attempts { tr {
                td.number data-label="Attempt" { (one.number) }
                td data-label="Began" { (show::time(one.started_at)) }
                td.number data-label="Took" { (one.duration_ms) " ms" }
                td data-label="Answer" {
                    @match one.status { Some(status) => (status), None => "none" }
                }
                td data-label="Outcome" { (one.outcome.replace('-', " ")) }
            } } }
        }
    }
}

async fn replay(
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    match webhook_events::replay(member.tenant().clone(), Id(id), NoQuery, NoBody).await {
        Ok(_) => Ok(member.to(&path(id))),
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let said = show::sentence(problem.detail());
            let page = page(&member, id, Some(&said)).await?;
            Ok((problem.status(), page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}
