//! What a page says instead of its content.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use weft_auth::{NoRandomness, login, session};

use super::{
    back::{Back, CONFIRM},
    layout,
};
use crate::{accounts::failed, error::Problem, roads::RoadClosed};

/// Why there is no page.
#[derive(Debug)]
pub enum Refused {
    /// Somebody has to sign in first.
    NotSignedIn,
    /// Something has to be proved again first, at the page of that path.
    NotRecent,
    /// As the API would say it.
    Problem(Problem),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = match self {
            Refused::NotSignedIn => return Redirect::to("/sign-in").into_response(),
            Refused::NotRecent => return Redirect::to(CONFIRM).into_response(),
            Refused::Problem(problem) => problem,
        };
        let title = match problem.status() {
            StatusCode::NOT_FOUND => "Nothing here",
            StatusCode::FORBIDDEN => "Not for you",
            StatusCode::SERVICE_UNAVAILABLE => "Not now",
            status if status.is_client_error() => "That did not work",
            _ => "Something went wrong",
        };
        let page = layout::alone(
            title,
            html! {
                h1 { (title) }
                p { (problem.detail()) }
                p { a href="/" { "Back to the start" } }
            },
        );
        (problem.status(), page).into_response()
    }
}

/// What the guard against forged requests says to people: most of those that it refuses are old.
pub(crate) fn too_old(path: &str) -> Response {
    let title = "This page is too old";
    let page = layout::alone(
        title,
        html! {
            h1 { (title) }
            p { "It is from before you signed in or out, in another tab perhaps, or not of this site. Nothing was changed." }
            @match Back::from(path) {
                Some(back) => p { a.button.primary href=(back.as_str()) { "Load it again" } },
                None => p { "Go back, and load it again." },
            }
            p { a href="/" { "Back to the start" } }
        },
    );
    (StatusCode::FORBIDDEN, page).into_response()
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused::Problem(problem)
    }
}

impl From<RoadClosed> for Refused {
    fn from(closed: RoadClosed) -> Refused {
        Refused::Problem(closed.into())
    }
}

impl From<NoRandomness> for Refused {
    fn from(_: NoRandomness) -> Refused {
        Refused::Problem(Problem::unavailable())
    }
}

impl From<diesel::result::Error> for Refused {
    fn from(error: diesel::result::Error) -> Refused {
        Refused::Problem(error.into())
    }
}

impl<E: std::error::Error + 'static> From<weft_auth::Error<session::Refusal, E>> for Refused {
    fn from(error: weft_auth::Error<session::Refusal, E>) -> Refused {
        match error {
            weft_auth::Error::Refused(refusal) => refusal.into(),
            error => failed(&error).into(),
        }
    }
}

impl From<session::Refusal> for Refused {
    fn from(refusal: session::Refusal) -> Refused {
        match refusal.kind() {
            session::RefusalKind::NotRecent => Refused::NotRecent,
            _ => Refused::NotSignedIn,
        }
    }
}

/// Says what somebody who was not signed in is told, unless something failed.
///
/// # Errors
/// When something failed.
pub(super) fn told<E: std::error::Error + 'static>(
    error: weft_auth::Error<login::Refusal, E>,
) -> Result<(StatusCode, &'static str), Refused> {
    use login::RefusalKind as K;
    let refusal = match error {
        weft_auth::Error::Refused(refusal) => refusal,
        error => return Err(failed(&error).into()),
    };
    Ok(match refusal.kind() {
        K::Credentials => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "That does not sign in. Look again at what you typed.",
        ),
        K::TooMany => (
            StatusCode::TOO_MANY_REQUESTS,
            "That was tried too often. Wait a little, then try again.",
        ),
        K::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Many people are signing in right now. Try again in a moment.",
        ),
        K::SingleSignOn => (
            StatusCode::FORBIDDEN,
            "People with this address sign in through their organisation.",
        ),
        K::Link => (
            StatusCode::GONE,
            "This link, or this code, is not good any more. Ask for a new one.",
        ),
        K::Challenge => (
            StatusCode::GONE,
            "That took too long, or was tried too often. Begin again.",
        ),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "That does not work."),
    })
}
