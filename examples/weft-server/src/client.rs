//! One request to another service over HTTP/1.1, and its answer: a connection of its own, within a time
//! and a size, and no redirect is followed.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::http::{
    HeaderValue, Request, Response, Uri,
    header::{CONNECTION, HOST, USER_AGENT},
    uri::Scheme,
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    body::{Body, Bytes},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use weft_auth::sso::Transport;

/// What makes requests.
#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    limit: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoAnswer {
    /// The address is none that may be asked: plain HTTP goes to this machine alone.
    Address,
    /// Nobody is there.
    Unreachable,
    /// Who is there cannot prove who that is.
    Tls,
    /// The connection broke, or what came is no HTTP.
    Broken,
    /// What came is too large.
    TooLarge,
    /// It took too long.
    Timeout,
}

impl Client {
    /// One that trusts the authorities that the platform trusts.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new() -> io::Result<Client> {
        static PLATFORM: LazyLock<RootCertStore> = LazyLock::new(|| {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots
        });
        if PLATFORM.is_empty() {
            tracing::warn!("the platform trusts no authorities: nobody can be asked over TLS");
        }
        Client::trusting(PLATFORM.clone())
    }

    /// One that trusts those authorities.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn trusting(roots: RootCertStore) -> io::Result<Client> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Client {
            tls: TlsConnector::from(Arc::new(config)),
            limit: LIMIT,
        })
    }

    /// The same with another limit on the time from beginning to end.
    #[must_use]
    pub fn within(self, limit: Duration) -> Client {
        Client { limit, ..self }
    }

    async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, NoAnswer> {
        let (host, port, is_plain) = read(request.uri()).ok_or(NoAnswer::Address)?;
        let found = lookup_host((&*host, port)).await;
        let addresses: Vec<_> = found.map_err(|_| NoAnswer::Unreachable)?.collect();
        if is_plain && !addresses.iter().all(|address| address.ip().is_loopback()) {
            return Err(NoAnswer::Address);
        }
        let request = outgoing(request)?;
        let stream = connect(&addresses).await?;
        if is_plain {
            return ask(stream, request).await;
        }
        let name = ServerName::try_from(host).map_err(|_| NoAnswer::Address)?;
        let stream = self.tls.connect(name, stream).await;
        ask(stream.map_err(|_| NoAnswer::Tls)?, request).await
    }
}

impl Transport for Client {
    type Error = NoAnswer;

    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, NoAnswer> {
        let answer = timeout(self.limit, self.exchange(request)).await;
        answer.unwrap_or(Err(NoAnswer::Timeout))
    }
}

/// Host and port of an address, and whether it is reached without TLS.
fn read(uri: &Uri) -> Option<(String, u16, bool)> {
    let is_plain = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => false,
        Some(scheme) if *scheme == Scheme::HTTP => true,
        _ => return None,
    };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
    Some((host.to_owned(), port, is_plain))
}

/// The request as it goes over the connection.
fn outgoing(request: Request<Vec<u8>>) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().ok_or(NoAnswer::Address)?;
    let host = HeaderValue::try_from(authority.as_str()).map_err(|_| NoAnswer::Address)?;
    let target = parts.uri.path_and_query().cloned();
    parts.uri = target.map_or(Uri::from_static("/"), Uri::from);
    parts.headers.insert(HOST, host);
    let close = HeaderValue::from_static("close");
    parts.headers.insert(CONNECTION, close);
    let agent = HeaderValue::from_static(concat!("weft-server/", env!("CARGO_PKG_VERSION")));
    parts.headers.insert(USER_AGENT, agent);
    Ok(Request::from_parts(parts, Full::from(body)))
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, NoAnswer> {
    for address in addresses.iter().take(ADDRESSES) {
        if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(address)).await {
            return Ok(stream);
        }
    }
    Err(NoAnswer::Unreachable)
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response<Vec<u8>>, NoAnswer> {
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| NoAnswer::Broken)?;
    // Dropped at the end or when the time is over, and the connection with it.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await;
    let (head, body) = answer.map_err(|_| NoAnswer::Broken)?.into_parts();
    if usize::try_from(body.size_hint().lower()).is_ok_and(|length| length > LONGEST) {
        return Err(NoAnswer::TooLarge);
    }
    let body = Limited::new(body, LONGEST).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => NoAnswer::TooLarge,
        false => NoAnswer::Broken,
    })?;
    Ok(Response::from_parts(head, body.to_bytes().to_vec()))
}

/// Somebody waits for what is asked three times.
const LIMIT: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_secs(3);
const ADDRESSES: usize = 3;
const LONGEST: usize = 1 << 20;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoAnswer::Address => "the address is none that may be asked",
            NoAnswer::Unreachable => "nobody is there",
            NoAnswer::Tls => "who is there cannot prove who that is",
            NoAnswer::Broken => "the connection broke",
            NoAnswer::TooLarge => "what came is too large",
            NoAnswer::Timeout => "it took too long",
        })
    }
}

impl std::error::Error for NoAnswer {}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    async fn ask(url: &str) -> Result<Response<Vec<u8>>, NoAnswer> {
        let client = Client::trusting(RootCertStore::empty()).unwrap();
        let client = client.within(Duration::from_millis(500));
        client
            .send(Request::get(url).body(Vec::new()).unwrap())
            .await
    }

    /// Somebody who says that, whatever is asked, and then nothing more.
    async fn says(text: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(text.as_bytes()).await;
                open.push(stream);
            }
        });
        format!("http://{address}/")
    }

    #[tokio::test]
    async fn an_answer_is_as_it_came() {
        let url = says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let answer = ask(&url).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &**answer.body()),
            (200, &b"{}"[..])
        );
        let to = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(ask(&says(to).await).await.unwrap().status(), 302);
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error_in_time() {
        assert_eq!(ask(&says("").await).await.err(), Some(NoAnswer::Timeout));
        let begun = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{";
        assert_eq!(ask(&says(begun).await).await.err(), Some(NoAnswer::Timeout));
        let large = "HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n";
        assert_eq!(
            ask(&says(large).await).await.err(),
            Some(NoAnswer::TooLarge)
        );
        assert_eq!(ask(&says("no").await).await.err(), Some(NoAnswer::Broken));
        assert_eq!(
            ask("http://127.0.0.1:1/").await.err(),
            Some(NoAnswer::Unreachable)
        );
    }

    #[tokio::test]
    async fn plain_http_stays_on_this_machine() {
        for url in [
            "http://192.0.2.1/",
            "http://[2001:db8::1]/",
            "ftp://127.0.0.1/",
            "/",
        ] {
            assert_eq!(ask(url).await.err(), Some(NoAnswer::Address), "{url}");
        }
    }

    #[tokio::test]
    async fn who_is_not_trusted_is_not_asked() {
        let url = says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let url = url.replace("http:", "https:");
        assert_eq!(ask(&url).await.err(), Some(NoAnswer::Tls));
    }
}
