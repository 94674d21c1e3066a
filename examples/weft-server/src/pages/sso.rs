//! Signing in through one's organisation: away to its identity provider, and back.

use std::time::SystemTime;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;
use weft_auth::{
    Mailbox,
    login::{self, Admission},
    sso::{Bound, Callback, Directory, Identity, IdentityRecord, Refusal, RefusalKind, Target},
    store::{AccountStore, DirectoryStore, FlowStore, IdentityStore},
};

use super::{
    Pages,
    form::Form,
    invitations, layout,
    mail::{NO_ADDRESS, email_field},
    refused::{Refused, told},
    sign_in::enter,
    visitor::Visitor,
};
use crate::{
    app::AppState,
    error::Problem,
    roads::Connected,
    single_sign_on::{CALLBACK, SingleSignOn, Unanswered, plan, unavailable},
};

pub(super) fn routes(pages: Pages) -> Pages {
    pages
        .get("/sign-in/sso", show)
        .post("/sign-in/sso", begin)
        .get(CALLBACK, come_back)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    email: String,
}

async fn show(State(state): State<AppState>, visitor: Visitor) -> Markup {
    match state.single_sign_on() {
        Some(_) => page(&visitor, "", None),
        None => not_set_up(),
    }
}

fn page(visitor: &Visitor, email: &str, problem: Option<&str>) -> Markup {
    layout::alone(
        "Sign in through your organisation",
        html! {
            h1 { "Sign in through your organisation" }
            p { "Your address says which one it is, and you go on there." }
            @if let Some(problem) = problem { (layout::wrong(problem)) }
            (layout::form(visitor, "/sign-in/sso", html! {
                (email_field(email))
                button.primary.fill type="submit" { "Go on" }
            }))
            (other_ways())
        },
    )
}

fn other_ways() -> Markup {
    html! { p { a href="/sign-in" { "Sign in another way" } } }
}

fn not_set_up() -> Markup {
    layout::alone(
        "Sign in through your organisation",
        html! {
            h1 { "Sign in through your organisation" }
            p { "This is not set up on this server." }
            (other_ways())
        },
    )
}

async fn begin(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Refused> {
    let Some(workos) = state.single_sign_on() else {
        return Ok(not_set_up().into_response());
    };
    let again = |(status, problem): (StatusCode, &str)| {
        (status, page(&visitor, &typed.email, Some(problem))).into_response()
    };
    let Ok(mailbox) = Mailbox::parse(typed.email.trim()) else {
        return Ok(again(NO_ADDRESS));
    };
    if !state.accounts().admits(visitor.network()).await? {
        return Ok(again(TOO_MANY));
    }
    // The domain decides: nobody is looked up, so that nothing is said of anybody.
    match target(&state, mailbox.domain()).await? {
        Some((target, connected)) => go(&state, workos, (target, &connected), &headers).await,
        None => Ok(again(NO_ORGANIZATION)),
    }
}

const TOO_MANY: (StatusCode, &str) = (
    StatusCode::TOO_MANY_REQUESTS,
    "That was tried too often. Wait a little, then try again.",
);
const NO_ORGANIZATION: (StatusCode, &str) = (
    StatusCode::UNPROCESSABLE_ENTITY,
    "No organisation signs people with such addresses in here. Sign in another way.",
);

/// The organisation that has proved that the domain is its own, if its plan lets its people in.
async fn target(state: &AppState, domain: &str) -> Result<Option<(Target, Connected)>, Refused> {
    let Some(domain) = weft_auth::sso::Domain::new(domain) else {
        return Ok(None);
    };
    let owner = state.accounts().store().owner_of_domain(&domain).await;
    let Some(owner) = owner.map_err(|error| unavailable(&error))? else {
        return Ok(None);
    };
    let connected = state.roads().auth.connected(&owner.organization).await?;
    let has_it = |one: &Connected| plan(&one.plan).has_sso(SystemTime::now());
    let target = Target::organization(owner.organization);
    Ok(connected.filter(has_it).map(|one| (target, one)))
}

/// Sends the browser away, with what binds the flow to it.
async fn go(
    state: &AppState,
    workos: &SingleSignOn,
    (target, connected): (Target, &Connected),
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let (workos, now) = (workos.client().workos(), SystemTime::now());
    let start = workos.start(target, plan(&connected.plan), headers, now);
    let start = start.map_err(|error| unavailable(&error))?;
    let mut response = away(start.url());
    for cookie in start.cookies() {
        let cookie = cookie.clone();
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    let pending = start.into_pending();
    let kept = state.accounts().store().keep_flow(&pending).await;
    kept.map_err(|error| unavailable(&error))?;
    Ok(response)
}

/// A page that leads elsewhere. The policy holds what a form is redirected to against this site, so it is
/// no redirect.
pub(super) fn away(url: &str) -> Response {
    let page = layout::alone(
        "On your way",
        html! {
            h1 { "On your way" }
            p { "You go on elsewhere, and come back here afterwards." }
            a.button.primary.fill href=(url) { "Go on" }
        },
    );
    let mut response = page.into_response();
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={url}")) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// What comes back is asked who it is by WorkOS, never by the browser.
async fn come_back(
    State(state): State<AppState>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Some(workos) = state.single_sign_on() else {
        return Ok(not_set_up().into_response());
    };
    let answer = match Callback::parse(query.as_deref().unwrap_or_default()) {
        Callback::Answer(answer) => answer,
        Callback::Unsolicited { connection } => {
            if !state.accounts().admits(visitor.network()).await? {
                return Ok(No::Told(TOO_MANY.0, TOO_MANY.1).into_response());
            }
            return start_over(&state, workos, connection.as_ref(), &headers).await;
        }
        Callback::Failed(error) => return Ok(No::from(error).into_response()),
        _ => return Ok(No::Over.into_response()),
    };
    let bound = match answer.bind(&headers) {
        Ok(bound) => bound,
        Err(refusal) => return Ok(No::from(refusal).into_response()),
    };
    let end = bound.cookie_end().clone();
    let mut response = match let_in(&state, workos, &visitor, bound).await {
        Ok(response) => response,
        Err(no) => no.into_response(),
    };
    response.headers_mut().append(header::SET_COOKIE, end);
    Ok(response)
}

/// The identity provider began. A session by that could be anybody's: this begins anew, from here.
async fn start_over(
    state: &AppState,
    workos: &SingleSignOn,
    connection: Option<&weft_auth::sso::ConnectionId>,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let Some(connection) = connection else {
        return Ok(Redirect::to("/sign-in/sso").into_response());
    };
    let directory = Directory::new(state.accounts().store().clone());
    let target = directory.target(connection).await;
    let Some(target) = target.map_err(|error| unavailable(&error))? else {
        return Ok(Redirect::to("/sign-in/sso").into_response());
    };
    let connected = state
        .roads()
        .auth
        .connected(target.organization_id())
        .await?;
    match connected {
        Some(connected) => go(state, workos, (target, &connected), headers).await,
        None => Ok(Redirect::to("/sign-in/sso").into_response()),
    }
}

async fn let_in(
    state: &AppState,
    workos: &SingleSignOn,
    visitor: &Visitor,
    bound: Bound,
) -> Result<Response, No> {
    let (identity, org) = admitted(state, workos, bound).await?;
    let invitation = match belonging(state, &identity, org).await? {
        Belonging::Member => None,
        Belonging::Invited(invitation) => Some(invitation),
        Belonging::Not => return Err(No::NotLetIn),
    };
    let login = state.accounts().login();
    let admission = login.single_sign_on(&identity, visitor.visit(false)).await;
    state.post().wake();
    let Some(admission) = admission.map_err(No::login)? else {
        return Err(No::ProveFirst);
    };
    let Admission {
        account, outcome, ..
    } = admission;
    if let Some(invitation) = invitation {
        invitations::accept(state, account, &format!("{org}:{invitation}")).await?;
    }
    Ok(enter(state, visitor, outcome))
}

/// Who came back, and for which of our organisations.
async fn admitted(
    state: &AppState,
    workos: &SingleSignOn,
    bound: Bound,
) -> Result<(Identity, Uuid), No> {
    let store = state.accounts().store();
    let flow = store.consume_flow(&bound.state_digest()).await;
    let flow = flow.map_err(|error| unavailable(&error))?.ok_or(No::Over)?;
    let organization = flow.target().organization_id().clone();
    let connected = state.roads().auth.connected(&organization).await?;
    let connected = connected.ok_or(No::Over)?;
    let exchange = bound.resume(flow, plan(&connected.plan), SystemTime::now())?;
    let client = workos.client();
    let exchanged = client.exchange(exchange).await.map_err(Unanswered::from)?;
    let connection = client.connection(exchanged.connection_id()).await;
    let connection = connection.map_err(Unanswered::from)?;
    // What was proved once need not be today.
    let ours = (connected.id, &organization);
    workos.keep_domains(store, ours).await?;
    let directory = Directory::new(store.clone());
    let verified = directory.verified_domains(&organization).await;
    let verified = verified.map_err(|error| unavailable(&error))?;
    Ok((exchanged.admit(&connection, &verified)?, connected.id))
}

/// What somebody is to an organisation.
enum Belonging {
    Member,
    /// By that invitation, to the address that the organisation vouches for.
    Invited(Uuid),
    Not,
}

/// Nothing is written for whoever is nobody here.
async fn belonging(state: &AppState, identity: &Identity, org: Uuid) -> Result<Belonging, No> {
    let store = state.accounts().store();
    let record = IdentityRecord::from(identity);
    let known = store.recognize_identity(&record).await;
    let mailbox = Mailbox::parse(&record.email).map_err(|_| No::NotLetIn)?;
    let account = match known.map_err(|error| unavailable(&error))? {
        Some(known) => store.account(known).await,
        None => store.account_by_mailbox(&mailbox).await,
    };
    let account = account.map_err(|error| unavailable(&error))?;
    if let Some(account) = &account
        && state.roads().auth.is_member(account.id, org).await?
    {
        return Ok(Belonging::Member);
    }
    let mailbox = account.map_or(mailbox, |account| account.mailbox);
    let invited = invitations::waiting_for(state, org, &mailbox).await?;
    Ok(invited.map_or(Belonging::Not, Belonging::Invited))
}

/// Why nobody is let in. What exactly did not fit is in the log alone.
enum No {
    /// This browser did not begin it, or it was used, or took too long.
    Over,
    /// The organisation's side said no.
    Provider,
    NotLetIn,
    /// The account with that address waits for somebody to read its mailbox.
    ProveFirst,
    /// As elsewhere.
    Told(StatusCode, &'static str),
    Refused(Refused),
}

impl No {
    fn login<E: std::error::Error + 'static>(error: weft_auth::Error<login::Refusal, E>) -> No {
        use login::RefusalKind as K;
        let kind = match &error {
            weft_auth::Error::Refused(refusal) => Some(refusal.kind()),
            _ => None,
        };
        match (kind, told(error)) {
            (Some(K::TooMany | K::Busy), Ok((status, problem))) => No::Told(status, problem),
            (_, Ok(_)) => No::NotLetIn,
            (_, Err(refused)) => No::Refused(refused),
        }
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> No {
        use RefusalKind as K;
        let kind = refusal.kind();
        tracing::info!(kind = kind.name(), "a single sign-on was refused");
        match kind {
            K::NotThisBrowser | K::OtherFlow | K::Expired => No::Over,
            K::Provider(_) => No::Provider,
            _ => No::NotLetIn,
        }
    }
}

impl From<weft_auth::sso::CallbackError> for No {
    fn from(error: weft_auth::sso::CallbackError) -> No {
        tracing::info!(
            kind = error.name(),
            "a single sign-on was refused elsewhere"
        );
        No::Provider
    }
}

impl From<Unanswered> for No {
    fn from(unanswered: Unanswered) -> No {
        match unanswered.is_code() {
            true => No::Over,
            false => No::from(Problem::from(unanswered)),
        }
    }
}

impl From<Problem> for No {
    fn from(problem: Problem) -> No {
        No::Refused(problem.into())
    }
}

impl From<Refused> for No {
    fn from(refused: Refused) -> No {
        No::Refused(refused)
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            No::Over => (
                StatusCode::GONE,
                "Begin again",
                "This was begun in another browser, was used already, or took too long.",
            ),
            No::Provider => (
                StatusCode::FORBIDDEN,
                "Your organisation said no",
                "You were not signed in there. Try again, or ask whoever takes care of accounts in your organisation.",
            ),
            No::NotLetIn => (
                StatusCode::FORBIDDEN,
                "Not let in",
                "You were signed in there, and are no member here. Ask an owner of your organisation to invite you with the address that you have there.",
            ),
            No::ProveFirst => (
                StatusCode::FORBIDDEN,
                "One more step",
                "There is an account with your address, and nobody has shown yet to read that mailbox. Sign in with a link by mail once; after that this way is open to you.",
            ),
            No::Told(status, text) => (status, "Not now", text),
            No::Refused(Refused::Problem(problem))
                if problem.status() == StatusCode::SERVICE_UNAVAILABLE =>
            {
                (
                    problem.status(),
                    "Not now",
                    "Your organisation's sign-in does not answer as it should. Begin again in a moment.",
                )
            }
            No::Refused(refused) => return refused.into_response(),
        };
        let page = layout::alone(
            title,
            html! {
                h1 { (title) }
                p { (text) }
                p { a.button href="/sign-in/sso" { "Begin again" } }
                (other_ways())
            },
        );
        (status, page).into_response()
    }
}
