use std::{sync::Arc, time::SystemTime};

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;
use weft_auth::csrf::axum::VerifiesSignature;
use weft_webhooks::{Verified, tower};

use crate::{
    app::AppState,
    error::Problem,
    value::Provider,
    webhooks::{directory::Endpoint, process::accept},
};

/// What a provider signed, and the endpoint that it was sent to.
///
/// No endpoint, a wrong signature, an old request and a slow one read alike and cost alike: the same
/// check, and no statement.
pub struct Signed {
    endpoint: Arc<Endpoint>,
    verified: Verified,
}

impl VerifiesSignature for Signed {}

impl FromRequest<AppState> for Signed {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Signed, Response> {
        let unknown = || Problem::not_found().into_response();
        let (mut parts, body) = request.into_parts();
        let path = Path::from_request_parts(&mut parts, state).await;
        let Path((provider, id)): Path<(String, String)> = path.map_err(|_| unknown())?;
        let provider = Provider::parse(&provider).ok_or_else(unknown)?;
        let id = Uuid::try_parse(&id).unwrap_or_default();
        let found = state.directory().find(provider, id);
        let verifier = state.directory().verifier(provider, found.as_deref());
        let now = SystemTime::now();
        let verified = tower::receive(verifier, &parts.headers, body, tower::WITHIN, now).await;
        let verified = verified.map_err(|refusal| {
            let kind = refusal.kind().name();
            tracing::debug!(provider = provider.as_str(), kind, "a webhook was refused");
            tower::refused::<String>(refusal).into_response()
        })?;
        let endpoint = found.ok_or_else(unknown)?;
        Ok(Signed { endpoint, verified })
    }
}

/// Takes what a provider sent to an endpoint.
///
/// # Errors
/// When a proved delivery cannot be kept now.
pub async fn receive(State(state): State<AppState>, signed: Signed) -> Result<Response, Problem> {
    let answer = accept(state.roads(), &signed.endpoint, &signed.verified).await?;
    Ok(match answer {
        Some(answer) => Json(answer).into_response(),
        None => StatusCode::OK.into_response(),
    })
}
