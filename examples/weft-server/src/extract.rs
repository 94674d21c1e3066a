//! What a handler may ask of a request. A scope comes from a token alone: nothing in a path, a
//! query or a body can widen it.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use uuid::Uuid;
use weft_tenancy::Scope;

use crate::{
    app::AppState,
    error::Problem,
    roads::{AppRoad, AuthRoad, Identity, Lent, OrgConnection, Reading},
    token::{ApiToken, PREFIX, Permission},
    value::Role,
};

/// The member who asks, and the way to what the member may see.
#[derive(Clone)]
pub struct Tenant {
    identity: Identity,
    app: AppRoad,
    reading: Option<Reading>,
}

/// The same, for what changes nothing that anybody sees, whatever its method is.
pub struct Looking(pub Tenant);

impl Tenant {
    /// Somebody who was found to be that member, and who asks by that method.
    pub(crate) fn of(identity: Identity, app: AppRoad, method: &Method) -> Tenant {
        Tenant {
            identity,
            app,
            reading: method.is_safe().then(Reading::default),
        }
    }

    /// A connection that sees what the member may see, and nothing else. Where the method is one that
    /// changes nothing, all of a request's are one, and it cannot write.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open(&self) -> Result<Lent, Problem> {
        let scope = self.identity.scope();
        Ok(match &self.reading {
            Some(reading) => reading.look(&self.app, scope).await?,
            None => Lent::Own(Box::new(self.app.within(scope).await?)),
        })
    }

    /// A connection that sees all shops, for what is counted across them and shown to nobody.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub(crate) async fn open_whole(&self) -> Result<OrgConnection, Problem> {
        Ok(self.app.within(Scope::org(self.identity.org_id)).await?)
    }

    /// The member.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Goes on only for an owner of the organisation.
    ///
    /// # Errors
    /// For everyone else.
    pub fn must_own(&self) -> Result<(), Problem> {
        match self.identity.role {
            Role::Owner => Ok(()),
            Role::Member => Err(Problem::forbidden(
                "only an owner of the organisation may do this",
            )),
        }
    }
}

impl FromRequestParts<AppState> for Tenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        tenant(parts, state, Permission::needed(&parts.method)).await
    }
}

impl FromRequestParts<AppState> for Looking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        tenant(parts, state, Permission::Read).await.map(Looking)
    }
}

async fn tenant(parts: &Parts, state: &AppState, needed: Permission) -> Result<Tenant, Problem> {
    let token = bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
    let identity = state.accounts().program(&token, needed).await?;
    let app = state.roads().app.clone();
    Ok(Tenant::of(identity, app, &parts.method))
}

/// The one token of the one `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<ApiToken> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (only, None) = (all.next()?, all.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| ApiToken::parse(PREFIX, token.trim()).ok())?
}

impl FromRequestParts<AppState> for AuthRoad {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Ok(state.roads().auth.clone())
    }
}

/// The id in a path. What is no id is nothing's id: not found.
pub struct Id(pub Uuid);

/// The two ids in the path of a thing within a thing.
pub struct Ids(pub Uuid, pub Uuid);

impl FromRequestParts<AppState> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Id(id)),
            Err(_) => Err(Problem::not_found()),
        }
    }
}

impl FromRequestParts<AppState> for Ids {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path((outer, inner))) => Ok(Ids(outer, inner)),
            Err(_) => Err(Problem::not_found()),
        }
    }
}

/// The query string, read strictly.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Query(query)),
            Err(rejection) => Err(Problem::new(StatusCode::BAD_REQUEST, rejection.body_text())),
        }
    }
}

/// No query string at all: a parameter that would be ignored is refused instead.
pub struct NoQuery;

impl FromRequestParts<AppState> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        match parts.uri.query() {
            None | Some("") => Ok(NoQuery),
            Some(_) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "there are no query parameters here",
            )),
        }
    }
}

/// A JSON body, read strictly.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "a body of type application/json is needed";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(&rejection))?;
        let bad = |status, error: serde_json::Error| {
            // The words are serde's about the caller's own text; a long value is cut off.
            Problem::new(
                status,
                error.to_string().chars().take(300).collect::<String>(),
            )
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the body is not UTF-8"))?;
        serde_json::from_str::<IgnoredAny>(text)
            .map_err(|error| bad(StatusCode::BAD_REQUEST, error))?;
        // Serde would also take an array, its values in the order of the fields.
        if !text.trim_start().starts_with('{') {
            return Err(Problem::unprocessable("a JSON object is needed"));
        }
        serde_json::from_str(text)
            .map(Body)
            .map_err(|error| bad(StatusCode::UNPROCESSABLE_ENTITY, error))
    }
}

/// No body, or an empty one.
pub struct NoBody;

impl FromRequest<AppState> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(&rejection))?;
        match bytes.is_empty() {
            true => Ok(NoBody),
            false => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "there is no body here",
            )),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
        || kind.eq_ignore_ascii_case("application/merge-patch+json")
}

fn unread(rejection: &BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a body holds at most 1 MiB")
        }
        _ => Problem::new(StatusCode::BAD_REQUEST, "the body could not be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_one_well_formed_token_is_taken() {
        let token = ApiToken::generate(PREFIX).unwrap();
        let one = format!("Bearer {}", token.expose());
        assert!(bearer(&with(&[&one])).is_some());
        assert!(bearer(&with(&[&one.replace("Bearer", "bearer")])).is_some());
        assert!(bearer(&with(&[&one, &one])).is_none());
        assert!(bearer(&with(&[token.expose()])).is_none());
        assert!(bearer(&with(&[&one.replace("Bearer", "Basic")])).is_none());
        assert!(bearer(&with(&[])).is_none());
    }
}
