use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Answer, Created, attachments, deleted, new_id, some_change};
use crate::{
    describe::shape,
    error::Problem,
    events::tell,
    extract::{Body, Id, Ids, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::{conversations, messages},
    value::{Direction, EventType, First, Prose},
};

shape! { answer
    /// A message of a conversation.
    #[derive(Queryable, Selectable)]
    Message {
        /// Its id.
        id: Uuid,
        /// The shop of the conversation.
        shop_id: Uuid,
        /// The conversation.
        conversation_id: Uuid,
        /// The membership that wrote it; null for the customer's.
        author_id: Option<Uuid>,
        /// Which way it went.
        direction: Direction,
        /// What it says.
        body: String,
        /// When it was written.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// A message to be written.
    #[derive(Insertable)]
    #[diesel(table_name = messages)]
    NewMessage {
        /// Which way it goes.
        direction: Direction,
        /// What it says.
        body: Prose<20000>,
        /// The confirmed files of the conversation that go with it, at most 20.
        #[diesel(skip_insertion)]
        attachment_ids: Option<Vec<Uuid>>,
    }
}

shape! { changes
    /// What may be changed of a message.
    #[derive(AsChangeset)]
    #[diesel(table_name = messages)]
    MessageChanges {
        /// What it says.
        body: Prose<20000>,
    }
}

shape! { query
    /// Which messages.
    Messages {
        /// That went this way.
        direction: Direction,
        /// The oldest first, unless told.
        first: First,
    }
}

/// Adds the routes of the messages within a conversation.
pub fn routes(api: Api) -> Api {
    let list = Operation::new(
        "list_messages",
        "The messages of a conversation, oldest first unless told",
    );
    let create = Operation::new("create_message", "Writes a message");
    let get = Operation::new("get_message", "A message of a conversation");
    let update = Operation::new("update_message", "Changes a message");
    let delete = Operation::new("delete_message", "Deletes a message");
    api.get(
        ALL,
        self::list,
        list.query::<Messages>().answers::<Page<Message>>(200),
    )
    .post(
        ALL,
        self::create,
        create.body::<NewMessage>().answers::<Message>(201),
    )
    .get(ONE, self::get, get.answers::<Message>(200))
    .patch(
        ONE,
        self::update,
        update.body::<MessageChanges>().answers::<Message>(200),
    )
    .delete(ONE, self::delete, delete)
}

const ALL: &str = "/api/conversations/{conversation_id}/messages";
const ONE: &str = "/api/conversations/{conversation_id}/messages/{message_id}";

pub(crate) async fn list(
    tenant: Tenant,
    Id(conversation): Id,
    Query(asked): Query<Messages>,
) -> Answer<Page<Message>> {
    let mut conn = tenant.open().await?;
    let outer = conversations::table.filter(conversations::id.eq(conversation));
    outer
        .select(conversations::id)
        .first::<Uuid>(&mut conn)
        .await?;
    let mut query = messages::table
        .filter(messages::conversation_id.eq(conversation))
        .select(Message::as_select())
        .into_boxed();
    if let Some(direction) = asked.direction {
        query = query.filter(messages::direction.eq(direction));
    }
    let query = match asked.first.unwrap_or(First::Oldest) {
        First::Oldest => after!(query, oldest messages::created_at, messages::id, asked),
        First::Newest => after!(query, newest messages::created_at, messages::id, asked),
    };
    let rows = query.load(&mut conn).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn create(
    tenant: Tenant,
    Id(conversation): Id,
    _: NoQuery,
    Body(new): Body<NewMessage>,
) -> Result<Created<Message>, Problem> {
    let author = match new.direction {
        Direction::In => None,
        Direction::Out | Direction::Note => Some(tenant.identity().membership_id),
    };
    let files = new.attachment_ids.clone().unwrap_or_default();
    if files.len() > attachments::MOST {
        return Err(Problem::unprocessable("at most 20 files go with a message"));
    }
    let mut conn = tenant.open().await?;
    let made = conn
        .transaction(async |conn| {
            let shop: Uuid =
                diesel::update(conversations::table.filter(conversations::id.eq(conversation)))
                    .set(conversations::updated_at.eq(Utc::now()))
                    .returning(conversations::shop_id)
                    .get_result(conn)
                    .await?;
            let place = (
                messages::id.eq(new_id()),
                messages::shop_id.eq(shop),
                messages::conversation_id.eq(conversation),
                messages::author_id.eq(author),
            );
            let made: Message = diesel::insert_into(messages::table)
                .values((new, place))
                .returning(Message::as_returning())
                .get_result(conn)
                .await?;
            attachments::attach(conn, (conversation, made.id), &files).await?;
            tell(conn, EventType::MessageCreated, shop, made.id).await?;
            Ok::<_, Problem>(made)
        })
        .await?;
    Ok(Created(
        format!("/api/conversations/{conversation}/messages/{}", made.id),
        made,
    ))
}

async fn get(tenant: Tenant, Ids(conversation, id): Ids, _: NoQuery) -> Answer<Message> {
    let query = messages::table
        .filter(messages::conversation_id.eq(conversation))
        .filter(messages::id.eq(id))
        .select(Message::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

async fn update(
    tenant: Tenant,
    Ids(conversation, id): Ids,
    _: NoQuery,
    Body(changes): Body<MessageChanges>,
) -> Answer<Message> {
    some_change(changes.is_empty())?;
    let message = messages::table
        .filter(messages::conversation_id.eq(conversation))
        .filter(messages::id.eq(id));
    let changed = diesel::update(message)
        .set((changes, messages::updated_at.eq(Utc::now())))
        .returning(Message::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Json(changed))
}

async fn delete(
    tenant: Tenant,
    Ids(conversation, id): Ids,
    _: NoQuery,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let message = messages::table
        .filter(messages::conversation_id.eq(conversation))
        .filter(messages::id.eq(id));
    deleted(
        diesel::delete(message)
            .execute(&mut tenant.open().await?)
            .await?,
    )
}

impl Keyed for Message {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
