//! The state and the router, on one screen.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, header},
    middleware::from_fn,
    response::IntoResponse,
    routing::get,
};
use serde_json::Value;

use crate::{error::Problem, layers, openapi::Api, roads::Roads, routes};

/// What every handler may reach, by way of the extractors.
#[derive(Clone)]
pub struct AppState {
    roads: Arc<Roads>,
}

impl AppState {
    /// A state whose handlers take these roads.
    pub fn new(roads: Roads) -> AppState {
        AppState {
            roads: Arc::new(roads),
        }
    }

    pub(crate) fn roads(&self) -> &Roads {
        &self.roads
    }
}

/// The whole service.
pub fn app(state: AppState) -> Router {
    let (api, document) = api().finish();
    let document: Arc<str> = document.to_string().into();
    let json = [(header::CONTENT_TYPE, "application/json")];
    api.route(
        "/api/openapi.json",
        get(async move || (json, document.to_string())),
    )
    .route("/healthz", get(routes::health::check))
    .route("/", get(routes::landing::page))
    .fallback(async || Problem::not_found().into_response())
    .method_not_allowed_fallback(async || {
        let detail = "this is not how to ask here";
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
    })
    .layer(DefaultBodyLimit::max(BODY))
    .layer(from_fn(layers::bounded))
    .layer(from_fn(layers::headed))
    .with_state(state)
}

/// What `/api/openapi.json` says.
pub fn description() -> Value {
    api().finish().1
}

fn api() -> Api {
    let api = routes::me::routes(Api::new());
    let api = routes::organization::routes(api);
    let api = routes::memberships::routes(api);
    let api = routes::shops::routes(api);
    let api = routes::customers::routes(api);
    let api = routes::orders::routes(api);
    let api = routes::order_lines::routes(api);
    let api = routes::conversations::routes(api);
    let api = routes::messages::routes(api);
    routes::plans::routes(api)
}

/// The largest body, in bytes.
const BODY: usize = 1 << 20;
