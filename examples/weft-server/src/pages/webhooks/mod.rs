//! An organisation's webhooks: what comes in, and who is told of what happens. Owners alone see them, and
//! change them after they proved who they are.

mod deliveries;
mod endpoints;
mod messages;
mod secrets;
mod subscriptions;

use maud::{Markup, html};

use super::{
    Pages,
    layout::{self, Section},
    visitor::Member,
};
use crate::value::{Overlap, Provider};

pub(super) fn routes(pages: Pages) -> Pages {
    let pages = endpoints::routes(pages);
    let pages = secrets::routes(pages);
    let pages = deliveries::routes(pages);
    let pages = subscriptions::routes(pages);
    messages::routes(pages)
}

fn within(member: &Member, title: &str, content: Markup) -> Markup {
    layout::within(member, Section::Settings, title, content)
}

/// The ways to the lists of one direction: path and name of each, and which this one is.
fn tabs(member: &Member, here: &str, tabs: [(&str, &str); 2]) -> Markup {
    html! {
        nav.row aria-label="Webhooks" {
            @for (path, name) in tabs {
                a.button href=(member.path(path)) aria-current=[(path == here).then_some("page")] { (name) }
            }
        }
    }
}

const IN: [(&str, &str); 2] = [
    ("webhooks/in", "Endpoints"),
    ("webhooks/deliveries", "Deliveries"),
];
const OUT: [(&str, &str); 2] = [
    ("webhooks/out", "Subscriptions"),
    ("webhooks/messages", "Messages"),
];

/// What a provider calls itself.
const fn name(provider: Provider) -> &'static str {
    match provider {
        Provider::Workos => "WorkOS",
        Provider::Stalwart => "Stalwart",
        Provider::Slack => "Slack",
        Provider::Stripe => "Stripe",
        Provider::Shopify => "Shopify",
    }
}

/// How long an old secret stays in force beside a new one.
fn overlap(chosen: Option<Overlap>) -> Markup {
    let chosen = chosen.unwrap_or_default().minutes();
    layout::field(
        "overlap_minutes",
        "The secret of before ends",
        None,
        html! {
            select #overlap_minutes name="overlap_minutes" {
                @for (minutes, when) in OVERLAPS {
                    option value=(minutes) selected[minutes == chosen] { (when) }
                }
            }
        },
    )
}

const OVERLAPS: [(i64, &str); 4] = [
    (0, "at once"),
    (60, "in an hour"),
    (24 * 60, "in a day"),
    (7 * 24 * 60, "in a week"),
];

/// A secret that was made here, this once, and the way back.
fn shown_once(member: &Member, secret: &str, whom: &str, back: &str) -> Markup {
    let content = html! {
        h1 { "The new secret" }
        (layout::notice("Keep it now: it is not shown again."))
        section.card.stack.tight {
            p { (whom) }
            code.secret { (secret) }
        }
        p { a.button.primary href=(member.path(back)) { "I have it" } }
    };
    within(member, "The new secret", content)
}
