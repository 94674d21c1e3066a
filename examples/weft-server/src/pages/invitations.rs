//! Becoming a member by invitation. It is a row of the organisation's, and a link that names it: the link
//! is good once, and only as long as the row is there.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use maud::{Markup, html};
use uuid::Uuid;
use weft_auth::{AccountId, Mailbox};
use weft_tenancy::Scope;

use super::{
    Pages,
    access::{self, Access, Typed},
    asked::Of,
    form::{Form, Nothing},
    layout::{self, Section},
    members::must_own,
    names::Names,
    organizations::mailbox,
    refused::{Refused, told},
    show,
    visitor::Member,
};
use crate::{
    app::AppState,
    error::Problem,
    roads::OrgConnection,
    routes::memberships::{NewMembership, take_in},
    schema::{invitations, memberships, organizations, shops},
    value::{Email, Line, Role},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/o/{org}/members/invite", ask)
        .post("/o/{org}/members/invite", invite)
        .post("/o/{org}/invitations/{invitation_id}/withdraw", withdraw)
}

/// How long an invitation is good: as long as the link in the mail.
const DAYS: i64 = 7;

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations, check_for_backend(diesel::pg::Pg))]
struct Invitation {
    id: Uuid,
    address: String,
    display_name: String,
    role: Role,
    shop_ids: Option<Vec<Uuid>>,
    invited_by: Option<Uuid>,
    expires_at: DateTime<Utc>,
}

/// The invitations that nobody accepted yet, for owners.
pub(super) async fn pending(member: &Member) -> Result<Markup, Refused> {
    let waiting: Vec<Invitation> = invitations::table
        .order((invitations::created_at, invitations::id))
        .select(Invitation::as_select())
        .load(&mut member.tenant().open().await?)
        .await?;
    let accesses = waiting.iter().map(|one| Access {
        role: one.role,
        shop_ids: one.shop_ids.clone(),
    });
    let accesses: Vec<Access> = accesses.collect();
    let shops = Names::of_shops(member.tenant(), accesses.iter().flat_map(access::named)).await?;
    let (now, is_there) = (Utc::now(), !waiting.is_empty());
    let rows = waiting.into_iter().zip(&accesses).map(|(one, access)| {
        let path = member.path(&format!("invitations/{}/withdraw", one.id));
        html! { li { div {
            span { strong { (one.display_name) } " " span.soft { (one.address) } }
            span.row {
                (access::said(access, &shops))
                span.soft.small {
                    @if one.expires_at > now { "until " (show::time(one.expires_at)) } @else { "ran out" }
                }
                (layout::form(member.visitor(), &path, html! {
                    button.quiet type="submit" aria-label={ "Withdraw the invitation of " (one.address) } { "Withdraw" }
                }))
            }
        } } }
    });
    Ok(html! {
        @if is_there {
            section.stack.tight {
                h2 { "Invited" }
                ul.list { @for row in rows { (row) } }
            }
        }
    })
}

async fn ask(member: Member) -> Result<Markup, Refused> {
    must_own(&member)?;
    let shops = Names::of_shops(member.tenant(), []).await?;
    Ok(page(&member, (&Typed::default(), &shops), None))
}

fn page(member: &Member, (typed, shops): (&Typed, &Names), problem: Option<&str>) -> Markup {
    let content = html! {
        h1 { "Invite somebody" }
        p { "A mail with a link goes to this address. Whoever reads it becomes a member." }
        @if let Some(problem) = problem { (layout::wrong(problem)) }
        section.card {
            (layout::form(member.visitor(), &member.path("members/invite"), html! {
                (layout::field("address", "Email address", None, html! {
                    input #address type="email" name="address" value=[typed.address.as_deref()] required maxlength="254" autocomplete="off";
                }))
                (typed.fields(shops))
                button.primary type="submit" { "Send the invitation" }
            }))
        }
        p { a href=(member.path("members")) { "Back to all members" } }
    };
    layout::within(member, Section::Members, "Invite somebody", content)
}

async fn invite(
    State(state): State<AppState>,
    member: Member,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let shops = Names::of_shops(member.tenant(), typed.shops()).await?;
    let again = |status: StatusCode, problem: &str| {
        let page = page(&member, (&typed, &shops), Some(problem));
        Ok((status, page).into_response())
    };
    let address = typed.address.as_deref().unwrap_or_default().trim();
    let Ok(mailbox) = Mailbox::parse(address) else {
        let problem = "That is not an email address.";
        return again(StatusCode::UNPROCESSABLE_ENTITY, problem);
    };
    let (name, access) = match typed.read(&shops) {
        Ok(read) => read,
        Err(problem) => return again(StatusCode::UNPROCESSABLE_ENTITY, problem),
    };
    match send(&state, &member, &mailbox, (&name, access)).await {
        Ok(()) => {
            state.post().wake();
            Ok(member.to("members"))
        }
        Err(Refused::Problem(problem)) if problem.status().is_client_error() => {
            again(problem.status(), problem.detail())
        }
        Err(refused) => Err(refused),
    }
}

/// Keeps the invitation, if its mail is on its way. Should it not be kept after all, the link in the mail
/// leads to nothing.
async fn send(
    state: &AppState,
    member: &Member,
    mailbox: &Mailbox,
    (name, access): (&Line<1, 200>, Access),
) -> Result<(), Refused> {
    let (id, now) = (Uuid::now_v7(), Utc::now());
    let identity = member.tenant().identity();
    let to = format!("{}:{id}", identity.org_id);
    let visit = member.visitor().visit(false);
    let login = state.accounts().login();
    let mut conn = member.tenant().open().await?;
    conn.transaction(async |conn| {
        must_be_new(conn, mailbox, now).await?;
        diesel::insert_into(invitations::table)
            .values((
                invitations::id.eq(id),
                invitations::address.eq(mailbox.as_str()),
                invitations::display_name.eq(name),
                invitations::role.eq(access.role),
                invitations::shop_ids.eq(&access.shop_ids),
                invitations::invited_by.eq(identity.membership_id),
                invitations::created_at.eq(now),
                invitations::expires_at.eq(now + TimeDelta::days(DAYS)),
            ))
            .execute(conn)
            .await?;
        match login.invite(mailbox, &to, &visit).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let (status, problem) = told(error)?;
                Err(Problem::new(status, problem).into())
            }
        }
    })
    .await
}

/// Goes on where nobody with that mailbox is a member or was invited; what ran out makes room.
async fn must_be_new(
    conn: &mut OrgConnection,
    mailbox: &Mailbox,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let of_mailbox = || invitations::table.filter(invitations::address.eq(mailbox.as_str()));
    diesel::delete(of_mailbox().filter(invitations::expires_at.le(now)))
        .execute(conn)
        .await?;
    let invited: Option<Uuid> = of_mailbox()
        .select(invitations::id)
        .first(conn)
        .await
        .optional()?;
    let member: Option<Uuid> = memberships::table
        .filter(memberships::address.eq(mailbox.as_str()))
        .select(memberships::id)
        .first(conn)
        .await
        .optional()?;
    match (invited, member) {
        (_, Some(_)) => Err(Problem::conflict("This person is a member already.").into()),
        (Some(_), _) => {
            let detail = "This address is invited already. Withdraw that first to invite it anew.";
            Err(Problem::conflict(detail).into())
        }
        (None, None) => Ok(()),
    }
}

async fn withdraw(
    member: Member,
    Of(id): Of,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refused> {
    must_own(&member)?;
    let one = invitations::table.filter(invitations::id.eq(id));
    let gone = diesel::delete(one)
        .execute(&mut member.tenant().open().await?)
        .await?;
    match gone {
        0 => Err(Problem::not_found().into()),
        _ => Ok(member.to("members")),
    }
}

/// The invitation of that mailbox to `org` that is good now, if there is one.
pub(super) async fn waiting_for(
    state: &AppState,
    org: Uuid,
    mailbox: &Mailbox,
) -> Result<Option<Uuid>, Problem> {
    let mut conn = state.roads().app.within(Scope::org(org)).await?;
    let waiting: Option<Invitation> = invitations::table
        .filter(invitations::address.eq(mailbox.as_str()))
        .filter(invitations::expires_at.gt(Utc::now()))
        .select(Invitation::as_select())
        .first(&mut conn)
        .await
        .optional()?;
    match waiting {
        Some(waiting) if by_an_owner(&mut conn, &waiting).await? => Ok(Some(waiting.id)),
        _ => Ok(None),
    }
}

/// Makes a member of whoever accepted the invitation that `to` names, and says the organisation's short
/// name. `None` where it was withdrawn, ran out, or was somebody else's.
pub(crate) async fn accept(
    state: &AppState,
    account: AccountId,
    to: &str,
) -> Result<Option<String>, Refused> {
    let Some((org, id)) = named(to) else {
        return Ok(None);
    };
    let mailbox = mailbox(state, account).await?;
    let mut conn = state.roads().app.within(Scope::org(org)).await?;
    conn.transaction(async |conn| {
        let of_mailbox = invitations::table
            .filter(invitations::id.eq(id))
            .filter(invitations::address.eq(mailbox.as_str()))
            .filter(invitations::expires_at.gt(Utc::now()));
        let taken: Option<Invitation> = diesel::delete(of_mailbox)
            .returning(Invitation::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        let Some(taken) = taken else { return Ok(None) };
        if !by_an_owner(conn, &taken).await? {
            return Ok(None);
        }
        join(conn, account, &mailbox, taken).await?;
        let slug = organizations::table.select(organizations::slug);
        Ok(Some(slug.first(conn).await?))
    })
    .await
}

/// Whether whoever invited may still do so: an invitation does not outlive its maker's ownership.
async fn by_an_owner(conn: &mut OrgConnection, taken: &Invitation) -> QueryResult<bool> {
    let Some(invited_by) = taken.invited_by else {
        return Ok(false);
    };
    let owner: Option<Uuid> = memberships::table
        .filter(memberships::id.eq(invited_by))
        .filter(memberships::role.eq(Role::Owner))
        .select(memberships::id)
        .first(conn)
        .await
        .optional()?;
    Ok(owner.is_some())
}

/// Whoever is a member already stays what he is.
async fn join(
    conn: &mut OrgConnection,
    account: AccountId,
    mailbox: &Mailbox,
    taken: Invitation,
) -> Result<(), Problem> {
    let user = Uuid::from(account);
    let known: Option<Uuid> = memberships::table
        .filter(memberships::user_id.eq(user))
        .select(memberships::id)
        .first(conn)
        .await
        .optional()?;
    if known.is_some() {
        return Ok(());
    }
    let shop_ids = match taken.shop_ids {
        None => None,
        Some(ids) => {
            let left = shops::table.filter(shops::id.eq_any(ids));
            Some(left.select(shops::id).load(conn).await?)
        }
    };
    let new = NewMembership {
        address: Email::new(mailbox.as_str()).map_err(Problem::unprocessable)?,
        display_name: Line::new(taken.display_name).map_err(Problem::unprocessable)?,
        role: taken.role,
        shop_ids,
    };
    take_in(conn, user, new).await?;
    Ok(())
}

/// The organisation and the invitation that a link carries.
fn named(to: &str) -> Option<(Uuid, Uuid)> {
    let (org, id) = to.split_once(':')?;
    Some((org.parse().ok()?, id.parse().ok()?))
}
