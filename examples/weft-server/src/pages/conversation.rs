//! One conversation: what was said, what is said next, and who takes care of it.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Pages,
    asked::{Asked, Here, Of},
    attachments as files,
    form::{Fields, Form},
    layout::{self, Section},
    names::{self, Names},
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    app::AppState,
    error::Problem,
    extract::{Body, Id, NoQuery, Query},
    routes::{
        attachments::{self, Attachment},
        conversations::{self, Conversation, ConversationChanges},
        customers,
        messages::{self, Message, Messages, NewMessage},
        orders,
    },
    value::{ConversationState, Direction, First, Prose},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get(ONE, read)
        .post(&format!("{ONE}/messages"), say)
        .post(&format!("{ONE}/state"), settle)
        .post(&format!("{ONE}/assignee"), assign)
}

const ONE: &str = "/o/{org}/conversations/{conversation_id}";

async fn read(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Asked(query, here): Asked<Messages>,
) -> Result<Response, Refused> {
    page((&state, &member), id, (query, &here), None).await
}

/// What somebody wanted to say, and why it was not sent.
struct Unsaid<'s> {
    said: &'s Said,
    problem: &'s str,
}

async fn page(
    (app, member): (&AppState, &Member),
    id: Uuid,
    (mut query, here): (Messages, &Here),
    unsaid: Option<Unsaid<'_>>,
) -> Result<Response, Refused> {
    let tenant = member.tenant();
    let Json(one) = conversations::get(tenant.clone(), Id(id), NoQuery).await?;
    query.first = Some(First::Newest);
    let Json(talk) = messages::list(tenant.clone(), Id(id), Query(query)).await?;
    let authors = talk.items.iter().filter_map(|message| message.author_id);
    let members = Names::of_members(tenant, authors.chain(one.assignee_id)).await?;
    let shops = Names::of_shops(tenant, [one.shop_id]).await?;
    let ids = talk.items.iter().map(|message| message.id);
    let sent = attachments::of_messages(tenant, ids).await?;
    let unsent = attachments::unsent(tenant, id).await?;
    let beside = beside(member, &one, &members).await?;
    let content = html! {
        div.stack.tight {
            h1 { (one.subject) }
            p.row {
                (state(one.state))
                @if let Some(shop) = shops.get(one.shop_id) { span.badge.plain { (shop) } }
                span.soft.small { "since " (show::time(one.created_at)) }
            }
        }
        div.columns {
            section.stack aria-label="What was said" {
                (show::pager(here, talk.next.as_deref(), ("Back to the newest", "Earlier messages")))
                @if talk.items.is_empty() {
                    (layout::empty("Nothing was said yet", "Write the first message below."))
                } @else {
                    ol.talk { @for message in talk.items.iter().rev() { (said(member, message, &members, &sent)) } }
                }
                (answer(member, id, unsaid.as_ref(), &unsent))
                (files::chooser(app, member, id))
            }
            aside.stack aria-label="About it" { (beside) }
        }
    };
    let page = layout::within(member, Section::Inbox, &one.subject, content);
    Ok(member.visitor().with_store(page))
}

fn state(state: ConversationState) -> Markup {
    match state {
        ConversationState::Open => html! { span.badge.warn { "open" } },
        ConversationState::Closed => html! { span.badge.plain { "closed" } },
    }
}

fn said(member: &Member, message: &Message, members: &Names, sent: &[Attachment]) -> Markup {
    let author = message.author_id.and_then(|id| members.get(id));
    let (class, by) = match message.direction {
        Direction::In => ("in", "The customer"),
        Direction::Out => ("out", author.unwrap_or("A colleague")),
        Direction::Note => ("note", author.unwrap_or("A colleague")),
    };
    html! {
        li class=(class) {
            (message.body)
            (files::sent(member, sent.iter().filter(|file| file.message_id == Some(message.id))))
            footer {
                (by)
                @if message.direction == Direction::Note { ", a note for colleagues" }
                " · " (show::time(message.created_at))
            }
        }
    }
}

fn answer(member: &Member, id: Uuid, unsaid: Option<&Unsaid<'_>>, unsent: &[Attachment]) -> Markup {
    let text = unsaid.map(|unsaid| &*unsaid.said.body);
    let chosen = unsaid.map(|unsaid| &*unsaid.said.files);
    let path = member.path(&format!("conversations/{id}/messages"));
    layout::form(
        member.visitor(),
        &path,
        html! {
            @if let Some(unsaid) = unsaid { (layout::wrong(unsaid.problem)) }
            (layout::field("body", "Your message", Some("A note is read by colleagues alone."), html! {
                textarea #body name="body" required maxlength="20000" aria-describedby="body-hint" { (text.unwrap_or_default()) }
            }))
            (files::unsent(member, unsent, chosen))
            p #held.notice.warn role="status" tabindex="-1" hidden {}
            div.row {
                button.primary type="submit" name="direction" value=(Direction::Out.as_str()) { "Answer" }
                button type="submit" name="direction" value=(Direction::Note.as_str()) { "Keep as a note" }
            }
        },
    )
}

/// Who takes care of it, with whom it is, and about what.
async fn beside(member: &Member, one: &Conversation, members: &Names) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let customer = match one.customer_id {
        Some(id) => Some(customers::get(tenant.clone(), Id(id), NoQuery).await?.0),
        None => None,
    };
    let order = match one.order_id {
        Some(id) => there(orders::get(tenant.clone(), Id(id), NoQuery).await)?,
        None => None,
    };
    let path = |what: &str| member.path(&format!("conversations/{}/{what}", one.id));
    let (next, does) = match one.state {
        ConversationState::Open => (ConversationState::Closed, "Close it"),
        ConversationState::Closed => (ConversationState::Open, "Open it again"),
    };
    Ok(html! {
        section.card.stack.tight {
            h2 { "Care" }
            (layout::form(member.visitor(), &path("assignee"), html! {
                (members.choice(("assignee_id", "Who answers", "Nobody yet"), one.assignee_id))
                button type="submit" { "Assign" }
            }))
            (layout::form(member.visitor(), &path("state"), html! {
                input type="hidden" name="state" value=(next.as_str());
                button type="submit" { (does) }
            }))
        }
        @if let Some(customer) = customer {
            section.card.stack.tight {
                h2 { "Customer" }
                p { a href=(member.path(&format!("customers/{}", customer.id))) {
                    (names::customer(customer.name, customer.email.clone()))
                } }
                @if let Some(email) = customer.email { p.soft { (email) } }
                @if let Some(phone) = customer.phone { p.soft { (phone) } }
            }
        }
        @if let Some(order) = order {
            section.card.stack.tight {
                h2 { "Order" }
                p { a href=(member.path(&format!("orders/{}", order.id))) { (order.name) } }
                p { (show::money(order.total, &order.currency)) }
                p.row {
                    span.badge { (show::word(order.financial_status.as_str())) }
                    span.badge.plain { (show::word(order.fulfillment_status.as_str())) }
                }
                p.soft.small { "placed " (show::time(order.placed_at)) }
            }
        }
    })
}

/// What is referred to, unless it went out of sight.
fn there<T>(answer: Result<Json<T>, Problem>) -> Result<Option<T>, Problem> {
    match answer {
        Ok(Json(it)) => Ok(Some(it)),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// What somebody says. Each file that was ticked is a field.
#[derive(Deserialize)]
#[serde(try_from = "Vec<(String, String)>")]
struct Said {
    direction: Direction,
    body: String,
    files: Vec<Uuid>,
}

impl TryFrom<Vec<(String, String)>> for Said {
    type Error = String;

    fn try_from(fields: Vec<(String, String)>) -> Result<Said, String> {
        let mut fields = Fields(fields);
        let file = |id: String| id.parse().map_err(|_| "a file is named by its id");
        let files = fields.all("attachment_ids").into_iter().map(file);
        let direction = fields.one("direction")?.ok_or("direction is missing")?;
        let said = Said {
            files: files.collect::<Result<_, _>>()?,
            direction: Direction::parse(&direction).ok_or("direction is out, in or note")?,
            body: fields.one("body")?.ok_or("body is missing")?,
        };
        fields.end()?;
        Ok(said)
    }
}

async fn say(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(said): Form<Said>,
) -> Result<Response, Refused> {
    let problem = match create(&member, id, &said).await {
        Ok(()) => return Ok(back(&member, id)),
        Err(problem) => problem,
    };
    if problem.status() != StatusCode::UNPROCESSABLE_ENTITY {
        return Err(problem.into());
    }
    let unsaid = Unsaid {
        said: &said,
        problem: &show::sentence(problem.detail()),
    };
    let Asked(query, here) = Asked::first_page()?;
    let page = page((&state, &member), id, (query, &here), Some(unsaid)).await?;
    Ok((problem.status(), page).into_response())
}

async fn create(member: &Member, id: Uuid, said: &Said) -> Result<(), Problem> {
    // Browsers end the lines of a form in two characters.
    let text = said.body.replace("\r\n", "\n");
    let new = Body(NewMessage {
        direction: said.direction,
        body: Prose::new(text).map_err(Problem::unprocessable)?,
        attachment_ids: Some(said.files.clone()),
    });
    messages::create(member.tenant().clone(), Id(id), NoQuery, new).await?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settled {
    state: ConversationState,
}

async fn settle(
    member: Member,
    Of(id): Of,
    Form(settled): Form<Settled>,
) -> Result<Response, Refused> {
    let changes = ConversationChanges {
        state: Some(settled.state),
        ..unchanged()
    };
    change(&member, id, changes).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assigned {
    assignee_id: String,
}

async fn assign(
    member: Member,
    Of(id): Of,
    Form(assigned): Form<Assigned>,
) -> Result<Response, Refused> {
    let assignee = match &*assigned.assignee_id {
        "" => None,
        id => {
            let id = Uuid::try_parse(id);
            Some(id.map_err(|_| Problem::unprocessable("that is no member"))?)
        }
    };
    let changes = ConversationChanges {
        assignee_id: Some(assignee),
        ..unchanged()
    };
    change(&member, id, changes).await
}

fn unchanged() -> ConversationChanges {
    ConversationChanges {
        customer_id: None,
        order_id: None,
        assignee_id: None,
        subject: None,
        state: None,
    }
}

async fn change(
    member: &Member,
    id: Uuid,
    changes: ConversationChanges,
) -> Result<Response, Refused> {
    let _ = conversations::update(member.tenant().clone(), Id(id), NoQuery, Body(changes)).await?;
    Ok(back(member, id))
}

fn back(member: &Member, id: Uuid) -> Response {
    member.to(&format!("conversations/{id}"))
}
