//! A wire tap: a socket that passes everything on to Postgres and notes what went by.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs, process, thread};

/// What went by since it was last asked for.
#[derive(Debug, Default, Clone)]
pub struct Traffic {
    /// The client's messages: `Query BEGIN`, `Parse SELECT …`, `Bind`, `Execute`, `Sync`.
    pub sent: Vec<String>,
    /// How often the server was ready for the next query.
    pub ready: usize,
    /// How often the client spoke when everything it had asked was answered.
    pub round_trips: usize,
    waiting: usize,
}

/// Listens in front of a server until the test ends.
pub struct Tap {
    folder: PathBuf,
    traffic: Arc<Mutex<Traffic>>,
    url: String,
}

impl Tap {
    /// A tap in front of `url`, an address whose host is a percent-encoded folder.
    pub fn new(url: &str) -> Tap {
        Tap::editing(url, |_| ())
    }

    /// The same, with `edit` applied to what the client sends.
    #[allow(clippy::expect_used)]
    pub fn editing(url: &str, edit: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Tap {
        static NUMBERS: AtomicU32 = AtomicU32::new(0);
        let (before, rest) = url.split_once('@').expect("an address with a user");
        let (host, after) = rest.split_once(':').expect("an address with a port");
        let server = PathBuf::from(host.replace("%2F", "/")).join(SOCKET);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("weft-tap-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let listener = UnixListener::bind(folder.join(SOCKET)).expect("a socket");
        let traffic = Arc::<Mutex<Traffic>>::default();
        let (noted, edit) = (Arc::clone(&traffic), Arc::new(edit));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = UnixStream::connect(&server).expect("the server");
                connect(client, server, &noted, &edit).expect("a connection in two directions");
            }
        });
        let host = folder.display().to_string().replace('/', "%2F");
        Tap {
            folder,
            traffic,
            url: format!("{before}@{host}:{after}"),
        }
    }

    /// The address of the tap.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What went by since the last call.
    pub fn take(&self) -> Traffic {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = traffic.waiting;
        std::mem::replace(
            &mut *traffic,
            Traffic {
                waiting,
                ..Traffic::default()
            },
        )
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const SOCKET: &str = ".s.PGSQL.5432";

fn connect(
    client: UnixStream,
    server: UnixStream,
    traffic: &Arc<Mutex<Traffic>>,
    edit: &Arc<impl Fn(&mut [u8]) + Send + Sync + 'static>,
) -> std::io::Result<()> {
    let (from_client, to_client) = (client.try_clone()?, client);
    let (from_server, to_server) = (server.try_clone()?, server);
    let (noted, edit) = (Arc::clone(traffic), Arc::clone(edit));
    thread::spawn(move || {
        // The first message has no type.
        let mut messages = Messages::new(4);
        pass(from_client, to_server, |bytes| {
            edit(bytes);
            let mut traffic = noted.lock().unwrap_or_else(PoisonError::into_inner);
            traffic.round_trips += usize::from(traffic.waiting == 0);
            messages.read(bytes, |kind, body| {
                traffic.waiting += usize::from(matches!(kind, b'Q' | b'S'));
                traffic.sent.extend(named(kind, body));
            });
        });
    });
    let noted = Arc::clone(traffic);
    thread::spawn(move || {
        let mut messages = Messages::new(5);
        pass(from_server, to_client, |bytes| {
            let mut traffic = noted.lock().unwrap_or_else(PoisonError::into_inner);
            messages.read(bytes, |kind, _| {
                let ready = kind == b'Z';
                traffic.ready += usize::from(ready);
                traffic.waiting = traffic.waiting.saturating_sub(usize::from(ready));
            });
        });
    });
    Ok(())
}

fn pass(mut from: UnixStream, mut to: UnixStream, mut note: impl FnMut(&mut [u8])) {
    let mut buffer = [0; 65536];
    while let Ok(count) = from.read(&mut buffer) {
        let bytes = &mut buffer[..count];
        if !bytes.is_empty() {
            note(bytes);
        }
        if bytes.is_empty() || to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

/// Cuts a stream into messages: type, length, body.
struct Messages {
    pending: Vec<u8>,
    head: usize,
}

impl Messages {
    fn new(head: usize) -> Messages {
        Messages {
            pending: Vec::new(),
            head,
        }
    }

    fn read(&mut self, bytes: &[u8], mut note: impl FnMut(u8, &[u8])) {
        self.pending.extend_from_slice(bytes);
        loop {
            let Some(length) = self.pending.get(self.head - 4..self.head) else {
                return;
            };
            let length = length
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            let end = self.head - 4 + length;
            if self.pending.len() < end {
                return;
            }
            let message: Vec<u8> = self.pending.drain(..end).collect();
            if self.head == 5 {
                note(message[0], &message[5..]);
            }
            self.head = 5;
        }
    }
}

fn named(kind: u8, body: &[u8]) -> Option<String> {
    let mut texts = body.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    Some(match kind {
        b'Q' => format!("Query {}", texts.next()?),
        b'P' => format!("Parse {}", texts.nth(1)?),
        b'B' => "Bind".to_owned(),
        b'E' => "Execute".to_owned(),
        b'S' => "Sync".to_owned(),
        _ => return None,
    })
}
