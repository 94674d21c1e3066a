//! The one map from what went wrong to what a caller is told: problem documents (RFC 9457).
//!
//! A tenant never reads the server's own words. What is the caller's to mend says how; everything
//! else is a status and nothing more, and the log names the kind and the table, never a value.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};
use serde_json::json;
use weft_tenancy::{Refusal, RefusalKind};

/// What a caller is told instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    /// A problem of the caller's, and how to mend it.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            detail: detail.into(),
        }
    }

    /// No valid token came with the request.
    pub fn unauthorized() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "a valid bearer token is needed")
    }

    /// The caller is known, and may not do this.
    pub fn forbidden(detail: &str) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, detail)
    }

    /// Nothing by that name, or nothing that this caller may know of: the two read alike.
    pub fn not_found() -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "there is nothing here that you can see",
        )
    }

    /// The values are well-formed and cannot be.
    pub fn unprocessable(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// The state of things stands against it.
    pub fn conflict(detail: &str) -> Problem {
        Problem::new(StatusCode::CONFLICT, detail)
    }

    /// It was done so often that it has to wait.
    pub fn too_many() -> Problem {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "that was done too often; wait a little, then try again",
        )
    }

    /// A fault of ours.
    pub fn internal() -> Problem {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the fault is ours, and it is on record",
        )
    }

    /// Not now.
    pub fn unavailable() -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "try again in a moment")
    }

    /// What deleting failed with: a row that is referred to is a conflict.
    pub fn deleting(error: Error) -> Problem {
        match &error {
            Error::DatabaseError(
                DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation,
                _,
            ) => Problem::conflict("other rows still refer to it"),
            _ => error.into(),
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the caller is told.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        if let Some(refusal) = Refusal::of(&error) {
            return refused(refusal);
        }
        match error {
            Error::NotFound => Problem::not_found(),
            Error::DatabaseError(kind, information) => database(kind, information.as_ref()),
            Error::BrokenTransactionManager => {
                tracing::error!("a connection broke in a transaction");
                Problem::unavailable()
            }
            other => {
                tracing::error!(kind = variant(&other), "a statement failed");
                Problem::internal()
            }
        }
    }
}

/// A refusal that the caller's values caused says so; any other is a mistake of ours.
fn refused(refusal: &Refusal) -> Problem {
    match refusal.kind() {
        RefusalKind::OrgMismatch | RefusalKind::ShopMismatch => {
            Problem::forbidden("that is not within what you may see")
        }
        RefusalKind::Connection => {
            tracing::error!(%refusal, "a connection cannot be vouched for");
            Problem::unavailable()
        }
        _ => {
            tracing::error!(%refusal, "a statement of ours was refused");
            Problem::internal()
        }
    }
}

fn database(
    kind: DatabaseErrorKind,
    information: &(dyn DatabaseErrorInformation + Send + Sync),
) -> Problem {
    use DatabaseErrorKind as K;
    match kind {
        K::UniqueViolation => Problem::conflict("one like it is there already"),
        K::ForeignKeyViolation | K::RestrictViolation => {
            Problem::unprocessable("it refers to something that is not there")
        }
        K::CheckViolation | K::NotNullViolation | K::ExclusionViolation => {
            Problem::unprocessable("a value is not one that can be kept")
        }
        K::SerializationFailure | K::ClosedConnection | K::UnableToSendCommand => {
            tracing::warn!(?kind, "a statement did not go through");
            Problem::unavailable()
        }
        _ => {
            // The message may hold values; the names may not.
            tracing::error!(
                ?kind,
                table = information.table_name(),
                constraint = information.constraint_name(),
                "a statement failed"
            );
            Problem::internal()
        }
    }
}

fn variant(error: &Error) -> &'static str {
    match error {
        Error::QueryBuilderError(_) => "query builder",
        Error::DeserializationError(_) => "deserialization",
        Error::SerializationError(_) => "serialization",
        Error::RollbackTransaction => "rollback",
        _ => "other",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let json = HeaderValue::from_static("application/problem+json");
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, json)],
            document.to_string(),
        )
            .into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: DatabaseErrorKind) -> Problem {
        let words = "duplicate key: Key (email)=(ada@example.com) already exists".to_owned();
        Error::DatabaseError(kind, Box::new(words)).into()
    }

    #[test]
    fn the_servers_words_never_reach_a_caller() {
        use DatabaseErrorKind as K;
        for (kind, status) in [
            (K::UniqueViolation, 409),
            (K::ForeignKeyViolation, 422),
            (K::CheckViolation, 422),
            (K::SerializationFailure, 503),
            (K::Unknown, 500),
        ] {
            let problem = told(kind);
            assert_eq!(problem.status().as_u16(), status);
            assert!(!problem.detail.contains("ada") && !problem.detail.contains("email"));
        }
    }

    #[test]
    fn what_still_has_references_is_a_conflict_only_when_deleting() {
        let error = || {
            let kind = DatabaseErrorKind::ForeignKeyViolation;
            Error::DatabaseError(kind, Box::new(String::new()))
        };
        assert_eq!(Problem::deleting(error()).status(), StatusCode::CONFLICT);
        assert_eq!(
            Problem::from(error()).status(),
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
}
