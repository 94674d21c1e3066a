//! Requests read within limits, verified and refused alike: the function, the layer and axum.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "webhooks/sender.rs"]
#[allow(dead_code)]
mod sender;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::post;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};
use tower::{Service, ServiceExt, service_fn};
use weft_webhooks::axum::Webhook;
use weft_webhooks::tower::{WITHIN, WebhookLayer, read_body, receive};
use weft_webhooks::{Refusal, RefusalKind, Scheme, Verified, Verifier};

use sender::{NOW, at, headers, sent, verifier};

const BODY: &[u8] = b"{\"zen\":  1}";

/// A body of that many equal frames, one every `pause`, which counts those that were asked for.
struct Frames {
    frame: &'static [u8],
    left: usize,
    pause: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    broken: bool,
    announced: u64,
    asked: Arc<AtomicUsize>,
}

impl Frames {
    fn new(frame: &'static [u8], left: usize) -> Frames {
        Frames {
            frame,
            left,
            pause: Duration::ZERO,
            waiting: None,
            broken: false,
            announced: 0,
            asked: Arc::default(),
        }
    }
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let pause = self.pause;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(pause)));
        if !pause.is_zero() && waiting.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.waiting = None;
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.left == 0 {
            return Poll::Ready(self.broken.then_some(Err("reset")));
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(self.frame)))))
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.announced);
        hint
    }
}

async fn refused_as(body: Frames, limit: usize) -> RefusalKind {
    read_body(body, limit, WITHIN).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_body_is_read_no_further_than_the_limit() {
    for limit in [0, 1, 9, 10, 95, 4096] {
        let endless = Frames::new(b"0123456789", usize::MAX);
        let asked = Arc::clone(&endless.asked);
        assert_eq!(refused_as(endless, limit).await, RefusalKind::BodyTooLarge);
        assert_eq!(asked.load(Ordering::Relaxed), limit / 10 + 1);
    }
    let reaches = Frames::new(b"0123456789", 10);
    assert_eq!(read_body(reaches, 100, WITHIN).await.unwrap().len(), 100);
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_not_read() {
    let mut body = Frames::new(b"0123456789", 1);
    body.announced = 101;
    let asked = Arc::clone(&body.asked);
    assert_eq!(refused_as(body, 100).await, RefusalKind::BodyTooLarge);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn memory_follows_what_arrived() {
    for count in [1, 2, 3, 7, 100, 1000] {
        let mut body = Frames::new(b"0123456789", count);
        // What was announced is not believed.
        body.announced = 1_000_000;
        let read = read_body(body, 1_000_000, WITHIN).await.unwrap();
        assert_eq!(read.len(), 10 * count);
        assert!(read.capacity() <= 2 * read.len());
    }
    let body = read_body(Frames::new(b"0123456789", 10), 101, WITHIN).await;
    assert!(body.unwrap().capacity() <= 101);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_refused_though_each_frame_is_in_time() {
    let mut body = Frames::new(b"0", 100);
    body.pause = Duration::from_secs(3);
    let asked = Arc::clone(&body.asked);
    let begin = Instant::now();
    assert_eq!(refused_as(body, 1000).await, RefusalKind::BodyTimeout);
    assert_eq!(
        (begin.elapsed(), asked.load(Ordering::Relaxed)),
        (WITHIN, 3)
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let mut body = Frames::new(b"0123456789", 1);
    body.broken = true;
    assert_eq!(refused_as(body, 100).await, RefusalKind::BodyIncomplete);
}

#[tokio::test]
async fn what_the_headers_give_away_is_refused_before_the_body_is_read() {
    let stripe = Scheme::stripe();
    let stale = sent(&stripe, BODY, &(NOW - 301).to_string());
    for (headers, kind) in [
        (stale, RefusalKind::TooOld),
        (HeaderMap::new(), RefusalKind::MissingHeader),
    ] {
        let body = Frames::new(BODY, 1);
        let asked = Arc::clone(&body.asked);
        let verifier = verifier(stripe.clone());
        let refusal = receive(&verifier, &headers, body, WITHIN, at(NOW)).await;
        assert_eq!(refusal.unwrap_err().kind(), kind);
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test]
async fn a_body_in_frames_is_verified_whole() {
    let body: &[u8] = b"0123456789";
    let headers = sent(&Scheme::github(), &body.repeat(3), "");
    let verifier = verifier(Scheme::github());
    let verified = receive(&verifier, &headers, Frames::new(body, 3), WITHIN, at(NOW)).await;
    assert_eq!(verified.unwrap().body(), body.repeat(3));
}

fn github() -> Verifier {
    verifier(Scheme::github()).with_body_limit(1000)
}

fn request(headers: HeaderMap, body: Body) -> Request {
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.headers_mut() = headers;
    request
}

fn signed(body: &[u8]) -> HeaderMap {
    sent(&Scheme::github(), body, "")
}

/// Requests that are refused, and what for.
fn hostile() -> [(Request, RefusalKind); 6] {
    let mut slow = Frames::new(b"0", 100);
    slow.pause = Duration::from_secs(3);
    let mut broken = Frames::new(b"0", 1);
    broken.broken = true;
    let text = |text: &'static [u8]| headers([("x-hub-signature-256", text)]);
    [
        (
            request(signed(BODY), Body::from("{\"zen\":1}")),
            RefusalKind::Mismatch,
        ),
        (
            request(HeaderMap::new(), Body::from(BODY)),
            RefusalKind::MissingHeader,
        ),
        (
            request(text(b"sha256=0"), Body::from(BODY)),
            RefusalKind::MalformedHeader,
        ),
        (
            request(signed(BODY), Body::from(vec![0; 1001])),
            RefusalKind::BodyTooLarge,
        ),
        (
            request(signed(BODY), Body::new(slow)),
            RefusalKind::BodyTimeout,
        ),
        (
            request(signed(BODY), Body::new(broken)),
            RefusalKind::BodyIncomplete,
        ),
    ]
}

/// All that a sender sees of a response.
async fn seen(response: Response<Body>) -> (u16, Vec<(String, Vec<u8>)>, Vec<u8>) {
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let body = to_bytes(body, 1000).await.unwrap().to_vec();
    (parts.status.as_u16(), headers.collect(), body)
}

async fn assert_refused<S>(service: S)
where
    S: Service<Request, Response = Response<Body>, Error = Infallible> + Clone,
{
    let mut answers = Vec::new();
    for (request, kind) in hostile() {
        let response = service.clone().oneshot(request).await.unwrap();
        let refusal = response.extensions().get::<Refusal>().unwrap();
        assert_eq!(refusal.kind(), kind);
        answers.push(seen(response).await);
    }
    let (status, _, body) = &answers[0];
    assert_eq!((*status, body.as_slice()), (403, &b"webhook refused"[..]));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test(start_paused = true)]
async fn the_layer_refuses_alike_and_never_calls_what_is_inside() {
    async fn never(_: Request) -> Result<Response<Body>, Infallible> {
        panic!("called");
    }
    let inner = service_fn(never);
    assert_refused(tower::Layer::layer(&WebhookLayer::new(github()), inner)).await;
}

#[tokio::test]
async fn the_layer_hands_the_proof_on_and_an_empty_body() {
    let inner = service_fn(|request: Request| async {
        let (parts, body) = request.into_parts();
        assert!(to_bytes(body, 0).await.unwrap().is_empty());
        let verified = parts.extensions.get::<Verified>().unwrap();
        let body = Body::from(verified.body().to_vec());
        Ok::<_, Infallible>(Response::new(body))
    });
    let service = tower::Layer::layer(&WebhookLayer::new(github()), inner);
    let response = service
        .oneshot(request(signed(BODY), Body::from(BODY)))
        .await;
    assert_eq!(seen(response.unwrap()).await, (200, vec![], BODY.to_vec()));
}

#[tokio::test(start_paused = true)]
async fn the_layer_waits_as_long_as_it_is_told() {
    let layer = WebhookLayer::new(github()).within(Duration::from_secs(1));
    let inner = service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::empty())));
    let mut slow = Frames::new(b"0", 100);
    slow.pause = Duration::from_secs(2);
    let begin = Instant::now();
    let service = tower::Layer::layer(&layer, inner);
    let response = service
        .oneshot(request(signed(BODY), Body::new(slow)))
        .await;
    assert_eq!(response.unwrap().status(), 403);
    assert_eq!(begin.elapsed(), Duration::from_secs(1));
}

fn app() -> Router {
    async fn echo(Webhook(verified): Webhook) -> Vec<u8> {
        verified.body().to_vec()
    }
    Router::new()
        .route("/", post(echo))
        .with_state(Arc::new(github()))
}

#[tokio::test(start_paused = true)]
async fn the_extractor_refuses_alike_and_never_calls_the_handler() {
    async fn never(_: Webhook) {
        panic!("called");
    }
    assert_refused(
        Router::new()
            .route("/", post(never))
            .with_state(Arc::new(github())),
    )
    .await;
}

#[tokio::test]
async fn the_extractor_hands_on_the_bytes_that_were_signed() {
    let response = app().oneshot(request(signed(BODY), Body::from(BODY))).await;
    let (status, _, body) = seen(response.unwrap()).await;
    assert_eq!((status, body.as_slice()), (200, BODY));
}

/// The most frequent mistake with other libraries.
#[tokio::test]
async fn a_body_that_a_middleware_parsed_and_wrote_again_is_refused() {
    async fn parse(request: Request, next: Next) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1000).await.unwrap();
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let request = Request::from_parts(parts, Body::from(value.to_string()));
        next.run(request).await
    }
    let app = app().layer(from_fn(parse));
    let response = app.oneshot(request(signed(BODY), Body::from(BODY))).await;
    let response = response.unwrap();
    let refusal = response.extensions().get::<Refusal>().unwrap();
    assert_eq!(refusal.kind(), RefusalKind::Mismatch);
}

/// What a real server answers to `head` and then `body`, up to its end of the connection.
async fn over_the_wire(head: &str, body: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app()).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let signature = signed(BODY)["x-hub-signature-256"].clone();
    let signature = signature.to_str().unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-hub-signature-256: {signature}\r\n{head}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        answer.extend_from_slice(&buffer[..count]);
    }
    server.abort();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_server_answers_what_was_signed() {
    let answer = over_the_wire(&format!("content-length: {}", BODY.len()), BODY).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let chunks = [
        &b"5\r\n"[..],
        &BODY[..5],
        b"\r\n6\r\n",
        &BODY[5..],
        b"\r\n0\r\n\r\n",
    ];
    let answer = over_the_wire("transfer-encoding: chunked", &chunks.concat()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The body never comes, or never ends: the answer does.
#[tokio::test]
async fn a_server_answers_before_the_end_of_what_is_over_the_limit() {
    let answer = over_the_wire("content-length: 1001", b"").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let chunk = format!("3e9\r\n{}\r\n", "0".repeat(1001));
    let answer = over_the_wire("transfer-encoding: chunked", chunk.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.ends_with("webhook refused"), "{answer}");
}
