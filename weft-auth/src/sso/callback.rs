use std::fmt;
use std::time::SystemTime;

use form_urlencoded::parse;
use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::flow::digest;
use super::{ConnectionId, Exchange, Pending, Plan, Refusal, RefusalKind, flow_cookie};
use crate::cookie::CookieError;

/// What a browser brings back to the redirect URI.
#[derive(Debug)]
#[non_exhaustive]
pub enum Callback {
    /// An answer to a flow, which has yet to be one of this browser.
    Answer(Answer),
    /// Nobody asked: the identity provider began. A code that came along is gone; start a flow of our
    /// own, for that connection if it is named.
    ///
    /// # Security
    /// A session for such a callback would let anyone sign a victim in as somebody else.
    Unsolicited {
        /// The connection that is named.
        connection: Option<ConnectionId>,
    },
    /// An error without a state.
    Failed(CallbackError),
    /// Not what WorkOS sends: parameters that come twice, none, or both a code and an error.
    Malformed,
}

/// A code or an error, with the state that came along.
pub struct Answer {
    state: Zeroizing<String>,
    outcome: Result<Zeroizing<String>, CallbackError>,
}

/// An answer to a flow that this browser started.
pub struct Bound {
    state_digest: [u8; 32],
    outcome: Result<Zeroizing<String>, CallbackError>,
    cookie_end: HeaderValue,
}

const LONGEST: usize = 4096;

impl Callback {
    /// Reads the query of the redirect URI, without its `?`.
    pub fn parse(query: &str) -> Callback {
        if query.len() > LONGEST {
            return Callback::Malformed;
        }
        let mut parameters = Parameters::default();
        for (name, value) in parse(query.as_bytes()) {
            let slot = match &*name {
                "code" => &mut parameters.code,
                "state" => &mut parameters.state,
                "error" => &mut parameters.error,
                "connection_id" => &mut parameters.connection,
                _ => continue,
            };
            if value.is_empty() || slot.replace(Zeroizing::new(value.into_owned())).is_some() {
                return Callback::Malformed;
            }
        }
        parameters.read()
    }
}

#[derive(Default)]
struct Parameters {
    code: Option<Zeroizing<String>>,
    state: Option<Zeroizing<String>>,
    error: Option<Zeroizing<String>>,
    connection: Option<Zeroizing<String>>,
}

impl Parameters {
    fn read(self) -> Callback {
        let outcome = match (self.code, self.error) {
            (Some(_), Some(_)) => return Callback::Malformed,
            (Some(code), None) => Some(Ok(code)),
            (None, Some(error)) => Some(Err(CallbackError::of(&error))),
            (None, None) => None,
        };
        match (self.state, outcome, self.connection) {
            (Some(state), Some(outcome), _) => Callback::Answer(Answer { state, outcome }),
            (None, Some(Err(error)), _) => Callback::Failed(error),
            (None, Some(Ok(_)), None) => Callback::Unsolicited { connection: None },
            (None, _, Some(id)) => match ConnectionId::new(&**id) {
                Ok(id) => Callback::Unsolicited {
                    connection: Some(id),
                },
                Err(_) => Callback::Malformed,
            },
            _ => Callback::Malformed,
        }
    }
}

impl Answer {
    /// The same, once the browser has the cookie of a flow with that state.
    ///
    /// # Errors
    /// When it has not: another browser started the flow, or none did.
    pub fn bind(self, headers: &HeaderMap) -> Result<Bound, Refusal> {
        let not_this_browser = Refusal::new(RefusalKind::NotThisBrowser);
        if !flow_cookie::is_of_browser(headers, &self.state) {
            return Err(not_this_browser);
        }
        let end = |state| -> Result<HeaderValue, CookieError> { flow_cookie::of(state)?.unset() };
        Ok(Bound {
            state_digest: digest(&self.state),
            outcome: self.outcome,
            cookie_end: end(&self.state).map_err(|_| not_this_browser)?,
        })
    }
}

impl Bound {
    /// The key under which the flow was kept.
    pub fn state_digest(&self) -> [u8; 32] {
        self.state_digest
    }

    /// The `Set-Cookie` that ends the flow in the browser, however it ends.
    pub fn cookie_end(&self) -> &HeaderValue {
        &self.cookie_end
    }

    /// Goes on with the flow that was taken out of the store.
    ///
    /// # Errors
    /// When it is another flow, was started too long ago, the plan has no single sign-on any more, or
    /// the answer is an error.
    pub fn resume(self, flow: Pending, plan: Plan, now: SystemTime) -> Result<Exchange, Refusal> {
        if !bool::from(flow.state_digest().ct_eq(&self.state_digest)) {
            return Err(Refusal::new(RefusalKind::OtherFlow));
        }
        if !flow.is_alive(now) {
            return Err(Refusal::new(RefusalKind::Expired));
        }
        if !plan.has_sso(now) {
            return Err(Refusal::new(RefusalKind::Plan));
        }
        match self.outcome {
            Ok(code) => Ok(flow.into_exchange(code)),
            Err(error) => Err(Refusal::new(RefusalKind::Provider(error))),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.outcome.as_ref().err();
        f.debug_struct("Answer")
            .field("error", &error)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.outcome.as_ref().err();
        f.debug_struct("Bound")
            .field("error", &error)
            .finish_non_exhaustive()
    }
}

macro_rules! errors {
    ($($error:ident, $name:literal, $doc:literal;)*) => {
        /// Why WorkOS sends a browser back without a code. Its description is not read: it is a
        /// stranger's text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum CallbackError {
            $(#[doc = $doc] $error,)*
            /// One that is not known here.
            Other,
        }

        impl CallbackError {
            /// All that are known.
            pub const ALL: &[CallbackError] = &[$(CallbackError::$error,)*];

            /// As WorkOS writes it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(CallbackError::$error => $name,)*
                    CallbackError::Other => "other",
                }
            }

            fn of(name: &str) -> CallbackError {
                match name {
                    $($name => CallbackError::$error,)*
                    _ => CallbackError::Other,
                }
            }
        }
    };
}

errors! {
    AccessDenied, "access_denied", "The identity provider, or the person, said no.";
    AmbiguousConnectionSelector, "ambiguous_connection_selector",
        "The organisation has several connections, and none was named.";
    ConnectionInvalid, "connection_invalid", "There is no such connection, or it is not active.";
    ConnectionUnlinked, "connection_unlinked", "The connection belongs to no organisation.";
    OrganizationInvalid, "organization_invalid", "There is no such organisation.";
    ProfileNotAllowedOutsideOrganization, "profile_not_allowed_outside_organization",
        "The person's address is in no domain of the organisation.";
    IdpInitiatedSsoDisabled, "idp_initiated_sso_disabled",
        "The identity provider began, and may not.";
    SigninConsentDenied, "signin_consent_denied", "The person did not agree.";
    OauthFailed, "oauth_failed", "The identity provider's own OAuth failed.";
    ServerError, "server_error", "WorkOS failed.";
}
