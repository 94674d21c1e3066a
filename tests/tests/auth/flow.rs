//! From nobody to somebody who is signed in, and back, through the tables.

use http::Method;
use weft_auth::audit::{Event, Head, Reason, Record, verify};
use weft_auth::link::{Post, Purpose};
use weft_auth::login::{Login, LoginStore, Outcome, Presented, Visit};
use weft_auth::password::{Config, Hasher, Params, Password, Policy};
use weft_auth::postgres::{Lend, PgStore};
use weft_auth::session::{Arrival, Proof};
use weft_auth::store::{AuditStore, MailKind};
use weft_auth::throttle::Network;
use weft_auth::token::Token;
use weft_auth::{Mailbox, PseudonymKey};
use weft_tests::auth::Tables;
use weft_tests::auth::race::now;

use super::stage::{MINUTE, run};

const RIGHT: &str = "marmalade under the pavement";

fn login<S: LoginStore>(store: S) -> Login<S> {
    let config = Config::new(Params::insecure_for_tests(), 1 << 20);
    let hasher = Hasher::new(config).unwrap();
    Login::new(store, hasher, PseudonymKey::new(&[7; 32]))
}

fn visit() -> Visit<'static> {
    Visit::from(Network::of([192, 0, 2, 1].into()), now())
}

async fn signs_in_and_out<L: Lend + Clone>(store: PgStore<L>) {
    let login = login(store.clone());
    let mailbox = Mailbox::parse("ada@example.com").unwrap();
    let password = |text| Password::new(text).unwrap();
    let chosen = Policy::alone().accept(password(RIGHT), &[]).unwrap();
    let here = visit();
    let asked = login.ask_to_register(&mailbox, chosen, None, &here).await;
    let asked = asked.unwrap();

    let waiting = store.claim_mail(9, now(), MINUTE).await.unwrap();
    let [waiting] = waiting.try_into().unwrap();
    assert_eq!(waiting.mail.kind, MailKind::Link(Purpose::Register));
    let link = waiting.mail.token.unwrap();
    let presented = Presented::Link(&link, Some(&asked.browser));
    let post = || Post::check(&Method::POST).unwrap();
    let outcome = login.register(post(), presented, visit()).await.unwrap();
    let Outcome::SignedIn(first) = outcome else {
        panic!("a second factor is owed");
    };
    assert!(login.register(post(), presented, visit()).await.is_err());

    let wrong = password("under the pavement, marmalade");
    assert!(login.password(&mailbox, wrong, visit()).await.is_err());
    let arrival = Arrival {
        before: Some(&first.started.token),
        ..Arrival::default()
    };
    let again = Visit { arrival, ..visit() };
    let outcome = login.password(&mailbox, password(RIGHT), again).await;
    let Outcome::SignedIn(second) = outcome.unwrap() else {
        panic!("a second factor is owed");
    };
    let sessions = login.sessions();
    assert!(sessions.resume(&first.started.token, now()).await.is_err());
    let later = now() + 2 * MINUTE;
    let session = sessions.resume(&second.started.token, later).await.unwrap();
    let devices = sessions.devices(session.account(), later).await.unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].last_seen_at, later);
    let rotated = sessions.rotate(session, later).await.unwrap();
    assert!(sessions.sign_out(&second.started.token).await.unwrap());
    assert!(sessions.resume(&rotated.token, later).await.is_err());
    assert!(
        !sessions
            .sign_out(&Token::generate().unwrap())
            .await
            .unwrap()
    );

    let entries = store.entries_after(0, 100).await.unwrap();
    assert_eq!(verify(Head::START, &entries).unwrap().number, 6);
    let events = entries
        .iter()
        .map(|entry| Record::from_bytes(&entry.body).unwrap().event);
    let expected = [
        Event::LinkAsked(Purpose::Register),
        Event::Registered,
        Event::SignedIn(Proof::Mailbox),
        Event::Refused(Reason::Link),
        Event::Refused(Reason::WrongPassword),
        Event::SignedIn(Proof::Password),
    ];
    assert_eq!(events.collect::<Vec<_>>(), expected);
}

#[test]
fn somebody_registers_signs_in_and_out_over_synchronous_connections() {
    let tables = Tables::new();
    run(signs_in_and_out(tables.pooled()));
}

#[tokio::test]
async fn somebody_registers_signs_in_and_out_over_asynchronous_connections() {
    let tables = Tables::new();
    signs_in_and_out(tables.pooled_async()).await;
}
