//! A database of the test's own, the router on it, and four bearers.

use std::{
    borrow::Cow,
    rc::Rc,
    sync::{LazyLock, OnceLock},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::sleep;
use tower::ServiceExt;
use uuid::Uuid;
use weft_auth::token::Scope;
use weft_embedded::{Cluster, Database, Options, Template, TestDatabase};
use weft_server::{
    AppState,
    accounts::Accounts,
    app,
    attachments::Attachments,
    config,
    events::Outgoing,
    keys::Keys,
    mail::{Letter, Post},
    migrate,
    object_store::ObjectStore,
    roads::Roads,
    schema::TENANCY,
    seed::{self, DEMO},
    site::Site,
    token::{ApiToken, New, Permission, Scopes},
    webhooks::directory::Directory,
};
use weft_storage::{Bucket, Credentials, Jurisdiction, Store};
use weft_tenancy::RowSecurity;
use weft_webhooks::outgoing::{Networks, Roots};

use crate::webhooks::sender::Endpoint;

pub(crate) struct Stage {
    pub(crate) router: Router,
    pub(crate) state: AppState,
    pub(crate) roads: Roads,
    pub(crate) a: Org,
    pub(crate) b: Org,
    // Dropped last: connections to it must be gone.
    pub(crate) database: Rc<TestDatabase>,
}

#[derive(Clone)]
pub(crate) struct Org {
    pub(crate) id: Uuid,
    pub(crate) owner: String,
    pub(crate) member: String,
    /// The member is limited to the first.
    pub(crate) shops: [Uuid; 2],
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The one form of every refusal.
    pub(crate) fn must_be_a_problem(&self, what: &str) {
        assert!(
            self.status.is_client_error(),
            "{what}: {} {}",
            self.status,
            self.text
        );
        assert_eq!(
            self.kind, "application/problem+json",
            "{what}: {}",
            self.text
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{what}");
        assert!(
            problem["detail"].is_string() && problem["title"].is_string(),
            "{what}"
        );
        for word in [
            "SELECT",
            "INSERT",
            "constraint",
            "relation ",
            "weft_app",
            "pkey",
            "fkey",
        ] {
            assert!(!self.text.contains(word), "{what}: {}", self.text);
        }
    }
}

impl Stage {
    /// The same stage with another router on it.
    pub(crate) fn over(other: &Stage, router: Router) -> Stage {
        Stage {
            router,
            state: other.state.clone(),
            roads: other.roads.clone(),
            a: other.a.clone(),
            b: other.b.clone(),
            database: Rc::clone(&other.database),
        }
    }

    /// The same stage with its files elsewhere.
    pub(crate) fn with_files(&self, files: Attachments) -> Stage {
        let outgoing = Outgoing::new(Roots::none(), Networks::none()).unwrap();
        let state = state_with(self.roads.clone(), outgoing, files);
        Stage {
            state: state.clone(),
            ..Stage::over(self, app(state))
        }
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        ask(&self.router, token, method, path, body).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// All mail that came for somebody, the latest first.
    pub(crate) async fn mail_of(&self, address: &str) -> Vec<Letter> {
        self.state.send_mail().await;
        let letters = self.state.post().shown().unwrap().letters().into_iter();
        let theirs = letters
            .map(|kept| kept.letter)
            .filter(|letter| letter.to.as_str() == address);
        theirs.collect()
    }

    /// As if nobody had tried anything for a while: mail goes to one mailbox once a minute.
    pub(crate) fn after_a_while(&self) {
        let database: &Database = &self.database;
        database.execute("DELETE FROM auth_rates").unwrap();
    }

    /// The link of the latest of them.
    pub(crate) async fn link_of(&self, address: &str) -> String {
        let letters = self.mail_of(address).await;
        let mut lines = letters[0].text.lines();
        let link = lines.find_map(|line| {
            line.strip_prefix(ORIGIN)
                .filter(|path| path.starts_with("/link/"))
        });
        link.expect("a link").to_owned()
    }

    /// Every row of every table of `org`, as the superuser sees them.
    pub(crate) fn rows_of(&self, org: Uuid) -> Vec<Vec<Option<String>>> {
        let dump = |(table, column): &(&str, &str)| {
            format!(
                "SELECT '{table}', count(*), md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) \
                 FROM {table} AS t WHERE {column} = '{org}'"
            )
        };
        let dumps: Vec<String> = TABLES.iter().map(dump).collect();
        self.database.query(&dumps.join(" UNION ALL ")).unwrap()
    }

    /// Everything but the time a token was last used and the unscoped road's record.
    pub(crate) fn everything(&self) -> Vec<Vec<Option<String>>> {
        let mut all = [self.rows_of(self.a.id), self.rows_of(self.b.id)].concat();
        all.retain(|row| row[0].as_deref() != Some("auth_api_tokens"));
        for table in [
            "auth_accounts",
            "(SELECT digest, id, account_id, audience, label, scopes, expires_at FROM auth_api_tokens)",
        ] {
            let rows = format!(
                "SELECT '', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} AS t"
            );
            all.extend(self.database.query(&rows).unwrap());
        }
        all
    }

    pub(crate) fn ids(&self, sql: &str) -> Vec<Uuid> {
        let rows = self.database.query(sql).unwrap();
        rows.iter()
            .map(|row| row[0].as_deref().unwrap().parse().unwrap())
            .collect()
    }

    pub(crate) fn id(&self, sql: &str) -> Uuid {
        self.ids(sql)[0]
    }
}

const TABLES: [(&str, &str); 21] = [
    ("organizations", "id"),
    ("shops", "org_id"),
    ("memberships", "org_id"),
    ("membership_shops", "org_id"),
    ("invitations", "org_id"),
    ("auth_api_tokens", "audience"),
    ("customers", "org_id"),
    ("orders", "org_id"),
    ("order_lines", "org_id"),
    ("conversations", "org_id"),
    ("messages", "org_id"),
    ("attachments", "org_id"),
    ("refunds", "org_id"),
    ("payments", "org_id"),
    ("subscriptions", "org_id"),
    ("webhook_endpoints", "org_id"),
    ("webhook_secrets", "org_id"),
    ("webhook_deliveries", "org_id"),
    ("webhook_subscriptions", "org_id"),
    ("webhook_messages", "org_id"),
    ("webhook_attempts", "org_id"),
];

/// Lets connections of the stage find out that they were ended.
pub(crate) async fn noticed() {
    sleep(Duration::from_millis(200)).await;
}

/// Waits until `so`, and fails if that never comes.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if so().await {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}")
}

/// What `router` answers a bearer of `token`.
pub(crate) async fn ask(
    router: &Router,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    let request = match body {
        Some(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    read(router.clone().oneshot(request.unwrap()).await.unwrap()).await
}

pub(crate) async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let header = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    assert_eq!(
        header(header::X_CONTENT_TYPE_OPTIONS).as_deref(),
        Some("nosniff")
    );
    assert_eq!(header(header::CACHE_CONTROL).as_deref(), Some("no-store"));
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        kind: header(header::CONTENT_TYPE).unwrap_or_default(),
        location: header(header::LOCATION),
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// What keeps organisations apart on a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layers {
    Both,
    /// Row-level security is off.
    HookAlone,
    /// The hook fills and compares cells, and leaves its conditions out.
    RowSecurityAlone,
}

/// Runs `test` on a stage of its own.
pub(crate) fn on_stage(test: impl AsyncFnOnce(&Stage)) {
    on_layers(Layers::Both, test);
}

/// Runs `test` on three stages: with both layers, and with each of them alone.
pub(crate) fn on_each_layer(mut test: impl AsyncFnMut(&Stage)) {
    for layers in [Layers::Both, Layers::HookAlone, Layers::RowSecurityAlone] {
        on_layers(layers, &mut test);
    }
}

fn on_layers(layers: Layers, test: impl AsyncFnOnce(&Stage)) {
    let database = template().database().unwrap();
    let runtime = runtime();
    runtime.block_on(async {
        let addresses = config::addresses(&database);
        let roads = Roads::open(&addresses).await.unwrap();
        let roads = match layers {
            Layers::Both => roads,
            Layers::HookAlone => {
                for table in TENANCY
                    .tables()
                    .iter()
                    .filter(|table| table.org_column().is_some())
                {
                    let name = table.name();
                    let off = format!("ALTER TABLE {name} DISABLE ROW LEVEL SECURITY");
                    database.execute(&off).unwrap();
                }
                roads
                    .insecure_with_layers(&addresses, &TENANCY, None)
                    .unwrap()
            }
            Layers::RowSecurityAlone => {
                let bare = TENANCY.insecure_without_conditions();
                let mut conn = AsyncPgConnection::establish(&addresses.app).await.unwrap();
                let row_security = RowSecurity::check_async(&mut conn, &bare).await.unwrap();
                roads
                    .insecure_with_layers(&addresses, &bare, Some(row_security))
                    .unwrap()
            }
        };
        let [a, b] = [0, 1].map(|at| parts(&database, at));
        let state = state(roads.clone());
        let accounts = accounts(&roads);
        let a = bearers(&accounts, a).await;
        let b = bearers(&accounts, b).await;
        let router = app(state.clone());
        for org in [&a, &b] {
            let stripe = Endpoint::make(&router, &org.owner, "stripe", Some(org.shops[0])).await;
            let answer = stripe.send(&router, &Value::Null).await;
            assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
            told(&router, &database, org).await;
            filed(&database, org);
        }
        let stage = Stage {
            router,
            state,
            roads,
            a,
            b,
            database: Rc::new(database),
        };
        test(&stage).await;
    });
}

/// A subscription of `org`, and a message that it was sent.
async fn told(router: &Router, database: &Database, org: &Org) {
    let new = json!({ "url": "https://hooks.example.com/", "event_types": ["order.created"] });
    let path = "/api/webhook-subscriptions";
    let made = ask(router, &org.owner, "POST", path, Some(&new)).await;
    let subscription = made.json()["id"].as_str().unwrap().to_owned();
    let (org, message) = (org.id, Uuid::now_v7());
    database
        .execute(&format!(
            "INSERT INTO webhook_messages (org_id, id, subscription_id, event_type, body, state, \
                 attempts, due_at, created_at, settled_at) \
             VALUES ('{org}', '{message}', '{subscription}', 'order.created', '{{}}', 'delivered', \
                 1, now(), now(), now()); \
             INSERT INTO webhook_attempts (org_id, message_id, number, started_at, duration_ms, \
                 status, outcome) \
             VALUES ('{org}', '{message}', 1, now(), 20, 200, 'delivered')"
        ))
        .unwrap();
}

/// A file that was confirmed, in the first conversation of each shop of `org`. The store has none of them.
fn filed(database: &Database, org: &Org) {
    let org = org.id;
    database
        .execute(&format!(
            "INSERT INTO attachments (org_id, id, shop_id, conversation_id, author_id, file_name, \
                 content_type, size, least_size, etag, state, created_at, expires_at, confirmed_at, \
                 kept_until) \
             SELECT c.org_id, gen_random_uuid(), c.shop_id, c.id, m.id, 'photo.png', 'image/png', 8, \
                 8, '\"1\"', 'confirmed', now() - interval '1 day', now() - interval '23 hours', \
                 now() - interval '1 day', now() + interval '1 day' \
             FROM (SELECT DISTINCT ON (shop_id) * FROM conversations WHERE org_id = '{org}' \
                 ORDER BY shop_id, id) AS c \
             JOIN memberships AS m ON m.org_id = c.org_id AND m.role = 'owner'"
        ))
        .unwrap();
}

/// The service over `roads`, without what it does beside answering.
pub(crate) fn router(roads: Roads) -> Router {
    app(state(roads))
}

pub(crate) fn state(roads: Roads) -> AppState {
    state_with(
        roads,
        Outgoing::new(Roots::none(), Networks::none()).unwrap(),
        files_at("http://127.0.0.1:9"),
    )
}

/// Files in a store of that address, which knows the test's credentials.
pub(crate) fn files_at(origin: &str) -> Attachments {
    let place = ("garage", Jurisdiction::Eu);
    let bucket = Bucket::self_hosted(origin, Store::Garage, place, "attachments").unwrap();
    let credentials = |who| Credentials::new(who, "a-secret-of-the-tests").unwrap();
    let identities = (
        credentials("writer"),
        credentials("reader"),
        credentials("worker"),
    );
    Attachments::new(Some(ObjectStore::new(bucket, identities))).unwrap()
}

pub(crate) fn state_with(roads: Roads, outgoing: Outgoing, files: Attachments) -> AppState {
    let keys: Keys = KEYS.parse().unwrap();
    let directory = Directory::new(keys.webhooks().clone()).unwrap();
    let accounts = accounts(&roads);
    let site = Site::new(ORIGIN, &keys).unwrap();
    let site = match files.origin() {
        Some(store) => site.with_store(store).unwrap(),
        None => site,
    };
    AppState::new(
        roads,
        directory,
        outgoing,
        files,
        (accounts, site, Post::development()),
    )
}

/// The accounts at the end of those roads.
pub(crate) fn accounts(roads: &Roads) -> Accounts {
    Accounts::new(roads.auth.clone(), &KEYS.parse().unwrap()).unwrap()
}

/// Where browsers find the stage.
pub(crate) const ORIGIN: &str = "https://localhost:8443";

/// The key that every stage seals under.
pub(crate) const KEYS: &str = "test:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

type Parts = (Uuid, [Uuid; 2], [Uuid; 2]);

fn parts(database: &Database, at: usize) -> Parts {
    let ids = |sql: &str| -> Vec<Uuid> {
        let rows = database.query(sql).unwrap();
        rows.iter()
            .map(|row| row[0].as_deref().unwrap().parse().unwrap())
            .collect()
    };
    let demo = &DEMO[at];
    let org = ids(&format!(
        "SELECT id FROM organizations WHERE slug = '{}'",
        demo.slug
    ))[0];
    let shop = |name| {
        ids(&format!(
            "SELECT id FROM shops WHERE org_id = '{org}' AND name = '{name}'"
        ))[0]
    };
    let shops = [shop(demo.shops[0].name), shop(demo.shops[1].name)];
    let user = |role| {
        ids(&format!(
            "SELECT user_id FROM memberships WHERE org_id = '{org}' AND role = '{role}'"
        ))[0]
    };
    (org, shops, [user("owner"), user("member")])
}

async fn bearers(accounts: &Accounts, (id, shops, users): Parts) -> Org {
    let mut tokens = Vec::new();
    for user in users {
        let token = token(accounts, (id, user), Permission::ALL, SystemTime::now()).await;
        tokens.push(token.expose().to_owned());
    }
    let member = tokens.pop().unwrap();
    Org {
        id,
        owner: tokens.pop().unwrap(),
        member,
        shops,
    }
}

/// A token of `user` for `org`, good for an hour from `now`.
pub(crate) async fn token(
    accounts: &Accounts,
    (org, user): (Uuid, Uuid),
    permissions: &[Permission],
    now: SystemTime,
) -> ApiToken {
    let new = New {
        account: user.into(),
        audience: Some(org),
        session: None,
        label: "test",
        scopes: &Scopes::new(permissions.iter().copied()),
        lifetime: Some(HOUR),
    };
    let (_, token) = accounts.tokens().issue(new, now).await.unwrap();
    token
}

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<Cluster> =
        LazyLock::new(|| Cluster::start(Options::new(env!("CARGO_MANIFEST_DIR"))).unwrap());
    &CLUSTER
}

/// The demo, migrated and seeded.
fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let migrations = migrate::migrations().into_iter().map(|(_, text)| text);
        let seeds = [
            include_str!("../../src/seed.rs"),
            include_str!("../../src/import.rs"),
        ];
        let text: String = migrations.chain(seeds.map(Cow::Borrowed)).collect();
        let made = cluster().template("weft-server", &text, |database| {
            runtime().block_on(async {
                let mut owner = AsyncPgConnection::establish(&database.url("postgres")).await?;
                migrate::migrate(&mut owner).await?;
                assert!(migrate::migrate(&mut owner).await?.is_empty());
                let roads = Roads::open(&config::addresses(database)).await?;
                let made = seed::seed(&roads).await?;
                assert_eq!(
                    made,
                    seed::seed(&roads).await?,
                    "seeding again changes nothing"
                );
                Ok(())
            })
        });
        made.unwrap()
    })
}
