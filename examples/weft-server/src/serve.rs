//! One port: TLS for those who speak it, a redirect for those who do not.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, http::Request};
use futures_util::future::select_all;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream, lookup_host},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{pages::Peer, redirect};

/// The sockets of every address that `address` stands for: `localhost` is two, on most machines.
///
/// # Errors
/// When there is none, or the first cannot be listened on.
pub async fn listen(address: &str) -> io::Result<Vec<TcpListener>> {
    let mut addresses = lookup_host(address).await?;
    let first = addresses.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut listeners = vec![TcpListener::bind(first).await?];
    let port = listeners[0].local_addr()?.port();
    for mut other in addresses {
        other.set_port(port);
        match TcpListener::bind(other).await {
            Ok(listener) => listeners.push(listener),
            // The same address twice, or a family that this machine has not.
            Err(error) => tracing::debug!(%other, %error, "not listened on"),
        }
    }
    Ok(listeners)
}

/// Serves `app` until `stop` is ready, and then what is under way.
///
/// # Errors
/// Without a listener.
pub async fn serve(
    listeners: Vec<TcpListener>,
    tls: Arc<ServerConfig>,
    app: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    if listeners.is_empty() {
        return Err(io::ErrorKind::AddrNotAvailable.into());
    }
    let acceptor = TlsAcceptor::from(tls);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, any(&listeners).await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, say: wait for some connection to end.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, app, watcher) = (acceptor.clone(), app.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection((stream, peer), acceptor, app, watcher).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listeners);
    if timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way");
    }
    Ok(())
}

async fn any(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    let accepts = listeners.iter().map(|listener| Box::pin(listener.accept()));
    select_all(accepts).await.0
}

async fn connection(
    (stream, peer): (TcpStream, SocketAddr),
    acceptor: TlsAcceptor,
    app: Router,
    watcher: Watcher,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut first = [0];
    if timeout(HANDSHAKE, stream.peek(&mut first)).await?? == 0 {
        return Ok(());
    }
    // RFC 8446, 5.1: a handshake record; no method of HTTP begins with this byte.
    if first[0] != 0x16 {
        return Ok(redirect::answer(stream).await?);
    }
    stream.set_nodelay(true)?;
    let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE)
        .max_buf_size(HEAD);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD as u32)
        .max_concurrent_streams(64)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    let service = app.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        request
    });
    let service = TowerToHyperService::new(service);
    let served = http
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    watcher.watch(served).await
}

/// A promise kept by Ctrl-C or SIGTERM.
pub async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupted = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
        }
        Err(_) => drop(interrupted.await),
    }
}

const CONNECTIONS: usize = 1024;
const HEAD: usize = 16 * 1024;
const HANDSHAKE: Duration = Duration::from_secs(10);
const FAREWELL: Duration = Duration::from_secs(10);
