use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::Doing;
use crate::owner::Owner;
use crate::simple_query::Session;
use crate::{Binaries, Error, Options, Profile, folders};

pub(crate) const SUPERUSER: &str = "postgres";
/// Part of the socket's name; nothing listens on it.
pub(crate) const PORT: u16 = 5432;
/// Room for `/.s.PGSQL.5432` within the 107 bytes of a socket's address.
const LONGEST_SOCKET_FOLDER: usize = 92;
const SETTINGS: [&str; 4] = [
    "shared_buffers=32MB",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
];
/// Crash recovery takes its time; an ordinary start takes less than a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(120);
const GLANCE: Duration = Duration::from_millis(5);

/// One server's programs and folders, whether it runs or not.
#[derive(Debug)]
pub(crate) struct Server {
    owner: Owner,
    binaries: Binaries,
    profile: Profile,
    pub(crate) home: PathBuf,
    data: PathBuf,
    pub(crate) sockets: PathBuf,
}

impl Server {
    pub(crate) fn new(options: Options) -> Result<Self, Error> {
        let owner = Owner::current()?;
        let binaries = Binaries::find_in(&options.search)?;
        let parent = options
            .state_dir
            .unwrap_or_else(|| folders::parent(&owner, "XDG_STATE_HOME", ".local/state"));
        fs::create_dir_all(&parent).doing("make", &parent)?;
        // A server is known by the spelling of its folder.
        let parent = fs::canonicalize(&parent).doing("find", &parent)?;
        let profile = options.profile;
        let name = folders::hash(&[&options.name, &format!("{profile:?} {}", owner.me)]);
        let home = parent.join(format!("weft-{name:016x}"));
        let major = binaries.major();
        let [data, sockets] = ["data", "socket"].map(|name| home.join(format!("{name}-{major}")));
        if sockets.as_os_str().len() > LONGEST_SOCKET_FOLDER {
            return Err(Error::LongSocketPath { folder: sockets });
        }
        // Ours, so that the server's user cannot plant links under our feet; the server's folders
        // inside are closed to everybody else.
        let mode = if owner.gid.is_some() { 0o711 } else { 0o700 };
        folders::own(&home, &owner, owner.me, mode)?;
        folders::own(&sockets, &owner, owner.uid, 0o700)?;
        Ok(Self {
            owner,
            binaries,
            profile,
            home,
            data,
            sockets,
        })
    }

    pub(crate) fn major(&self) -> u32 {
        self.binaries.major()
    }

    pub(crate) fn connect(&self, database: &str) -> Result<Session, Error> {
        let socket = self.sockets.join(format!(".s.PGSQL.{PORT}"));
        Session::connect(&socket, SUPERUSER, database)
    }

    /// Waits for this server's lock of that name.
    pub(crate) fn lock(&self, name: &str) -> Result<File, Error> {
        let file = self.file(name)?;
        file.lock().doing("lock", &self.home)?;
        Ok(file)
    }

    pub(crate) fn file(&self, name: &str) -> Result<File, Error> {
        folders::file(&self.path(name))
    }

    /// A place beside the data folder.
    fn path(&self, name: &str) -> PathBuf {
        self.home.join(format!("{name}-{}", self.major()))
    }

    /// Makes the data folder, under another name first, so that a half-made one is never used.
    pub(crate) fn init(&self, lock: &File) -> Result<(), Error> {
        if self.data.exists() && !self.is_spoiled() {
            return folders::own(&self.data, &self.owner, self.owner.uid, 0o700);
        }
        let draft = self.data.with_extension("draft");
        folders::remove(&draft)?;
        folders::own(&draft, &self.owner, self.owner.uid, 0o700)?;
        let initdb = self.binaries.folder().join("initdb");
        let mut command = self.owner.command(&initdb);
        command
            .arg("-D")
            .arg(&draft)
            .args(["-U", SUPERUSER, "-A", "trust"]);
        command.args(["-E", "UTF8", "--locale=C"]);
        if self.profile == Profile::Test {
            command.arg("--no-sync");
        }
        // The lock goes along as the standard input: if we are killed, it is held until initdb
        // has ended too, and nobody clears the draft under its hands.
        command.stdin(lock.try_clone().doing("share the lock of", &self.home)?);
        let output = command.output().doing("run", &initdb)?;
        if !output.status.success() {
            return Err(failure(&initdb, &output.stderr));
        }
        folders::remove(&self.data)?;
        fs::rename(&draft, &self.data).doing("put in place", &self.data)
    }

    /// Whether the machine went down under a server that does not flush: what is left starts, and
    /// may be wrong anywhere.
    fn is_spoiled(&self) -> bool {
        let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
        let uptime = text.split('.').next().and_then(|text| text.parse().ok());
        let written =
            fs::metadata(self.data.join("postmaster.pid")).and_then(|file| file.modified());
        let (Some(uptime), Ok(written)) = (uptime, written) else {
            return false;
        };
        let before_boot = written
            .elapsed()
            .is_ok_and(|age| age > Duration::from_secs(uptime));
        before_boot && self.profile == Profile::Test && self.postmaster().is_none()
    }

    /// Returns when the server takes connections; it is a child of ours if we had to start it.
    pub(crate) fn run(&self) -> Result<Option<Child>, Error> {
        let patience = Instant::now() + PATIENCE;
        let mut child: Option<Child> = None;
        while Instant::now() < patience {
            if self.connect(SUPERUSER).is_ok() {
                return Ok(child);
            }
            if let Some(launched) = &mut child
                && launched.try_wait().doing("watch", &self.data)?.is_some()
            {
                let log = fs::read(self.path("log")).unwrap_or_default();
                // Another got ahead of ours, or is not all gone.
                let in_use = [&b"already exists"[..], b"shared memory block"]
                    .iter()
                    .any(|reason| log.windows(reason.len()).any(|window| window == *reason));
                if !in_use {
                    return Err(failure(&self.data, &log));
                }
                child = None;
            }
            // One that lives and does not answer is about to start or to stop.
            if child.is_none() && self.postmaster().is_none() {
                child = Some(self.launch()?);
            }
            sleep(GLANCE);
        }
        Err(Error::NoAnswer {
            data: self.data.clone(),
        })
    }

    fn launch(&self) -> Result<Child, Error> {
        self.forget_the_dead()?;
        let log = self.file("log")?;
        log.set_len(0).doing("clear the log in", &self.home)?;
        let postgres = self.binaries.folder().join("postgres");
        let mut command = self.owner.command(&postgres);
        command
            .arg("-D")
            .arg(&self.data)
            .arg("-k")
            .arg(&self.sockets);
        command.args(["-h", "", "-p", &PORT.to_string()]);
        for setting in SETTINGS.iter().chain(self.profile.settings()) {
            command.args(["-c", setting]);
        }
        // A group of its own, so that Ctrl-C reaches the application first; output of its own, so
        // that nobody waits for the end of ours as long as the server lives.
        command.process_group(0);
        command
            .stdout(log.try_clone().doing("share the log in", &self.home)?)
            .stderr(log);
        command.spawn().doing("run", &postgres)
    }

    /// Asks for a fast shutdown and waits for it.
    pub(crate) fn stop(&self) {
        let patience = Instant::now() + PATIENCE;
        if let Some(pid) = self.postmaster()
            && self.shell(r#"kill -INT "$0""#, &[pid.as_ref()]).is_ok()
        {
            while self.is_served_by(&pid) && Instant::now() < patience {
                sleep(GLANCE);
            }
        }
    }

    /// The pid of the server alive on our data, as its pid file says and the process confirms.
    fn postmaster(&self) -> Option<String> {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        let pid: u32 = text.lines().next()?.parse().ok()?;
        Some(pid.to_string()).filter(|pid| self.is_served_by(pid))
    }

    /// A pid file outlives a killed server, and its number may be anybody's by now; so the process
    /// is asked which folder it was started with.
    fn is_served_by(&self, pid: &str) -> bool {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut arguments = command.split(|byte| *byte == 0);
        let data = self.data.as_os_str().as_encoded_bytes();
        arguments
            .next()
            .is_some_and(|program| program.ends_with(b"postgres"))
            && arguments.any(|argument| argument == data)
    }

    /// Clears what a dead server left, so that a pid that is another process by now does not keep
    /// Postgres from starting. The pid file stays, with a number no process can have: its other
    /// lines let Postgres see whether children of the dead server are still at work.
    fn forget_the_dead(&self) -> Result<(), Error> {
        let script = r#"[ ! -f "$0" ] || sed -i '1s/.*/2147483647/' "$0"; rm -f "$1"/.s.PGSQL.*"#;
        self.shell(script, &[&self.data.join("postmaster.pid"), &self.sockets])
    }

    /// Runs a script as the server's user: whatever stands in that user's files, root's reach is
    /// not lent to it.
    fn shell(&self, script: &str, arguments: &[&Path]) -> Result<(), Error> {
        let shell = Path::new("/bin/sh");
        let mut command = self.owner.command(shell);
        let output = command
            .arg("-c")
            .arg(script)
            .args(arguments)
            .output()
            .doing("run", shell)?;
        if output.status.success() {
            Ok(())
        } else {
            Err(failure(shell, &output.stderr))
        }
    }
}

/// Gives the lock back in every process that shares it, which closing the file would not.
pub(crate) fn unlock(file: &File) {
    let _ = file.unlock();
}

/// Keeps the end of the output, where the reason stands.
fn failure(program: &Path, output: &[u8]) -> Error {
    let end = output
        .get(output.len().saturating_sub(2000)..)
        .unwrap_or_default();
    let output = String::from_utf8_lossy(end).trim().to_owned();
    Error::Program {
        name: program.display().to_string(),
        output,
    }
}
