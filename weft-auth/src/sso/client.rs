use std::fmt;

use http::{Request, Response};

use super::{
    ApiError, Connection, ConnectionId, Exchange, Exchanged, OrganizationId, Page, WorkOs, api,
};

/// What carries requests to WorkOS: an HTTP client of your own.
///
/// # Security
/// It verifies certificates, follows no redirects, gives up after a time, and makes each request once.
pub trait Transport {
    /// Why there is no answer.
    type Error;

    /// Sends a request and reads its answer.
    fn send(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, Self::Error>> + Send;
}

/// An application and what carries its requests.
#[derive(Debug, Clone)]
pub struct Client<T> {
    workos: WorkOs,
    transport: T,
}

/// Why there is no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError<E> {
    /// The request could not be put together.
    Request(http::Error),
    /// There was no answer.
    Transport(E),
    /// The answer was another one.
    Api(ApiError),
}

impl<T: Transport> Client<T> {
    /// That application over that transport.
    pub fn new(workos: WorkOs, transport: T) -> Client<T> {
        Client { workos, transport }
    }

    /// The application, to start flows.
    pub fn workos(&self) -> &WorkOs {
        &self.workos
    }

    /// Turns a code into what WorkOS says of somebody. It takes the exchange, since a code is good once:
    /// where this fails, the flow starts anew.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub async fn exchange(&self, exchange: Exchange) -> Result<Exchanged, ClientError<T::Error>> {
        let response = self.send(self.workos.exchange_request(&exchange)).await?;
        let profile = api::profile(&response).map_err(ClientError::Api)?;
        Ok(Exchanged::new(profile, exchange.into_target()))
    }

    /// One connection.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Connection, ClientError<T::Error>> {
        let response = self.send(self.workos.connection_request(id)).await?;
        api::connection(&response).map_err(ClientError::Api)
    }

    /// A page of an organisation's connections, for [`reconcile`](super::reconcile) once all are there.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub async fn connections(
        &self,
        organization: &OrganizationId,
        after: Option<&str>,
    ) -> Result<Page, ClientError<T::Error>> {
        let request = self.workos.connections_request(organization, after);
        let response = self.send(request).await?;
        api::connections(&response).map_err(ClientError::Api)
    }

    pub(super) async fn send(
        &self,
        request: Result<Request<Vec<u8>>, http::Error>,
    ) -> Result<Response<Vec<u8>>, ClientError<T::Error>> {
        let request = request.map_err(ClientError::Request)?;
        let sent = self.transport.send(request);
        sent.await.map_err(ClientError::Transport)
    }
}

impl<E: fmt::Display> fmt::Display for ClientError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Request(_) => f.write_str("a request to WorkOS could not be put together"),
            ClientError::Transport(error) => write!(f, "no answer of WorkOS: {error}"),
            ClientError::Api(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for ClientError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClientError::Request(error) => Some(error),
            ClientError::Transport(error) => Some(error),
            ClientError::Api(_) => None,
        }
    }
}
