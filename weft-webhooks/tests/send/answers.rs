//! What a receiver may do with a request, and what it comes to.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue};
use tokio::time::timeout;
use weft_webhooks::outgoing::{Destination, Failure, Outcome, RetryAfter};
use weft_webhooks::{Scheme, Secret, Signer, Verifier};

use crate::receiver::{BODY, Conduct, NAME, Receiver, loopback, says};

fn body(outcome: &Outcome) -> &[u8] {
    match outcome {
        Outcome::Answered(answer) => answer.body(),
        Outcome::Failed(failure) => panic!("{failure}"),
    }
}

#[tokio::test]
async fn a_signed_message_arrives_byte_for_byte() {
    let receiver = Receiver::start(Conduct::Says(
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nthank you".to_owned(),
    ))
    .await;
    let secret = || Secret::new("a", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signer = Signer::new(Scheme::standard(), [secret()]).unwrap();
    let now = SystemTime::now();
    let headers = signer.sign("msg_1", BODY, now).unwrap();
    let outcome = receiver
        .sender()
        .send(&receiver.destination(), &headers, BODY.to_vec())
        .await;
    assert!(outcome.is_delivered());
    assert_eq!(body(&outcome), b"thank");

    let request = &receiver.seen().requests[0];
    let (head, arrived) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("POST /hook?shop=7 HTTP/1.1"));
    let mut arrived_headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let name: http::HeaderName = name.parse().unwrap();
        assert!(
            arrived_headers
                .insert(name, value.parse::<HeaderValue>().unwrap())
                .is_none()
        );
    }
    let port = receiver.address.port();
    assert_eq!(arrived_headers["host"], format!("{NAME}:{port}").as_str());
    assert_eq!(
        arrived_headers["content-length"],
        BODY.len().to_string().as_str()
    );
    assert_eq!(arrived_headers["connection"], "close");
    let verifier = Verifier::new(Scheme::standard(), [secret()]).unwrap();
    assert!(
        verifier
            .verify(&arrived_headers, arrived.into(), now)
            .is_ok()
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let other = Receiver::start(says("204 No Content")).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let location = format!("location: https://{NAME}:{}/", other.address.port());
        let receiver = Receiver::start(says(&format!("{status}\r\n{location}"))).await;
        let outcome = receiver.attempt().await;
        assert_eq!(outcome.name(), "redirected");
        assert!(!outcome.is_delivered());
        assert_eq!(receiver.seen().connections, 1);
    }
    assert_eq!(other.seen().connections, 0);
}

#[tokio::test]
async fn a_status_is_what_it_is() {
    for (status, name) in [
        ("200 OK", "delivered"),
        ("404 Not Found", "rejected"),
        ("410 Gone", "gone"),
        ("500 Oh", "server-error"),
        ("101 Switching Protocols", "unknown-status"),
    ] {
        let receiver = Receiver::start(says(status)).await;
        assert_eq!(receiver.attempt().await.name(), name);
    }
    let receiver = Receiver::start(says("429 Too Many\r\nretry-after: 77")).await;
    let outcome = receiver.attempt().await;
    let wait = RetryAfter::Wait(Duration::from_secs(77));
    assert_eq!(
        (outcome.name(), outcome.retry_after()),
        ("busy", Some(wait))
    );
}

#[tokio::test]
async fn a_slow_receiver_is_a_timeout() {
    for conduct in [
        Conduct::Ignores,
        Conduct::Stops(String::new()),
        Conduct::Stops("HTTP/1.1 200 OK\r\ncontent-le".to_owned()),
        Conduct::Repeats(String::new(), "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let receiver = Receiver::start(conduct).await;
        let sender = receiver
            .sender()
            .with_time_limit(Duration::from_millis(300));
        let outcome = sender
            .send(&receiver.destination(), &HeaderMap::new(), BODY.to_vec())
            .await;
        assert_eq!(outcome, Failure::Timeout.into());
    }
}

#[tokio::test]
async fn an_answer_counts_when_its_head_is_there() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_owned();
    for conduct in [
        Conduct::Stops(format!("{head}some")),
        Conduct::Says(format!("{head}some")),
    ] {
        let receiver = Receiver::start(conduct).await;
        let sender = receiver.sender().with_time_limit(Duration::from_secs(3));
        let outcome = sender
            .send(&receiver.destination(), &HeaderMap::new(), BODY.to_vec())
            .await;
        assert!(outcome.is_delivered());
        assert_eq!(body(&outcome), b"some");
    }
}

#[tokio::test]
async fn of_an_endless_body_8_kib_are_read() {
    for (head, again) in [
        ("HTTP/1.1 200 OK\r\n\r\n", "abcdefg"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n",
            "abcdefg",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "7\r\nabcdefg\r\n",
        ),
    ] {
        let receiver = Receiver::start(Conduct::Repeats(head.to_owned(), again)).await;
        // Who read on would do so for an hour.
        let sender = receiver.sender().with_time_limit(Duration::from_secs(3600));
        let (destination, headers) = (receiver.destination(), HeaderMap::new());
        let attempt = sender.send(&destination, &headers, BODY.to_vec());
        let outcome = timeout(Duration::from_secs(60), attempt).await.unwrap();
        assert!(outcome.is_delivered());
        assert_eq!(body(&outcome).len(), 8192);
        assert!(body(&outcome).starts_with(b"abcdefgabcdefg"));
    }
}

#[tokio::test]
async fn an_endless_head_is_malformed() {
    let head = "HTTP/1.1 200 OK\r\n".to_owned();
    for again in ["a: b\r\n", "a"] {
        let receiver = Receiver::start(Conduct::Repeats(head.clone(), again)).await;
        assert_eq!(receiver.attempt().await, Failure::Malformed.into());
    }
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    for text in [
        "220 mail.example ESMTP\r\n",
        "\0\0\0\0",
        "HTTP/1.1 abc\r\n\r\n",
    ] {
        let receiver = Receiver::start(Conduct::Says(text.to_owned())).await;
        assert_eq!(
            receiver.attempt().await,
            Failure::Malformed.into(),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_unreachable() {
    let receiver = Receiver::start(Conduct::Resets).await;
    assert_eq!(receiver.attempt().await, Failure::Unreachable.into());
    let receiver = Receiver::start(Conduct::Says("HTTP/1.1 200".to_owned())).await;
    assert_eq!(receiver.attempt().await, Failure::Unreachable.into());
    // Without TLS.
    let receiver = Receiver::start_plain(Conduct::Resets).await;
    let url = format!("http://{}/", receiver.address);
    let destination = Destination::parse(&url, &loopback()).unwrap();
    let sender = Receiver::start(Conduct::Resets).await.sender();
    let outcome = sender
        .send(&destination, &HeaderMap::new(), BODY.to_vec())
        .await;
    assert_eq!(outcome, Failure::Unreachable.into());
}

#[tokio::test]
async fn what_belongs_to_the_connection_is_not_taken_from_the_caller() {
    let receiver = Receiver::start(says("204 No Content")).await;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "other.example"),
        ("content-length", "3"),
        ("transfer-encoding", "chunked"),
        ("connection", "upgrade"),
        ("upgrade", "h2c"),
        ("expect", "100-continue"),
        ("te", "trailers"),
        ("trailer", "a"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
        headers.append(name, HeaderValue::from_static(value));
    }
    headers.insert("user-agent", HeaderValue::from_static("ours"));
    let outcome = receiver
        .sender()
        .send(&receiver.destination(), &headers, BODY.to_vec())
        .await;
    assert!(outcome.is_delivered());
    let request = receiver.seen().requests[0].clone();
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.split("\r\n").skip(1).collect();
    lines.sort_unstable();
    let port = receiver.address.port();
    let expected = [
        "connection: close",
        &format!("content-length: {}", BODY.len()),
        &format!("host: {NAME}:{port}"),
        "user-agent: ours",
    ];
    assert_eq!(lines, expected);
}
