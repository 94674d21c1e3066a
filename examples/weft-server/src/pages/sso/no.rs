//! What is said to somebody who came back and is not let in.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::html;
use weft_auth::{
    login,
    sso::{CallbackError, Refusal, RefusalKind},
};

use super::{
    super::{
        layout,
        refused::{Refused, told},
    },
    other_ways,
};
use crate::{error::Problem, single_sign_on::Unanswered};

/// Why nobody is let in. What exactly did not fit is in the log alone.
pub(super) enum No {
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
    pub(super) fn login<E: std::error::Error + 'static>(
        error: weft_auth::Error<login::Refusal, E>,
    ) -> No {
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

impl From<CallbackError> for No {
    fn from(error: CallbackError) -> No {
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
