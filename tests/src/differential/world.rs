//! The shared database, with and without row-level security, and a twin for each shape of scope.

use std::ops::Deref;
use std::sync::OnceLock;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use weft_embedded::{Template, TestDatabase};
use weft_tenancy::{OrgConn, Policies, Roles, Scope};

use super::answer::{Answer, State, send};
use super::generate::Statement;
use super::schema::{A, B, C, TENANCY, rows, tables};
use super::shape::SHAPES;
use crate::database::cluster;

/// What stands between a statement and other organisations' rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layers {
    /// Nothing, and there are no others.
    Twin,
    /// The hook, without row-level security.
    Hook,
    /// Row-level security, and the caller's text as it is.
    Policies,
    /// Both.
    Both,
}

/// A copy of the shared database, with a connection for each that sends.
pub struct Database {
    database: TestDatabase,
}

impl Database {
    /// The shared database, after `change` by the superuser.
    ///
    /// # Errors
    /// What the server says.
    pub fn new(change: &str) -> Result<Database, weft_embedded::Error> {
        let database = template()?.database()?;
        database.execute(change)?;
        Ok(Database { database })
    }

    /// A connection as `role`, ready for text as it is.
    ///
    /// # Errors
    /// What the server says.
    pub fn connect(&self, role: &str) -> ConnectionResult<PgConnection> {
        let mut conn = PgConnection::establish(&self.database.url(role))?;
        conn.batch_execute(
            "SET search_path = public, archive; SET jit = off;
             SET max_parallel_workers_per_gather = 0",
        )
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }

    /// Row-level security for all tables, where cells that are left out are the context's.
    pub fn security() -> String {
        let policies = Policies::new(&TENANCY, &Roles::new("app")).to_string();
        let mut sql = policies;
        for table in ["customers", "orders", "items", "notes", "archive.logs"] {
            sql += &format!(
                "ALTER TABLE {table} ALTER org_id
                     SET DEFAULT nullif(current_setting('weft.org_id', true), '')::uuid;"
            );
        }
        for table in ["orders", "items"] {
            sql += &format!(
                "ALTER TABLE {table} ALTER shop_id SET DEFAULT
                     CASE WHEN current_setting('weft.shop_ids', true) = '*' THEN 1
                     ELSE (current_setting('weft.shop_ids', true)::bigint[])[1] END;"
            );
        }
        sql
    }
}

impl Deref for Database {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        &self.database
    }
}

fn template() -> Result<&'static Template, weft_embedded::Error> {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    if let Some(template) = TEMPLATE.get() {
        return Ok(template);
    }
    let text = [tables(), rows(A, 0), rows(B, 1), rows(C, 2), "ANALYZE".to_owned()].concat();
    let template = cluster().template("differential", &text, |database| Ok(database.execute(&text)?))?;
    Ok(TEMPLATE.get_or_init(|| template))
}

/// One connection to one database, and what its rows come to.
struct Place {
    conn: PgConnection,
    before: State,
    // Dropped after the connection.
    _database: Database,
}

/// Everything one thread compares with.
pub struct World {
    hook: Place,
    secured: Place,
    twins: Vec<Place>,
}

/// A statement's answers.
#[derive(Debug)]
pub struct Examined {
    /// The answer of each layer that was asked, the twin's first.
    pub answers: Vec<(Layers, Answer)>,
}

/// Two answers that should be equal.
#[derive(Debug)]
pub struct Difference {
    /// Whose answer is wrong.
    pub layers: Layers,
    /// What it is.
    pub found: Answer,
    /// What it should be; nothing in particular if the statement is forbidden.
    pub expected: Option<Answer>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl World {
    /// Databases and connections of its own.
    ///
    /// # Errors
    /// What the server says.
    pub fn new() -> Result<World, Failure> {
        World::with_security(&Database::security())
    }

    /// The same with other policies.
    ///
    /// # Errors
    /// What the server says.
    pub fn with_security(security: &str) -> Result<World, Failure> {
        let twins = SHAPES.iter().map(|shape| Place::new(&shape.alone(), "postgres"));
        Ok(World {
            hook: Place::new("", "app")?,
            secured: Place::new(security, "app")?,
            twins: twins.collect::<Result<_, _>>()?,
        })
    }

    /// Runs `statement` under every layer that promises it the twin's answer.
    ///
    /// # Errors
    /// Of the connections, not of the statement.
    pub fn examine(&mut self, statement: &Statement) -> Result<Examined, Failure> {
        let shape = statement.shape;
        let at = SHAPES.iter().position(|other| other == shape).ok_or("no such shape")?;
        let mut answers = Vec::new();
        if !statement.forbidden {
            answers.push((Layers::Twin, self.twins[at].ask("BEGIN", statement, false)?));
        }
        if !statement.can_raise {
            answers.push((Layers::Hook, self.hook.ask("BEGIN", statement, true)?));
        }
        // Policies know nothing of deleted rows.
        if shape.deleted {
            answers.push((Layers::Policies, self.secured.ask(&shape.begin(), statement, false)?));
        }
        answers.push((Layers::Both, self.secured.ask(&shape.begin(), statement, true)?));
        Ok(Examined { answers })
    }
}

impl Place {
    fn new(change: &str, role: &str) -> Result<Place, Failure> {
        let database = Database::new(change)?;
        let mut conn = database.connect(role)?;
        let before = State::read(&mut conn)?;
        Ok(Place {
            conn,
            before,
            _database: database,
        })
    }

    /// What `statement` comes to in a transaction that `begin` opens and nothing stays of.
    fn ask(&mut self, begin: &str, statement: &Statement, guarded: bool) -> QueryResult<Answer> {
        AnsiTransactionManager::begin_transaction_sql(&mut self.conn, begin)?;
        let answer = self.answer(statement, guarded);
        AnsiTransactionManager::rollback_transaction(&mut self.conn)?;
        answer
    }

    fn answer(&mut self, statement: &Statement, guarded: bool) -> QueryResult<Answer> {
        let sent = match guarded {
            true => {
                let conn = OrgConn::new(&mut self.conn, &TENANCY, Scope::org(A));
                narrowed(conn, statement.shape.narrowings, statement)
            }
            false => send(&mut self.conn, statement),
        };
        let (rows, count) = match sent {
            Ok(sent) => sent,
            Err(error) => return Answer::of(error),
        };
        let change = match statement.writes {
            true => Some(State::read(&mut self.conn)?.since(&self.before)),
            false => None,
        };
        Ok(Answer::Ran {
            rows,
            count,
            change,
        })
    }
}

/// Sends within scopes that narrow each other.
fn narrowed(
    mut conn: OrgConn<&mut PgConnection>,
    narrowings: &[&[i64]],
    statement: &Statement,
) -> QueryResult<(Vec<super::answer::Row>, usize)> {
    match narrowings {
        [shops, inner @ ..] => narrowed(conn.narrowed(shops.iter().copied()), inner, statement),
        [] if statement.shape.deleted => send(&mut conn.showing_deleted(), statement),
        [] => send(&mut conn, statement),
    }
}

impl Examined {
    /// Where the answers are not what they should be.
    pub fn differences(&self, statement: &Statement) -> Vec<Difference> {
        let twin = self.answers.iter().find(|(layers, _)| *layers == Layers::Twin);
        let twin = twin.map(|(_, answer)| answer);
        let wrong = |(layers, answer): &&(Layers, Answer)| match answer {
            Answer::Refused(_) => false,
            Answer::Ran {
                change: Some(change),
                ..
            } if change.others.iter().any(|change| *change != 0) => true,
            Answer::Raised(message) if statement.forbidden => {
                *layers != Layers::Policies || !is_denied(message)
            }
            answer => statement.forbidden || Some(answer) != twin,
        };
        let wrong = self.answers.iter().filter(wrong);
        wrong
            .map(|(layers, found)| Difference {
                layers: *layers,
                found: found.clone(),
                expected: twin.cloned(),
            })
            .collect()
    }

    /// The guard's answer.
    pub fn guarded(&self) -> Option<&Answer> {
        self.answers.last().map(|(_, answer)| answer)
    }
}

/// SQLSTATE 42501, by its messages.
fn is_denied(message: &str) -> bool {
    message.starts_with("permission denied") || message.contains("row-level security policy")
}

