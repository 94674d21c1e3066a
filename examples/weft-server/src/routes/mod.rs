//! One story each.

/// Files that go with messages.
pub mod attachments;
/// Conversations with customers.
pub mod conversations;
/// Customers of a shop.
pub mod customers;
/// Whether the service works.
pub mod health;
/// Whom the token speaks for.
pub mod me;
pub mod memberships;
/// What was said in a conversation.
pub mod messages;
/// What was ordered.
pub mod order_lines;
/// Orders of a shop.
pub mod orders;
/// The organisation itself.
pub mod organization;
/// What organisations may subscribe to.
pub mod plans;
/// Shops of the organisation.
pub mod shops;

/// What was delivered to endpoints.
pub mod webhook_deliveries;
/// Where providers send.
pub mod webhook_endpoints;
/// What subscriptions were told.
pub mod webhook_events;
/// What endpoints check signatures with.
pub mod webhook_secrets;
/// Who is told of what happens.
pub mod webhook_subscriptions;
/// Where they arrive.
pub mod webhooks;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use crate::error::Problem;

/// What a handler that answers with `T` returns.
pub type Answer<T> = Result<Json<T>, Problem>;

/// A new row, and where it is.
pub struct Created<T>(String, T);

impl<T> Created<T> {
    /// The row.
    pub(crate) fn into_row(self) -> T {
        self.1
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (
            StatusCode::CREATED,
            [(header::LOCATION, self.0)],
            Json(self.1),
        )
            .into_response()
    }
}

/// Ids lead with the time, so that new rows go to the end of an index.
fn new_id() -> Uuid {
    Uuid::now_v7()
}

fn deleted(rows: usize) -> Result<StatusCode, Problem> {
    match rows {
        0 => Err(Problem::not_found()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

fn some_change(empty: bool) -> Result<(), Problem> {
    match empty {
        true => Err(Problem::unprocessable("name at least one field to change")),
        false => Ok(()),
    }
}
