//! What do session, membership and scope add to a page?
//!
//! The page is asked for whole, and what it does for each of them once more by itself: the session and the
//! membership found, and its queries through the scope and by hand. What is left of the page is the page
//! without them.

#![allow(missing_docs, clippy::print_stdout)]

mod server;

use std::hint::black_box;
use std::time::SystemTime;

use axum::body::to_bytes;
use axum::http::{Request, header};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use server::{Form, ORIGIN, Server, ask, hash, keys, run, with_password};
use tokio::runtime::Runtime;
use uuid::Uuid;
use weft_auth::token::Token;
use weft_benches::{in_turns, tokio_runtime};
use weft_embedded::{Cluster, Options};
use weft_server::schema::{conversations, customers, shops};
use weft_server::site::Site;
use weft_tenancy::Scope;

const ROUNDS: usize = 101;
const CALLS: u32 = 20;
const QUESTIONS: &str = "
    INSERT INTO conversations (org_id, id, shop_id, customer_id, order_id, subject, state)
    SELECT org_id, gen_random_uuid(), shop_id, customer_id, order_id, subject, 'open'
    FROM conversations, generate_series(1, 25)
    WHERE (SELECT count(*) FROM conversations) < 50
";
const SLUG: &str = "kumo-ceramics";
const PAGE: &str = "/o/kumo-ceramics/inbox";

/// The queries of the page, on connections of `$open`, of one organisation where that is said.
macro_rules! queries {
    ($open:expr $(, $org:expr)?) => {{
        let named: Vec<(Uuid, String)> = shops::table
            $(.filter(shops::org_id.eq($org)))?
            .order((shops::name, shops::id))
            .select((shops::id, shops::name))
            .load(&mut $open.await)
            .await
            .expect("shops");
        let rows: Vec<Row> = conversations::table
            $(.filter(conversations::org_id.eq($org)))?
            .filter(conversations::state.eq("open"))
            .order((conversations::created_at.desc(), conversations::id.desc()))
            .limit(51)
            .select(Row::as_select())
            .load(&mut $open.await)
            .await
            .expect("conversations");
        assert_eq!(rows.len(), 51);
        let ids: Vec<_> = rows.iter().filter_map(|row| row.customer_id).collect();
        let with: Vec<(Uuid, Option<String>, Option<String>)> = customers::table
            $(.filter(customers::org_id.eq($org)))?
            .filter(customers::id.eq_any(ids))
            .select((customers::id, customers::name, customers::email))
            .load(&mut $open.await)
            .await
            .expect("customers");
        black_box((named, rows, with));
    }};
}

fn main() {
    let cluster = Cluster::start(Options::new("weft-benches")).expect("a Postgres");
    let database = cluster.ensure_database("pages").expect("a database");
    let runtime = tokio_runtime();
    let site = Site::new(ORIGIN, &keys()).expect("a site");
    let server = runtime.block_on(Server::new(&database, site));
    with_password(&database, &hash().1);
    run(&database, QUESTIONS);
    let cookies = runtime.block_on(async {
        let form = Form::of(&server.router).await;
        form.submit(&server.router).await
    });
    let (_, token) = cookies.split_once("__Host-session=").expect("a session");
    let token = token
        .split(';')
        .next()
        .and_then(|token| Token::parse(token).ok());
    let token = token.expect("a token");
    let page = async || {
        let request = Request::get(PAGE).header(header::COOKIE, &cookies);
        let answer = ask(&server.router, request, "").await;
        assert_eq!(answer.status(), 200);
        black_box(to_bytes(answer.into_body(), 1 << 20).await.expect("a page"));
    };
    let member = async || {
        let sessions = server.accounts.login().sessions();
        let session = sessions.resume(&token, SystemTime::now()).await;
        let account = session.expect("a session").account();
        let member = server.roads.auth.member(account, SLUG).await;
        black_box(member.expect("an answer").expect("a member"));
    };
    let scoped = async || {
        let open = async || {
            server
                .roads
                .app
                .within(Scope::org(server.org))
                .await
                .expect("a road")
        };
        queries!(open());
    };
    let pool = pool(&database.url("postgres"));
    let by_hand = async || {
        let open = async || pool.get().await.expect("a connection");
        queries!(open(), server.org);
    };
    let [page, member, scoped, by_hand] = in_turns(
        ROUNDS,
        CALLS,
        [
            &mut |calls| repeat(&runtime, calls, &page),
            &mut |calls| repeat(&runtime, calls, &member),
            &mut |calls| repeat(&runtime, calls, &scoped),
            &mut |calls| repeat(&runtime, calls, &by_hand),
        ],
    );
    let added = scoped.without(&by_hand);
    let bare = page.without(&member).without(&added);
    println!(
        "{}",
        page.against(&bare, "the inbox, and without session and scope")
    );
    for (what, series) in [("session and membership", member), ("scope", added)] {
        println!("  {what}: {:.1} µs", series.wall());
    }
}

fn repeat(runtime: &Runtime, calls: u32, work: &impl AsyncFn()) {
    (0..calls).for_each(|_| runtime.block_on(work()));
}

/// Connections that no policy binds, kept as the server keeps its own.
fn pool(url: &str) -> Pool<AsyncPgConnection> {
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::new_with_config(url, config);
    Pool::builder(manager).max_size(16).build().expect("a pool")
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = conversations)]
#[allow(dead_code, reason = "what is read is not looked at")]
struct Row {
    id: Uuid,
    shop_id: Uuid,
    customer_id: Option<Uuid>,
    order_id: Option<Uuid>,
    assignee_id: Option<Uuid>,
    subject: String,
    state: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}
