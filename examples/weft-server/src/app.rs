//! The state and the router, on one screen.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, header},
    middleware::from_fn,
    response::IntoResponse,
    routing::{get, post},
};
use chrono::Utc;
use serde_json::Value;

use crate::{
    error::Problem,
    events::Outgoing,
    layers,
    openapi::Api,
    roads::Roads,
    routes,
    webhooks::{directory::Directory, process, retention},
};

/// What every handler may reach, by way of the extractors.
#[derive(Clone)]
pub struct AppState {
    roads: Arc<Roads>,
    directory: Arc<Directory>,
    outgoing: Arc<Outgoing>,
}

impl AppState {
    /// A state whose handlers take these roads, with the endpoints of `directory`; what is to be told
    /// goes `outgoing`.
    pub fn new(roads: Roads, directory: Directory, outgoing: Outgoing) -> AppState {
        AppState {
            roads: Arc::new(roads),
            directory: Arc::new(directory),
            outgoing: Arc::new(outgoing),
        }
    }

    /// Reads where providers send and what they sign with. Until this is done, every delivery would be
    /// refused.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read_endpoints(&self) -> Result<(), Problem> {
        self.directory.refresh(&self.roads.auth, Utc::now()).await
    }

    /// Does what has to be done beside answering, for as long as it is polled.
    pub async fn work(&self) {
        tokio::join!(
            self.directory.follow(&self.roads.auth),
            process::pick_up(&self.roads),
            self.outgoing.send_due(&self.roads, self.directory.keys()),
            retention::keep(&self.roads),
        );
    }

    /// Takes changed endpoints into use, here at once and elsewhere soon.
    pub(crate) async fn endpoints_changed(&self) -> Result<(), Problem> {
        self.read_endpoints().await?;
        self.roads.auth.announce_endpoints().await
    }

    pub(crate) fn roads(&self) -> &Roads {
        &self.roads
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
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
    .route(
        "/webhooks/{provider}/{endpoint_id}",
        post(routes::webhooks::receive),
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
    let api = routes::webhook_endpoints::routes(api);
    let api = routes::webhook_secrets::routes(api);
    let api = routes::webhook_deliveries::routes(api);
    let api = routes::webhook_subscriptions::routes(api);
    let api = routes::webhook_events::routes(api);
    routes::plans::routes(api)
}

/// The largest body, in bytes.
const BODY: usize = 1 << 20;
