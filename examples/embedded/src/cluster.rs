use std::fs::File;
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex};

use crate::database::quoted;
use crate::error::Doing;
use crate::server::{PORT, SUPERUSER, Server, unlock};
use crate::simple_query::Session;
use crate::{Database, Error, Options, template};

/// A running server, shared with every process that started the same one.
///
/// It stops when the last value of the last process is dropped. A process that ends without
/// dropping (a `static`, `kill -9`) leaves it running, for the next one to adopt.
#[derive(Debug, Clone)]
pub struct Cluster(Arc<User>);

/// One of the users of a server.
#[derive(Debug)]
struct User {
    server: Server,
    /// Locked shared by each user; who can lock it alone is the last.
    users: File,
    /// What we started, if we did, to be reaped.
    child: Mutex<Option<Child>>,
    /// Holds the advisory lock on `key`, which says that our test databases are in use.
    _presence: Session,
    key: String,
}

impl Cluster {
    /// Starts the server, or adopts it if it runs.
    ///
    /// # Errors
    /// If there are no binaries ([`Error::NoBinaries`], [`Error::NamedBinaries`]), if a folder is
    /// not ours ([`Error::ForeignFolder`]), or if initdb or the server fails ([`Error::Program`]).
    pub fn start(options: Options) -> Result<Self, Error> {
        let server = Server::new(options)?;
        let lock = server.lock("start")?;
        server.init(&lock)?;
        let child = Mutex::new(server.run()?);
        let users = server.file("users")?;
        users.lock_shared().doing("lock", &server.home)?;
        unlock(&lock);
        let mut presence = server.connect(SUPERUSER)?;
        let key = template::sweep_and_claim(&mut presence)?;
        Ok(Self(Arc::new(User {
            server,
            users,
            child,
            _presence: presence,
            key,
        })))
    }

    /// The server's major version.
    pub fn major(&self) -> u32 {
        self.server().major()
    }

    /// The folder of the server's socket.
    pub fn socket_dir(&self) -> &Path {
        &self.server().sockets
    }

    /// The number in the socket's name. Nothing listens on a port.
    pub fn port(&self) -> u16 {
        PORT
    }

    /// The database called `name`, which may not exist yet.
    pub fn database(&self, name: &str) -> Database {
        Database {
            cluster: self.clone(),
            name: name.to_owned(),
        }
    }

    /// The database called `name`, made if missing.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub fn ensure_database(&self, name: &str) -> Result<Database, Error> {
        unless_there(
            self.root()
                .execute(&format!("CREATE DATABASE {}", quoted(name))),
        )?;
        Ok(self.database(name))
    }

    /// A role with these attributes, say `LOGIN NOSUPERUSER NOBYPASSRLS`, made if missing. Roles
    /// belong to the server, not to one database, so tests share them.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub fn ensure_role(&self, name: &str, attributes: &str) -> Result<(), Error> {
        let lock = self.server().lock("roles")?;
        let role = quoted(name);
        unless_there(self.root().execute(&format!("CREATE ROLE {role}")))?;
        let done = self
            .root()
            .execute(&format!("ALTER ROLE {role} {attributes}"));
        unlock(&lock);
        done
    }

    /// The database from which others are made.
    pub(crate) fn root(&self) -> Database {
        self.database(SUPERUSER)
    }

    pub(crate) fn server(&self) -> &Server {
        &self.0.server
    }

    /// The number of this user of the server, never given twice.
    pub(crate) fn key(&self) -> &str {
        &self.0.key
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let Ok(lock) = self.server.lock("start") else {
            return;
        };
        if self.users.unlock().is_ok() && self.users.try_lock().is_ok() {
            self.server.stop();
            if let Ok(Some(child)) = self.child.get_mut().map(Option::as_mut) {
                let _ = child.try_wait();
            }
        }
        unlock(&lock);
    }
}

/// Ends well if the thing to be made was there, or came from elsewhere at the same time.
fn unless_there(made: Result<(), Error>) -> Result<(), Error> {
    const THERE: [&str; 3] = ["42P04", "42710", "23505"];
    match made {
        Err(Error::Sql { code, .. }) if THERE.contains(&code.as_str()) => Ok(()),
        made => made,
    }
}
