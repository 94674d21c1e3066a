//! The few requests that the server itself makes of the store: each over a connection of its own, within
//! a time and up to a size.

use std::{fmt, io, sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use weft_storage::SignedRequest;

/// A way to one store.
pub(super) struct Client {
    /// `None` goes without, to this machine.
    tls: Option<TlsConnector>,
}

/// What the store said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why the store said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// No connection, or one without a certificate that is trusted.
    Unreachable,
    /// The time is over.
    Late,
    /// What came is no answer, or too long for one.
    Malformed,
}

impl Client {
    /// A way to the store at `origin`.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub(super) fn new(origin: &str) -> io::Result<Client> {
        let tls = origin.starts_with("https://").then(connector).transpose()?;
        Ok(Client { tls })
    }

    pub(super) async fn send(&self, signed: &SignedRequest) -> Result<Answer, Silence> {
        let answer = timeout(LIMIT, self.exchange(signed)).await;
        answer.map_err(|_| Silence::Late)?
    }

    async fn exchange(&self, signed: &SignedRequest) -> Result<Answer, Silence> {
        let uri: Uri = signed.url().parse().map_err(|_| Silence::Malformed)?;
        let request = request(signed, &uri).ok_or(Silence::Malformed)?;
        let host = uri.host().ok_or(Silence::Malformed)?;
        let port = uri
            .port_u16()
            .unwrap_or(if self.tls.is_some() { 443 } else { 80 });
        let unreachable = |_| Silence::Unreachable;
        let stream = TcpStream::connect((host, port))
            .await
            .map_err(unreachable)?;
        match &self.tls {
            None => run(stream, request).await,
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned());
                let name = name.map_err(|_| Silence::Unreachable)?;
                let stream = tls.connect(name, stream).await.map_err(unreachable)?;
                run(stream, request).await
            }
        }
    }
}

fn request(signed: &SignedRequest, uri: &Uri) -> Option<Request<Full<Bytes>>> {
    let body = Full::from(signed.body().to_vec());
    let mut request = Request::new(body);
    *request.method_mut() = signed.method().parse().ok()?;
    *request.uri_mut() = Uri::try_from(uri.path_and_query()?.as_str()).ok()?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, uri.authority()?.as_str().parse().ok()?);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in signed.headers().filter(|(name, _)| *name != "host") {
        headers.insert(HeaderName::from_static(name), value.parse().ok()?);
    }
    Some(request)
}

async fn run(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Silence> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD);
    let handshake = builder.handshake(TokioIo::new(stream)).await;
    let (mut client, connection) = handshake.map_err(failure)?;
    // Dropped at the end or when the time is over, and the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = client.send_request(request).await.map_err(failure)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, BODY).collect().await;
    let body = body.map_err(|_| Silence::Malformed)?;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: body.to_bytes().to_vec(),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn failure(error: hyper::Error) -> Silence {
    match error.is_parse() {
        true => Silence::Malformed,
        false => Silence::Unreachable,
    }
}

/// TLS with the authorities that the platform trusts.
fn connector() -> io::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Silence::Unreachable => "it cannot be reached",
            Silence::Late => "it takes too long",
            Silence::Malformed => "what came is no answer",
        })
    }
}

/// Shorter than what a request of a person's may take.
const LIMIT: Duration = Duration::from_secs(5);
const HEAD: usize = 16 << 10;
const BODY: usize = 64 << 10;
