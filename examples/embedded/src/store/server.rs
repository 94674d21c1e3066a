use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use super::service::Service;
use super::settings::Settings;

/// A listener with its threads, which end with this value.
pub(super) struct Server {
    port: u16,
    runtime: Option<Runtime>,
}

const CONNECTIONS: usize = 256;
/// How long the head of a request may take, and the fields of a form.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl Server {
    pub(super) fn start(settings: &Settings) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port))?;
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
        runtime.spawn(accept(listener, service));
        Ok(Server {
            port,
            runtime: Some(runtime),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

async fn accept(listener: tokio::net::TcpListener, service: Arc<Service>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, say: wait for some connection to end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = Arc::clone(&service);
        tokio::spawn(async move {
            let _place = place;
            let answer = service_fn(|request| {
                let service = Arc::clone(&service);
                async move { Ok::<_, std::convert::Infallible>(service.answer(request).await) }
            });
            let mut connection = http1::Builder::new();
            connection
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE);
            // It ends early when its client does.
            let _ = connection
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
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
