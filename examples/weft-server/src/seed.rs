//! The demo's two organisations. Seeding again changes nothing.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use chrono::Utc;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use weft_auth::{
    AccountId, ApiTokenId, Mailbox, NotAMailbox, store::ApiTokenStore, token::ApiTokenRecord,
};
use weft_tenancy::Scope;

use crate::{
    accounts::{Accounts, Store, failed},
    error::Problem,
    import::{ImportError, import},
    roads::{OrgConnection, RoadClosed, Roads},
    schema::{
        conversations, membership_shops, memberships, messages, orders, organizations, plans, shops,
    },
    state_folder::StateFolder,
    token::{ApiToken, PREFIX, Permission, Scopes},
    value::{ConversationState, Direction, Role},
};

/// One of the demo's organisations.
pub struct Demo {
    /// Its short name.
    pub slug: &'static str,
    name: &'static str,
    /// Its shops; its limited member sees the first.
    pub shops: [DemoShop; 2],
    /// Its owner and its limited member.
    pub members: [DemoMember; 2],
}

/// A shop of the demo's.
pub struct DemoShop {
    /// Its name.
    pub name: &'static str,
    domain: &'static str,
    currency: &'static str,
    orders: &'static [u8],
}

/// A member of the demo's.
pub struct DemoMember {
    /// The role.
    pub role: Role,
    name: &'static str,
    address: &'static str,
}

/// A token of the demo's, and whose it is.
#[derive(Serialize, Deserialize)]
pub struct DemoToken {
    /// The organisation's short name.
    pub org: String,
    /// What the bearer may do.
    pub role: Role,
    token: String,
}

impl DemoToken {
    /// The token, to be printed.
    pub fn expose(&self) -> &str {
        &self.token
    }
}

/// The demo.
pub const DEMO: [Demo; 2] = [
    Demo {
        slug: "kumo-ceramics",
        name: "Kumo Ceramics",
        shops: [
            DemoShop {
                name: "Kumo Ceramics Japan",
                domain: "kumo-ceramics.example",
                currency: "JPY",
                orders: include_bytes!("../demo/kumo-ceramics-jp.csv"),
            },
            DemoShop {
                name: "Kumo Ceramics US",
                domain: "us.kumo-ceramics.example",
                currency: "USD",
                orders: include_bytes!("../demo/kumo-ceramics-us.csv"),
            },
        ],
        members: [
            DemoMember {
                role: Role::Owner,
                name: "Aiko Mori",
                address: "aiko@kumo-ceramics.example",
            },
            DemoMember {
                role: Role::Member,
                name: "Ren Ito",
                address: "ren@kumo-ceramics.example",
            },
        ],
    },
    Demo {
        slug: "nordwind-outdoor",
        name: "Nordwind Outdoor",
        shops: [
            DemoShop {
                name: "Nordwind Outdoor EU",
                domain: "nordwind-outdoor.example",
                currency: "EUR",
                orders: include_bytes!("../demo/nordwind-outdoor-eu.csv"),
            },
            DemoShop {
                name: "Nordwind Outdoor UK",
                domain: "uk.nordwind-outdoor.example",
                currency: "GBP",
                orders: include_bytes!("../demo/nordwind-outdoor-uk.csv"),
            },
        ],
        members: [
            DemoMember {
                role: Role::Owner,
                name: "Greta Lindqvist",
                address: "greta@nordwind-outdoor.example",
            },
            DemoMember {
                role: Role::Member,
                name: "Tom Hale",
                address: "tom@nordwind-outdoor.example",
            },
        ],
    },
];

/// Makes what is missing of the demo, and says which organisations it is about.
///
/// # Errors
/// When the database does not go along.
pub async fn seed(roads: &Roads) -> Result<[Uuid; 2], SeedError> {
    let orgs = organizations(roads).await?;
    for (demo, org) in DEMO.iter().zip(orgs) {
        let mut users = Vec::new();
        for member in &demo.members {
            users.push(roads.auth.account(&Mailbox::parse(member.address)?).await?);
        }
        let scope = Scope::org(org);
        let mut conn = roads.app.within(scope.clone()).await?;
        let shops = conn
            .transaction(async |conn| people(conn, demo, &users).await)
            .await?;
        drop(conn);
        for (shop, demo) in shops.iter().zip(&demo.shops) {
            let mut conn = roads.app.within(scope.narrowed_to([*shop])).await?;
            let known: Option<Uuid> = orders::table
                .select(orders::id)
                .first(&mut conn)
                .await
                .optional()?;
            if known.is_none() {
                import(&mut conn, demo.orders, |_, _| {}).await?;
            }
            conn.transaction(async |conn| talk(conn, *shop).await)
                .await?;
        }
    }
    Ok(orgs)
}

/// The tokens of the demo's organisations, kept in `folder` and valid until a month from `now`.
///
/// # Errors
/// When the folder or the database does not go along.
pub async fn tokens(
    (roads, accounts): (&Roads, &Accounts),
    orgs: [Uuid; 2],
    folder: &StateFolder,
    now: SystemTime,
) -> Result<Vec<DemoToken>, SeedError> {
    let kept = folder
        .read(TOKENS)?
        .and_then(|text| serde_json::from_str(&text).ok());
    let tokens: Vec<DemoToken> = match kept {
        Some(tokens) => tokens,
        None => {
            let mut tokens = Vec::new();
            for demo in &DEMO {
                for member in &demo.members {
                    let token = ApiToken::generate(PREFIX).map_err(|_| SeedError::Randomness)?;
                    let (org, token) = (demo.slug.to_owned(), token.expose().to_owned());
                    tokens.push(DemoToken {
                        org,
                        role: member.role,
                        token,
                    });
                }
            }
            folder.write(TOKENS, &serde_json::to_string(&tokens)?)?;
            tokens
        }
    };
    for (demo, org) in DEMO.iter().zip(orgs) {
        for member in &demo.members {
            let user = roads.auth.account(&Mailbox::parse(member.address)?).await?;
            let theirs = |token: &&DemoToken| token.org == demo.slug && token.role == member.role;
            let token = tokens.iter().find(theirs);
            if let Some(token) = token.and_then(|token| ApiToken::parse(PREFIX, &token.token).ok())
            {
                renew(accounts.store(), &token, (user.into(), org), now).await?;
            }
        }
    }
    Ok(tokens)
}

/// Makes the token good from `now` on, as if there had been none.
async fn renew(
    store: &Store,
    token: &ApiToken,
    (account, org): (AccountId, Uuid),
    now: SystemTime,
) -> Result<(), SeedError> {
    let digest = token.digest();
    let record = ApiTokenRecord {
        id: ApiTokenId::generate().map_err(|_| SeedError::Randomness)?,
        account,
        audience: Some(org),
        label: "demo".to_owned(),
        scopes: Scopes::new([Permission::Read, Permission::Write]).to_string(),
        created_at: now,
        expires_at: Some(now + MONTH),
        last_used_at: None,
    };
    let renewed = async {
        if let Some(old) = store.find_api_token(&digest).await? {
            store.revoke_api_token(old.account, old.id).await?;
        }
        store.issue_api_token(&digest, &record).await
    };
    renewed.await.map_err(|error| failed(&error))?;
    Ok(())
}

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const TOKENS: &str = "demo-tokens.json";

/// Organisations belong to no scope before they are there: this is the third road's work.
async fn organizations(roads: &Roads) -> Result<[Uuid; 2], SeedError> {
    let mut conn = roads.unscoped.open().await?;
    conn.unscoped(
        "make the demo's organisations",
        "weft-server",
        async |conn| {
            let plan: Uuid = plans::table
                .filter(plans::code.eq("team"))
                .select(plans::id)
                .first(conn)
                .await?;
            let mut ids = [Uuid::nil(); 2];
            for (demo, id) in DEMO.iter().zip(&mut ids) {
                diesel::insert_into(organizations::table)
                    .values((
                        organizations::id.eq(Uuid::now_v7()),
                        organizations::slug.eq(demo.slug),
                        organizations::name.eq(demo.name),
                        organizations::plan_id.eq(plan),
                    ))
                    .on_conflict(organizations::slug)
                    .do_nothing()
                    .execute(conn)
                    .await?;
                let known = organizations::table.filter(organizations::slug.eq(demo.slug));
                *id = known.select(organizations::id).first(conn).await?;
            }
            Ok(ids)
        },
    )
    .await
}

/// Shops and members, in one transaction.
async fn people(
    conn: &mut OrgConnection,
    demo: &Demo,
    users: &[Uuid],
) -> Result<Vec<Uuid>, SeedError> {
    let mut ids = Vec::new();
    for shop in &demo.shops {
        let known: Option<Uuid> = shops::table
            .filter(shops::name.eq(shop.name))
            .select(shops::id)
            .first(conn)
            .await
            .optional()?;
        let id = known.unwrap_or_else(Uuid::now_v7);
        if known.is_none() {
            diesel::insert_into(shops::table)
                .values((
                    shops::id.eq(id),
                    shops::name.eq(shop.name),
                    shops::domain.eq(shop.domain),
                    shops::currency.eq(shop.currency),
                ))
                .execute(conn)
                .await?;
        }
        ids.push(id);
    }
    for (member, user) in demo.members.iter().zip(users) {
        let known: Option<Uuid> = memberships::table
            .filter(memberships::user_id.eq(*user))
            .select(memberships::id)
            .first(conn)
            .await
            .optional()?;
        if known.is_some() {
            continue;
        }
        let (id, limited) = (Uuid::now_v7(), member.role == Role::Member);
        diesel::insert_into(memberships::table)
            .values((
                memberships::id.eq(id),
                memberships::user_id.eq(*user),
                memberships::role.eq(member.role),
                memberships::all_shops.eq(!limited),
                memberships::display_name.eq(member.name),
                memberships::address.eq(member.address),
            ))
            .execute(conn)
            .await?;
        if limited {
            diesel::insert_into(membership_shops::table)
                .values((
                    membership_shops::membership_id.eq(id),
                    membership_shops::shop_id.eq(ids[0]),
                ))
                .execute(conn)
                .await?;
        }
    }
    Ok(ids)
}

/// A few conversations about a shop's latest orders, unless there are any.
async fn talk(conn: &mut OrgConnection, shop: Uuid) -> Result<(), SeedError> {
    let known: Option<Uuid> = conversations::table
        .select(conversations::id)
        .first(conn)
        .await
        .optional()?;
    if known.is_some() {
        return Ok(());
    }
    let latest: Vec<(Uuid, String, Option<Uuid>)> = orders::table
        .filter(orders::customer_id.is_not_null())
        .select((orders::id, orders::name, orders::customer_id))
        .order((orders::placed_at.desc(), orders::id))
        .limit(TALK.len() as i64)
        .load(conn)
        .await?;
    for ((order, name, customer), (question, answer)) in latest.into_iter().zip(TALK) {
        let Some(customer) = customer else { continue };
        let id = Uuid::now_v7();
        let state = match answer {
            Some(_) => ConversationState::Closed,
            None => ConversationState::Open,
        };
        diesel::insert_into(conversations::table)
            .values((
                conversations::id.eq(id),
                conversations::shop_id.eq(shop),
                conversations::customer_id.eq(customer),
                conversations::order_id.eq(order),
                conversations::subject.eq(format!("Order {name}")),
                conversations::state.eq(state),
            ))
            .execute(conn)
            .await?;
        let said = [(Direction::In, Some(*question)), (Direction::Out, *answer)];
        for (direction, body) in said {
            let Some(body) = body else { continue };
            diesel::insert_into(messages::table)
                .values((
                    messages::id.eq(Uuid::now_v7()),
                    messages::shop_id.eq(shop),
                    messages::conversation_id.eq(id),
                    messages::direction.eq(direction),
                    messages::body.eq(body),
                    messages::created_at.eq(Utc::now()),
                ))
                .execute(conn)
                .await?;
        }
    }
    Ok(())
}

const TALK: &[(&str, Option<&str>)] = &[
    (
        "Hello, when will my order be sent?",
        Some("It leaves us tomorrow morning."),
    ),
    ("One item arrived broken. What can we do?", None),
    (
        "Can I still change the address?",
        Some("Yes: we have changed it."),
    ),
    ("Do you ship to a parcel station?", None),
    (
        "Thank you, everything arrived well!",
        Some("We are glad to hear it."),
    ),
];

/// Why the demo could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum SeedError {
    /// A statement failed.
    Database(diesel::result::Error),
    /// A road is closed, or a store said no.
    Problem(Problem),
    /// The orders did not go in.
    Import(ImportError),
    /// The folder of state.
    Folder(std::io::Error),
    /// An address of the demo's is not one.
    Address(NotAMailbox),
    /// The system has no randomness to give.
    Randomness,
}

macro_rules! from {
    ($($source:ty => $variant:ident,)*) => {$(
        impl From<$source> for SeedError {
            fn from(error: $source) -> SeedError {
                SeedError::$variant(error.into())
            }
        }
    )*};
}

from! {
    diesel::result::Error => Database,
    Problem => Problem,
    RoadClosed => Problem,
    ImportError => Import,
    NotAMailbox => Address,
    std::io::Error => Folder,
    serde_json::Error => Folder,
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeedError::Database(error) => error.fmt(f),
            SeedError::Problem(problem) => write!(f, "the database answered {}", problem.status()),
            SeedError::Import(error) => error.fmt(f),
            SeedError::Folder(error) => error.fmt(f),
            SeedError::Address(error) => error.fmt(f),
            SeedError::Randomness => f.write_str("the system has no randomness to give"),
        }
    }
}

impl std::error::Error for SeedError {}
