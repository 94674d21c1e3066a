use std::time::SystemTime;

use axum::{
    Json,
    extract::{Path, Request, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;
use weft_webhooks::tower;

use crate::{app::AppState, error::Problem, value::Provider, webhooks::process::accept};

/// Takes what a provider sends to an endpoint.
///
/// No endpoint, a wrong signature, an old request and a slow one read alike and cost alike: the same
/// check, and no statement.
///
/// # Errors
/// When there is no such provider, or a proved delivery cannot be kept now.
pub async fn receive(
    State(state): State<AppState>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let Path((provider, id)) = path.map_err(|_| Problem::not_found())?;
    let provider = Provider::parse(&provider).ok_or_else(Problem::not_found)?;
    let id = Uuid::try_parse(&id).unwrap_or_default();
    let found = state.directory().find(provider, id);
    let verifier = state.directory().verifier(provider, found.as_deref());
    let (parts, body) = request.into_parts();
    let now = SystemTime::now();
    let verified = match tower::receive(verifier, &parts.headers, body, tower::WITHIN, now).await {
        Ok(verified) => verified,
        Err(refusal) => {
            let kind = refusal.kind().name();
            tracing::debug!(provider = provider.as_str(), kind, "a webhook was refused");
            return Ok(tower::refused::<String>(refusal).into_response());
        }
    };
    let endpoint = found.as_deref().ok_or_else(Problem::not_found)?;
    let answer = accept(state.roads(), endpoint, &verified).await?;
    Ok(match answer {
        Some(answer) => Json(answer).into_response(),
        None => StatusCode::OK.into_response(),
    })
}
