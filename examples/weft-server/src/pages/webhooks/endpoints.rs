//! Where providers send.

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
        form::{Form, Nothing},
        layout,
        members::must_own,
        names::Names,
        refused::Refused,
        show,
        visitor::Member,
    },
    IN, name, secrets, tabs, within,
};
use crate::{
    app::AppState,
    extract::{Body, Id, NoBody, NoQuery, Query},
    routes::{
        webhook_endpoints::{self, NewWebhookEndpoint, WebhookEndpoint, WebhookEndpoints},
        webhook_secrets,
    },
    value::{Line, Provider},
    webhooks::secrets::SecretText,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/webhooks/in", list)
        .get("/o/{org}/webhooks/in/new", ask)
        .post("/o/{org}/webhooks/in/new", make)
        .get(ONE, read)
        .post(&format!("{ONE}/delete"), delete)
}

pub(super) const ONE: &str = "/o/{org}/webhooks/in/{endpoint_id}";

async fn list(
    State(state): State<AppState>,
    member: Member,
    Asked(query, here): Asked<WebhookEndpoints>,
) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(page) = webhook_endpoints::list(tenant.clone(), Query(query)).await?;
    let named = page.items.iter().filter_map(|one| one.shop_id);
    let shops = Names::of_shops(tenant, named).await?;
    let content = html! {
        div.row.apart {
            h1 { "Webhooks in" }
            a.button.primary href=(member.path("webhooks/in/new")) { "New endpoint" }
        }
        (tabs(&member, "webhooks/in", IN))
        @if page.items.is_empty() {
            (layout::empty("No endpoints yet", "Make one for each provider that is to send something here."))
        } @else {
            ul.list {
                @for one in &page.items {
                    li { div {
                        a href=(member.path(&path(one.id))) { strong { (one.label) } }
                        (whose(one, &shops))
                        code.address { (address(&state, one)) }
                    } }
                }
            }
        }
        (show::pager(&here, page.next.as_deref(), ("Back to the first", "Later endpoints")))
    };
    Ok(within(&member, "Webhooks in", content))
}

/// The path of an endpoint's page, within its organisation.
pub(super) fn path(id: Uuid) -> String {
    format!("webhooks/in/{id}")
}

/// Where the provider is to send.
fn address(state: &AppState, one: &WebhookEndpoint) -> String {
    let path = format!("/webhooks/{}/{}", one.provider.as_str(), one.id);
    state.site().url(&path)
}

fn whose(one: &WebhookEndpoint, shops: &Names) -> Markup {
    html! {
        span.row {
            span.badge { (name(one.provider)) }
            span.badge.plain {
                @match one.shop_id {
                    Some(shop) => (shops.get(shop).unwrap_or_default()),
                    None => "all shops",
                }
            }
        }
    }
}

async fn read(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let Json(one) = webhook_endpoints::get(tenant.clone(), Id(id), NoQuery).await?;
    let Json(kept) = webhook_secrets::list(tenant.clone(), Id(id), NoQuery).await?;
    let shops = Names::of_shops(tenant, one.shop_id).await?;
    let name = name(one.provider);
    let came = member.path(&format!("webhooks/deliveries?endpoint_id={id}"));
    let content = html! {
        div.stack.tight {
            h1 { (one.label) }
            (whose(&one, &shops))
        }
        section.card.stack.tight {
            h2 { "Address" }
            p { "Paste this at " (name) ", where it asks where to send." }
            code.address { (address(&state, &one)) }
            p { a href=(came) { "What came here" } }
        }
        (secrets::section(&member, &one, &kept))
        section.card.stack.tight {
            h2 { "Delete" }
            p { "What " (name) " sends is refused at once. What came stays listed for a while." }
            (layout::form(member.visitor(), &member.path(&format!("{}/delete", path(id))), html! {
                button.danger type="submit" { "Delete this endpoint" }
            }))
        }
        p.soft.small { "Here since " (show::time(one.created_at)) "." }
        p { a href=(member.path("webhooks/in")) { "Back to all endpoints" } }
    };
    Ok(within(&member, &one.label, content))
}

/// A form about a new endpoint as it was sent. What was typed as the secret is never sent back.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    provider: String,
    shop_id: String,
    label: String,
    secret: Option<SecretText>,
}

impl Typed {
    fn read(&mut self) -> Result<NewWebhookEndpoint, &'static str> {
        let provider = Provider::parse(&self.provider).ok_or("Choose who sends.")?;
        let shop_id = match &*self.shop_id {
            "" => None,
            shop => Some(shop.parse().map_err(|_| "Choose the shop again.")?),
        };
        let label = Line::new(self.label.trim().to_owned());
        Ok(NewWebhookEndpoint {
            provider,
            shop_id,
            label: label.map_err(|_| "A name on one line is needed.")?,
            secret: self.secret.take().and_then(SecretText::unless_empty),
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
    let providers = Provider::ALL
        .iter()
        .map(|one| (one.as_str().to_owned(), name(*one).to_owned()));
    let content = html! {
        h1 { "New endpoint" }
        p { "An endpoint is an address of its own for what one provider sends. What is not signed with the provider's secret is refused there." }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        section.card {
            (layout::form(member.visitor(), &member.path("webhooks/in/new"), html! {
                (show::choice(("provider", "Who sends", "Choose one"), providers, Some(&*typed.provider), None))
                (shops.choice(("shop_id", "For which shop", "The whole organisation"), shop))
                p.soft.small { "Stripe, Shopify and Slack send for one shop, WorkOS and Stalwart for the whole organisation." }
                (layout::field("label", "Name", Some("For you and other owners to know it by."), html! {
                    input #label name="label" value=(typed.label) required maxlength="200" autocomplete="off" aria-describedby="label-hint";
                }))
                (secrets::field("Leave it empty if the provider shows it later, as Stripe and WorkOS do once they have the address."))
                button.primary type="submit" { "Make the endpoint" }
            }))
        }
        p { a href=(member.path("webhooks/in")) { "Back to all endpoints" } }
    };
    Ok(within(member, "New endpoint", content))
}

async fn make(
    State(state): State<AppState>,
    member: Member,
    Form(mut typed): Form<Typed>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let new = match typed.read() {
        Ok(new) => new,
        Err(problem) => return again(&member, &typed, problem).await,
    };
    let tenant = member.tenant().clone();
    match webhook_endpoints::create(State(state), tenant, NoQuery, Body(new)).await {
        Ok(made) => Ok(member.to(&path(made.into_row().id))),
        Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            again(&member, &typed, &show::sentence(problem.detail())).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn again(member: &Member, typed: &Typed, problem: &str) -> Result<Response, Refused> {
    let page = page(member, typed, Some(problem)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn delete(
    State(state): State<AppState>,
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let tenant = member.tenant().clone();
    webhook_endpoints::delete(State(state), tenant, Id(id), NoQuery, NoBody).await?;
    Ok(member.to("webhooks/in"))
}
