//! A crash between the use and the answer: what is used up is used once at most.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, fs, process, thread};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl};
use uuid::Uuid;
use weft_auth::link::Purpose;
use weft_auth::postgres::{Lend, PgError, PgStore};
use weft_auth::store::{LinkStore, SecondFactorStore, SessionStore};
use weft_auth::totp::Step;
use weft_tests::auth::Tables;
use weft_tests::auth::race::now;

use super::stage::{Stage, run};

const SOCKET: &str = ".s.PGSQL.5432";

/// In front of a server: passes everything on until it is armed, and then swallows the answer to a
/// statement that did something, once it is committed, and hangs up.
struct Cut {
    folder: PathBuf,
    url: String,
    armed: Arc<AtomicBool>,
}

impl Cut {
    fn new(url: &str) -> Cut {
        let (before, rest) = url.split_once('@').unwrap();
        let (host, after) = rest.split_once(':').unwrap();
        let server = PathBuf::from(host.replace("%2F", "/")).join(SOCKET);
        let name = format!("weft-cut-{}-{}", process::id(), Uuid::new_v4().simple());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let listener = UnixListener::bind(folder.join(SOCKET)).unwrap();
        let armed = Arc::<AtomicBool>::default();
        let cuts = Arc::clone(&armed);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = UnixStream::connect(&server).unwrap();
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || pass(from, to, |_| false));
                let cuts = Arc::clone(&cuts);
                let mut seen = Vec::new();
                thread::spawn(move || {
                    pass(server, client, |bytes| {
                        let cut = cuts.load(Ordering::SeqCst);
                        seen.extend(bytes.iter().filter(|_| cut));
                        cut && is_done(&seen)
                    });
                });
            }
        });
        let host = folder.display().to_string().replace('/', "%2F");
        let url = format!("{before}@{host}:{after}");
        Cut { folder, url, armed }
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether a statement's tag says that it did something, and the server is ready for the next one, which
/// it is when that is committed.
fn is_done(answer: &[u8]) -> bool {
    let has = |tag: &[u8]| answer.windows(tag.len()).any(|bytes| bytes == tag);
    let tags: [&[u8]; 3] = [b"SELECT 1\0", b"DELETE 1\0", b"UPDATE 1\0"];
    tags.into_iter().any(has) && answer.ends_with(b"Z\0\0\0\x05I")
}

fn pass(mut from: UnixStream, mut to: UnixStream, mut cut: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 65536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let bytes = &buffer[..count];
        if cut(bytes) || to.write_all(bytes).is_err() {
            break;
        }
    }
    for end in [from, to] {
        let _ = end.shutdown(std::net::Shutdown::Both);
    }
}

/// The things that are used up, each by its name.
const USES: [&str; 5] = ["link", "code", "step", "challenge", "rotation"];

fn used<L: Lend>(store: &PgStore<L>, stage: &Stage, what: &str) -> Result<bool, PgError<L::Error>> {
    let id = stage.account.id;
    match what {
        "link" => {
            let (link, browser) = (stage.link.digest(), stage.browser.digest());
            let spent = store.consume_link(&link, Purpose::SignIn, Some(&browser), now());
            run(spent).map(|spent| spent.is_some())
        }
        "code" => run(store.consume_recovery_code(id, &stage.codes[0].digest())),
        "step" => run(store.accept_step(id, Step::from_number(2))),
        "challenge" => run(store.close_challenge(&stage.challenge.digest())),
        _ => {
            let new = weft_auth::token::Token::generate().unwrap().digest();
            let proofs = super::stage::begun(id).proofs;
            run(store.rotate_session(&stage.session.digest(), &new, &proofs, now()))
        }
    }
}

#[test]
fn what_was_used_up_before_the_answer_was_lost_is_not_used_again() {
    let tables = Tables::new();
    let cut = Cut::new(&tables.url("auth"));
    let stage = Stage::new(&tables.pooled());
    for what in USES {
        let store = tables.one(&cut.url);
        cut.armed.store(true, Ordering::SeqCst);
        let lost = used(&store, &stage, what);
        assert!(
            matches!(lost, Err(PgError::Database(_))),
            "{what}: {lost:?}"
        );
        cut.armed.store(false, Ordering::SeqCst);
        let again = used(&tables.pooled(), &stage, what);
        assert!(!again.unwrap(), "{what} was used twice");
    }
}

/// The server ends the session before it has committed: nothing was used up, and then it is, once.
#[test]
fn what_was_not_committed_before_the_end_is_used_once_afterwards() {
    let tables = Tables::new();
    let stage = Stage::new(&tables.pooled());
    let mut admin = [(); 2].map(|()| PgConnection::establish(&tables.url("postgres")).unwrap());
    let [holder, watcher] = &mut admin;
    for (what, table) in USES.into_iter().zip([
        "auth_links",
        "auth_recovery_codes",
        "auth_totps",
        "auth_challenges",
        "auth_sessions",
    ]) {
        let store = tables.one(&tables.url("auth"));
        holder
            .batch_execute(&format!("BEGIN; SELECT FROM {table} FOR UPDATE"))
            .unwrap();
        let ended = thread::scope(|scope| {
            let ended = scope.spawn(|| used(&store, &stage, what));
            let waiting = diesel::sql_query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'auth'
                 AND datname = current_database() AND wait_event_type = 'Lock'",
            );
            while !ended.is_finished() && waiting.clone().execute(watcher).unwrap() == 0 {
                thread::yield_now();
            }
            ended.join().unwrap()
        });
        assert!(
            matches!(ended, Err(PgError::Database(_))),
            "{what}: {ended:?}"
        );
        holder.batch_execute("ROLLBACK").unwrap();
        let store = tables.pooled();
        let uses = [(); 2].map(|()| used(&store, &stage, what).unwrap());
        assert_eq!(uses, [true, false], "{what}");
    }
}
