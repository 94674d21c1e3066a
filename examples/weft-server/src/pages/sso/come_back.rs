//! Coming back from an identity provider.

use std::time::SystemTime;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use uuid::Uuid;
use weft_auth::{
    Mailbox,
    login::Admission,
    sso::{Bound, Callback, ConnectionId, Directory, Domain, Identity, IdentityRecord},
    store::{AccountStore, FlowStore, IdentityStore},
};

use super::{
    super::{invitations, refused::Refused, sign_in::enter, visitor::Visitor},
    TOO_MANY, go,
    no::No,
    not_set_up,
};
use crate::{
    app::AppState,
    single_sign_on::{SingleSignOn, Unanswered, plan, unavailable},
};

/// What comes back is asked who it is by WorkOS, never by the browser.
pub(super) async fn come_back(
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
    connection: Option<&ConnectionId>,
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
        Some(connected) => {
            let mut response = go(state, workos, (target, &connected), headers).await?;
            // Whoever sent the browser here may have made the account that it would be signed in to: a
            // person goes on, and no page does by itself.
            response.headers_mut().remove(header::REFRESH);
            Ok(response)
        }
        None => Ok(Redirect::to("/sign-in/sso").into_response()),
    }
}

async fn let_in(
    state: &AppState,
    workos: &SingleSignOn,
    visitor: &Visitor,
    bound: Bound,
) -> Result<Response, No> {
    let (identity, verified, org) = admitted(state, workos, bound).await?;
    let invitation = match belonging(state, (&identity, &verified), org).await? {
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
) -> Result<(Identity, Vec<Domain>, Uuid), No> {
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
    let identity = exchanged.admit(&connection, &verified)?;
    Ok((identity, verified, connected.id))
}

/// What somebody is to an organisation.
enum Belonging {
    Member,
    /// By that invitation, to the address that the organisation vouches for.
    Invited(Uuid),
    Not,
}

/// Nothing is written for whoever is nobody here.
async fn belonging(
    state: &AppState,
    (identity, verified): (&Identity, &[Domain]),
    org: Uuid,
) -> Result<Belonging, No> {
    let store = state.accounts().store();
    let record = IdentityRecord::from(identity);
    let known = store.recognize_identity(&record).await;
    let mailbox = Mailbox::parse(&record.email).map_err(|_| No::NotLetIn)?;
    let account = match known.map_err(|error| unavailable(&error))? {
        Some(known) => store.account(known).await,
        None => store.account_by_mailbox(&mailbox).await,
    };
    let account = account.map_err(|error| unavailable(&error))?;
    // Who was known by an address of theirs may have another one today, which they vouch for no more.
    let is_theirs = |mailbox: &Mailbox| verified.iter().any(|own| own.as_str() == mailbox.domain());
    if account
        .as_ref()
        .is_some_and(|account| !is_theirs(&account.mailbox))
    {
        return Ok(Belonging::Not);
    }
    if let Some(account) = &account
        && state.roads().auth.is_member(account.id, org).await?
    {
        return Ok(Belonging::Member);
    }
    let mailbox = account.map_or(mailbox, |account| account.mailbox);
    let invited = invitations::waiting_for(state, org, &mailbox).await?;
    Ok(invited.map_or(Belonging::Not, Belonging::Invited))
}
