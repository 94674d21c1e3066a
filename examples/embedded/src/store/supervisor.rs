use std::ffi::OsString;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

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
    /// it again at the same port whenever it ends.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it listens.
    pub fn start(
        program: impl Into<OsString>,
        arguments: &[&str],
        settings: Settings,
    ) -> io::Result<Store> {
        let mut watch = Watch {
            program: program.into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            settings,
            now: Mutex::default(),
            stop: Condvar::new(),
        };
        let (child, port, out) = watch.launch()?;
        watch.settings.port = port;
        watch.now = Mutex::new(Now {
            child: Some(child),
            stopping: false,
        });
        let watch = Arc::new(watch);
        let supervised = Arc::clone(&watch);
        let thread = thread::Builder::new()
            .name("object store".to_owned())
            .spawn(move || supervised.supervise(out));
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
        let server = Server::start(settings)?;
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

    /// A child that listens, its port, and the rest of its output, which ends when it does.
    fn launch(&self) -> io::Result<(Child, u16, BufReader<ChildStdout>)> {
        // A group of its own, so that Ctrl-C reaches the application first. What the environment holds,
        // a store need not know.
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let greeted = self.greet(&mut child);
        if greeted.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        greeted.map(|(port, out)| (child, port, out))
    }

    fn greet(&self, child: &mut Child) -> io::Result<(u16, BufReader<ChildStdout>)> {
        let (Some(input), Some(output)) = (&mut child.stdin, child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut settings = Zeroizing::new(serde_json::to_vec(&self.settings)?);
        settings.push(b'\n');
        input.write_all(&settings)?;
        let mut out = BufReader::new(output);
        let mut line = String::new();
        // An address is shorter.
        out.by_ref().take(64).read_line(&mut line)?;
        let port = line.trim_end().strip_prefix("http://127.0.0.1:");
        let port = port.and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| io::Error::other("the object store did not start"))?;
        Ok((port, out))
    }

    fn supervise(&self, mut out: BufReader<ChildStdout>) {
        let (first, most) = PAUSE;
        let mut pause = first;
        let mut since = Instant::now();
        loop {
            let _ = io::copy(&mut out, &mut io::sink());
            let ended = self.now().child.take();
            if let Some(mut child) = ended {
                let _ = child.wait();
            }
            if since.elapsed() >= STEADY {
                pause = first;
            }
            out = loop {
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
                    Ok((mut child, _, out)) => {
                        let mut now = self.now();
                        if now.stopping {
                            let _ = child.kill();
                            let _ = child.wait();
                            return;
                        }
                        now.child = Some(child);
                        break out;
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
