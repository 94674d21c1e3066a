//! A receiver on this machine, over real sockets and real TLS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use rcgen::generate_simple_self_signed;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use weft_webhooks::outgoing::{Destination, Networks, Outcome, Roots, Sender};

use crate::names::Names;

pub(crate) const NAME: &str = "receiver.example";
pub(crate) const BODY: &[u8] = b"{\"type\":\"order.paid\"}";

/// What a receiver does with a request.
#[derive(Clone)]
pub(crate) enum Conduct {
    /// Writes that, and closes.
    Says(String),
    /// Writes the first text, then the second again and again.
    Repeats(String, &'static str),
    /// Writes that, and nothing more, and keeps the connection.
    Stops(String),
    /// Reads the request, and resets the connection.
    Resets,
    /// Accepts the connection, and does not even shake hands.
    Ignores,
    /// Writes that before anything was asked, without shaking hands.
    Greets(&'static str),
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    /// The certificate, in PEM.
    pub(crate) certificate: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default, Clone)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) server_names: Vec<Option<String>>,
    pub(crate) requests: Vec<String>,
}

pub(crate) fn says(head: &str) -> Conduct {
    Conduct::Says(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n"))
}

impl Receiver {
    /// A receiver at that name, over TLS.
    pub(crate) async fn start(conduct: Conduct) -> Receiver {
        let made = generate_simple_self_signed([NAME.to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        Receiver::listen(conduct, Some(tls), made.cert.pem()).await
    }

    /// A receiver without TLS.
    pub(crate) async fn start_plain(conduct: Conduct) -> Receiver {
        Receiver::listen(conduct, None, String::new()).await
    }

    async fn listen(conduct: Conduct, tls: Option<TlsAcceptor>, certificate: String) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let record = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                record.lock().unwrap().connections += 1;
                let record = Arc::clone(&record);
                tokio::spawn(serve(stream, tls.clone(), conduct.clone(), record));
            }
        });
        Receiver {
            address,
            certificate,
            seen,
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn destination(&self) -> Destination {
        let url = format!("https://{NAME}:{}/hook?shop=7", self.address.port());
        Destination::parse(&url, &loopback()).unwrap()
    }

    /// A sender that trusts this receiver and finds it by name.
    pub(crate) fn sender(&self) -> Sender<Names> {
        sender(&self.certificate, Names::always(&["127.0.0.1"]))
    }

    /// What one attempt comes to.
    pub(crate) async fn attempt(&self) -> Outcome {
        self.sender()
            .send(&self.destination(), &HeaderMap::new(), BODY.to_vec())
            .await
    }
}

/// The one address of this machine that is excepted.
pub(crate) fn loopback() -> Networks {
    Networks::from_iter(["127.0.0.1".parse().unwrap()])
}

pub(crate) fn sender(certificate: &str, names: Names) -> Sender<Names> {
    let roots = Roots::none().with_pem(certificate.as_bytes()).unwrap();
    Sender::new(roots).unwrap().with_resolver(names)
}

async fn serve(
    mut stream: TcpStream,
    tls: Option<TlsAcceptor>,
    conduct: Conduct,
    record: Arc<Mutex<Seen>>,
) -> Option<()> {
    if matches!(conduct, Conduct::Resets) {
        stream.set_zero_linger().ok()?;
    }
    match (conduct, tls) {
        (Conduct::Ignores, _) => tokio::time::sleep(Duration::MAX).await,
        (Conduct::Greets(text), _) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            tokio::time::sleep(Duration::MAX).await;
        }
        (conduct, None) => converse(stream, conduct, record).await?,
        (conduct, Some(tls)) => {
            let stream = tls.accept(stream).await.ok()?;
            let name = stream.get_ref().1.server_name().map(str::to_owned);
            record.lock().unwrap().server_names.push(name);
            converse(stream, conduct, record).await?;
        }
    }
    Some(())
}

async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    conduct: Conduct,
    record: Arc<Mutex<Seen>>,
) -> Option<()> {
    let request = read(&mut stream).await;
    record.lock().unwrap().requests.push(request);
    match conduct {
        Conduct::Says(text) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            stream.shutdown().await.ok()?;
        }
        Conduct::Repeats(text, again) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            loop {
                stream.write_all(again.as_bytes()).await.ok()?;
            }
        }
        Conduct::Stops(text) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            stream.flush().await.ok()?;
            tokio::time::sleep(Duration::MAX).await;
        }
        Conduct::Resets | Conduct::Ignores | Conduct::Greets(_) => {}
    }
    Some(())
}

/// The request up to the end of [`BODY`].
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(BODY) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => request.extend(&buffer[..count]),
        }
    }
    String::from_utf8(request).unwrap()
}
