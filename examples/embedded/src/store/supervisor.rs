use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::child::READY;
use super::listener::{listen, remember};
use super::server::Server;
use super::settings::Settings;

/// A store that serves until this is dropped.
#[derive(Debug)]
pub struct Store {
    port: u16,
    _running: Running,
}

#[derive(Debug)]
#[expect(dead_code, reason = "they are held, and end when they are dropped")]
enum Running {
    Here(Server),
    Child(Supervisor),
}

/// The thread that starts the child again whenever it ends.
struct Supervisor {
    watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and its owner share.
struct Watch {
    program: OsString,
    arguments: Vec<OsString>,
    settings: Settings,
    // Never without an owner, so that nobody else gets the port while there is no child, and who asks waits.
    listener: TcpListener,
    now: Mutex<Now>,
    stop: Condvar,
}

#[derive(Default)]
struct Now {
    child: Option<Child>,
    stopping: bool,
}

/// How long after its end a store is started again: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(10));
/// How long it has to run for the next pause to be the first one again.
const STEADY: Duration = Duration::from_secs(60);

impl Store {
    /// Starts `program`, which with these arguments does nothing but [`child`](super::child), and starts
    /// it again at the same port whenever it ends. Any port is the one of the last time, where it is free.
    ///
    /// # Errors
    /// When it cannot be started or not be listened on the port.
    pub fn start(
        program: impl Into<OsString>,
        arguments: &[&str],
        mut settings: Settings,
    ) -> io::Result<Store> {
        let listener = listen(&settings)?;
        let port = listener.local_addr()?.port();
        settings.port = port;
        let mut watch = Watch {
            program: program.into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            settings,
            listener,
            now: Mutex::default(),
            stop: Condvar::new(),
        };
        let (child, line) = watch.launch()?;
        remember(&watch.settings)?;
        watch.now = Mutex::new(Now {
            child: Some(child),
            stopping: false,
        });
        let watch = Arc::new(watch);
        let supervised = Arc::clone(&watch);
        let thread = thread::Builder::new()
            .name("object store".to_owned())
            .spawn(move || supervised.supervise(line));
        let supervisor = Supervisor {
            watch,
            thread: Some(thread?),
        };
        Ok(Store {
            port,
            _running: Running::Child(supervisor),
        })
    }

    /// Serves on threads of this process.
    ///
    /// # Errors
    /// When the folder cannot be used or the port not be listened on.
    pub fn within(settings: &Settings) -> io::Result<Store> {
        let server = Server::start(listen(settings)?, settings)?;
        Ok(Store {
            port: server.port(),
            _running: Running::Here(server),
        })
    }

    /// The port of `127.0.0.1`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process that serves at the moment, if it is one of its own.
    pub fn process(&self) -> Option<u32> {
        match &self._running {
            Running::Here(_) => None,
            Running::Child(supervisor) => supervisor.watch.now().child.as_ref().map(Child::id),
        }
    }
}

impl Watch {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A child that serves, and the socket to it, which ends when it does.
    fn launch(&self) -> io::Result<(Child, UnixStream)> {
        let (line, its) = UnixStream::pair()?;
        // A group of its own, so that Ctrl-C reaches the application first. What the environment holds,
        // a store need not know.
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .process_group(0)
            .stdin(OwnedFd::from(its))
            .stdout(OwnedFd::from(self.listener.try_clone()?))
            .spawn()?;
        let greeted = self.greet(&line);
        if greeted.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        greeted.map(|()| (child, line))
    }

    fn greet(&self, mut line: &UnixStream) -> io::Result<()> {
        let mut settings = Zeroizing::new(serde_json::to_vec(&self.settings)?);
        settings.push(b'\n');
        line.write_all(&settings)?;
        let mut said = [0; READY.len()];
        let heard = line.read_exact(&mut said);
        match heard.is_ok() && said == READY.as_bytes() {
            true => Ok(()),
            false => Err(io::Error::other("the object store did not start")),
        }
    }

    fn supervise(&self, mut line: UnixStream) {
        let (first, most) = PAUSE;
        let mut pause = first;
        let mut since = Instant::now();
        loop {
            let _ = io::copy(&mut line, &mut io::sink());
            let ended = self.now().child.take();
            if let Some(mut child) = ended {
                let _ = child.wait();
            }
            if since.elapsed() >= STEADY {
                pause = first;
            }
            line = loop {
                let now = self.now();
                let waited = self
                    .stop
                    .wait_timeout_while(now, pause, |now| !now.stopping);
                let (now, _) = waited.unwrap_or_else(PoisonError::into_inner);
                if now.stopping {
                    return;
                }
                drop(now);
                pause = (pause * 2).min(most);
                match self.launch() {
                    Ok((mut child, line)) => {
                        let mut now = self.now();
                        if now.stopping {
                            let _ = child.kill();
                            let _ = child.wait();
                            return;
                        }
                        now.child = Some(child);
                        break line;
                    }
                    Err(error) => eprintln!("object store: {error}"),
                }
            };
            since = Instant::now();
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let mut now = self.watch.now();
        now.stopping = true;
        if let Some(child) = &mut now.child {
            let _ = child.kill();
        }
        drop(now);
        self.watch.stop.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("settings", &self.watch.settings)
            .finish_non_exhaustive()
    }
}
