//! One port: TLS is served, plain HTTP is sent to TLS, and neither waits for the other.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    time::timeout,
};
use weft_server::{
    serve::{listen, serve},
    state_folder::StateFolder,
    tls,
};

use crate::stage::on_stage;

async fn say(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that closes without a TLS farewell is no matter here.
    let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8(answer).unwrap()
}

#[test]
fn the_first_byte_tells() {
    on_stage(async |stage| {
        let path = std::env::temp_dir().join(format!("weft-server-socket-{}", std::process::id()));
        let folder = StateFolder::open(Some(path.clone())).unwrap();
        let config = tls::config(&folder, Utc::now()).unwrap();
        let listeners = listen("127.0.0.1:0").await.unwrap();
        let address = listeners[0].local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let server = tokio::spawn(serve(listeners, config, stage.router.clone(), stopped));

        // Says nothing, and holds nobody up.
        let _silent = TcpStream::connect(address).await.unwrap();

        let mut plain = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET /api/me?x=1 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer x\r\n\r\n"
        );
        let answer = say(&mut plain, &head).await;
        assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
        assert!(
            answer.contains(&format!("\r\nLocation: https://{address}/api/me?x=1\r\n")),
            "{answer}"
        );
        assert!(
            answer.ends_with("\r\n\r\n") && !answer.contains("401"),
            "{answer}"
        );

        let mut noise = TcpStream::connect(address).await.unwrap();
        let answer = say(&mut noise, "\0\u{1}\u{2}\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");

        let mut endless = TcpStream::connect(address).await.unwrap();
        let answer = say(
            &mut endless,
            &format!("GET /{} HTTP/1.1\r\n", "x".repeat(9000)),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");

        let certificate = folder.read(tls::CERTIFICATE).unwrap().unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let tcp = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut secure = connector.connect(name, tcp).await.unwrap();
        let answer = say(
            &mut secure,
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )
        .await;
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok\n"),
            "{answer}"
        );

        stop.send(()).unwrap();
        timeout(Duration::from_secs(15), server)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        std::fs::remove_dir_all(path).unwrap();
    });
}
