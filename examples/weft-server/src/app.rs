//! The state and the router, on one screen.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{StatusCode, Uri, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use chrono::Utc;
use serde_json::Value;
use weft_auth::csrf::axum::Guarded;

use crate::{
    accounts::Accounts,
    attachments::{Attachments, keep_swept},
    error::Problem,
    events::Outgoing,
    layers, leftovers,
    mail::Post,
    openapi::Api,
    pages::{back::told_to_confirm, pages, refused::Refused},
    roads::Roads,
    routes,
    single_sign_on::{SingleSignOn, events},
    site::{REPORTS, Site},
    violations::Violations,
    webhooks::{directory::Directory, process, retention},
};

/// What every handler may reach, by way of the extractors.
#[derive(Clone)]
pub struct AppState {
    roads: Arc<Roads>,
    directory: Arc<Directory>,
    outgoing: Arc<Outgoing>,
    attachments: Attachments,
    accounts: Accounts,
    site: Arc<Site>,
    post: Post,
    violations: Arc<Violations>,
    single_sign_on: Option<Arc<SingleSignOn>>,
}

impl AppState {
    /// A state whose handlers take these roads, with the endpoints of `directory`; what is to be told
    /// goes `outgoing`, and files are `attachments`.
    pub fn new(
        roads: Roads,
        directory: Directory,
        outgoing: Outgoing,
        attachments: Attachments,
        (accounts, site, post): (Accounts, Site, Post),
    ) -> AppState {
        AppState {
            roads: Arc::new(roads),
            directory: Arc::new(directory),
            outgoing: Arc::new(outgoing),
            attachments,
            accounts,
            site: Arc::new(site),
            post,
            violations: Arc::default(),
            single_sign_on: None,
        }
    }

    /// The same where organisations sign their people in through WorkOS.
    #[must_use]
    pub fn with_single_sign_on(self, single_sign_on: Option<SingleSignOn>) -> AppState {
        AppState {
            single_sign_on: single_sign_on.map(Arc::new),
            ..self
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
            leftovers::keep(&self.accounts),
            keep_swept(&self.roads, &self.attachments),
            self.post.deliver(self.accounts.store(), &self.site),
            self.accounts.watch_hashes(),
            async {
                if let Some(workos) = &self.single_sign_on {
                    workos.follow(&self.roads, self.accounts.store()).await;
                }
            },
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

    /// The files that go with messages.
    pub fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// Who may sign in.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(crate) fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// How organisations sign their people in, where that is set up.
    pub(crate) fn single_sign_on(&self) -> Option<&SingleSignOn> {
        self.single_sign_on.as_deref()
    }

    /// What browsers report of the policy.
    pub(crate) fn violations(&self) -> &Violations {
        &self.violations
    }

    /// Sends what waits in the outbox by now.
    pub async fn send_mail(&self) {
        self.post
            .send_waiting(self.accounts.store(), &self.site)
            .await;
    }

    /// Where mail goes.
    pub fn post(&self) -> &Post {
        &self.post
    }
}

/// The whole service. A route is a page behind the guard against forged requests, one of the API that
/// takes tokens and no cookies, one that takes what is signed, or the one for browsers' reports: there is
/// no other kind.
pub fn app(state: AppState) -> Router {
    let pages = pages()
        .into_router()
        .layer(from_fn(told_to_confirm))
        .layer(from_fn_with_state(state.clone(), layers::meant));
    let guarded = Guarded::new(pages, state.site().csrf())
        .layer(from_fn(layers::refused))
        .layer(state.site().headers())
        .bearing(programs(), Problem::unauthorized)
        .signed(
            "/webhooks/{provider}/{endpoint_id}",
            routes::webhooks::receive,
        )
        .signed(events::EVENTS, events::receive)
        .reports(REPORTS, |state: &AppState, reports| {
            let now = SystemTime::now();
            state.violations().take(state.site(), &reports, now);
        });
    let nothing = any(nothing).layer(state.site().headers());
    guarded
        .into_router()
        .fallback_service(nothing)
        .method_not_allowed_fallback(async || {
            let detail = "this is not how to ask here";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
        })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(layers::bounded))
        .layer(from_fn(layers::headed))
        .with_state(state)
}

/// What programs ask.
#[expect(clippy::disallowed_methods, reason = "none of them changes anything")]
fn programs() -> Router<AppState> {
    let (api, document) = api().finish();
    let document: Arc<str> = document.to_string().into();
    let json = [(header::CONTENT_TYPE, "application/json")];
    api.route(
        "/api/openapi.json",
        get(async move || (json, document.to_string())),
    )
    .route("/healthz", get(routes::health::check))
}

async fn nothing(uri: Uri) -> Response {
    let problem = Problem::not_found();
    let for_programs = ["/api", "/webhooks/"];
    match for_programs
        .iter()
        .any(|start| uri.path().starts_with(start))
    {
        true => problem.into_response(),
        false => Refused::from(problem).into_response(),
    }
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
    let api = routes::attachments::routes(api);
    let api = routes::webhook_endpoints::routes(api);
    let api = routes::webhook_secrets::routes(api);
    let api = routes::webhook_deliveries::routes(api);
    let api = routes::webhook_subscriptions::routes(api);
    let api = routes::webhook_events::routes(api);
    routes::plans::routes(api)
}

/// The largest body, in bytes.
const BODY: usize = 1 << 20;
