use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Request, Uri, response};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::limits::KIB;
use crate::outgoing::{Failure, Pinned};

/// The most that is kept of an answer's body, in bytes.
const EXCERPT: usize = 8 * KIB;

/// The longest head of an answer that is read, in bytes.
const HEAD: usize = 16 * KIB;

/// What says how a message lies on the connection, which is not the caller's to say.
const FRAMING: [HeaderName; 8] = [
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// An answer whose head has come, and its body as far as it has.
pub(super) struct Received {
    pub(super) head: response::Parts,
    pub(super) body: Vec<u8>,
}

pub(super) fn request(
    pinned: &Pinned<'_>,
    headers: &HeaderMap,
    body: Vec<u8>,
) -> Result<Request<Full<Bytes>>, Failure> {
    let mut headers = headers.clone();
    for name in FRAMING {
        headers.remove(name);
    }
    let host = HeaderValue::try_from(pinned.authority());
    headers.insert(HOST, host.map_err(|_| Failure::Unresolved)?);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let agent = concat!("weft-webhooks/", env!("CARGO_PKG_VERSION"));
    let agent = HeaderValue::from_static(agent);
    headers.entry(USER_AGENT).or_insert(agent);
    let target = Uri::try_from(pinned.target());
    let mut request = Request::new(Full::from(body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = target.map_err(|_| Failure::Unresolved)?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Asks once, and puts into `received` what comes, as it comes.
pub(super) async fn run(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
    received: &mut Option<Received>,
) -> Result<(), Failure> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD);
    let handshake = builder.handshake(TokioIo::new(stream)).await;
    let (mut client, connection) = handshake.map_err(|error| failure(&error))?;
    // Dropped at the end or when the time is over, and the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = client.send_request(request).await;
    let (head, mut rest) = answer.map_err(|error| failure(&error))?.into_parts();
    let received = received.insert(Received {
        head,
        body: Vec::new(),
    });
    while received.body.len() < EXCERPT
        && let Some(Ok(frame)) = rest.frame().await
    {
        if let Some(data) = frame.data_ref() {
            let room = EXCERPT - received.body.len();
            received.body.extend(data.iter().take(room));
        }
    }
    Ok(())
}

fn failure(error: &hyper::Error) -> Failure {
    if error.is_parse() {
        Failure::Malformed
    } else {
        Failure::Unreachable
    }
}
