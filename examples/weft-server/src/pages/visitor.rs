//! Who asks for a page: from a cookie to a session, a membership, and a scope.

use std::{net::IpAddr, ops::Deref, sync::Arc, time::SystemTime};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, PreEscaped};
use weft_auth::{
    AccountId, SessionId,
    cookie::Cookie,
    csrf::tower::FormToken,
    headers::Nonce,
    link::Post,
    login::Visit,
    session::{Arrival, Device, Recent, Session, Started},
    throttle::Network,
    token::{self, Browser, Challenge, Kind, Token},
};

use super::{agent, refused::Refused};
use crate::{app::AppState, error::Problem, extract::Tenant, roads::Organization, site::Site};

/// From where a connection came.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// A browser, whoever sits there.
pub(crate) struct Visitor {
    site: Arc<Site>,
    method: Method,
    form: FormToken,
    nonce: Option<Nonce>,
    network: Network,
    device: Device,
    session: Option<Token<token::Session>>,
    browser: Option<Token<Browser>>,
    challenge: Option<Token<Challenge>>,
}

/// Somebody who is signed in.
pub(crate) struct SignedIn {
    visitor: Visitor,
    session: Session,
}

/// A member of the organisation in the address of the page.
pub(crate) struct Member {
    signed_in: SignedIn,
    organization: Organization,
    tenant: Tenant,
}

impl Visitor {
    /// The hidden field of every form.
    pub(crate) fn token(&self) -> Markup {
        // Without randomness there is no token, and a form without one is refused.
        PreEscaped(self.form.field().unwrap_or_default())
    }

    /// What the scripts of the answer bear.
    pub(crate) fn nonce(&self) -> Option<&str> {
        self.nonce.as_ref().map(Nonce::as_str)
    }

    /// A page that may send files to the store, and fetch them there.
    pub(crate) fn with_store(&self, page: Markup) -> Response {
        let mut response = page.into_response();
        if let Some(nonce) = &self.nonce {
            self.site.let_reach_store(nonce, response.headers_mut());
        }
        response
    }

    /// This request, as signing in takes it.
    pub(crate) fn visit(&self, remembered: bool) -> Visit<'_> {
        Visit {
            network: self.network,
            arrival: Arrival {
                device: self.device.clone(),
                remembered,
                before: self.session.as_ref(),
            },
            now: SystemTime::now(),
        }
    }

    /// That this request may use up a link.
    pub(crate) fn post(&self) -> Result<Post, Refused> {
        Post::check(&self.method).map_err(|_| Problem::not_found().into())
    }

    pub(crate) fn network(&self) -> Network {
        self.network
    }

    pub(crate) fn session(&self) -> Option<&Token<token::Session>> {
        self.session.as_ref()
    }

    pub(crate) fn browser(&self) -> Option<&Token<Browser>> {
        self.browser.as_ref()
    }

    /// The same, to be handed over.
    pub(crate) fn own_browser(&self) -> Option<Token<Browser>> {
        let token = self.browser.as_ref()?;
        Token::parse(token.expose()).ok()
    }

    pub(crate) fn challenge(&self) -> Option<&Token<Challenge>> {
        self.challenge.as_ref()
    }

    /// Gives the browser the token of its session.
    pub(crate) fn keep_session(&self, started: &Started, response: &mut Response) {
        let cookies = &self.site.cookies;
        let cookie = match started.session.is_remembered() {
            true => &cookies.remembered,
            false => &cookies.session,
        };
        set(response, cookie.set(started.token.expose()).ok());
    }

    pub(crate) fn keep_browser(&self, token: &Token<Browser>, response: &mut Response) {
        set(response, self.site.cookies.browser.set(token.expose()).ok());
    }

    pub(crate) fn keep_challenge(&self, token: &Token<Challenge>, response: &mut Response) {
        set(
            response,
            self.site.cookies.challenge.set(token.expose()).ok(),
        );
    }

    /// Takes the challenge back, if there is one.
    pub(crate) fn drop_challenge(&self, response: &mut Response) {
        if self.challenge.is_some() {
            set(response, self.site.cookies.challenge.unset().ok());
        }
    }
}

fn set(response: &mut Response, cookie: Option<HeaderValue>) {
    match cookie {
        Some(cookie) => drop(response.headers_mut().append(header::SET_COOKIE, cookie)),
        None => tracing::error!("a cookie could not be set"),
    }
}

impl SignedIn {
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Both of them, for what gives the session another token.
    pub(crate) fn into_parts(self) -> (Visitor, Session) {
        (self.visitor, self.session)
    }
}

impl Deref for SignedIn {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

impl Member {
    pub(crate) fn visitor(&self) -> &Visitor {
        &self.signed_in.visitor
    }

    pub(crate) fn organization(&self) -> &Organization {
        &self.organization
    }

    /// Whose account it is.
    pub(crate) fn account(&self) -> AccountId {
        self.signed_in.session.account()
    }

    /// By what the member is signed in.
    pub(crate) fn session(&self) -> SessionId {
        self.signed_in.session.id()
    }

    /// What the member may see and do, as the API has it.
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Goes on only where the member proved a moment ago who that is.
    ///
    /// # Errors
    /// Where that has to be proved first.
    pub(crate) fn must_be_recent(&self) -> Result<(), Refused> {
        self.recent().map(drop)
    }

    /// The session of a member who proved a moment ago who that is.
    ///
    /// # Errors
    /// Where that has to be proved first.
    pub(crate) fn recent(&self) -> Result<Recent<'_>, Refused> {
        let session = &self.signed_in.session;
        Ok(session.recently_authenticated(SystemTime::now())?)
    }

    /// The path of a page of this organisation's.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/o/{}/{rest}", self.organization.slug)
    }

    /// Sends the browser to a page of this organisation's.
    pub(crate) fn to(&self, rest: &str) -> Response {
        Redirect::to(&self.path(rest)).into_response()
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refused> {
        let site = state.site();
        let form = FormToken::from_request_parts(parts, state).await;
        let form = form.map_err(|_| Problem::internal())?;
        let peer = parts
            .extensions
            .get::<Peer>()
            .ok_or_else(Problem::internal)?;
        let client = site.client(peer.0, &parts.headers);
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default();
        Ok(Visitor {
            method: parts.method.clone(),
            form,
            nonce: parts.extensions.get().cloned(),
            network: Network::of(client),
            device: Device::new(&agent::name(agent)),
            session: read(&site.cookies.session, &parts.headers),
            browser: read(&site.cookies.browser, &parts.headers),
            challenge: read(&site.cookies.challenge, &parts.headers),
            site: Arc::clone(site),
        })
    }
}

/// The token in a cookie; what is none, is none.
fn read<K: Kind>(cookie: &Cookie, headers: &HeaderMap) -> Option<Token<K>> {
    let text = cookie.read(headers).ok()??;
    Token::parse(text).ok()
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refused> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let token = visitor.session.as_ref().ok_or(Refused::NotSignedIn)?;
        let sessions = state.accounts().login().sessions();
        let session = sessions.resume(token, SystemTime::now()).await?;
        Ok(SignedIn { visitor, session })
    }
}

impl FromRequestParts<AppState> for Member {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refused> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        let path = RawPathParams::from_request_parts(parts, state).await;
        let path = path.map_err(|_| Problem::not_found())?;
        let named = path.iter().find(|(name, _)| *name == "org");
        let (_, slug) = named.ok_or_else(Problem::not_found)?;
        let account = signed_in.session.account();
        let found = state.roads().auth.member(account, slug).await?;
        let (organization, identity) = found.ok_or_else(Problem::not_found)?;
        Ok(Member {
            signed_in,
            organization,
            tenant: Tenant::of(identity, state.roads().app.clone(), &parts.method),
        })
    }
}
