//! Names that resolve as an attacker wants them to.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use weft_webhooks::outgoing::{Destination, Failure, Networks, Outcome, Resolve, Roots, Sender};

use crate::receiver::{BODY, NAME, Receiver, loopback, says, sender};

/// Answers in turn, the last one for ever; none at all is a name that does not exist.
#[derive(Clone)]
pub(crate) struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: Arc<AtomicUsize>,
}

impl Names {
    pub(crate) fn always(addresses: &[&str]) -> Names {
        Names::in_turn(&[addresses])
    }

    fn in_turn(answers: &[&[&str]]) -> Names {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Names {
            answers: answers.iter().map(parse).collect(),
            asked: Arc::default(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(name, NAME);
        let place = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(place).or(self.answers.last());
        answer.cloned().ok_or(io::ErrorKind::NotFound.into())
    }
}

async fn send(sender: &Sender<Names>, destination: &Destination) -> Outcome {
    sender
        .send(destination, &HeaderMap::new(), BODY.to_vec())
        .await
}

#[tokio::test]
async fn a_private_address_is_refused_and_not_connected_to() {
    let receiver = Receiver::start(says("204 No Content")).await;
    let url = format!("https://{NAME}:{}/", receiver.address.port());
    let destination = Destination::parse(&url, &Networks::none()).unwrap();
    assert_eq!(
        send(&receiver.sender(), &destination).await,
        Failure::RefusedAddress.into()
    );
    assert_eq!(receiver.seen().connections, 0);
    // The same receiver, when its network is excepted.
    assert!(receiver.attempt().await.is_delivered());
    assert_eq!(receiver.seen().connections, 1);
}

#[tokio::test]
async fn one_private_address_among_others_is_refused_and_none_is_connected_to() {
    let receiver = Receiver::start(says("204 No Content")).await;
    for answer in [
        &["127.0.0.1", "127.0.0.2"][..],
        &["127.0.0.1", "10.0.0.1"],
        &["::1", "127.0.0.1"],
    ] {
        let sender = sender(&receiver.certificate, Names::always(answer));
        let outcome = send(&sender, &receiver.destination()).await;
        assert_eq!(outcome, Failure::RefusedAddress.into());
    }
    assert_eq!(receiver.seen().connections, 0);
}

#[tokio::test]
async fn a_name_is_resolved_once_for_each_attempt_and_judged_each_time() {
    let receiver = Receiver::start(says("204 No Content")).await;
    let names = Names::in_turn(&[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
    let sender = sender(&receiver.certificate, names.clone());
    let destination = receiver.destination();
    // Were the name resolved again to connect, this would go to the second address.
    assert!(send(&sender, &destination).await.is_delivered());
    assert_eq!((names.asked(), receiver.seen().connections), (1, 1));
    assert_eq!(
        send(&sender, &destination).await,
        Failure::RefusedAddress.into()
    );
    assert_eq!((names.asked(), receiver.seen().connections), (2, 1));
    assert!(send(&sender, &destination).await.is_delivered());
    assert_eq!((names.asked(), receiver.seen().connections), (3, 2));
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_does_not_accept() {
    let receiver = Receiver::start(says("204 No Content")).await;
    let excepted = Networks::from_iter(["127.0.0.0/8".parse().unwrap()]);
    let url = format!("https://{NAME}:{}/", receiver.address.port());
    let destination = Destination::parse(&url, &excepted).unwrap();
    let attempt = async |answer: &[&str]| {
        send(
            &sender(&receiver.certificate, Names::always(answer)),
            &destination,
        )
        .await
    };
    assert!(attempt(&["127.0.0.2", "127.0.0.1"]).await.is_delivered());
    assert_eq!(attempt(&["127.0.0.2"]).await, Failure::Unreachable.into());
    // Three are tried, so that one name does not keep us busy.
    let many = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"];
    assert_eq!(attempt(&many).await, Failure::Unreachable.into());
}

#[tokio::test]
async fn a_name_without_addresses_is_unresolved() {
    let receiver = Receiver::start(says("204 No Content")).await;
    for names in [Names::in_turn(&[]), Names::always(&[])] {
        let outcome = send(
            &sender(&receiver.certificate, names),
            &receiver.destination(),
        )
        .await;
        assert_eq!(outcome, Failure::Unresolved.into());
    }
}

#[tokio::test]
async fn an_address_in_the_url_is_not_resolved() {
    let receiver = Receiver::start_plain(says("204 No Content")).await;
    let url = format!("http://{}/", receiver.address);
    let destination = Destination::parse(&url, &loopback()).unwrap();
    let names = Names::always(&["127.0.0.2"]);
    let sender = Sender::new(Roots::none())
        .unwrap()
        .with_resolver(names.clone());
    assert!(send(&sender, &destination).await.is_delivered());
    assert_eq!(names.asked(), 0);
}

#[tokio::test]
async fn the_systems_resolver_finds_this_machine_and_it_is_refused() {
    let receiver = Receiver::start(says("204 No Content")).await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let destination = Destination::parse(&url, &Networks::none()).unwrap();
    let sender = Sender::new(Roots::none()).unwrap();
    // On a task of its own, as a server does it.
    let attempt = tokio::spawn(async move {
        let headers = HeaderMap::new();
        sender.send(&destination, &headers, BODY.to_vec()).await
    });
    assert_eq!(attempt.await.unwrap(), Failure::RefusedAddress.into());
    assert_eq!(receiver.seen().connections, 0);
}
