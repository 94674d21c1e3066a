//! Setting single sign-on up: an organisation at WorkOS, and the way into the portal in which its own
//! administrators connect their identity provider and prove their domains.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::api::{self, ApiErrorKind};
use super::{Client, ClientError, Organization, OrganizationId, Transport, WorkOs};

/// What is set up in WorkOS's portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Setup {
    /// The connection to the identity provider.
    Connection,
    /// Domains and their proofs.
    Domains,
}

/// The way into the portal, good once and for minutes.
pub struct SetupLink(Zeroizing<String>);

type Answered<T, O> = Result<O, ClientError<<T as Transport>::Error>>;

impl Setup {
    /// As WorkOS calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Setup::Connection => "sso",
            Setup::Domains => "domain_verification",
        }
    }
}

impl SetupLink {
    /// Where the browser of an administrator goes.
    ///
    /// # Security
    /// Whoever has it sets the organisation's sign-in up.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl WorkOs {
    /// The request for an organisation.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn organization_request(
        &self,
        id: &OrganizationId,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        self.request(Method::GET, &format!("/organizations/{id}"))
            .body(Vec::new())
    }

    /// The request for the organisation that was made for what has that id here.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn organization_for_request(&self, id: Uuid) -> Result<Request<Vec<u8>>, http::Error> {
        self.request(Method::GET, &format!("/organizations/external_id/{id}"))
            .body(Vec::new())
    }

    /// The request that makes an organisation for what has that id here.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn create_organization_request(
        &self,
        id: Uuid,
        name: &str,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        self.post(
            "/organizations",
            &json!({ "name": name, "external_id": id.to_string() }),
        )
    }

    /// The request for a way into the portal, from which there is one back to that URL.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn setup_link_request(
        &self,
        organization: &OrganizationId,
        setup: Setup,
        return_url: &str,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        let asked = json!({
            "organization": organization.as_str(),
            "intent": setup.name(),
            "return_url": return_url,
        });
        self.post("/portal/generate_link", &asked)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Request<Vec<u8>>, http::Error> {
        self.request(Method::POST, path)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes())
    }

    /// Whether a browser may be sent there: over TLS, or to where this application is told that WorkOS is.
    fn leads_to(&self, url: &str) -> bool {
        let own = url.strip_prefix(self.base());
        let is_safe = url.starts_with("https://") || own.is_some_and(|path| path.starts_with('/'));
        is_safe && url.bytes().all(|c| c.is_ascii_graphic())
    }
}

impl<T: Transport> Client<T> {
    /// An organisation, as WorkOS has it now.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub async fn organization(&self, id: &OrganizationId) -> Answered<T, Organization> {
        let request = self.workos().organization_request(id);
        let response = self.send(request).await?;
        let found = api::organization(&response).map_err(ClientError::Api)?;
        match found.id() == id {
            true => Ok(found),
            false => unreadable(&response),
        }
    }

    /// The organisation that was made for what has that id here, if there is one.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub async fn organization_for(&self, id: Uuid) -> Answered<T, Option<Organization>> {
        let request = self.workos().organization_for_request(id);
        let response = self.send(request).await?;
        match api::organization(&response) {
            Ok(found) if found.is_for(id) => Ok(Some(found)),
            Ok(_) => unreadable(&response),
            Err(error) if error.kind() == ApiErrorKind::NotFound => Ok(None),
            Err(error) => Err(ClientError::Api(error)),
        }
    }

    /// Makes an organisation for what has that id here.
    ///
    /// # Errors
    /// When there is no answer, or another one, as where there is one for it.
    pub async fn create_organization(&self, id: Uuid, name: &str) -> Answered<T, Organization> {
        let request = self.workos().create_organization_request(id, name);
        let response = self.send(request).await?;
        let made = api::organization(&response).map_err(ClientError::Api)?;
        match made.is_for(id) {
            true => Ok(made),
            false => unreadable(&response),
        }
    }

    /// A way into the portal, from which there is one back to that URL.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub async fn setup_link(
        &self,
        organization: &OrganizationId,
        setup: Setup,
        return_url: &str,
    ) -> Answered<T, SetupLink> {
        let workos = self.workos();
        let request = workos.setup_link_request(organization, setup, return_url);
        let response = self.send(request).await?;
        let link = api::link(&response).map_err(ClientError::Api)?;
        match workos.leads_to(&link) {
            true => Ok(SetupLink(link)),
            false => unreadable(&response),
        }
    }
}

fn unreadable<O, E>(response: &Response<Vec<u8>>) -> Result<O, ClientError<E>> {
    Err(ClientError::Api(api::unreadable(response)))
}

impl fmt::Debug for SetupLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupLink(..)")
    }
}
