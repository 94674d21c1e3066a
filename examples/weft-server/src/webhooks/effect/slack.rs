use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::EffectError;
use crate::{
    events::tell,
    roads::OrgConnection,
    schema::{conversations, orders},
    slack::{Ask, Command},
    value::{ConversationState, EventType},
};

pub(super) async fn apply(
    conn: &mut OrgConnection,
    body: &[u8],
) -> Result<Option<Value>, EffectError> {
    let text = match Ask::read(body).map_err(EffectError::unreadable)? {
        Ask::Verification { challenge } => return Ok(Some(prove(&challenge))),
        Ask::Event => return Ok(None),
        Ask::Command(Command::Order(name)) => order(conn, &name).await?,
        Ask::Command(Command::Open(subject)) => open(conn, &subject).await?,
        Ask::Command(Command::Help) => "Try `order #1001` or `open <subject>`.".to_owned(),
    };
    Ok(Some(json!({ "response_type": "ephemeral", "text": text })))
}

/// The proof of the address has no effect, and is given as often as it is asked for.
pub(super) fn again(body: &[u8]) -> Option<Value> {
    match Ask::read(body) {
        Ok(Ask::Verification { challenge }) => Some(prove(&challenge)),
        _ => None,
    }
}

fn prove(challenge: &str) -> Value {
    json!({ "challenge": challenge })
}

/// The order of that name in the shop of the scope.
async fn order(conn: &mut OrgConnection, name: &str) -> QueryResult<String> {
    let found: Option<(String, String)> = orders::table
        .filter(orders::name.eq(name))
        .order((orders::placed_at.desc(), orders::id))
        .select((orders::financial_status, orders::fulfillment_status))
        .first(conn)
        .await
        .optional()?;
    Ok(match found {
        Some((paid, sent)) => format!("Order {name} is {paid} and {sent}."),
        None => "There is no order of that name in this shop.".to_owned(),
    })
}

async fn open(conn: &mut OrgConnection, subject: &str) -> QueryResult<String> {
    let subject: String = subject.chars().filter(|c| !c.is_control()).collect();
    let subject: String = subject.chars().take(SUBJECT).collect();
    let id = Uuid::now_v7();
    let shop: Uuid = diesel::insert_into(conversations::table)
        .values((
            conversations::id.eq(id),
            conversations::subject.eq(&subject),
            conversations::state.eq(ConversationState::Open),
        ))
        .returning(conversations::shop_id)
        .get_result(conn)
        .await?;
    tell(conn, EventType::ConversationCreated, shop, id).await?;
    Ok(format!("Conversation {id} is open."))
}

/// The longest subject, in characters.
const SUBJECT: usize = 200;
