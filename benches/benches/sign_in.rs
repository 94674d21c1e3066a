//! What does a sign-in over HTTPS cost, against verifying its password alone?

#![allow(missing_docs, clippy::print_stdout)]

mod server;

use std::cell::Cell;
use std::env;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, header};
use chrono::Utc;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use server::{Form, ORIGIN, Server, hash, keys, password, with_password};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use weft_auth::throttle::TrustedProxies;
use weft_benches::in_turns;
use weft_embedded::{Cluster, Options};
use weft_server::site::Site;
use weft_server::state_folder::StateFolder;
use weft_server::{serve, tls};

const ROUNDS: usize = 101;
const CALLS: u32 = 2;

fn main() {
    let cluster = Cluster::start(Options::new("weft-benches")).expect("a Postgres");
    let database = cluster.ensure_database("sign_in").expect("a database");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let proxies = TrustedProxies::new(["127.0.0.1"]).expect("a network");
    let site = Site::new(ORIGIN, &keys()).expect("a site").behind(proxies);
    let server = runtime.block_on(Server::new(&database, site));
    let (hasher, hash) = hash();
    with_password(&database, &hash);
    let form = runtime.block_on(Form::of(&server.router));
    let folder = env::temp_dir().join(format!("weft-bench-{}", std::process::id()));
    let folder = StateFolder::open(Some(folder)).expect("a folder");
    let tls = tls::config(&folder, Utc::now()).expect("a certificate");
    let trusting = trusting(&folder);
    let address = runtime.block_on(async {
        let listeners = serve::listen("127.0.0.1:0").await.expect("a socket");
        let address = listeners[0].local_addr().expect("an address");
        tokio::spawn(serve::serve(
            listeners,
            tls,
            server.router.clone(),
            std::future::pending(),
        ));
        address
    });
    let mut kept = runtime.block_on(connect(address, &trusting));
    // Each from a network of its own: ten a minute is what one may try.
    let count = Cell::new(0_u32);
    let sign_in = async |connection: &mut SendRequest<Full<Bytes>>| {
        count.set(count.get() + 1);
        let [_, a, b, c] = count.get().to_be_bytes();
        let request = Request::post("/sign-in")
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, ORIGIN)
            .header(header::COOKIE, &form.cookies)
            .header("x-forwarded-for", format!("10.{a}.{b}.{c}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form.body.clone()));
        connection.ready().await.expect("a connection");
        let answer = connection.send_request(request.expect("a request")).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), 303);
        answer.into_body().collect().await.expect("a body");
    };
    let typed = password();
    let mut permit = hasher
        .enter()
        .and_then(|entering| entering.wait_at_most(Duration::ZERO))
        .expect("a permit");
    let [signed_in, anew, alone] = in_turns(
        ROUNDS,
        CALLS,
        [
            &mut |calls| {
                (0..calls).for_each(|_| runtime.block_on(sign_in(&mut kept)));
            },
            &mut |calls| {
                (0..calls).for_each(|_| {
                    runtime.block_on(async {
                        let mut connection = connect(address, &trusting).await;
                        sign_in(&mut connection).await;
                    });
                });
            },
            &mut |calls| {
                (0..calls).for_each(|_| {
                    let right = permit.verify(Some(&hash), &typed);
                    assert!(black_box(right).is_ok());
                });
            },
        ],
    );
    println!(
        "{}",
        signed_in.against(&alone, "a sign-in over HTTPS, and its hash alone")
    );
    println!(
        "{}",
        anew.against(&alone, "the same with a handshake of its own")
    );
}

fn trusting(folder: &StateFolder) -> TlsConnector {
    let certificate = CertificateDer::from_pem_file(folder.file(tls::CERTIFICATE));
    let mut roots = RootCertStore::empty();
    roots
        .add(certificate.expect("a certificate"))
        .expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn connect(address: SocketAddr, tls: &TlsConnector) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = tls.connect(name, stream).await.expect("TLS");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    sender
}
