//! Members and what they may do. Owners alone write here, so that nobody raises themselves.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use tokio::task::spawn;
use uuid::Uuid;
use weft_auth::{Mailbox, sso::OrganizationId, store::IdentityStore};

use super::{Answer, Created, deleted, new_id, some_change};
use crate::{
    app::AppState,
    describe::shape,
    error::Problem,
    extract::{Body, Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    roads::OrgConnection,
    schema::{membership_shops, memberships, organizations},
    single_sign_on::unavailable,
    value::{Email, Line, Role},
};

shape! { answer
    /// A member of the organisation. The user behind it is nobody's business but the user's.
    Membership {
        /// Its id.
        id: Uuid,
        /// What the member may do.
        role: Role,
        /// The member's name.
        display_name: String,
        /// The member's address.
        address: String,
        /// The shops the member is limited to, of those that you see; null is all of them.
        shop_ids: Option<Vec<Uuid>>,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// A member to be taken in.
    NewMembership {
        /// The member's address.
        address: Email,
        /// The member's name.
        display_name: Line<1, 200>,
        /// What the member may do.
        role: Role,
        /// The shops the member is limited to; null is all of them.
        shop_ids: Option<Vec<Uuid>>,
    }
}

shape! { changes
    /// What may be changed of a membership. The person behind it stays.
    MembershipChanges {
        /// The member's name.
        display_name: Line<1, 200>,
        /// What the member may do.
        role: Role,
        /// The shops the member is limited to; null is all of them.
        shop_ids: Option<Vec<Uuid>>,
    }
}

shape! { query
    /// Which members.
    Memberships {
        /// With this role.
        role: Role,
    }
}

/// Adds the routes of memberships.
pub fn routes(api: Api) -> Api {
    let list = Operation::new("list_memberships", "Members, oldest first");
    let create = Operation::new(
        "create_membership",
        "Takes a member in; for owners, 20 times a minute and 200 times an hour",
    )
    .rated();
    let get = Operation::new("get_membership", "A member");
    let update = Operation::new("update_membership", "Changes a member; for owners");
    let delete = Operation::new("delete_membership", "Lets a member go; for owners");
    api.get(
        ALL,
        self::list,
        list.query::<Memberships>().answers::<Page<Membership>>(200),
    )
    .post(
        ALL,
        self::create,
        create.body::<NewMembership>().answers::<Membership>(201),
    )
    .get(ONE, self::get, get.answers::<Membership>(200))
    .patch(
        ONE,
        self::update,
        update
            .body::<MembershipChanges>()
            .answers::<Membership>(200),
    )
    .delete(ONE, self::delete, delete)
}

const ALL: &str = "/api/memberships";
const ONE: &str = "/api/memberships/{membership_id}";

#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    role: Role,
    all_shops: bool,
    display_name: String,
    address: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

pub(crate) async fn list(
    tenant: Tenant,
    Query(asked): Query<Memberships>,
) -> Answer<Page<Membership>> {
    let mut query = memberships::table.select(Row::as_select()).into_boxed();
    if let Some(role) = asked.role {
        query = query.filter(memberships::role.eq(role));
    }
    let query = after!(query, oldest memberships::created_at, memberships::id, asked);
    let mut conn = tenant.open().await?;
    let rows = query.load(&mut conn).await?;
    let rows = with_shops(&mut conn, rows).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<Membership> {
    Ok(Json(one(&mut *tenant.open().await?, id).await?))
}

async fn create(
    State(state): State<AppState>,
    tenant: Tenant,
    _: NoQuery,
    Body(new): Body<NewMembership>,
) -> Result<Created<Membership>, Problem> {
    tenant.must_own()?;
    limited(new.role, new.shop_ids.as_deref())?;
    let mailbox = Mailbox::parse(&new.address)
        .map_err(|_| Problem::unprocessable("an address that mail can be sent to is needed"))?;
    let org = tenant.identity().org_id;
    let user = state.accounts().of_another(&mailbox, org).await?;
    state.roads().auth.begin_anew(org, user).await?;
    let mut conn = tenant.open().await?;
    let made = conn
        .transaction(async |conn| {
            let id = take_in(conn, user, new).await?;
            one(conn, id).await
        })
        .await?;
    Ok(Created(format!("/api/memberships/{}", made.id), made))
}

pub(crate) async fn update(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(changes): Body<MembershipChanges>,
) -> Answer<Membership> {
    tenant.must_own()?;
    some_change(changes.is_empty())?;
    let mut conn = tenant.open().await?;
    let changed = conn
        .transaction(async |conn| {
            let owners = owners(conn).await?;
            let now = one(conn, id).await?;
            let role = changes.role.unwrap_or(now.role);
            let shops = changes.shop_ids.unwrap_or(now.shop_ids);
            limited(role, shops.as_deref())?;
            if role != Role::Owner && owners == [id] {
                return Err(last_owner());
            }
            let name = changes.display_name.as_deref().unwrap_or(&now.display_name);
            diesel::update(memberships::table.filter(memberships::id.eq(id)))
                .set((
                    memberships::display_name.eq(name),
                    memberships::role.eq(role),
                    memberships::all_shops.eq(shops.is_none()),
                    memberships::updated_at.eq(Utc::now()),
                ))
                .execute(conn)
                .await?;
            let old = membership_shops::membership_id.eq(id);
            diesel::delete(membership_shops::table.filter(old))
                .execute(conn)
                .await?;
            limit_to(conn, id, shops.unwrap_or_default()).await?;
            one(conn, id).await
        })
        .await?;
    Ok(Json(changed))
}

pub(crate) async fn delete(
    State(state): State<AppState>,
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    tenant.must_own()?;
    deleted(let_go(&state, &mut *tenant.open().await?, id).await?)
}

/// Lets a member go, unless nobody owned the organisation then, and ends the member's tokens for it. What the
/// organisation vouched for goes too: whoever is asked back begins anew.
async fn let_go(state: &AppState, conn: &mut OrgConnection, id: Uuid) -> Result<usize, Problem> {
    let gone = conn
        .transaction(async |conn| {
            if owners(conn).await? == [id] {
                return Err(last_owner());
            }
            let member = memberships::table.filter(memberships::id.eq(id));
            let gone: Option<(Uuid, Uuid)> = diesel::delete(member)
                .returning((memberships::org_id, memberships::user_id))
                .get_result(conn)
                .await
                .optional()?;
            let vouches: Option<String> = organizations::table
                .select(organizations::workos_organization)
                .first(conn)
                .await?;
            Ok(gone.map(|gone| (gone, vouches)))
        })
        .await?;
    let Some(((org, user), vouches)) = gone else {
        return Ok(0);
    };
    // Not within the transaction: what waits for the membership may hold what this waits for. And to its end,
    // whoever hangs up.
    let state = state.clone();
    let ended = spawn(async move { end_access(&state, org, user, vouches).await }).await;
    ended.unwrap_or_else(|_| Err(Problem::internal()))?;
    Ok(1)
}

/// Ends what `user` had of `org` besides the membership.
async fn end_access(
    state: &AppState,
    org: Uuid,
    user: Uuid,
    vouches: Option<String>,
) -> Result<(), Problem> {
    state.roads().auth.end_tokens(org, user).await?;
    if let Some(Ok(organization)) = vouches.map(OrganizationId::new) {
        let store = state.accounts().store();
        let unlinked = store.unlink_identities(user.into(), &organization).await;
        unlinked.map_err(|error| unavailable(&error))?;
    }
    Ok(())
}

/// The same for whoever goes of his own accord, if he is a member.
pub(crate) async fn leave(
    state: &AppState,
    conn: &mut OrgConnection,
    user: Uuid,
) -> Result<(), Problem> {
    let own = memberships::table.filter(memberships::user_id.eq(user));
    let id: Option<Uuid> = own.select(memberships::id).first(conn).await.optional()?;
    match id {
        Some(id) => let_go(state, conn, id).await.map(drop),
        None => Ok(()),
    }
}

/// Whether the organisation has no owner but `user`.
pub(crate) async fn owns_alone(conn: &mut OrgConnection, user: Uuid) -> QueryResult<bool> {
    let owners: Vec<Uuid> = memberships::table
        .filter(memberships::role.eq(Role::Owner))
        .select(memberships::user_id)
        .load(conn)
        .await?;
    Ok(owners == [user])
}

/// Makes a member of `user`, and says the id of the membership.
///
/// # Errors
/// When the user is a member already, a shop is not there, or the database does not go along.
pub(crate) async fn take_in(
    conn: &mut OrgConnection,
    user: Uuid,
    new: NewMembership,
) -> Result<Uuid, Problem> {
    let id = new_id();
    diesel::insert_into(memberships::table)
        .values((
            memberships::id.eq(id),
            memberships::user_id.eq(user),
            memberships::role.eq(new.role),
            memberships::all_shops.eq(new.shop_ids.is_none()),
            memberships::display_name.eq(&new.display_name),
            memberships::address.eq(&new.address),
        ))
        .execute(conn)
        .await?;
    limit_to(conn, id, new.shop_ids.unwrap_or_default()).await?;
    Ok(id)
}

/// The owners, locked, so that two of them cannot demote each other at once.
async fn owners(conn: &mut OrgConnection) -> QueryResult<Vec<Uuid>> {
    memberships::table
        .filter(memberships::role.eq(Role::Owner))
        .select(memberships::id)
        .order(memberships::id)
        .for_update()
        .load(conn)
        .await
}

fn last_owner() -> Problem {
    Problem::conflict("an organisation keeps at least one owner")
}

fn limited(role: Role, shops: Option<&[Uuid]>) -> Result<(), Problem> {
    match (role, shops) {
        (Role::Owner, Some(_)) => Err(Problem::unprocessable(
            "an owner cannot be limited to some shops",
        )),
        (_, Some(shops)) if shops.len() > 1000 => Err(Problem::unprocessable(
            "a member is limited to at most 1000 shops",
        )),
        _ => Ok(()),
    }
}

async fn limit_to(
    conn: &mut OrgConnection,
    member: Uuid,
    mut shops: Vec<Uuid>,
) -> Result<(), Problem> {
    shops.sort_unstable();
    shops.dedup();
    for shop in shops {
        diesel::insert_into(membership_shops::table)
            .values((
                membership_shops::membership_id.eq(member),
                membership_shops::shop_id.eq(shop),
            ))
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn one(conn: &mut OrgConnection, id: Uuid) -> Result<Membership, Problem> {
    let query = memberships::table
        .filter(memberships::id.eq(id))
        .select(Row::as_select());
    let row = query.first(conn).await?;
    with_shops(conn, vec![row])
        .await?
        .pop()
        .ok_or_else(Problem::not_found)
}

async fn with_shops(conn: &mut OrgConnection, rows: Vec<Row>) -> Result<Vec<Membership>, Problem> {
    let members: Vec<Uuid> = rows
        .iter()
        .filter(|row| !row.all_shops)
        .map(|row| row.id)
        .collect();
    let shops: Vec<(Uuid, Uuid)> = membership_shops::table
        .filter(membership_shops::membership_id.eq_any(members))
        .select((membership_shops::membership_id, membership_shops::shop_id))
        .order((membership_shops::membership_id, membership_shops::shop_id))
        .load(conn)
        .await?;
    let of = |member: Uuid| {
        shops
            .iter()
            .filter(|shop| shop.0 == member)
            .map(|shop| shop.1)
            .collect::<Vec<_>>()
    };
    Ok(rows
        .into_iter()
        .map(|row| Membership {
            id: row.id,
            role: row.role,
            display_name: row.display_name,
            address: row.address,
            shop_ids: (!row.all_shops).then(|| of(row.id)),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
        .collect())
}

impl Keyed for Membership {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
