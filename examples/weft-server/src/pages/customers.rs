//! Who bought, and what they asked.

use axum::Json;
use maud::{Markup, html};

use super::{
    Pages,
    asked::{Asked, Of},
    inbox,
    layout::{self, Section},
    names::{self, Names},
    orders,
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    extract::{Id, NoQuery, Query},
    routes::{
        conversations::{self, Conversations},
        customers::{self, Customers},
        orders::{Orders, list as list_orders},
    },
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/customers", list)
        .get("/o/{org}/customers/{customer_id}", read)
}

async fn list(member: Member, Asked(query, here): Asked<Customers>) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let shop = query.shop_id;
    let email = query.email.as_deref().map(str::to_owned);
    let Json(page) = customers::list(tenant.clone(), Query(query)).await?;
    let named = page.items.iter().map(|one| one.shop_id).chain(shop);
    let shops = Names::of_shops(tenant, named).await?;
    let content = html! {
        h1 { "Customers" }
        form.row.filter method="get" {
            @if shops.len() > 1 {
                (shops.choice(("shop_id", "Shop", "All shops"), shop))
            }
            (layout::field("email", "Email address", None, html! {
                input #email type="email" name="email" value=[email.as_deref()] maxlength="254";
            }))
            button type="submit" { "Find" }
        }
        @if page.items.is_empty() {
            @match email {
                Some(_) => (layout::empty("Nobody has this address", "Look at how it is written, or leave it empty to see everybody.")),
                None => (layout::empty("No customers yet", "They come with the orders of your shops.")),
            }
        } @else {
            ul.list {
                @for one in page.items {
                    li {
                        a href=(member.path(&format!("customers/{}", one.id))) {
                            span {
                                strong { (names::customer(one.name, one.email.clone())) }
                                @if let Some(email) = one.email { " " span.soft { (email) } }
                            }
                            @if let Some(shop) = shops.get(one.shop_id) { span.badge { (shop) } }
                        }
                    }
                }
            }
        }
        (show::pager(&here, page.next.as_deref(), ("Back to the newest", "Older customers")))
    };
    Ok(layout::within(
        &member,
        Section::Customers,
        "Customers",
        content,
    ))
}

async fn read(member: Member, Of(id): Of) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(one) = customers::get(tenant.clone(), Id(id), NoQuery).await?;
    let shops = Names::of_shops(tenant, [one.shop_id]).await?;
    let of_customer = Orders {
        limit: None,
        cursor: None,
        shop_id: None,
        customer_id: Some(id),
        financial_status: None,
        fulfillment_status: None,
    };
    let Json(bought) = list_orders(tenant.clone(), Query(of_customer)).await?;
    let of_customer = Conversations {
        limit: None,
        cursor: None,
        shop_id: None,
        customer_id: Some(id),
        order_id: None,
        assignee_id: None,
        state: None,
    };
    let Json(talks) = conversations::list(tenant.clone(), Query(of_customer)).await?;
    let rows = inbox::rows(&member, &talks.items, &shops).await?;
    let name = names::customer(one.name, one.email.clone());
    let content = html! {
        h1 { (name) }
        dl.facts.card {
            @if let Some(email) = one.email { dt { "Email address" } dd { (email) } }
            @if let Some(phone) = one.phone { dt { "Phone" } dd { (phone) } }
            @if let Some(shop) = shops.get(one.shop_id) { dt { "Shop" } dd { (shop) } }
            dt { "Known since" } dd { (show::time(one.created_at)) }
        }
        section.stack.tight {
            h2 { "Conversations" }
            @if talks.items.is_empty() { p.soft { "None yet." } } @else { (rows) }
            @if talks.next.is_some() {
                p { a href=(member.path(&format!("inbox?customer_id={id}"))) { "All conversations with this customer" } }
            }
        }
        section.stack.tight {
            h2 { "Orders" }
            @if bought.items.is_empty() { p.soft { "None yet." } } @else { (orders::table(&member, &bought.items, &shops)) }
            @if bought.next.is_some() {
                p { a href=(member.path(&format!("orders?customer_id={id}"))) { "All orders of this customer" } }
            }
        }
    };
    Ok(layout::within(&member, Section::Customers, &name, content))
}
