use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::database::quoted;
use crate::folders::hash;
use crate::simple_query::Session;
use crate::{Cluster, Database, Error};

/// The most databases of killed runs one start removes, at about 40 ms each.
const SWEEP: usize = 32;

/// A database made once, to be copied for each test.
#[derive(Debug, Clone)]
pub struct Template {
    cluster: Cluster,
    name: String,
    /// Holds the advisory lock that keeps others from removing the template.
    _in_use: Arc<Session>,
}

/// A database of one test's own, dropped with the value.
#[derive(Debug)]
pub struct TestDatabase(Database);

impl Cluster {
    /// The template called `name` for this `text` (usually the migrations): made by `setup` if no
    /// process has made it yet. Another text makes another template, and old ones are removed.
    ///
    /// Copies get everything in the template, but not settings and grants of the database itself.
    ///
    /// # Errors
    /// [`Error::Setup`] with what `setup` said; then there is no template, and the next call tries
    /// again. [`Error::Sql`] if `setup` left connections that do not end.
    pub fn template<S>(&self, name: &str, text: &str, setup: S) -> Result<Template, Error>
    where
        S: FnOnce(&Database) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    {
        let version = Version {
            family: hash(&[name]),
            text: hash(&[name, text]),
        };
        let (ready, key) = (version.ready(), version.key());
        let mut session = self.root().session()?;
        let template = |session| {
            let (cluster, name, _in_use) = (self.clone(), version.ready(), Arc::new(session));
            Template {
                cluster,
                name,
                _in_use,
            }
        };
        loop {
            // Waits while somebody makes it.
            session.query(&format!("SELECT pg_advisory_lock_shared({key})"))?;
            if exists(&mut session, &ready)? {
                return Ok(template(session));
            }
            session.query(&format!("SELECT pg_advisory_unlock_shared({key})"))?;
            if is_locked(&mut session, &key)? {
                if !exists(&mut session, &ready)? {
                    let draft = self.database(&version.draft());
                    let failed = |source| Error::Setup {
                        template: name.to_owned(),
                        source,
                    };
                    version.make(&mut session, || setup(&draft).map_err(failed))?;
                }
                // Without a moment between the two in which it could be removed.
                session.query(&format!("SELECT pg_advisory_lock_shared({key})"))?;
                session.query(&format!("SELECT pg_advisory_unlock({key})"))?;
                return Ok(template(session));
            }
        }
    }
}

impl Template {
    /// A copy for one test.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub fn database(&self) -> Result<TestDatabase, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("weft_test_{}_{number}", self.cluster.key());
        let (copy, template) = (quoted(&name), quoted(&self.name));
        let create = format!("CREATE DATABASE {copy} TEMPLATE {template} STRATEGY file_copy");
        self.cluster.root().execute(&create)?;
        Ok(TestDatabase(self.cluster.database(&name)))
    }
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.0
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = self
            .cluster
            .root()
            .session()
            .and_then(|mut session| remove(&mut session, self.name()));
    }
}

/// One version of a template: its names hold the hashes of its name and of its text.
struct Version {
    family: u64,
    text: u64,
}

impl Version {
    fn ready(&self) -> String {
        format!("weft_template_{:016x}_{:016x}", self.family, self.text)
    }

    fn draft(&self) -> String {
        format!("weft_draft_{:016x}_{:016x}", self.family, self.text)
    }

    fn key(&self) -> String {
        key_of(&self.ready())
    }

    /// Makes it under another name first, so that a half-made one is never copied, and removes the
    /// other versions.
    fn make(
        &self,
        session: &mut Session,
        setup: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (draft, ready) = (self.draft(), self.ready());
        remove(session, &draft)?;
        session.query(&format!("CREATE DATABASE {draft} TEMPLATE template0"))?;
        if let Err(error) = setup() {
            remove(session, &draft)?;
            return Err(error);
        }
        session.query(&format!("ALTER DATABASE {draft} ALLOW_CONNECTIONS false"))?;
        session.query(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{draft}'"
        ))?;
        session.query(&format!("ALTER DATABASE {draft} RENAME TO {ready}"))?;
        let others = session.query(&format!(
            "SELECT datname FROM pg_database WHERE datname <> '{ready}' \
             AND datname ~ '^weft_(template|draft)_{:016x}_[0-9a-f]{{16}}$'",
            self.family
        ))?;
        for name in others.into_iter().flatten().flatten() {
            let _ = remove_unless_held(session, &name, &key_of(&name));
        }
        Ok(())
    }
}

/// The advisory lock of a version, from its database's name: two numbers, a space of keys apart
/// from the single ones of test databases.
fn key_of(name: &str) -> String {
    let text = name.rsplit('_').next().unwrap_or_default();
    let (high, low) = text.split_at_checked(8).unwrap_or_default();
    format!("x'{high}'::int, x'{low}'::int")
}

/// Removes databases whose tests were killed, then takes a number that the server gives only once
/// and locks it for as long as the session lives.
pub(crate) fn sweep_and_claim(session: &mut Session) -> Result<String, Error> {
    let tests = session.query(
        "SELECT datname, split_part(datname, '_', 3) FROM pg_database \
         WHERE datname ~ '^weft_test_[0-9]{1,18}_[0-9]+$' ORDER BY oid",
    )?;
    let mut swept = 0;
    for test in tests {
        if let [Some(name), Some(key)] = test.as_slice()
            && swept < SWEEP
        {
            swept += usize::from(remove_unless_held(session, name, key).unwrap_or(false));
        }
    }
    let key = session
        .query("SELECT pg_current_xact_id()")?
        .into_iter()
        .flatten()
        .flatten()
        .next();
    let key = key.ok_or(Error::Protocol("no transaction id"))?;
    session.query(&format!("SELECT pg_advisory_lock({key})"))?;
    Ok(key)
}

fn remove_unless_held(session: &mut Session, name: &str, key: &str) -> Result<bool, Error> {
    let free = is_locked(session, key)?;
    if free {
        remove(session, name)?;
        session.query(&format!("SELECT pg_advisory_unlock({key})"))?;
    }
    Ok(free)
}

fn remove(session: &mut Session, name: &str) -> Result<(), Error> {
    let name = quoted(name);
    session
        .query(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        .map(drop)
}

/// Tries to lock.
fn is_locked(session: &mut Session, key: &str) -> Result<bool, Error> {
    let locked = session.query(&format!("SELECT pg_try_advisory_lock({key})"))?;
    Ok(locked == [[Some("t".to_owned())]])
}

fn exists(session: &mut Session, name: &str) -> Result<bool, Error> {
    let found = session.query(&format!(
        "SELECT 1 FROM pg_database WHERE datname = '{name}'"
    ))?;
    Ok(!found.is_empty())
}
