use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{prelude::*, sql_types::BigInt};
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;
use weft_storage::{ContentType, ETag, FileName, Sha256};

use super::{Answer, Created};
use crate::{
    app::AppState,
    attachments::{
        Announced, Attachments as Files, Expected, Offer, Refusal, STALE_AFTER, ending_as, expiry,
        judge, key,
    },
    describe::shape,
    error::Problem,
    extract::{Body, Id, Ids, Looking, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    roads::OrgConnection,
    schema::{attachments, conversations, organizations, plans},
    value::{AttachmentState, Checksum, FileSize, FileType, Named},
};

shape! { answer
    /// A file of a conversation.
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = attachments)]
    Attachment {
        /// Its id.
        id: Uuid,
        /// The shop of the conversation.
        shop_id: Uuid,
        /// The conversation.
        #[diesel(select_expression = attachments::conversation_id.assume_not_null())]
        conversation_id: Uuid,
        /// The message that it goes with; null until there is one.
        message_id: Option<Uuid>,
        /// The membership that sent it.
        author_id: Option<Uuid>,
        /// What it is called.
        file_name: String,
        /// What it is.
        content_type: FileType,
        /// How many bytes it has, or may have.
        size: i64,
        /// The SHA-256 of its bytes, where it was announced or the store computes it.
        sha256: Option<Checksum>,
        /// How far it is. Nobody but its author sees one that is expected.
        state: AttachmentState,
        /// When it was announced.
        created_at: DateTime<Utc>,
        /// Until when it may be sent.
        expires_at: DateTime<Utc>,
        /// When it was found to be there, and to be what it was said to be.
        confirmed_at: Option<DateTime<Utc>>,
    }
}

shape! { request
    /// A file that is to be sent.
    NewAttachment {
        /// What it is called.
        file_name: Named,
        /// What it is.
        content_type: FileType,
        /// How many bytes it has.
        size: FileSize,
        /// The SHA-256 of its bytes, which binds the upload to them.
        sha256: Option<Checksum>,
    }
}

shape! { answer
    /// Leave to send a file to the store, which is not this server.
    ExpectedUpload {
        /// The attachment that it becomes.
        id: Uuid,
        /// What it is called.
        file_name: String,
        /// POST or PUT.
        method: String,
        /// Where to.
        url: String,
        /// With POST: the fields of `multipart/form-data`, behind which comes `file`.
        fields: Vec<Field>,
        /// With PUT: the headers.
        headers: Vec<Field>,
        /// Until when that can begin.
        expires_at: DateTime<Utc>,
    }
}

shape! { answer
    /// A name and its value.
    Field {
        /// The name.
        name: String,
        /// The value.
        value: String,
    }
}

shape! { answer
    /// Where a file is, for whoever has this.
    Link {
        /// The URL, which saves the file.
        url: String,
        /// Until when.
        expires_at: DateTime<Utc>,
    }
}

shape! { query
    /// Which attachments.
    Attachments {
        /// Of this message.
        message_id: Uuid,
    }
}

/// Adds the routes of the attachments within a conversation.
pub fn routes(api: Api) -> Api {
    let list = Operation::new(
        "list_attachments",
        "The confirmed files of a conversation, oldest first",
    );
    let create = Operation::new(
        "create_attachment",
        "Announces a file, and says how to send it to the store",
    );
    let get = Operation::new("get_attachment", "A file of a conversation");
    let delete = Operation::new("delete_attachment", "Deletes a file");
    let confirm = Operation::new(
        "confirm_attachment",
        "Looks whether the file is there and is what it was said to be",
    );
    let link = Operation::new("link_attachment", "Makes a URL to fetch a file with");
    api.get(
        ALL,
        self::list,
        list.query::<Attachments>().answers::<Page<Attachment>>(200),
    )
    .post(
        ALL,
        self::create,
        create
            .body::<NewAttachment>()
            .answers::<ExpectedUpload>(201),
    )
    .get(ONE, self::get, get.answers::<Attachment>(200))
    .delete(ONE, self::delete, delete)
    .post(
        &format!("{ONE}/confirmation"),
        self::confirm,
        confirm.answers::<Attachment>(200),
    )
    .post(
        &format!("{ONE}/link"),
        self::link,
        link.answers::<Link>(200),
    )
}

const ALL: &str = "/api/conversations/{conversation_id}/attachments";
const ONE: &str = "/api/conversations/{conversation_id}/attachments/{attachment_id}";

async fn list(
    tenant: Tenant,
    Id(conversation): Id,
    Query(asked): Query<Attachments>,
) -> Answer<Page<Attachment>> {
    let mut conn = tenant.open().await?;
    shop_of(&mut conn, conversation).await?;
    let mut query = attachments::table
        .filter(attachments::conversation_id.eq(conversation))
        .filter(attachments::state.eq(AttachmentState::Confirmed))
        .select(Attachment::as_select())
        .into_boxed();
    if let Some(message) = asked.message_id {
        query = query.filter(attachments::message_id.eq(message));
    }
    let query = after!(query, oldest attachments::created_at, attachments::id, asked);
    let rows = query.load(&mut conn).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn create(
    State(state): State<AppState>,
    tenant: Tenant,
    Id(conversation): Id,
    _: NoQuery,
    Body(new): Body<NewAttachment>,
) -> Result<Created<ExpectedUpload>, Problem> {
    let files = state.attachments();
    let made = announce((files, &tenant), conversation, &new, new.size.bytes()).await?;
    let upload = upload(files, &tenant, &made, None)?;
    Ok(Created(
        format!("/api/conversations/{conversation}/attachments/{}", made.id),
        upload,
    ))
}

/// Keeps room for a file of `least` bytes and up to the size that was said. Where the two differ, what room
/// there is will do.
///
/// # Errors
/// When there is none, or no such conversation, or the member has many on their way.
pub(crate) async fn announce(
    (files, tenant): (&Files, &Tenant),
    conversation: Uuid,
    new: &NewAttachment,
    least: i64,
) -> Result<Announcement, Problem> {
    files.must_be_there()?;
    if !files.takes_forms() && new.sha256.is_none() {
        let detail = "this store needs the sha256 of what will be sent";
        return Err(Problem::unprocessable(detail));
    }
    let shop = shop_of(&mut *tenant.open().await?, conversation).await?;
    let now = Utc::now();
    let (expires_at, member) = (expiry(now), tenant.identity().membership_id);
    let row = (
        // Random: it is the name of an object.
        attachments::id.eq(Uuid::new_v4()),
        attachments::shop_id.eq(shop),
        attachments::conversation_id.eq(conversation),
        attachments::author_id.eq(member),
        (
            attachments::file_name.eq(ending_as(new.content_type, &new.file_name)),
            attachments::content_type.eq(new.content_type),
            attachments::least_size.eq(least),
            attachments::sha256.eq(new.sha256),
        ),
        attachments::state.eq(AttachmentState::Expected),
        attachments::created_at.eq(now),
        attachments::expires_at.eq(expires_at),
        attachments::kept_until.eq(expires_at + STALE_AFTER),
    );
    // What is kept in the member's shops alone would not count the rest.
    let mut conn = tenant.open_whole().await?;
    conn.transaction(async |conn| {
        let (kept, room) = kept(conn).await?;
        let on_their_way = attachments::state
            .eq(AttachmentState::Expected)
            .and(attachments::conversation_id.is_not_null())
            .and(attachments::expires_at.gt(now));
        let waiting = attachments::state
            .eq(AttachmentState::Confirmed)
            .and(attachments::conversation_id.eq(conversation))
            .and(attachments::message_id.is_null());
        let unsent = attachments::table
            .filter(attachments::author_id.eq(member))
            .filter(on_their_way.or(waiting));
        if unsent.count().get_result::<i64>(conn).await? >= MOST as i64 {
            return Err(Problem::conflict(UNSENT_ALREADY));
        }
        let most = new.size.bytes().min((room - kept).max(least));
        if most > room - kept {
            return Err(Problem::conflict(NO_ROOM));
        }
        let made = diesel::insert_into(attachments::table)
            .values((row, attachments::size.eq(most)))
            .returning(Announcement::as_returning())
            .get_result(conn)
            .await?;
        Ok(made)
    })
    .await
}

/// How many bytes the organisation keeps, and how many it may: nobody else counts until the transaction
/// ends.
async fn kept(conn: &mut OrgConnection) -> QueryResult<(i64, i64)> {
    let plan: Uuid = organizations::table
        .select(organizations::plan_id)
        .for_no_key_update()
        .first(conn)
        .await?;
    let room = plans::table.find(plan).select(plans::storage);
    let room = room.first(conn).await?;
    let sum = diesel::dsl::sql::<BigInt>("coalesce(sum(size), 0)::bigint");
    let kept = attachments::table.select(sum).first(conn).await?;
    Ok((kept, room))
}

/// A file, as far as the store is asked of it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = attachments, check_for_backend(diesel::pg::Pg))]
pub(crate) struct Announcement {
    pub(crate) id: Uuid,
    #[diesel(select_expression = attachments::conversation_id.assume_not_null())]
    pub(crate) conversation_id: Uuid,
    pub(crate) file_name: String,
    pub(crate) content_type: FileType,
    size: i64,
    least_size: i64,
    sha256: Option<Checksum>,
    etag: Option<String>,
    pub(crate) state: AttachmentState,
    pub(crate) expires_at: DateTime<Utc>,
}

impl Announcement {
    fn announced(&self) -> Result<Announced, Problem> {
        let bytes = |size: i64| u64::try_from(size).map_err(|_| Problem::internal());
        let content_type = ContentType::new(self.content_type.as_str());
        Ok(Announced {
            content_type: content_type.map_err(|_| Problem::internal())?,
            sizes: (bytes(self.least_size)?, bytes(self.size)?),
            sha256: self.sha256.map(|sum| Sha256(sum.0)),
        })
    }
}

/// Leave to send a file that was announced.
///
/// # Errors
/// When the time for it is over.
pub(crate) fn upload(
    files: &Files,
    tenant: &Tenant,
    made: &Announcement,
    redirect: Option<String>,
) -> Result<ExpectedUpload, Problem> {
    let expected = Expected {
        key: key(tenant.identity().org_id, made.id),
        announced: made.announced()?,
        until: made.expires_at,
        redirect,
    };
    let field = |(name, value): (&str, &str)| Field {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let (method, url, fields, headers) = match files.offer(&expected, Utc::now().into())? {
        Offer::Form(form) => {
            let fields = form.fields().map(field).collect();
            ("POST", form.url().to_owned(), fields, Vec::new())
        }
        Offer::Put(put) => {
            let headers = put.headers().map(field).collect();
            ("PUT", put.url().expose().to_owned(), Vec::new(), headers)
        }
    };
    Ok(ExpectedUpload {
        id: made.id,
        file_name: made.file_name.clone(),
        method: method.to_owned(),
        url,
        fields,
        headers,
        expires_at: made.expires_at,
    })
}

pub(crate) async fn get(
    tenant: Tenant,
    Ids(conversation, id): Ids,
    _: NoQuery,
) -> Answer<Attachment> {
    let one = attachments::table
        .filter(attachments::conversation_id.eq(conversation))
        .filter(attachments::id.eq(id))
        .filter(in_sight(tenant.identity().membership_id));
    let query = one.select(Attachment::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

/// What the member sees of a conversation that he sees: what is confirmed, and what he announced.
#[diesel::dsl::auto_type(no_type_alias)]
fn in_sight(member: Uuid) -> _ {
    let confirmed: AttachmentState = AttachmentState::Confirmed;
    attachments::state
        .eq(confirmed)
        .or(attachments::author_id.eq(member))
}

/// One of them, as far as the store is asked of it. No connection is held while the store answers.
async fn announcement(
    tenant: &Tenant,
    conversation: Uuid,
    id: Uuid,
) -> Result<Announcement, Problem> {
    let one = attachments::table
        .filter(attachments::conversation_id.eq(conversation))
        .filter(attachments::id.eq(id))
        .filter(in_sight(tenant.identity().membership_id));
    let query = one.select(Announcement::as_select());
    Ok(query.first(&mut tenant.open().await?).await?)
}

/// What a member sees of that id, wherever it is.
pub(crate) async fn find(tenant: &Tenant, id: Uuid) -> Result<Announcement, Problem> {
    let one = attachments::table
        .filter(attachments::conversation_id.is_not_null())
        .filter(attachments::id.eq(id))
        .filter(in_sight(tenant.identity().membership_id));
    let query = one.select(Announcement::as_select());
    Ok(query.first(&mut tenant.open().await?).await?)
}

pub(crate) async fn confirm(
    State(state): State<AppState>,
    tenant: Tenant,
    Ids(conversation, id): Ids,
    _: NoQuery,
    _: NoBody,
) -> Answer<Attachment> {
    let one = announcement(&tenant, conversation, id).await?;
    if one.state == AttachmentState::Expected {
        settle(state.attachments(), &tenant, &one).await?;
    }
    get(tenant, Ids(conversation, id), NoQuery).await
}

/// Asks the store what came, and takes it or refuses it.
async fn settle(files: &Files, tenant: &Tenant, one: &Announcement) -> Result<(), Problem> {
    let announced = one.announced()?;
    let key = key(tenant.identity().org_id, one.id);
    let found = files.find(&key).await?;
    let found = found.ok_or_else(|| Problem::conflict("the file has not arrived"))?;
    let first = files.first_bytes(&key, &found).await?;
    if let Err(refusal) = judge(&announced, &found, first.as_deref()) {
        return Err(refuse(files, tenant, one.id, refusal).await?);
    }
    let now = Utc::now();
    let size = i64::try_from(found.size).map_err(|_| Problem::internal())?;
    let expected = attachments::table
        .filter(attachments::id.eq(one.id))
        .filter(attachments::conversation_id.eq(one.conversation_id))
        .filter(attachments::state.eq(AttachmentState::Expected));
    // Nothing changes when somebody was faster.
    diesel::update(expected)
        .set((
            attachments::state.eq(AttachmentState::Confirmed),
            attachments::size.eq(size),
            attachments::least_size.eq(size),
            attachments::sha256.eq(found.sha256.map(|sum| Checksum(sum.0))),
            attachments::etag.eq(found.etag.as_ref().map(ETag::as_str)),
            attachments::confirmed_at.eq(now),
            attachments::kept_until.eq(now + UNSENT),
        ))
        .execute(&mut tenant.open().await?)
        .await?;
    Ok(())
}

/// Deletes what is not taken, and says why it is not.
async fn refuse(
    files: &Files,
    tenant: &Tenant,
    id: Uuid,
    refusal: Refusal,
) -> Result<Problem, Problem> {
    tracing::info!(attachment = %id, %refusal, "a file is not taken");
    remove(files, tenant, id).await?;
    Ok(refusal.into())
}

pub(crate) async fn link(
    State(state): State<AppState>,
    Looking(tenant): Looking,
    Ids(conversation, id): Ids,
    _: NoQuery,
    _: NoBody,
) -> Answer<Link> {
    let files = state.attachments();
    let one = announcement(&tenant, conversation, id).await?;
    if one.state == AttachmentState::Expected {
        return Err(Problem::conflict("the file is not confirmed"));
    }
    let key = key(tenant.identity().org_id, id);
    let now = Utc::now();
    // Until then something else may come to a store that overwrites.
    if now < one.expires_at + STALE_AFTER {
        let found = files.find(&key).await?;
        let found = found.ok_or_else(|| Problem::conflict("the file is gone"))?;
        if one.etag.as_deref() != found.etag.as_ref().map(ETag::as_str) {
            return Err(refuse(files, &tenant, id, Refusal::Replaced).await?);
        }
    }
    let url = files.link(&key, &FileName::tidied(&one.file_name), now.into())?;
    Ok(Json(Link {
        url: url.expose().to_owned(),
        expires_at: expiry(now),
    }))
}

pub(crate) async fn delete(
    State(state): State<AppState>,
    tenant: Tenant,
    Ids(conversation, id): Ids,
    _: NoQuery,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    announcement(&tenant, conversation, id).await?;
    remove(state.attachments(), &tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file out of sight, and deletes its object. Where something could still be sent in its place, the
/// row stays for as long, and is swept then.
async fn remove(files: &Files, tenant: &Tenant, id: Uuid) -> Result<(), Problem> {
    let row = attachments::table.filter(attachments::id.eq(id));
    diesel::update(row)
        .set((
            attachments::conversation_id.eq(None::<Uuid>),
            attachments::message_id.eq(None::<Uuid>),
        ))
        .execute(&mut tenant.open().await?)
        .await?;
    let gone = files.erase(&key(tenant.identity().org_id, id)).await;
    if gone.unwrap_or(false) && files.takes_keys_once() {
        let mut conn = tenant.open().await?;
        diesel::delete(row).execute(&mut conn).await?;
    }
    Ok(())
}

/// Puts files with a message of the same conversation.
///
/// # Errors
/// When one of them is not there, not confirmed, or with a message already.
pub(super) async fn attach(
    conn: &mut OrgConnection,
    (conversation, message): (Uuid, Uuid),
    ids: &[Uuid],
) -> Result<(), Problem> {
    if ids.is_empty() {
        return Ok(());
    }
    let loose = attachments::table
        .filter(attachments::id.eq_any(ids))
        .filter(attachments::conversation_id.eq(conversation))
        .filter(attachments::state.eq(AttachmentState::Confirmed))
        .filter(attachments::message_id.is_null());
    let attached = diesel::update(loose)
        .set((
            attachments::message_id.eq(message),
            attachments::kept_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    match attached == ids.len() {
        true => Ok(()),
        false => Err(Problem::unprocessable(
            "one of the files is not confirmed, or not there to be sent",
        )),
    }
}

/// The files of those messages.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn of_messages(
    tenant: &Tenant,
    messages: impl Iterator<Item = Uuid>,
) -> Result<Vec<Attachment>, Problem> {
    let messages: Vec<Uuid> = messages.collect();
    let query = attachments::table
        .filter(attachments::message_id.eq_any(messages))
        .order((attachments::created_at, attachments::id))
        .select(Attachment::as_select());
    Ok(query.load(&mut tenant.open().await?).await?)
}

/// The files of a conversation that the member confirmed and has not sent.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn unsent(
    tenant: &Tenant,
    conversation: Uuid,
) -> Result<Vec<Attachment>, Problem> {
    let query = attachments::table
        .filter(attachments::conversation_id.eq(conversation))
        .filter(attachments::author_id.eq(tenant.identity().membership_id))
        .filter(attachments::state.eq(AttachmentState::Confirmed))
        .filter(attachments::message_id.is_null())
        .order((attachments::created_at, attachments::id))
        .select(Attachment::as_select());
    Ok(query.load(&mut tenant.open().await?).await?)
}

async fn shop_of(conn: &mut OrgConnection, conversation: Uuid) -> QueryResult<Uuid> {
    let one = conversations::table.filter(conversations::id.eq(conversation));
    one.select(conversations::shop_id).first(conn).await
}

/// How long a confirmed file waits for its message.
const UNSENT: TimeDelta = TimeDelta::days(1);
/// How many files go with a message, and how many of a member's wait for one.
pub(crate) const MOST: usize = 20;
const UNSENT_ALREADY: &str =
    "20 files are on their way, or wait for a message: send those, or give some up";
const NO_ROOM: &str =
    "the organisation's plan has no room for it: delete files, or take a larger plan";

impl Keyed for Attachment {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
