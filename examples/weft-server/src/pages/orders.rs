//! What was ordered, what was paid of it and what was sent.

use axum::Json;
use maud::{Markup, html};

use super::{
    Pages,
    asked::{Asked, Of},
    layout::{self, Section},
    names::{self, Names},
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    extract::{Id, NoQuery, Query},
    routes::{
        order_lines::{self, OrderLine, OrderLines},
        orders::{self, Order, Orders},
    },
    value::{DeliveryStatus, PaymentStatus},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/orders", list)
        .get("/o/{org}/orders/{order_id}", read)
}

async fn list(member: Member, Asked(query, here): Asked<Orders>) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let shop = query.shop_id;
    let paid = query.financial_status.map(PaymentStatus::as_str);
    let sent = query.fulfillment_status.map(DeliveryStatus::as_str);
    let customer = query.customer_id;
    let Json(page) = orders::list(tenant.clone(), Query(query)).await?;
    let named = page.items.iter().map(|one| one.shop_id).chain(shop);
    let shops = Names::of_shops(tenant, named).await?;
    let payment = show::words(PaymentStatus::ALL.iter().map(|status| status.as_str()));
    let delivery = show::words(DeliveryStatus::ALL.iter().map(|status| status.as_str()));
    let content = html! {
        h1 { "Orders" }
        form.row.filter method="get" {
            @if let Some(customer) = customer { input type="hidden" name="customer_id" value=(customer); }
            @if shops.len() > 1 {
                (shops.choice(("shop_id", "Shop", "All shops"), shop))
            }
            (show::choice(("financial_status", "Paid", "Whatever was paid"), payment, paid, None))
            (show::choice(("fulfillment_status", "Sent", "Whatever was sent"), delivery, sent, None))
            button type="submit" { "Show" }
        }
        @if page.items.is_empty() {
            (layout::empty("No such orders", "Orders come from your shops. Choose less above to see more."))
        } @else { (table(&member, &page.items, &shops)) }
        (show::pager(&here, page.next.as_deref(), ("Back to the newest", "Older orders")))
    };
    Ok(layout::within(&member, Section::Orders, "Orders", content))
}

/// Orders, each in a row.
pub(super) fn table(member: &Member, orders: &[Order], shops: &Names) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Order" }
                th scope="col" { "Placed" }
                th scope="col" { "Shop" }
                th scope="col" { "Paid" }
                th scope="col" { "Sent" }
                th.number scope="col" { "Total" }
            } }
            tbody { @for one in orders { tr {
                td data-label="Order" { a href=(member.path(&format!("orders/{}", one.id))) { (one.name) } }
                td data-label="Placed" { (show::time(one.placed_at)) }
                td data-label="Shop" { (shops.get(one.shop_id).unwrap_or_default()) }
                td data-label="Paid" { (paid(one)) }
                td data-label="Sent" { (sent(one)) }
                td.number data-label="Total" { (show::money(one.total, &one.currency)) }
            } } }
        }
    }
}

fn paid(order: &Order) -> Markup {
    use PaymentStatus as P;
    let class = match order.financial_status {
        P::Paid => "badge",
        P::Unpaid | P::Expired | P::Voided => "badge wrong",
        P::Authorized | P::Pending | P::PartiallyPaid => "badge warn",
        P::Refunded | P::PartiallyRefunded => "badge plain",
    };
    html! { span class=(class) { (show::word(order.financial_status.as_str())) } }
}

fn sent(order: &Order) -> Markup {
    let class = match order.fulfillment_status {
        DeliveryStatus::Fulfilled => "badge",
        DeliveryStatus::Partial | DeliveryStatus::Unfulfilled => "badge warn",
        DeliveryStatus::Restocked => "badge plain",
    };
    html! {
        @match order.cancelled_at {
            Some(_) => span.badge.wrong { "called off" },
            None => span class=(class) { (show::word(order.fulfillment_status.as_str())) },
        }
    }
}

async fn read(
    member: Member,
    Of(id): Of,
    Asked(query, here): Asked<OrderLines>,
) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(one) = orders::get(tenant.clone(), Id(id), NoQuery).await?;
    let Json(page) = order_lines::list(tenant.clone(), Id(id), Query(query)).await?;
    let shops = Names::of_shops(tenant, [one.shop_id]).await?;
    let customer = names::customers(tenant, [one.customer_id].into_iter()).await?;
    let customer = one
        .customer_id
        .and_then(|id| Some((id, customer.get(&id)?)));
    let amount = |units| show::money(units, &one.currency);
    let title = format!("Order {}", one.name);
    let content = html! {
        div.stack.tight {
            h1 { (title) }
            p.row { (paid(&one)) (sent(&one)) span.soft.small { "placed " (show::time(one.placed_at)) } }
        }
        div.columns {
            section.stack aria-label="What was ordered" {
                @if page.items.is_empty() { p.soft { "This order has no lines." } } @else { (lines(&page.items, &one.currency)) }
                (show::pager(&here, page.next.as_deref(), ("Back to the first", "More lines")))
                dl.facts.card {
                    dt { "Subtotal" } dd.number { (amount(one.subtotal)) }
                    @if one.discount_amount > 0 {
                        dt { "Discount" @if let Some(code) = &one.discount_code { " with " code { (code) } } }
                        dd.number { (amount(-one.discount_amount)) }
                    }
                    dt { "Shipping" } dd.number { (amount(one.shipping)) }
                    dt { "Taxes" } dd.number { (amount(one.taxes)) }
                    dt { strong { "Total" } } dd.number { strong { (amount(one.total)) } }
                    @if one.refunded > 0 { dt { "Paid back" } dd.number { (amount(one.refunded)) } }
                }
            }
            aside.stack aria-label="About it" {
                section.card.stack.tight {
                    h2 { "Customer" }
                    @match customer {
                        Some((id, name)) => p { a href=(member.path(&format!("customers/{id}"))) { (name) } },
                        None => p.soft { "Nobody is named." },
                    }
                    p { a href=(member.path(&format!("inbox?order_id={id}"))) { "Open conversations about it" } }
                }
                dl.facts.card {
                    @if let Some(shop) = shops.get(one.shop_id) { dt { "Shop" } dd { (shop) } }
                    @if let Some(how) = &one.shipping_method { dt { "Sent by" } dd { (how) } }
                    @if let Some(at) = one.paid_at { dt { "Paid" } dd { (show::time(at)) } }
                    @if let Some(at) = one.fulfilled_at { dt { "Sent" } dd { (show::time(at)) } }
                    @if let Some(at) = one.cancelled_at { dt { "Called off" } dd { (show::time(at)) } }
                    @if let Some(notes) = &one.notes { dt { "Notes" } dd { (notes) } }
                    @if !one.tags.is_empty() { dt { "Tags" } dd { (one.tags) } }
                    dt { "Last change" } dd { (show::time(one.updated_at)) }
                }
            }
        }
    };
    Ok(layout::within(&member, Section::Orders, &title, content))
}

fn lines(lines: &[OrderLine], currency: &str) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "What" }
                th scope="col" { "Stock number" }
                th.number scope="col" { "How many" }
                th.number scope="col" { "Each" }
                th.number scope="col" { "Together" }
            } }
            tbody { @for line in lines { tr {
                td data-label="What" { (line.name) }
                td data-label="Stock number" { (line.sku.as_deref().unwrap_or("none")) }
                td.number data-label="How many" { (line.quantity) }
                td.number data-label="Each" { (show::money(line.price, currency)) }
                td.number data-label="Together" { (show::money(line.price.saturating_mul(line.quantity.into()), currency)) }
            } } }
        }
    }
}
