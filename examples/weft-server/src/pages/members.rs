//! Who is a member, and what each may do. Owners change that, after they proved who they are.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use uuid::Uuid;

use super::{
    Pages,
    access::{self, Access, Typed},
    asked::{Asked, Of},
    form::{Form, Nothing},
    invitations,
    layout::{self, Section},
    names::Names,
    refused::Refused,
    show,
    visitor::Member,
};
use crate::{
    extract::{Body, Id, NoBody, NoQuery, Query},
    routes::memberships::{self, Membership, MembershipChanges, Memberships},
    value::Role,
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/members", list)
        .get(ONE, ask)
        .post(ONE, change)
        .post(&format!("{ONE}/remove"), remove)
}

const ONE: &str = "/o/{org}/members/{membership_id}";

async fn list(member: Member, Asked(query, here): Asked<Memberships>) -> Result<Markup, Refused> {
    let tenant = member.tenant();
    let owns = tenant.identity().role == Role::Owner;
    let Json(page) = memberships::list(tenant.clone(), Query(query)).await?;
    let accesses: Vec<Access> = page.items.iter().map(access_of).collect();
    let shops = Names::of_shops(tenant, accesses.iter().flat_map(access::named)).await?;
    let pending = match owns {
        true => invitations::pending(&member).await?,
        false => html! {},
    };
    let content = html! {
        div.row.apart {
            h1 { "Members" }
            @if owns { a.button.primary href=(member.path("members/invite")) { "Invite somebody" } }
        }
        table {
            thead { tr {
                th scope="col" { "Name" }
                th scope="col" { "Email address" }
                th scope="col" { "May do" }
                th scope="col" { "Since" }
                @if owns { th scope="col" { "Change" } }
            } }
            tbody { @for (one, access) in page.items.iter().zip(&accesses) { tr {
                td data-label="Name" {
                    (one.display_name)
                    @if is_own(&member, one.id) { " " span.soft { "(you)" } }
                }
                td data-label="Email address" { (one.address) }
                td data-label="May do" { (access::said(access, &shops)) }
                td data-label="Since" { (show::time(one.created_at)) }
                @if owns {
                    td data-label="Change" { a href=(member.path(&format!("members/{}", one.id))) aria-label={ "Change " (one.display_name) } { "Change" } }
                }
            } } }
        }
        (show::pager(&here, page.next.as_deref(), ("Back to the first", "Later members")))
        (pending)
    };
    Ok(layout::within(
        &member,
        Section::Members,
        "Members",
        content,
    ))
}

fn access_of(one: &Membership) -> Access {
    Access {
        role: one.role,
        shop_ids: one.shop_ids.clone(),
    }
}

/// What owners alone do, and only those who proved a moment ago who they are.
pub(super) fn must_own(member: &Member) -> Result<(), Refused> {
    member.tenant().must_own()?;
    member.must_be_recent()
}

async fn ask(member: Member, Of(id): Of) -> Result<Markup, Refused> {
    must_own(&member)?;
    let Json(one) = memberships::get(member.tenant().clone(), Id(id), NoQuery).await?;
    let typed = Typed::of(&one.display_name, &access_of(&one));
    let shops = Names::of_shops(member.tenant(), typed.shops()).await?;
    Ok(page(&member, &one, (&typed, &shops), None))
}

fn page(
    member: &Member,
    one: &Membership,
    (typed, shops): (&Typed, &Names),
    problem: Option<&str>,
) -> Markup {
    let path = member.path(&format!("members/{}", one.id));
    let is_own = is_own(member, one.id);
    let content = html! {
        div.stack.tight {
            h1 { (one.display_name) }
            p.soft { (one.address) }
        }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        section.card {
            (layout::form(member.visitor(), &path, html! {
                (typed.fields(shops))
                button.primary type="submit" { "Keep this" }
            }))
        }
        section.card.stack.tight {
            h2 { @if is_own { "Leave" } @else { "Remove" } }
            p {
                @if is_own { "You lose sight of everything here at once, and your API tokens end. " }
                @else { "Everything here is out of sight for this member at once, and API tokens end. " }
                "What was written stays."
            }
            (layout::form(member.visitor(), &format!("{path}/remove"), html! {
                button.danger type="submit" { @if is_own { "Leave this organisation" } @else { "Remove this member" } }
            }))
        }
        p { a href=(member.path("members")) { "Back to all members" } }
    };
    layout::within(member, Section::Members, &one.display_name, content)
}

async fn change(member: Member, Of(id): Of, Form(typed): Form<Typed>) -> Result<Response, Refused> {
    must_own(&member)?;
    let tenant = member.tenant();
    let Json(one) = memberships::get(tenant.clone(), Id(id), NoQuery).await?;
    let shops = Names::of_shops(tenant, typed.shops()).await?;
    let again = |status: StatusCode, problem: &str| {
        let page = page(&member, &one, (&typed, &shops), Some(problem));
        Ok((status, page).into_response())
    };
    let (display_name, access) = match typed.read(&shops) {
        Ok(read) => read,
        Err(problem) => return again(StatusCode::UNPROCESSABLE_ENTITY, problem),
    };
    let changes = MembershipChanges {
        display_name: Some(display_name),
        role: Some(access.role),
        shop_ids: Some(access.shop_ids),
    };
    match memberships::update(tenant.clone(), Id(id), NoQuery, Body(changes)).await {
        Ok(_) => Ok(member.to("members")),
        Err(problem) if problem.status() == StatusCode::CONFLICT => again(problem.status(), LAST),
        Err(problem) => Err(problem.into()),
    }
}

async fn remove(
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let tenant = member.tenant();
    let Json(one) = memberships::get(tenant.clone(), Id(id), NoQuery).await?;
    match memberships::delete(tenant.clone(), Id(id), NoQuery, NoBody).await {
        Ok(_) if is_own(&member, id) => Ok(Redirect::to("/organizations").into_response()),
        Ok(_) => Ok(member.to("members")),
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let typed = Typed::of(&one.display_name, &access_of(&one));
            let shops = Names::of_shops(tenant, typed.shops()).await?;
            let page = page(&member, &one, (&typed, &shops), Some(LAST));
            Ok((problem.status(), page).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

fn is_own(member: &Member, id: Uuid) -> bool {
    member.tenant().identity().membership_id == id
}

const LAST: &str =
    "This is the only owner. Make another member an owner first, so that somebody can take care.";
