//! The same through PgBouncer in transaction mode, whose server connections are anybody's after
//! each COMMIT. Its older versions do not follow prepared statements, so Diesel keeps none.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::CacheSize;
use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::AsyncPgConnection;
use uuid::Uuid;
use weft_tenancy::{OrgConn, RowSecurity, Scope};
use weft_tests::schema::{customers, orders};
use weft_tests::{Database, TENANCY};

use super::storm::{DIVIDE, ORGS, Random, TOO_LONG, act, is_calm, layers, stage};

/// A running pooler in front of one database, with three connections to the server.
struct Pooler {
    process: Child,
    folder: PathBuf,
    url: String,
}

impl Pooler {
    /// None where no PgBouncer is installed, which is said aloud.
    fn start(db: &Database) -> Option<Pooler> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|program| Path::new(program).exists());
        let Some(program) = program else {
            println!("skipped: pgbouncer is not installed");
            return None;
        };
        let url = db.url("app");
        let (_, rest) = url.split_once('@').unwrap();
        let (host, rest) = rest.split_once(':').unwrap();
        let (_, name) = rest.split_once('/').unwrap();
        let server = host.replace("%2F", "/");
        let folder = std::env::temp_dir().join(format!("weft-pooler-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).unwrap();
        let at = folder.display();
        let config = format!(
            "[databases]\n{name} = host={server} port=5432\n\
             [pgbouncer]\nlisten_addr =\nlisten_port = 5432\nunix_socket_dir = {at}\n\
             auth_type = trust\nauth_file = {at}/users\npool_mode = transaction\n\
             default_pool_size = 3\nmax_client_conn = 100\nlogfile = {at}/log\n"
        );
        fs::write(folder.join("pooler.ini"), config).unwrap();
        fs::write(folder.join("users"), "\"app\" \"\"\n").unwrap();
        let mut command = Command::new(program);
        command
            .arg("-q")
            .arg(folder.join("pooler.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // It refuses to run as root, so it runs as whoever runs the server.
        let owner = fs::metadata(&server).unwrap();
        if fs::metadata(&folder).unwrap().uid() != owner.uid() {
            std::os::unix::fs::chown(&folder, Some(owner.uid()), Some(owner.gid())).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        let pooler = Pooler {
            process: command.spawn().unwrap(),
            url: format!(
                "postgres://app@{}:5432/{name}",
                at.to_string().replace('/', "%2F")
            ),
            folder,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !pooler.folder.join(".s.PGSQL.5432").exists() {
            assert!(Instant::now() < deadline, "the pooler does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(pooler)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn no_context_survives_behind_it() {
    use diesel::{Connection, PgConnection, RunQueryDsl};

    let db = stage();
    let Some(pooler) = Pooler::start(&db) else {
        return;
    };
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    println!("seed {seed}");
    let row_security =
        RowSecurity::check(&mut PgConnection::establish(&pooler.url).unwrap(), &TENANCY).unwrap();
    std::thread::scope(|threads| {
        for thread in 0..6_u64 {
            let (url, row_security) = (&pooler.url, &row_security);
            threads.spawn(move || {
                let mut random = Random::seeded(seed.wrapping_mul(1_000) + thread);
                let layers = layers();
                let mut inner = PgConnection::establish(url).unwrap();
                inner.set_prepared_statement_cache_size(CacheSize::Disabled);
                for _ in 0..20 {
                    let (id, prefix) = ORGS[random.below(ORGS.len())];
                    let scope = Scope::org(Uuid::from_u128(id));
                    let mut conn = OrgConn::new(&mut inner, &layers[random.below(2)], scope)
                        .with_row_security(row_security);
                    let rename = format!("{prefix}-{}", random.below(1_000));
                    let update =
                        diesel::update(customers::table.find(1)).set(customers::name.eq(rename));
                    match random.below(4) {
                        0 => assert_eq!(update.execute(&mut conn), Ok(1)),
                        1 => assert!(diesel::sql_query(DIVIDE).execute(&mut conn).is_err()),
                        2 => assert!(diesel::sql_query(TOO_LONG).execute(&mut conn).is_err()),
                        _ => {
                            let shops = orders::table.select(orders::shop_id).distinct();
                            let seen = conn.transaction(|conn| {
                                update.execute(conn)?;
                                let one: Vec<i64> = shops.load(&mut conn.narrowed([1_i64]))?;
                                Ok::<_, Error>((one, shops.load::<i64>(conn)?.len()))
                            });
                            assert_eq!(seen, Ok((vec![1], 3)));
                        }
                    }
                    let names: Vec<String> = customers::table
                        .select(customers::name)
                        .load(&mut conn)
                        .unwrap();
                    assert!(
                        names.len() == 3 && names.iter().all(|name| name.starts_with(prefix)),
                        "{prefix}: {names:?}"
                    );
                }
            });
        }
    });
    is_calm(&db);
}

/// diesel-async prepares two settings when it connects, outside of a transaction, and such a pooler
/// may lose them between two messages: then it has to connect again.
async fn connect(url: &str) -> AsyncPgConnection {
    use diesel_async::AsyncConnection;

    let mut lost = 0;
    loop {
        match AsyncPgConnection::establish(url).await {
            Ok(conn) => return conn,
            Err(error) => assert!(lost < 100, "{error}"),
        }
        lost += 1;
    }
}

#[tokio::test]
async fn no_context_survives_behind_it_asynchronously() {
    let db = stage();
    let Some(pooler) = Pooler::start(&db) else {
        return;
    };
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    println!("seed {seed}");
    let mut connections = Vec::new();
    for _ in 0..6 {
        let mut inner = connect(&pooler.url).await;
        diesel_async::AsyncConnection::set_prepared_statement_cache_size(
            &mut inner,
            CacheSize::Disabled,
        );
        connections.push(inner);
    }
    let row_security = RowSecurity::check_async(&mut connections[0], &TENANCY)
        .await
        .unwrap();
    let row_security = row_security.without_pipelining();
    let work = connections
        .into_iter()
        .zip(0_u64..)
        .map(|(mut inner, task)| {
            let row_security = row_security.clone();
            async move {
                let mut random = Random::seeded(seed.wrapping_mul(1_000) + task);
                let layers = layers();
                for _ in 0..20 {
                    let (id, prefix) = ORGS[random.below(ORGS.len())];
                    let scope = Scope::org(Uuid::from_u128(id));
                    let mut conn = weft_tenancy::AsyncOrgConn::new(
                        &mut inner,
                        &layers[random.below(2)],
                        scope,
                    )
                    .with_row_security(&row_security);
                    act(&mut conn, prefix, &mut random, 6).await.unwrap();
                }
            }
        });
    futures_util::future::join_all(work).await;
    is_calm(&db);
}
