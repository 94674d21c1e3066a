//! How an organisation signs its people in: its connection, its domains, and whether there is another way.

mod cards;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use maud::{Markup, html};
use serde::Deserialize;
use weft_auth::{
    sso::{Connection, ConnectionState, Domain, DomainProof, OrganizationId, Revocation, Setup},
    store::{DirectoryStore, IdentityStore},
};

use cards::{connection_card, domains_card, ends_card};

use super::{
    Pages,
    form::{Form, Nothing},
    layout::{self, Section},
    members::must_own,
    refused::Refused,
    sso::away,
    visitor::Member,
};
use crate::{
    app::AppState,
    error::Problem,
    extract::{Id, NoQuery},
    routes::{organization, plans},
    schema::organizations,
    single_sign_on::{Kept, SingleSignOn, Unanswered, connect, plan, unavailable},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get(HERE, read)
        .post(HERE, begin)
        .post(&format!("{HERE}/refresh"), refresh)
        .post(&format!("{HERE}/portal"), enter_portal)
        .post(&format!("{HERE}/require"), require)
        .post(&format!("{HERE}/remove"), remove)
}

const HERE: &str = "/o/{org}/sign-on";

/// How far an organisation is.
enum Standing<'s> {
    /// Nobody who operates the server has set it up.
    NotHere,
    /// The plan has none, and there is nothing left of a former one.
    NotInPlan,
    /// Nothing is there yet.
    Open(&'s SingleSignOn),
    /// The organisation is that one at WorkOS. A plan that ended lets it be taken down.
    Connected(&'s SingleSignOn, OrganizationId),
}

async fn standing<'s>(state: &'s AppState, member: &Member) -> Result<Standing<'s>, Refused> {
    must_own(member)?;
    let Some(workos) = state.single_sign_on() else {
        return Ok(Standing::NotHere);
    };
    let found: Option<String> = organizations::table
        .select(organizations::workos_organization)
        .first(&mut member.tenant().open().await?)
        .await?;
    Ok(match found.map(OrganizationId::new) {
        Some(Ok(organization)) => Standing::Connected(workos, organization),
        _ if pays(member).await? => Standing::Open(workos),
        _ => Standing::NotInPlan,
    })
}

/// Whether the plan has it.
async fn pays(member: &Member) -> Result<bool, Refused> {
    let tenant = member.tenant();
    let Json(organization) = organization::get(tenant.clone(), NoQuery).await?;
    let Json(chosen) = plans::get(tenant.clone(), Id(organization.plan_id), NoQuery).await?;
    Ok(plan(&chosen.code).has_sso(std::time::SystemTime::now()))
}

/// The organisation at WorkOS, for what changes something there or of it.
async fn connected<'s>(
    state: &'s AppState,
    member: &Member,
) -> Result<(&'s SingleSignOn, OrganizationId), Refused> {
    match standing(state, member).await? {
        Standing::Connected(workos, organization) => Ok((workos, organization)),
        _ => Err(Problem::conflict("single sign-on is not set up").into()),
    }
}

async fn read(State(state): State<AppState>, member: Member) -> Result<Markup, Refused> {
    page(&state, &member, None).await
}

async fn page(state: &AppState, member: &Member, problem: Option<&str>) -> Result<Markup, Refused> {
    let content = match standing(state, member).await? {
        Standing::NotHere => layout::empty(
            "Not set up on this server",
            "Whoever operates it has to give it credentials of WorkOS first: its README says how.",
        ),
        Standing::NotInPlan => layout::empty(
            "Not part of your plan",
            "People sign in through their organisation with the plan Enterprise.",
        ),
        Standing::Open(_) => html! {
            section.card.stack {
                p { "People of your organisation can sign in here as they do elsewhere: with Okta, Entra, Google or another identity provider, by SAML or OpenID Connect." }
                (layout::form(member.visitor(), &member.path("sign-on"), html! {
                    button.primary type="submit" { "Set it up" }
                }))
            }
        },
        Standing::Connected(_, organization) => {
            let store = state.accounts().store();
            let connections = store.connections_of(&organization).await;
            let claims = store.claims_of(&organization).await;
            let mut claims = claims.map_err(|error| unavailable(&error))?;
            claims.retain(|claim| claim.proof != DomainProof::Withdrawn);
            claims.sort_by(|a, b| a.domain.cmp(&b.domain));
            let connections = connections.map_err(|error| unavailable(&error))?;
            let there = |one: &&Connection| one.state() != ConnectionState::Deleted;
            let connections: Vec<_> = connections.iter().filter(there).collect();
            html! {
                @if !pays(member).await? {
                    (layout::wrong("This is not part of your plan any more, and lets nobody in."))
                }
                (connection_card(member, &connections))
                (domains_card(member, &claims))
                (ends_card(member, &organization))
            }
        }
    };
    let content = html! {
        h1 { "Single sign-on" }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        (content)
        p { a href=(member.path("settings")) { "Back to the settings" } }
    };
    Ok(layout::within(
        member,
        Section::Settings,
        "Single sign-on",
        content,
    ))
}

async fn begin(
    State(state): State<AppState>,
    member: Member,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    let Standing::Open(workos) = standing(&state, &member).await? else {
        return Err(Problem::conflict("there is nothing to set up here").into());
    };
    let org = member.tenant().identity().org_id;
    let made = workos.organization(org, &member.organization().name).await;
    let made = match made {
        Ok(made) => made,
        Err(unanswered) => return failed(&state, &member, unanswered.into()).await,
    };
    connect(state.roads(), org, Some(made.id())).await?;
    look_again(&state, &member, workos, made.id()).await
}

async fn refresh(
    State(state): State<AppState>,
    member: Member,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    let (workos, organization) = connected(&state, &member).await?;
    look_again(&state, &member, workos, &organization).await
}

async fn look_again(
    state: &AppState,
    member: &Member,
    workos: &SingleSignOn,
    organization: &OrganizationId,
) -> Result<Response, Refused> {
    let ours = (member.tenant().identity().org_id, organization);
    match workos.refresh(state.accounts().store(), ours).await {
        Ok(Kept::All) => Ok(member.to("sign-on")),
        Ok(Kept::ButTaken) => {
            let problem = "Another organisation has proved one of your domains before. It stays there until it is given up.";
            again(state, member, (StatusCode::CONFLICT, problem)).await
        }
        Err(problem) => failed(state, member, problem).await,
    }
}

/// WorkOS does not answer: the page says so, and is as it was.
async fn failed(state: &AppState, member: &Member, problem: Problem) -> Result<Response, Refused> {
    let text = "WorkOS does not answer as it should. Nothing was changed; try again in a moment.";
    again(state, member, (problem.status(), text)).await
}

async fn again(
    state: &AppState,
    member: &Member,
    (status, problem): (StatusCode, &str),
) -> Result<Response, Refused> {
    let page = page(state, member, Some(problem)).await?;
    Ok((status, page).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    part: String,
}

async fn enter_portal(
    State(state): State<AppState>,
    member: Member,
    Form(Part { part }): Form<Part>,
) -> Result<Response, Refused> {
    let (workos, organization) = connected(&state, &member).await?;
    let parts = [Setup::Connection, Setup::Domains];
    let setup = parts.into_iter().find(|setup| setup.name() == part);
    let setup = setup.ok_or_else(|| Problem::unprocessable("there is no such part"))?;
    if !pays(&member).await? {
        return Err(Problem::conflict("single sign-on is not part of the plan").into());
    }
    let back = state.site().url(&member.path("sign-on"));
    let link = workos.client().setup_link(&organization, setup, &back);
    match link.await {
        Ok(link) => Ok(away(link.expose())),
        Err(error) => failed(&state, &member, Unanswered::from(error).into()).await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Required {
    domain: String,
    required: YesOrNo,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum YesOrNo {
    Yes,
    No,
}

async fn require(
    State(state): State<AppState>,
    member: Member,
    Form(asked): Form<Required>,
) -> Result<Response, Refused> {
    let (_, organization) = connected(&state, &member).await?;
    let domain = Domain::new(&asked.domain).ok_or_else(Problem::not_found)?;
    let required = asked.required == YesOrNo::Yes;
    if required && let Some(problem) = stands_against(&state, &member, &organization).await? {
        return again(&state, &member, (StatusCode::CONFLICT, problem)).await;
    }
    let store = state.accounts().store();
    let claims = store.claims_of(&organization).await;
    let claims = claims.map_err(|error| unavailable(&error))?;
    let mut verified = claims
        .iter()
        .filter(|claim| claim.proof == DomainProof::Verified);
    if !verified.any(|claim| claim.domain == domain) {
        return Err(Problem::not_found().into());
    }
    if required {
        state.roads().auth.keep_a_way_in(member.account()).await?;
    }
    let set = store.enforce_domain(&organization, &domain, required).await;
    match set.map_err(|error| unavailable(&error))? {
        true => Ok(member.to("sign-on")),
        false => Err(Problem::not_found().into()),
    }
}

/// What is to be done before people have no other way.
async fn stands_against(
    state: &AppState,
    member: &Member,
    organization: &OrganizationId,
) -> Result<Option<&'static str>, Refused> {
    if !pays(member).await? {
        return Ok(Some("This is not part of your plan any more."));
    }
    let store = state.accounts().store();
    let connections = store.connections_of(organization).await;
    let connections = connections.map_err(|error| unavailable(&error))?;
    let is_active = |one: &Connection| one.state() == ConnectionState::Active;
    if !connections.iter().any(is_active) {
        return Ok(Some("Connect your identity provider first."));
    }
    let account = state.accounts().find(member.account()).await?;
    let account = account.ok_or(Refused::NotSignedIn)?;
    if account.password.is_none() || !account.second_factor {
        return Ok(Some(
            "Give your account a password and an authenticator app first: with both you get in at /sign-in/owner should the identity provider fail.",
        ));
    }
    Ok(None)
}

async fn remove(
    State(state): State<AppState>,
    member: Member,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    let (_, organization) = connected(&state, &member).await?;
    let store = state.accounts().store();
    let claims = store.claims_of(&organization).await;
    for claim in claims.map_err(|error| unavailable(&error))? {
        let freed = store.enforce_domain(&organization, &claim.domain, false);
        freed.await.map_err(|error| unavailable(&error))?;
    }
    let org = member.tenant().identity().org_id;
    connect(state.roads(), org, None).await?;
    let everybody = Revocation::Organization(organization);
    let ended = store.revoke_federated(&everybody).await;
    ended.map_err(|error| unavailable(&error))?;
    Ok(member.to("sign-on"))
}
