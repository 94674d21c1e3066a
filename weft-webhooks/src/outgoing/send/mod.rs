//! One attempt: resolve once, judge every address, connect to one of those, ask once.

mod exchange;
mod resolve;
mod roots;

use std::time::Duration;

use http::HeaderMap;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

pub use resolve::{Resolve, SystemResolver};
pub use roots::{Roots, TlsError};

use super::{Answer, Destination, DestinationError, Failure, Outcome, Pinned};
use exchange::Received;

/// The time that one address has to accept a connection, before the next is tried.
const CONNECT: Duration = Duration::from_secs(5);

/// The most addresses of one host that are tried.
const ADDRESSES: usize = 3;

/// Sends messages over HTTPS, HTTP/1.1.
///
/// ```no_run
/// use std::time::SystemTime;
/// use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
/// use weft_webhooks::outgoing::{Destination, Networks, Roots, Sender};
/// use weft_webhooks::{Scheme, Secret, Signer};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let sender = Sender::new(Roots::platform()?)?; // once, when the program starts
/// let secret = Secret::new("2026-11", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let signer = Signer::new(Scheme::standard(), [secret])?;
/// let destination = Destination::parse("https://hooks.example.com/weft", &Networks::none())?;
///
/// let body = br#"{"type":"order.paid"}"#.to_vec();
/// let mut headers = signer.sign("msg_1", &body, SystemTime::now())?;
/// headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
/// let outcome = sender.send(&destination, &headers, body).await;
/// println!("{}", outcome.name());
/// # Ok(())
/// # }
/// ```
///
/// # Security
/// The host's name is resolved once, every address it has must be public or excepted, and the
/// connection goes to one of them. Redirects are answers like others. There are no proxies, no cookies,
/// and no connection is used twice, so that nothing is shared between endpoints.
#[derive(Clone)]
pub struct Sender<R = SystemResolver> {
    tls: TlsConnector,
    resolver: R,
    limit: Duration,
}

impl Sender {
    /// A sender that trusts receivers whose certificates those roots have issued.
    ///
    /// # Errors
    /// When no version of TLS can be spoken.
    pub fn new(roots: Roots) -> Result<Sender, TlsError> {
        Ok(Sender {
            tls: roots.connector()?,
            resolver: SystemResolver,
            limit: Duration::from_secs(20),
        })
    }
}

impl<R: Resolve> Sender<R> {
    /// The same with another way to resolve names.
    #[must_use]
    pub fn with_resolver<S: Resolve>(self, resolver: S) -> Sender<S> {
        Sender {
            tls: self.tls,
            resolver,
            limit: self.limit,
        }
    }

    /// The same with another limit on the time that an attempt takes from beginning to end; 20 seconds
    /// else.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Sender<R> {
        self.limit = limit;
        self
    }

    /// Posts the body with the headers, once. What belongs to the connection is ours to say: `Host`,
    /// `Content-Length` and the like are not taken from `headers`.
    ///
    /// Of the answer's body 8 KiB are read. An answer counts when its head is there, however its body
    /// goes on.
    pub async fn send(
        &self,
        destination: &Destination,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Outcome {
        let mut received = None;
        let attempt = self.attempt(destination, headers, body, &mut received);
        let result = timeout(self.limit, attempt).await;
        match (received, result) {
            (Some(Received { head, body }), _) => {
                Answer::new(head.status, &head.headers, body).into()
            }
            (None, Ok(Err(failure))) => failure.into(),
            (None, _) => Failure::Timeout.into(),
        }
    }

    async fn attempt(
        &self,
        destination: &Destination,
        headers: &HeaderMap,
        body: Vec<u8>,
        received: &mut Option<Received>,
    ) -> Result<(), Failure> {
        let addresses = match destination.name() {
            Some(name) => self.resolver.resolve(name).await,
            None => Ok(Vec::new()),
        };
        let pinned = destination
            .pin(addresses.map_err(|_| Failure::Unresolved)?)
            .map_err(|error| match error {
                DestinationError::NoAddress => Failure::Unresolved,
                _ => Failure::RefusedAddress,
            })?;
        let request = exchange::request(&pinned, headers, body)?;
        let stream = connect(&pinned).await?;
        if pinned.is_plain() {
            return exchange::run(stream, request, received).await;
        }
        let name = ServerName::try_from(pinned.host()).map_err(|_| Failure::Tls)?;
        let stream = self.tls.connect(name, stream).await;
        exchange::run(
            stream.map_err(|error| roots::failure(&error))?,
            request,
            received,
        )
        .await
    }
}

async fn connect(pinned: &Pinned<'_>) -> Result<TcpStream, Failure> {
    for address in pinned.addresses().iter().take(ADDRESSES) {
        if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(address)).await {
            return Ok(stream);
        }
    }
    Err(Failure::Unreachable)
}

impl<R> std::fmt::Debug for Sender<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
