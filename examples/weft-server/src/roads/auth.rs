use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl, pooled_connection::deadpool::Pool};
use uuid::Uuid;
use weft_auth::{
    AccountId, Mailbox,
    postgres::{Lend, Row, Statement},
    sso::OrganizationId,
};
use weft_tenancy::Scope;
use weft_webhooks::{inbox, outbox};

use super::{RoadClosed, pooled};
use crate::{
    attachments::stale,
    error::Problem,
    schema::{
        attachments, auth_accounts, auth_api_tokens, membership_shops, memberships, organizations,
        plans, webhook_deliveries, webhook_endpoints, webhook_messages, webhook_secrets,
    },
    value::{Provider, Role},
    webhooks::directory::{Listed, NOTIFY},
};

/// The road of role `weft_auth`: users and tokens, and what a request needs to find its scope.
#[derive(Clone)]
pub struct AuthRoad {
    pool: Pool<AsyncPgConnection>,
    address: Arc<str>,
}

/// Whom a token speaks for.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The organisation.
    pub org_id: Uuid,
    /// The membership in it.
    pub membership_id: Uuid,
    /// What the member may do.
    pub role: Role,
    /// The shops the member is limited to; `None` is all of them.
    pub shops: Option<Vec<Uuid>>,
}

impl Identity {
    /// What this member may see.
    pub fn scope(&self) -> Scope {
        let org = Scope::org(self.org_id);
        match &self.shops {
            None => org,
            Some(shops) => org.narrowed_to(shops.iter().copied()),
        }
    }
}

impl AuthRoad {
    pub(super) fn new(pool: Pool<AsyncPgConnection>, address: &str) -> AuthRoad {
        AuthRoad {
            pool,
            address: address.into(),
        }
    }

    /// Where this road leads, for a connection that listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The webhook endpoints of every organisation, with the secrets that are in force at `now` or
    /// later.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn endpoints(&self, now: DateTime<Utc>) -> Result<Vec<Listed>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let rows: Vec<EndpointRow> = webhook_endpoints::table
            .inner_join(
                webhook_secrets::table.on(webhook_secrets::org_id
                    .eq(webhook_endpoints::org_id)
                    .and(webhook_secrets::endpoint_id.eq(webhook_endpoints::id.nullable()))),
            )
            .filter(
                webhook_secrets::not_after
                    .is_null()
                    .or(webhook_secrets::not_after.gt(now)),
            )
            .order((
                webhook_endpoints::id,
                webhook_secrets::created_at,
                webhook_secrets::id,
            ))
            .select(EndpointRow::as_select())
            .load(&mut conn)
            .await?;
        let same = |a: &EndpointRow, b: &EndpointRow| (a.org_id, a.id) == (b.org_id, b.id);
        let of_one = rows.chunk_by(same);
        Ok(of_one.filter_map(EndpointRow::listed).collect())
    }

    /// Tells every server that endpoints have changed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn announce_endpoints(&self) -> Result<(), Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        diesel::sql_query(NOTIFY).execute(&mut conn).await?;
        Ok(())
    }

    /// The organisations that have deliveries which nobody finished in time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn with_abandoned_deliveries(
        &self,
        now: SystemTime,
    ) -> Result<Vec<Uuid>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        Ok(inbox::waiting(now, BATCH).load(&mut conn).await?)
    }

    /// The organisations that have messages to send.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn with_due_messages(&self, now: SystemTime) -> Result<Vec<Uuid>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        Ok(outbox::waiting(now, BATCH).load(&mut conn).await?)
    }

    /// The organisations that have deliveries or messages which were settled before `then`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn with_settled_before(
        &self,
        then: DateTime<Utc>,
    ) -> Result<BTreeSet<Uuid>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let deliveries: Vec<Uuid> = webhook_deliveries::table
            .filter(webhook_deliveries::settled_at.lt(then))
            .select(webhook_deliveries::org_id)
            .distinct()
            .load(&mut conn)
            .await?;
        let messages: Vec<Uuid> = webhook_messages::table
            .filter(webhook_messages::settled_at.lt(then))
            .select(webhook_messages::org_id)
            .distinct()
            .load(&mut conn)
            .await?;
        Ok(deliveries.into_iter().chain(messages).collect())
    }

    /// The organisations that have files which nobody wants at `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn with_stale_attachments(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let found = attachments::table
            .filter(stale(now))
            .select(attachments::org_id)
            .distinct()
            .load(&mut conn)
            .await?;
        Ok(found)
    }

    /// The account with this mailbox, made if there is none: whoever reads the mailbox has it. Which of
    /// the two is not said.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account(&self, mailbox: &Mailbox) -> Result<Uuid, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        diesel::insert_into(auth_accounts::table)
            .values((
                auth_accounts::id.eq(Uuid::new_v4()),
                auth_accounts::mailbox.eq(mailbox.as_str()),
                auth_accounts::state.eq("unverified"),
                auth_accounts::break_glass.eq(false),
            ))
            .on_conflict(auth_accounts::mailbox)
            .do_nothing()
            .execute(&mut conn)
            .await?;
        let id = auth_accounts::table
            .filter(auth_accounts::mailbox.eq(mailbox.as_str()))
            .select(auth_accounts::id)
            .first(&mut conn)
            .await?;
        Ok(id)
    }

    /// A hash of a password for each way in which some are made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn kinds_of_hashes(&self) -> Result<Vec<String>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        // Algorithm, version and parameters of a PHC string.
        let kinds: Vec<Kind> = diesel::sql_query(
            "SELECT DISTINCT ON (split_part(password, '$', 2), split_part(password, '$', 3), \
                 split_part(password, '$', 4)) password \
             FROM auth_accounts WHERE password IS NOT NULL",
        )
        .load(&mut conn)
        .await?;
        Ok(kinds.into_iter().map(|kind| kind.password).collect())
    }

    /// The organisations that `account` is a member of, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn organizations_of(&self, account: AccountId) -> Result<Vec<Organization>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let found = organizations::table
            .inner_join(memberships::table.on(memberships::org_id.eq(organizations::id)))
            .filter(memberships::user_id.eq(Uuid::from(account)))
            .order((organizations::name, organizations::id))
            .select(Organization::as_select())
            .load(&mut conn)
            .await?;
        Ok(found)
    }

    /// What `account` is in the organisation with that short name; `None` where it is no member.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn member(
        &self,
        account: AccountId,
        slug: &str,
    ) -> Result<Option<(Organization, Identity)>, Problem> {
        self.found(account, Which::Slug(slug)).await
    }

    /// What `account` is in the organisation of that id; `None` where it is no member.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identity(
        &self,
        account: AccountId,
        org: Uuid,
    ) -> Result<Option<Identity>, Problem> {
        let found = self.found(account, Which::Id(org)).await?;
        Ok(found.map(|(_, identity)| identity))
    }

    async fn found(
        &self,
        account: AccountId,
        which: Which<'_>,
    ) -> Result<Option<(Organization, Identity)>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let all = organizations::table
            .inner_join(memberships::table.on(memberships::org_id.eq(organizations::id)))
            .left_join(
                membership_shops::table.on(membership_shops::org_id
                    .eq(memberships::org_id)
                    .and(membership_shops::membership_id.eq(memberships::id))
                    .and(memberships::all_shops.eq(false))),
            )
            .filter(memberships::user_id.eq(Uuid::from(account)))
            .select(Member::as_select())
            .into_boxed();
        let query = match which {
            Which::Slug(slug) => all.filter(organizations::slug.eq(slug)),
            Which::Id(org) => all.filter(organizations::id.eq(org)),
        };
        Ok(Member::identity(query.load(&mut conn).await?))
    }

    /// The organisation that is that one at WorkOS.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn connected(
        &self,
        workos: &OrganizationId,
    ) -> Result<Option<Connected>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let found = organizations::table
            .inner_join(plans::table.on(plans::id.eq(organizations::plan_id)))
            .filter(organizations::workos_organization.eq(workos.as_str()))
            .select(Connected::as_select())
            .first(&mut conn)
            .await
            .optional()?;
        Ok(found)
    }

    /// The organisations that are one at WorkOS, and which.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn connected_organizations(
        &self,
    ) -> Result<Vec<(Uuid, OrganizationId)>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let found: Vec<(Uuid, Option<String>)> = organizations::table
            .filter(organizations::workos_organization.is_not_null())
            .order(organizations::id)
            .select((organizations::id, organizations::workos_organization))
            .load(&mut conn)
            .await?;
        let read =
            |(org, workos): (Uuid, Option<String>)| Some((org, OrganizationId::new(workos?).ok()?));
        Ok(found.into_iter().filter_map(read).collect())
    }

    /// What something is kept of as an organisation at WorkOS, and none of ours is (any more).
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn left_organizations(&self) -> Result<Vec<OrganizationId>, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let left: Vec<Left> = diesel::sql_query(
            "SELECT organization FROM (                  SELECT organization FROM auth_domains                  UNION SELECT organization FROM auth_connections WHERE organization IS NOT NULL                  UNION SELECT organization FROM auth_identities              ) AS kept WHERE NOT EXISTS (                  SELECT FROM organizations o WHERE o.workos_organization = kept.organization)",
        )
        .load(&mut conn)
        .await?;
        let read = |left: Left| OrganizationId::new(left.organization).ok();
        Ok(left.into_iter().filter_map(read).collect())
    }

    /// Whether `account` is a member of `org`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn is_member(&self, account: AccountId, org: Uuid) -> Result<bool, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let membership = memberships::table
            .filter(memberships::org_id.eq(org))
            .filter(memberships::user_id.eq(Uuid::from(account)))
            .select(memberships::id);
        let is_member = diesel::select(diesel::dsl::exists(membership));
        Ok(is_member.get_result(&mut conn).await?)
    }

    /// Ends the tokens that `user` has for `org`. Where the database does so itself as the membership ends, none
    /// are left.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn end_tokens(&self, org: Uuid, user: Uuid) -> Result<(), Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let theirs = auth_api_tokens::table
            .filter(auth_api_tokens::audience.eq(org))
            .filter(auth_api_tokens::account_id.eq(user));
        diesel::delete(theirs).execute(&mut conn).await?;
        Ok(())
    }

    /// The same before `user` becomes a member, of what was made while a membership ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn begin_anew(&self, org: Uuid, user: Uuid) -> Result<(), Problem> {
        match self.is_member(user.into(), org).await? {
            true => Ok(()),
            false => self.end_tokens(org, user).await,
        }
    }

    /// Whether `account` is a member of any organisation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn is_anywhere(&self, account: AccountId) -> Result<bool, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let membership = memberships::table
            .filter(memberships::user_id.eq(Uuid::from(account)))
            .select(memberships::id);
        let is_anywhere = diesel::select(diesel::dsl::exists(membership));
        Ok(is_anywhere.get_result(&mut conn).await?)
    }

    /// Whether the account of that id owns `org`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn is_owner(&self, account: Uuid, org: Uuid) -> Result<bool, Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        let membership = memberships::table
            .filter(memberships::org_id.eq(org))
            .filter(memberships::user_id.eq(account))
            .filter(memberships::role.eq(Role::Owner))
            .select(memberships::id);
        let is_owner = diesel::select(diesel::dsl::exists(membership));
        Ok(is_owner.get_result(&mut conn).await?)
    }

    /// Lets an account sign in with its password and its second factor where its domain has single
    /// sign-on, as long as it owns the organisation that requires it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn keep_a_way_in(&self, account: AccountId) -> Result<(), Problem> {
        let mut conn = pooled(&self.pool, "auth").await?;
        diesel::update(auth_accounts::table.find(Uuid::from(account)))
            .set(auth_accounts::break_glass.eq(true))
            .execute(&mut conn)
            .await?;
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Kind {
    #[diesel(sql_type = diesel::sql_types::Text)]
    password: String,
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = diesel::sql_types::Text)]
    organization: String,
}

/// How an organisation is named.
enum Which<'n> {
    Slug(&'n str),
    Id(Uuid),
}

/// Each statement of weft-auth's is committed by itself.
impl Lend for AuthRoad {
    type Error = RoadClosed;

    async fn load<R: Row>(&self, statement: Statement) -> Result<QueryResult<Vec<R>>, RoadClosed> {
        let mut conn = pooled(&self.pool, "auth").await?;
        Ok(statement.load(&mut *conn).await)
    }
}

/// An organisation, as its members are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Organization {
    /// Its id.
    #[diesel(select_expression = organizations::id)]
    pub id: Uuid,
    /// Its short name, which stands in addresses of pages.
    #[diesel(select_expression = organizations::slug)]
    pub slug: String,
    /// Its name.
    #[diesel(select_expression = organizations::name)]
    pub name: String,
    /// What the member is called there.
    #[diesel(select_expression = memberships::display_name)]
    pub display_name: String,
}

/// An organisation that is one at WorkOS.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct Connected {
    /// Its id.
    #[diesel(select_expression = organizations::id)]
    pub(crate) id: Uuid,
    /// Its name.
    #[diesel(select_expression = organizations::name)]
    pub(crate) name: String,
    /// The short name of its plan.
    #[diesel(select_expression = plans::code)]
    pub(crate) plan: String,
}

/// A membership, once for each shop that it is limited to.
#[derive(Queryable, Selectable)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Member {
    #[diesel(embed)]
    organization: Organization,
    #[diesel(select_expression = memberships::id)]
    membership_id: Uuid,
    #[diesel(select_expression = memberships::role)]
    role: Role,
    #[diesel(select_expression = memberships::all_shops)]
    all_shops: bool,
    #[diesel(select_expression = membership_shops::shop_id.nullable())]
    shop_id: Option<Uuid>,
}

impl Member {
    fn identity(rows: Vec<Member>) -> Option<(Organization, Identity)> {
        let shops = rows.iter().filter_map(|row| row.shop_id).collect();
        let first = rows.into_iter().next()?;
        let identity = Identity {
            org_id: first.organization.id,
            membership_id: first.membership_id,
            role: first.role,
            shops: (!first.all_shops).then_some(shops),
        };
        Some((first.organization, identity))
    }
}

/// How many organisations that have work are looked for at once.
const BATCH: u32 = 100;

impl From<RoadClosed> for Problem {
    fn from(_: RoadClosed) -> Problem {
        Problem::unavailable()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct EndpointRow {
    #[diesel(select_expression = webhook_endpoints::org_id)]
    org_id: Uuid,
    #[diesel(select_expression = webhook_endpoints::id)]
    id: Uuid,
    #[diesel(select_expression = webhook_endpoints::provider)]
    provider: Provider,
    #[diesel(select_expression = webhook_endpoints::shop_id)]
    shop_id: Option<Uuid>,
    #[diesel(select_expression = webhook_secrets::id)]
    secret_id: Uuid,
    #[diesel(select_expression = webhook_secrets::sealed)]
    sealed: Vec<u8>,
    #[diesel(select_expression = webhook_secrets::not_after)]
    not_after: Option<DateTime<Utc>>,
}

impl EndpointRow {
    /// The endpoint that `rows` are the secrets of.
    fn listed(rows: &[EndpointRow]) -> Option<Listed> {
        let first = rows.first()?;
        let secret = |row: &EndpointRow| (row.secret_id, row.sealed.clone(), row.not_after);
        Some(Listed {
            endpoint: (first.org_id, first.id, first.provider, first.shop_id),
            secrets: rows.iter().map(secret).collect(),
        })
    }
}
