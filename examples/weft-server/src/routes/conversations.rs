use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Answer, Created, deleted, new_id, some_change};
use crate::{
    describe::shape,
    error::Problem,
    events::tell,
    extract::{Body, Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::conversations,
    value::{ConversationState, EventType, Line},
};

shape! { answer
    /// A conversation with a customer of one shop.
    #[derive(Queryable, Selectable)]
    Conversation {
        /// Its id.
        id: Uuid,
        /// The shop.
        shop_id: Uuid,
        /// With whom.
        customer_id: Option<Uuid>,
        /// About which order.
        order_id: Option<Uuid>,
        /// The membership that answers.
        assignee_id: Option<Uuid>,
        /// What it is about.
        subject: String,
        /// Whether it needs an answer.
        state: ConversationState,
        /// When it began.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// A conversation to begin.
    #[derive(Insertable)]
    #[diesel(table_name = conversations)]
    NewConversation {
        /// The shop.
        shop_id: Uuid,
        /// With whom, a customer of the same shop.
        customer_id: Option<Uuid>,
        /// About which order, of the same shop.
        order_id: Option<Uuid>,
        /// The membership that answers.
        assignee_id: Option<Uuid>,
        /// What it is about.
        subject: Line<1, 300>,
    }
}

shape! { changes
    /// What may be changed of a conversation.
    #[derive(AsChangeset)]
    #[diesel(table_name = conversations)]
    ConversationChanges {
        /// With whom, a customer of the same shop.
        customer_id: Option<Uuid>,
        /// About which order, of the same shop.
        order_id: Option<Uuid>,
        /// The membership that answers.
        assignee_id: Option<Uuid>,
        /// What it is about.
        subject: Line<1, 300>,
        /// Whether it needs an answer.
        state: ConversationState,
    }
}

shape! { query
    /// Which conversations.
    Conversations {
        /// Of this shop.
        shop_id: Uuid,
        /// With this customer.
        customer_id: Uuid,
        /// About this order.
        order_id: Uuid,
        /// Of this membership.
        assignee_id: Uuid,
        /// In this state.
        state: ConversationState,
    }
}

/// Adds the routes of conversations.
pub fn routes(api: Api) -> Api {
    let list = Operation::new("list_conversations", "Conversations, newest first");
    let create = Operation::new("create_conversation", "Begins a conversation");
    let get = Operation::new("get_conversation", "A conversation");
    let update = Operation::new("update_conversation", "Changes a conversation");
    let delete = Operation::new(
        "delete_conversation",
        "Deletes a conversation and its messages",
    );
    api.get(
        ALL,
        self::list,
        list.query::<Conversations>()
            .answers::<Page<Conversation>>(200),
    )
    .post(
        ALL,
        self::create,
        create
            .body::<NewConversation>()
            .answers::<Conversation>(201),
    )
    .get(ONE, self::get, get.answers::<Conversation>(200))
    .patch(
        ONE,
        self::update,
        update
            .body::<ConversationChanges>()
            .answers::<Conversation>(200),
    )
    .delete(ONE, self::delete, delete)
}

const ALL: &str = "/api/conversations";
const ONE: &str = "/api/conversations/{conversation_id}";

pub(crate) async fn list(
    tenant: Tenant,
    Query(asked): Query<Conversations>,
) -> Answer<Page<Conversation>> {
    let mut query = conversations::table
        .select(Conversation::as_select())
        .into_boxed();
    if let Some(shop) = asked.shop_id {
        query = query.filter(conversations::shop_id.eq(shop));
    }
    if let Some(customer) = asked.customer_id {
        query = query.filter(conversations::customer_id.eq(customer));
    }
    if let Some(order) = asked.order_id {
        query = query.filter(conversations::order_id.eq(order));
    }
    if let Some(assignee) = asked.assignee_id {
        query = query.filter(conversations::assignee_id.eq(assignee));
    }
    if let Some(state) = asked.state {
        query = query.filter(conversations::state.eq(state));
    }
    let query = after!(query, newest conversations::created_at, conversations::id, asked);
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

async fn create(
    tenant: Tenant,
    _: NoQuery,
    Body(new): Body<NewConversation>,
) -> Result<Created<Conversation>, Problem> {
    let begun = (
        conversations::id.eq(new_id()),
        conversations::state.eq(ConversationState::Open),
    );
    let mut conn = tenant.open().await?;
    let made = conn
        .transaction(async |conn| {
            let made: Conversation = diesel::insert_into(conversations::table)
                .values((new, begun))
                .returning(Conversation::as_returning())
                .get_result(conn)
                .await?;
            tell(conn, EventType::ConversationCreated, made.shop_id, made.id).await?;
            QueryResult::Ok(made)
        })
        .await?;
    Ok(Created(format!("/api/conversations/{}", made.id), made))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<Conversation> {
    let query = conversations::table
        .filter(conversations::id.eq(id))
        .select(Conversation::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

pub(crate) async fn update(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(changes): Body<ConversationChanges>,
) -> Answer<Conversation> {
    some_change(changes.is_empty())?;
    let one = conversations::table.filter(conversations::id.eq(id));
    let mut conn = tenant.open().await?;
    let changed = conn
        .transaction(async |conn| {
            let changed: Conversation = diesel::update(one)
                .set((changes, conversations::updated_at.eq(Utc::now())))
                .returning(Conversation::as_returning())
                .get_result(conn)
                .await?;
            tell(conn, EventType::ConversationUpdated, changed.shop_id, id).await?;
            QueryResult::Ok(changed)
        })
        .await?;
    Ok(Json(changed))
}

async fn delete(tenant: Tenant, Id(id): Id, _: NoQuery, _: NoBody) -> Result<StatusCode, Problem> {
    diesel::delete(conversations::table.filter(conversations::id.eq(id)))
        .execute(&mut tenant.open().await?)
        .await
        .map_err(Problem::deleting)
        .and_then(deleted)
}

impl Keyed for Conversation {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
