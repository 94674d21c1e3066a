//! What goes over the wire for a sign-in is the same, whatever the account's state.

use weft_auth::login::LoginStore;
use weft_auth::password::{Config, Hasher, Params, Password, Policy};
use weft_auth::testkit::trace::{Flow, Passwords, State, is_the_same_for_all, see};
use weft_auth::testkit::{Threads, Violation};
use weft_tests::Tap;
use weft_tests::auth::Tables;
use weft_tests::auth::race::now;

/// What a flow of [`see`] begins with, once the account is made: the network is charged.
const BEGIN: &str = "Parse INSERT INTO auth_rates";

fn former() -> String {
    let hasher = Hasher::new(Config::new(Params::OWASP_7_MIB, 16 << 20)).unwrap();
    let password = Password::new("a password of former times").unwrap();
    let chosen = Policy::alone().accept(password, &[]).unwrap();
    let mut permit = Threads::block_on(hasher.enter().unwrap());
    permit.hash(&chosen).unwrap().expose().to_owned()
}

fn hasher() -> Hasher {
    let config = Config::new(Params::insecure_for_tests(), 16 << 20);
    Hasher::new(config.with_stored_memory(7_168)).unwrap()
}

/// What one flow on an account in that state sent, and what it answered.
async fn sent<S: LoginStore>(
    (tap, store): (&Tap, &S),
    passwords: &Passwords<'_>,
    flow: Flow,
    state: State,
) -> (Vec<String>, String) {
    tap.take();
    let seen = see(store.clone(), passwords, (flow, state), now()).await;
    let told = seen.unwrap().told;
    let mut sent = tap.take().sent;
    // A client that prepares anew closes what it prepared, and may do so only now.
    while sent.last().is_some_and(|message| message == "Sync") {
        sent.pop();
    }
    let begin = sent.iter().position(|message| message.starts_with(BEGIN));
    (sent.split_off(begin.unwrap()), told)
}

/// Each flow on an account in each state, compared with the one on no account; and how many statements
/// each flow is.
async fn compare<S: LoginStore>(at: (&Tap, &S)) {
    let (hasher, former) = (hasher(), former());
    let passwords = Passwords::new(&hasher, &former).await.unwrap();
    for (flow, statements) in [
        (Flow::WrongPassword, 5),
        (Flow::LockingPassword, 6),
        (Flow::EarlyPassword, 4),
        (Flow::AskToSignIn, 6),
        (Flow::AskToReset, 6),
        (Flow::AskToRegister, 6),
    ] {
        let expected = sent(at, &passwords, flow, State::Unknown).await;
        let count = |kind: &str| {
            let of_kind = expected.0.iter().filter(|sent| sent.starts_with(kind));
            of_kind.count()
        };
        let counted = ["Parse ", "Execute", "Query "].map(count);
        assert_eq!(counted, [statements, statements, 0], "{flow:?}");
        for state in State::ALL {
            let seen = sent(at, &passwords, flow, state).await;
            assert_eq!(seen, expected, "{flow:?} {state:?}");
        }
    }
}

#[test]
fn synchronous_sign_ins_send_the_same_whatever_the_accounts_state() {
    let tables = Tables::new();
    let tap = Tap::new(&tables.url("auth"));
    let store = tables.one(tap.url());
    Threads::block_on(compare((&tap, &store)));
}

#[tokio::test(flavor = "multi_thread")]
async fn asynchronous_sign_ins_send_the_same_whatever_the_accounts_state() {
    let tables = Tables::new();
    let tap = Tap::new(&tables.url("auth"));
    let store = tables.one_async(tap.url()).await;
    compare((&tap, &store)).await;
}

#[test]
fn sign_ins_ask_the_same_of_the_store_and_answer_the_same() -> Result<(), Violation> {
    let (hasher, former) = (hasher(), former());
    let passwords = Threads::block_on(Passwords::new(&hasher, &former)).unwrap();
    let store = Tables::new();
    Threads::block_on(is_the_same_for_all(store.pooled(), &passwords, now()))
}

/// A link for nobody is a row like one for somebody, and so is its mail.
#[test]
fn what_is_asked_for_leaves_the_same_rows_for_nobody() {
    let (hasher, former) = (hasher(), former());
    let passwords = Threads::block_on(Passwords::new(&hasher, &former)).unwrap();
    for flow in [Flow::AskToSignIn, Flow::AskToReset, Flow::AskToRegister] {
        for state in [State::Unknown, State::Active] {
            let tables = Tables::new();
            let seen = see(tables.pooled(), &passwords, (flow, state), now());
            Threads::block_on(seen).unwrap();
            let rows = tables.value(
                "SELECT concat_ws(' ', (SELECT count(*) FROM auth_links),
                    (SELECT count(*) FROM auth_outbox WHERE octet_length(sealed_token) = 80),
                    (SELECT count(*) FROM auth_audit WHERE octet_length(body) = 107))",
            );
            assert_eq!(rows, "1 1 1", "{flow:?} {state:?}");
        }
    }
}
