use axum::extract::State;

use crate::{app::AppState, error::Problem};

/// `GET /healthz`: whether the database can be reached.
///
/// # Errors
/// When it cannot.
pub async fn check(State(state): State<AppState>) -> Result<&'static str, Problem> {
    match state.roads().app.is_open().await {
        true => Ok("ok\n"),
        false => Err(Problem::unavailable()),
    }
}
