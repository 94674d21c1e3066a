//! What WorkOS tells by itself, signed with the secret of whoever operates the server. What organisations
//! have sent to their own endpoints is signed with theirs, and says nothing of who may sign in.

use std::time::SystemTime;

use axum::{
    extract::{FromRequest, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use weft_auth::{
    csrf::axum::VerifiesSignature,
    sso::{Directory, Event},
};
use weft_webhooks::{Verified, tower};

use super::{SingleSignOn, unavailable};
use crate::{app::AppState, error::Problem};

/// Where events are sent to.
pub(crate) const EVENTS: &str = "/webhooks/workos";

/// An event that WorkOS signed.
pub(crate) struct Signed(Verified);

impl VerifiesSignature for Signed {}

impl FromRequest<AppState> for Signed {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Signed, Response> {
        let unknown = || Problem::not_found().into_response();
        let verifier = state.single_sign_on().and_then(SingleSignOn::events);
        let verifier = verifier.ok_or_else(unknown)?;
        let (parts, body) = request.into_parts();
        let now = SystemTime::now();
        let verified = tower::receive(verifier, &parts.headers, body, tower::WITHIN, now).await;
        verified.map(Signed).map_err(|refusal| {
            let kind = refusal.kind().name();
            tracing::debug!(kind, "an event of WorkOS was refused");
            tower::refused::<String>(refusal).into_response()
        })
    }
}

/// Carries an event over. It may come late, twice and in any order.
///
/// # Errors
/// When it cannot be carried over now, so that it comes again.
pub(crate) async fn receive(
    State(state): State<AppState>,
    Signed(verified): Signed,
) -> Result<StatusCode, Problem> {
    let event = Event::parse(verified.body());
    let event = event.map_err(|error| Problem::unprocessable(error.to_string()))?;
    let directory = Directory::new(state.accounts().store().clone());
    match directory.apply(&event).await {
        Ok(ended) => {
            tracing::info!(id = event.id(), name = event.name(), ended, "carried over");
            Ok(StatusCode::OK)
        }
        Err(weft_auth::Error::Refused(taken)) => Err(Problem::conflict(&taken.to_string())),
        Err(error) => Err(unavailable(&error)),
    }
}
