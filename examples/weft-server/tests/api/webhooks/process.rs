//! The server as a process of its own, on a stage's database.

use std::{
    cell::RefCell,
    env, fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use uuid::Uuid;
use weft_server::config;

use crate::stage::{KEYS, Stage};

pub(crate) struct Process {
    child: RefCell<Child>,
    address: String,
    folder: PathBuf,
    tls: TlsConnector,
}

impl Process {
    pub(crate) async fn start(stage: &Stage) -> Process {
        Process::start_with(stage, &[]).await
    }

    /// The same with settings of its environment.
    pub(crate) async fn start_with(stage: &Stage, settings: &[(&str, &str)]) -> Process {
        let folder = env::temp_dir().join(format!("weft-process-{}", Uuid::new_v4().simple()));
        let addresses = config::addresses(&stage.database);
        let mut child = Command::new(env!("CARGO_BIN_EXE_weft-server"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(&folder)
            .env("WEFT_APP_DATABASE_URL", addresses.app)
            .env("WEFT_AUTH_DATABASE_URL", addresses.auth)
            .env("WEFT_UNSCOPED_DATABASE_URL", addresses.unscoped)
            .env("WEFT_KEYS", KEYS)
            .env_remove("DATABASE_URL")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            std::io::BufRead::read_line(&mut out, &mut line).unwrap();
            line.trim().to_owned()
        };
        let address = line().strip_prefix("https://").unwrap().to_owned();
        let certificate = line().strip_prefix("certificate: ").unwrap().to_owned();
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(certificate).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Process {
            child: RefCell::new(child),
            address,
            folder,
            tls: TlsConnector::from(Arc::new(config)),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The status of the answer; `None` without one.
    pub(crate) async fn post(&self, request: Request<Body>) -> Option<u16> {
        let answer = self.send(request).await;
        answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }

    /// The answer, head and all.
    pub(crate) async fn send(&self, request: Request<Body>) -> String {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = self.tls.connect(name, stream).await.unwrap();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            parts.method,
            parts.uri,
            self.address,
            body.len()
        );
        for (name, value) in &parts.headers {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = Vec::new();
        // A server that is killed says no farewell.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// As `kill -9` does it.
    pub(crate) fn kill(&self) {
        let mut child = self.child.borrow_mut();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.get_mut().kill();
        let _ = self.child.get_mut().wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
