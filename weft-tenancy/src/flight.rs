//! How a statement travels under row-level security on an asynchronous connection.
//!
//! A statement outside of a transaction needs one, with its context, and goes out together with
//! BEGIN, context and COMMIT: what is prepared already takes one round trip. The four are polled in
//! their order, and diesel-async hands them over in the order in which they reach its statement
//! cache, so a text that has to be prepared first holds back what stands behind it. Only a statement
//! whose custom types have to be looked up would let COMMIT pass, so there COMMIT waits.

use std::pin::pin;
use std::task::{Context as Task, Waker};

use diesel::QueryResult;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::{BoxFuture, join, join3};

use crate::context::{Context, Control, Step};
use crate::session::{Moment, Session};

/// Runs `sent` in a transaction of its own; `settled` when COMMIT cannot pass it.
pub(crate) async fn alone<R>(
    conn: &AsyncPgConnection,
    context: &Context,
    settled: bool,
    sent: BoxFuture<'_, QueryResult<R>>,
) -> QueryResult<R> {
    let flight = Flight { conn };
    let result = match context.pipelines() {
        true if settled => {
            let all = join3(
                pipelined(conn, context),
                sent,
                control(conn, Control::Commit),
            );
            let (begun, result, committed) = all.await;
            ended(conn, begun.and(result), committed.map(drop)).await
        }
        true => {
            let (begun, result) = join(pipelined(conn, context), sent).await;
            end(conn, begun.and(result)).await
        }
        false => match begin(conn, context).await {
            Ok(()) => end(conn, sent.await).await,
            Err(error) => end(conn, Err(error)).await,
        },
    };
    flight.landed();
    result
}

/// Begins the snapshot of `session` and runs `sent` in it: what follows BEGIN goes out with it.
pub(crate) async fn first<R>(
    conn: &AsyncPgConnection,
    context: Option<&Context>,
    session: &Session,
    sent: BoxFuture<'_, QueryResult<R>>,
) -> QueryResult<R> {
    let (message, step) = match context {
        Some(context) => context.begin(SNAPSHOT),
        None => (SNAPSHOT.to_owned(), None),
    };
    let mut shared = conn;
    let begun = shared.batch_execute(&message);
    let set = async {
        match step {
            Some(step) => take(conn, step).await,
            None => Ok(()),
        }
    };
    let (begun, set, result) = match context.is_none_or(Context::pipelines) {
        true => join3(begun, set, sent).await,
        false => {
            begun.await?;
            set.await?;
            (Ok(()), Ok(()), sent.await)
        }
    };
    begun.and(set)?;
    session.set_context(context.map_or(0, Context::number));
    session.set_moment(Moment::Open);
    result
}

const SNAPSHOT: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Gives the open transaction `context`, and then runs `sent`.
pub(crate) async fn change<R>(
    conn: &AsyncPgConnection,
    context: &Context,
    session: &Session,
    sent: impl Future<Output = QueryResult<R>>,
) -> QueryResult<R> {
    session.set_context(0);
    let (changed, result) = match context.pipelines() {
        true => join(take(conn, context.change()), sent).await,
        false => {
            take(conn, context.change()).await?;
            (Ok(()), sent.await)
        }
    };
    changed?;
    session.set_context(context.number());
    result
}

/// Takes `step` on an open transaction.
pub(crate) async fn take(mut conn: &AsyncPgConnection, step: Step<'_>) -> QueryResult<()> {
    match step {
        Step::Query(set) => {
            let set = AsyncConnectionCore::execute_returning_count(&mut conn, set);
            set.await.map(drop)
        }
        Step::Messages(messages) => {
            for message in messages {
                conn.batch_execute(&message).await?;
            }
            Ok(())
        }
    }
}

/// BEGIN and context as prepared statements, together.
async fn pipelined(conn: &AsyncPgConnection, context: &Context) -> QueryResult<()> {
    let (begun, set) = join(control(conn, Control::Begin), take(conn, context.change())).await;
    begun.and(set)
}

/// BEGIN and context as messages, one after the other.
async fn begin(mut conn: &AsyncPgConnection, context: &Context) -> QueryResult<()> {
    let (message, step) = context.begin("BEGIN");
    conn.batch_execute(&message).await?;
    match step {
        Some(step) => take(conn, step).await,
        None => Ok(()),
    }
}

async fn end<R>(mut conn: &AsyncPgConnection, result: QueryResult<R>) -> QueryResult<R> {
    let word = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let over = conn.batch_execute(word).await;
    ended(conn, result, over).await
}

/// The result, once nothing is open: a COMMIT that was not even run left its transaction behind.
async fn ended<R>(
    mut conn: &AsyncPgConnection,
    result: QueryResult<R>,
    over: QueryResult<()>,
) -> QueryResult<R> {
    if over.is_err() {
        let _ = conn.batch_execute("ROLLBACK").await;
    }
    result.and_then(|value| over.map(|()| value))
}

fn control(mut conn: &AsyncPgConnection, word: Control) -> BoxFuture<'_, QueryResult<usize>> {
    AsyncConnectionCore::execute_returning_count(&mut conn, word)
}

/// A transaction that nobody else knows of, from its BEGIN until it has ended.
struct Flight<'a> {
    conn: &'a AsyncPgConnection,
}

impl Flight<'_> {
    fn landed(self) {
        std::mem::forget(self);
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        roll_back(self.conn);
    }
}

/// Rolls back without waiting for it: the first poll hands the message over, behind all that went
/// out before it, and the answer is nobody's.
pub(crate) fn roll_back(mut conn: &AsyncPgConnection) {
    let rollback = pin!(SimpleAsyncConnection::batch_execute(&mut conn, "ROLLBACK"));
    let _ = rollback.poll(&mut Task::from_waker(Waker::noop()));
}
