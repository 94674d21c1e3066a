use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::object::SILENCE;
use super::patient::Patient;
use super::service::Service;
use super::settings::Settings;
use super::visit::{Strangers, Visit};

/// A listener with its threads, which end with this value.
pub(super) struct Server {
    port: u16,
    runtime: Option<Runtime>,
}

/// How long the head of a request may take, and the fields of a form.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl Server {
    pub(super) fn start(listener: TcpListener, settings: &Settings) -> io::Result<Server> {
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let service = Arc::new(Service::new(settings, port)?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("object store")
            .enable_all()
            .build()?;
        let entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        drop(entered);
        runtime.spawn(accept(listener, service, settings.slowest));
        Ok(Server {
            port,
            runtime: Some(runtime),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

async fn accept(listener: tokio::net::TcpListener, service: Arc<Service>, slowest: Duration) {
    let strangers = Arc::new(Strangers::default());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: wait for some connection to end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let visit = Arc::new(Visit::new(Arc::clone(&strangers)));
        tokio::spawn(serve(stream, Arc::clone(&service), visit, slowest));
        // So that it is looked at before others come.
        tokio::task::yield_now().await;
    }
}

/// Answers one request, and ends early when its client does, takes too long or is told to go.
async fn serve(stream: TcpStream, service: Arc<Service>, visit: Arc<Visit>, slowest: Duration) {
    let answer = service_fn(|request| {
        let (service, visit) = (Arc::clone(&service), Arc::clone(&visit));
        async move { Ok::<_, Infallible>(service.answer(request, visit).await) }
    });
    let mut connection = http1::Builder::new();
    connection
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE);
    let stream = TokioIo::new(Patient::new(stream, slowest.min(SILENCE)));
    let served = pin!(connection.serve_connection(stream, answer));
    let told = pin!(visit.end().notified());
    // Its fields, then its file, then the answer.
    let _ = timeout(PATIENCE + slowest + SILENCE, select(served, told)).await;
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
