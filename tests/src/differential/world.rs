//! The shared database, with and without row-level security, and a twin for each shape of scope.

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

/// Row-level security for all tables, where cells that are left out are the context's.
pub fn security() -> String {
    let mut sql = Policies::new(&TENANCY, &Roles::new("app")).to_string();
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

fn template() -> Result<&'static Template, weft_embedded::Error> {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    if let Some(template) = TEMPLATE.get() {
        return Ok(template);
    }
    let text = [
        tables(),
        rows(A, 0),
        rows(B, 1),
        rows(C, 2),
        "ANALYZE".to_owned(),
    ]
    .concat();
    let template = cluster().template("differential", &text, |database| {
        Ok(database.execute(&text)?)
    })?;
    Ok(TEMPLATE.get_or_init(|| template))
}

/// One connection to one database, and what its rows come to.
struct Place {
    conn: PgConnection,
    before: State,
    // Dropped after the connection.
    _database: TestDatabase,
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

/// What keeps a comparison from being made.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

impl World {
    /// Databases and connections of its own.
    ///
    /// # Errors
    /// What the server says.
    pub fn new() -> Result<World, Failure> {
        World::secured_by(&security())
    }

    /// The same with row-level security as `security` says.
    ///
    /// # Errors
    /// What the server says.
    pub fn secured_by(security: &str) -> Result<World, Failure> {
        let twins = SHAPES
            .iter()
            .map(|shape| Place::new(&shape.alone(), "postgres"));
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
        let asked = [
            (Layers::Twin, !statement.forbidden),
            (Layers::Hook, !statement.can_raise),
            // Policies know nothing of deleted rows.
            (Layers::Policies, statement.shape.deleted),
            (Layers::Both, true),
        ];
        let mut answers = Vec::new();
        for (layers, _) in asked.into_iter().filter(|(_, asked)| *asked) {
            answers.push((layers, self.answer(statement, layers)?));
        }
        Ok(Examined { answers })
    }

    /// What `statement` comes to under `layers`, in a transaction that nothing stays of.
    ///
    /// # Errors
    /// Of the connection, not of the statement.
    pub fn answer(&mut self, statement: &Statement, layers: Layers) -> Result<Answer, Failure> {
        let twin = SHAPES.iter().position(|shape| shape == statement.shape);
        let twin = twin.and_then(|at| self.twins.get_mut(at));
        let context = statement.shape.begin();
        let answer = match layers {
            Layers::Twin => twin.ok_or("no such shape")?.ask("BEGIN", statement, false),
            Layers::Hook => self.hook.ask("BEGIN", statement, true),
            Layers::Policies => self.secured.ask(&context, statement, false),
            Layers::Both => self.secured.ask(&context, statement, true),
        };
        Ok(answer?)
    }
}

impl Place {
    fn new(change: &str, role: &str) -> Result<Place, Failure> {
        let database = template()?.database()?;
        database.execute(change)?;
        let mut conn = PgConnection::establish(&database.url(role))?;
        conn.batch_execute(
            "SET search_path = public, archive; SET jit = off;
             SET max_parallel_workers_per_gather = 0",
        )?;
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
        let twin = self
            .answers
            .iter()
            .find(|(layers, _)| *layers == Layers::Twin);
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
