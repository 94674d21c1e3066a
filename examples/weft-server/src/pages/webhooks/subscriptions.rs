//! Who is told of what happens.

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
    super::{
        Pages,
        asked::{Asked, Of},
        form::{Fields, Form, Nothing},
        layout,
        members::must_own,
        names::Names,
        refused::Refused,
        show,
        visitor::Member,
    },
    OUT, overlap, shown_once, tabs, within,
};
use crate::{
    app::AppState,
    extract::{Body, Id, NoBody, NoQuery, Query},
    routes::webhook_subscriptions::{
        self, NewWebhookSubscription, Rotation, WebhookSubscription, WebhookSubscriptionChanges,
        WebhookSubscriptions,
    },
    value::{EventType, Overlap, SubscriptionState, WebUrl},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/webhooks/out", list)
        .get("/o/{org}/webhooks/out/new", ask)
        .post("/o/{org}/webhooks/out/new", make)
        .get(ONE, read)
        .post(&format!("{ONE}/state"), turn)
        .post(&format!("{ONE}/rotate"), rotate)
        .post(&format!("{ONE}/delete"), delete)
}

const ONE: &str = "/o/{org}/webhooks/out/{subscription_id}";

async fn list(
    member: Member,
    Asked(query, here): Asked<WebhookSubscriptions>,
) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(page) = webhook_subscriptions::list(tenant.clone(), Query(query)).await?;
    let named = page.items.iter().filter_map(|one| one.shop_id);
    let shops = Names::of_shops(tenant, named).await?;
    let content = html! {
        div.row.apart {
            h1 { "Webhooks out" }
            a.button.primary href=(member.path("webhooks/out/new")) { "New subscription" }
        }
        (tabs(&member, "webhooks/out", OUT))
        @if page.items.is_empty() {
            (layout::empty("Nobody is told yet", "Subscribe a program of yours to what happens here."))
        } @else {
            ul.list {
                @for one in &page.items {
                    li { a href=(member.path(&path(one.id))) {
                        strong { (one.url) }
                        span.row {
                            (badge(one))
                            @if let Some(shop) = one.shop_id { span.badge.plain { (shops.get(shop).unwrap_or_default()) } }
                            span.soft.small { (types(&one.event_types)) }
                        }
                    } }
                }
            }
        }
        (show::pager(&here, page.next.as_deref(), ("Back to the first", "Later subscriptions")))
    };
    Ok(within(&member, "Webhooks out", content))
}

/// The path of a subscription's page, within its organisation.
pub(super) fn path(id: Uuid) -> String {
    format!("webhooks/out/{id}")
}

fn badge(one: &WebhookSubscription) -> Markup {
    let (class, said) = match (one.state, one.failing_since) {
        (SubscriptionState::Off, _) => ("badge wrong", "off"),
        (SubscriptionState::On, Some(_)) => ("badge warn", "failing"),
        (SubscriptionState::On, None) => ("badge", "on"),
    };
    html! { span class=(class) { (said) } }
}

fn types(types: &[EventType]) -> String {
    let words: Vec<&str> = types.iter().map(|one| one.as_str()).collect();
    words.join(", ")
}

async fn read(member: Member, Of(id): Of) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(one) = webhook_subscriptions::get(tenant.clone(), Id(id), NoQuery).await?;
    let shops = Names::of_shops(tenant, one.shop_id).await?;
    let members = Names::of_members(tenant, [one.created_by]).await?;
    let at = |what: &str| member.path(&format!("{}/{what}", path(id)));
    let told = member.path(&format!("webhooks/messages?subscription_id={id}"));
    let (next, does) = match one.state {
        SubscriptionState::On => (SubscriptionState::Off, "Turn it off"),
        SubscriptionState::Off => (SubscriptionState::On, "Turn it on again"),
    };
    let off = one.off_because.as_deref().map(|why| match why {
        "gone" => "It was turned off because it answered that it is gone.",
        _ => "It was turned off because nothing was received for days.",
    });
    let content = html! {
        div.stack.tight {
            h1 { "Subscription" }
            p.row { (badge(&one)) strong { (one.url) } }
        }
        @if let Some(off) = off { (layout::wrong(off)) }
        dl.facts.card {
            dt { "Told of" } dd { (types(&one.event_types)) }
            dt { "Shop" }
            dd {
                @match one.shop_id {
                    Some(shop) => (shops.get(shop).unwrap_or_default()),
                    None => "all shops",
                }
            }
            @if let Some(since) = one.failing_since { dt { "Failing since" } dd { (show::time(since)) } }
            dt { "Made by" } dd { (members.get(one.created_by).unwrap_or_default()) }
            dt { "Here since" } dd { (show::time(one.created_at)) }
            dt { "Messages" } dd { a href=(told) { "What it was told" } }
        }
        section.card.stack.tight {
            h2 { @match one.state { SubscriptionState::On => "Turn off", SubscriptionState::Off => "Turn on" } }
            p { "What happens while it is off is not told later." }
            (layout::form(member.visitor(), &at("state"), html! {
                input type="hidden" name="state" value=(next.as_str());
                button type="submit" { (does) }
            }))
        }
        section.card.stack.tight {
            h2 { "New secret" }
            p { "Until the secret of before ends, messages are signed with both." }
            (layout::form(member.visitor(), &at("rotate"), html! {
                (overlap(None))
                button type="submit" { "Make a new secret" }
            }))
        }
        section.card.stack.tight {
            h2 { "Delete" }
            p { "Nobody is told any more, and what waits is not sent." }
            (layout::form(member.visitor(), &at("delete"), html! {
                button.danger type="submit" { "Delete this subscription" }
            }))
        }
        p { a href=(member.path("webhooks/out")) { "Back to all subscriptions" } }
    };
    Ok(within(&member, "Subscription", content))
}

/// A form about a new subscription as it was sent, read strictly. Each event that was ticked is a field.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "Vec<(String, String)>")]
struct Typed {
    url: String,
    shop_id: String,
    event_types: Vec<EventType>,
}

impl TryFrom<Vec<(String, String)>> for Typed {
    type Error = String;

    fn try_from(fields: Vec<(String, String)>) -> Result<Typed, String> {
        let mut fields = Fields(fields);
        let event = |event: String| {
            let unknown = || format!("nothing happens that is called {event}");
            EventType::parse(&event).ok_or_else(unknown)
        };
        let events = fields.all("event_types").into_iter().map(event);
        let typed = Typed {
            event_types: events.collect::<Result<_, _>>()?,
            url: fields.one("url")?.ok_or("url is missing")?,
            shop_id: fields.one("shop_id")?.unwrap_or_default(),
        };
        fields.end()?;
        Ok(typed)
    }
}

impl Typed {
    fn read(&self) -> Result<NewWebhookSubscription, &'static str> {
        let shop_id = match &*self.shop_id {
            "" => None,
            shop => Some(shop.parse().map_err(|_| "Choose the shop again.")?),
        };
        Ok(NewWebhookSubscription {
            url: WebUrl::new(self.url.trim().to_owned()),
            event_types: self.event_types.clone(),
            shop_id,
        })
    }
}

async fn ask(member: Member) -> Result<Markup, Refused> {
    must_own(&member)?;
    page(&member, &Typed::default(), None).await
}

async fn page(member: &Member, typed: &Typed, problem: Option<&str>) -> Result<Markup, Refused> {
    let shop: Option<Uuid> = typed.shop_id.parse().ok();
    let shops = Names::of_shops(member.tenant(), shop).await?;
    let content = html! {
        h1 { "New subscription" }
        p { "Each time one of these things happens, a signed message goes to your address. It says what happened to which row, and the row itself is read by the API." }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        section.card {
            (layout::form(member.visitor(), &member.path("webhooks/out/new"), html! {
                (layout::field("url", "Address", Some("It begins with https:// and is on a public host."), html! {
                    input #url type="url" name="url" value=(typed.url) required maxlength="2048" autocomplete="off" aria-describedby="url-hint";
                }))
                fieldset {
                    legend { "Tell of" }
                    @for one in EventType::ALL {
                        label.choice {
                            input type="checkbox" name="event_types" value=(one.as_str()) checked[typed.event_types.contains(one)];
                            span { (happening(*one)) " " code.soft { (one.as_str()) } }
                        }
                    }
                }
                (shops.choice(("shop_id", "Of which shop", "All shops"), shop))
                button.primary type="submit" { "Subscribe" }
            }))
        }
        p { a href=(member.path("webhooks/out")) { "Back to all subscriptions" } }
    };
    Ok(within(member, "New subscription", content))
}

const fn happening(event: EventType) -> &'static str {
    match event {
        EventType::OrderCreated => "New orders",
        EventType::OrderUpdated => "Changed orders",
        EventType::ConversationCreated => "New conversations",
        EventType::ConversationUpdated => "Changed conversations",
        EventType::MessageCreated => "New messages",
    }
}

async fn make(
    State(state): State<AppState>,
    member: Member,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let new = match typed.read() {
        Ok(new) => new,
        Err(problem) => return again(&member, &typed, problem).await,
    };
    let tenant = member.tenant().clone();
    match webhook_subscriptions::create(State(state), tenant, NoQuery, Body(new)).await {
        Ok(made) => {
            let made = made.into_row();
            Ok(shown_once(&member, &made.secret, SIGNED, &path(made.id)).into_response())
        }
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            again(&member, &typed, &show::sentence(problem.detail())).await
        }
        Err(problem) => Err(problem.into()),
    }
}

const SIGNED: &str =
    "Messages are signed with it, as Standard Webhooks are. Whoever receives them checks that.";

async fn again(member: &Member, typed: &Typed, problem: &str) -> Result<Response, Refused> {
    let page = page(member, typed, Some(problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turned {
    state: SubscriptionState,
}

async fn turn(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(turned): Form<Turned>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let changes = Body(WebhookSubscriptionChanges {
        url: None,
        event_types: None,
        state: Some(turned.state),
    });
    let tenant = member.tenant().clone();
    let _ = webhook_subscriptions::update(State(state), tenant, Id(id), NoQuery, changes).await?;
    Ok(member.to(&path(id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotated {
    overlap_minutes: Overlap,
}

async fn rotate(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(Rotated { overlap_minutes }): Form<Rotated>,
) -> Result<Markup, Refused> {
    must_own(&member)?;
    let rotation = Body(Rotation { overlap_minutes });
    let tenant = member.tenant().clone();
    let Json(made) =
        webhook_subscriptions::rotate(State(state), tenant, Id(id), NoQuery, rotation).await?;
    Ok(shown_once(&member, &made.secret, SIGNED, &path(id)))
}

async fn delete(
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    webhook_subscriptions::delete(member.tenant().clone(), Id(id), NoQuery, NoBody).await?;
    Ok(member.to("webhooks/out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_a_field_and_nothing_else_comes_twice() {
        let text = "url=x&shop_id=&event_types=order.created&event_types=message.created";
        let typed: Typed = serde_urlencoded::from_str(text).unwrap();
        let both = [EventType::OrderCreated, EventType::MessageCreated];
        assert_eq!(typed.event_types, both);
        for bad in [
            "shop_id=",
            "url=x&url=y",
            "url=x&event_types=order.eaten",
            "url=x&state=on",
        ] {
            assert!(serde_urlencoded::from_str::<Typed>(bad).is_err(), "{bad}");
        }
    }
}
