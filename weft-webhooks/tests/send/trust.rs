//! Who the receiver is.

use http::HeaderMap;
use weft_webhooks::outgoing::{Destination, Failure, Roots, Sender, TlsError};

use crate::names::Names;
use crate::receiver::{BODY, Conduct, NAME, Receiver, loopback, says, sender};

#[tokio::test]
async fn a_certificate_that_nobody_trusted_issued_is_refused() {
    let receiver = Receiver::start(says("204 No Content")).await;
    let other = Receiver::start(says("204 No Content")).await;
    let names = || Names::always(&["127.0.0.1"]);
    let strangers = Sender::new(Roots::none()).unwrap().with_resolver(names());
    for sender in [sender(&other.certificate, names()), strangers] {
        let outcome = sender
            .send(&receiver.destination(), &HeaderMap::new(), BODY.to_vec())
            .await;
        assert_eq!(outcome, Failure::Tls.into());
    }
    assert!(receiver.seen().requests.is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let receiver = Receiver::start(says("204 No Content")).await;
    let url = format!("https://{}/", receiver.address);
    let destination = Destination::parse(&url, &loopback()).unwrap();
    let outcome = receiver
        .sender()
        .send(&destination, &HeaderMap::new(), BODY.to_vec())
        .await;
    assert_eq!(outcome, Failure::Tls.into());
    assert!(receiver.seen().requests.is_empty());
}

#[tokio::test]
async fn the_receiver_is_told_which_name_is_meant() {
    let receiver = Receiver::start(says("204 No Content")).await;
    assert!(receiver.attempt().await.is_delivered());
    assert_eq!(receiver.seen().server_names, [Some(NAME.to_owned())]);
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_is_refused() {
    let receiver = Receiver::start(Conduct::Greets("220 mail.example ESMTP\r\n")).await;
    assert_eq!(receiver.attempt().await, Failure::Tls.into());
}

#[test]
fn what_is_no_certificate_is_no_root() {
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        let refused = Roots::none().with_pem(pem.as_bytes()).unwrap_err();
        assert_eq!(refused, TlsError::Certificate);
    }
}

#[test]
fn the_platforms_roots_are_there_or_said_to_be_missing() {
    if let Err(error) = Roots::platform() {
        assert_eq!(error, TlsError::NoPlatformRoots);
    }
}
