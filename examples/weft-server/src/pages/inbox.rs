//! The conversations that need an answer, and those that do not any more.

use axum::Json;
use maud::{Markup, html};
use uuid::Uuid;

use super::{
    Pages,
    asked::Asked,
    layout::{self, Section},
    names::{self, Names},
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    extract::Query,
    routes::conversations::{self, Conversation, Conversations},
    value::ConversationState,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages.get("/o/{org}/inbox", inbox)
}

async fn inbox(
    member: Member,
    Asked(mut query, here): Asked<Conversations>,
) -> Result<Markup, Refused> {
    let state = *query.state.get_or_insert(ConversationState::Open);
    let (shop, customer) = (query.shop_id, query.customer_id);
    let tenant = member.tenant();
    let Json(page) = conversations::list(tenant.clone(), Query(query)).await?;
    let named = page.items.iter().map(|one| one.shop_id).chain(shop);
    let shops = Names::of_shops(tenant, named).await?;
    let customers = names::customers(tenant, [customer].into_iter()).await?;
    let with = customer.and_then(|id| customers.get(&id));
    let rows = rows(&member, &page.items, &shops).await?;
    let tabs = [
        (ConversationState::Open, "Open"),
        (ConversationState::Closed, "Closed"),
    ];
    let content = html! {
        h1 { "Inbox" }
        nav.row aria-label="Conversations" {
            @for (tab, name) in tabs {
                a.button href=(here.with("state", tab.as_str())) aria-current=[(tab == state).then_some("page")] { (name) }
            }
        }
        @if customer.is_some() {
            p.row {
                "Those with " (with.map_or("one customer", |name| name)) " alone."
                a href=(member.path("inbox")) { "Show all" }
            }
        } @else {
            (of_shop(&shops, shop, &[("state", state.as_str())]))
        }
        @if page.items.is_empty() {
            @match state {
                ConversationState::Open => (layout::empty("Nothing to answer", "New questions of customers appear here.")),
                ConversationState::Closed => (layout::empty("Nothing closed yet", "Conversations that you close are kept here.")),
            }
        } @else { (rows) }
        (show::pager(&here, page.next.as_deref(), ("Back to the newest", "Older conversations")))
    };
    Ok(layout::within(&member, Section::Inbox, "Inbox", content))
}

/// The form that narrows a list to one shop, where there are several.
pub(super) fn of_shop(shops: &Names, shop: Option<Uuid>, kept: &[(&str, &str)]) -> Markup {
    html! {
        @if shops.len() > 1 {
            form.row.filter method="get" {
                @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
                (shops.choice(("shop_id", "Shop", "All shops"), shop))
                button type="submit" { "Show" }
            }
        }
    }
}

/// Conversations, each a link.
pub(super) async fn rows(
    member: &Member,
    conversations: &[Conversation],
    shops: &Names,
) -> Result<Markup, Refused> {
    let ids = conversations.iter().map(|one| one.customer_id);
    let customers = names::customers(member.tenant(), ids).await?;
    let with = |one: &Conversation| one.customer_id.and_then(|id| customers.get(&id));
    Ok(html! {
        ul.list {
            @for one in conversations {
                li {
                    a href=(member.path(&format!("conversations/{}", one.id))) {
                        span { strong { (one.subject) } @if let Some(name) = with(one) { " " span.soft { "with " (name) } } }
                        span.row {
                            @if one.state == ConversationState::Closed { span.badge.plain { "closed" } }
                            @if let Some(shop) = shops.get(one.shop_id) { span.badge { (shop) } }
                            span.soft.small { (show::time(one.updated_at)) }
                        }
                    }
                }
            }
        }
    })
}
