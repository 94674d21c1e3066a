//! `weft-server`: see the README, or `--help`.

use std::{
    error::Error,
    fs::File,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use chrono::Utc;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use weft_embedded::store;
use weft_server::{
    AppState,
    accounts::Accounts,
    app,
    attachments::Attachments,
    bootstrap::bootstrap,
    config::{Arguments, Command, Database, HELP, Public},
    events::Outgoing,
    import,
    keys::Keys,
    mail::Post,
    migrate,
    object_store::ObjectStore,
    roads::Roads,
    schema::{TENANCY, organizations, roles, shops},
    seed, serve,
    single_sign_on::SingleSignOn,
    state_folder::StateFolder,
    tls,
    value::Role,
    webhooks::directory::Directory,
};
use weft_tenancy::{
    Scope,
    doctor::{Catalog, Doctor},
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "weft-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn log() {
    let level = std::env::var("WEFT_LOG")
        .ok()
        .and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_max_level(level.unwrap_or(tracing::Level::INFO))
        .init();
}

fn run() -> Outcome<ExitCode> {
    let Arguments { command, data } = Arguments::from_env()?;
    if command == Command::Help {
        io::stdout().write_all(HELP.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    if command == Command::ObjectStore {
        // Without a log: s3s would write into it which signature would have been right.
        store::child()?;
        return Ok(ExitCode::SUCCESS);
    }
    log();
    let folder = StateFolder::open(data)?;
    let database = Database::open(&folder)?;
    // Made after the database: the cluster's starter blocks.
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            if command == Command::Doctor {
                return doctor(&database).await;
            }
            let roads = prepare(&database).await?;
            match command {
                Command::Serve { listen, demo } => {
                    serve(&folder, roads, &listen, demo || database.is_demo).await?;
                }
                Command::Import { org, shop, file } => {
                    if database.is_demo {
                        seed::seed(&roads).await?;
                    }
                    import(&roads, &org, &shop, File::open(&file)?).await?;
                }
                Command::Bootstrap { org, email, listen } => {
                    let keys = Keys::open(&folder)?;
                    let site = public(&listen)?.site(&keys)?;
                    let accounts = Accounts::new(roads.auth.clone(), &keys)?;
                    let link = bootstrap((&roads, &accounts, &site), &org, &email).await?;
                    writeln!(
                        io::stdout(),
                        "{email} owns {org}, and gets in once by this link, within 7 days:\n{link}"
                    )?;
                }
                Command::Doctor | Command::ObjectStore | Command::Help => {}
            }
            Ok(ExitCode::SUCCESS)
        })
}

/// Says what in the database is not as isolation needs it; a failure when there is anything.
async fn doctor(database: &Database) -> Outcome<ExitCode> {
    if database.is_demo {
        migrate(database).await?;
    }
    let mut conn = AsyncPgConnection::establish(&database.addresses.app).await?;
    let catalog = Catalog::load_async(&mut conn).await?;
    let report = Doctor::new(&TENANCY, &roles()).examine(&catalog);
    writeln!(io::stdout(), "{report}")?;
    Ok(match report.is_healthy() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn prepare(database: &Database) -> Outcome<Roads> {
    migrate(database).await?;
    Ok(Roads::open(&database.addresses).await?)
}

async fn migrate(database: &Database) -> Outcome<()> {
    if let Some(owner) = &database.owner {
        let mut owner = AsyncPgConnection::establish(owner).await?;
        for name in migrate::migrate(&mut owner).await? {
            tracing::info!(name, "migrated");
        }
    }
    Ok(())
}

/// What a server that listens there is to browsers.
fn public(listen: &str) -> Outcome<Public> {
    let (host, port) = listen.rsplit_once(':').ok_or("--listen takes HOST:PORT")?;
    Ok(Public::from_env((host, port.parse()?))?)
}

async fn serve(folder: &StateFolder, roads: Roads, listen: &str, demo: bool) -> Outcome<()> {
    let keys = Keys::open(folder)?;
    let accounts = Accounts::new(roads.auth.clone(), &keys)?;
    let tokens = match demo {
        true => {
            let orgs = seed::seed(&roads).await?;
            seed::tokens((&roads, &accounts), orgs, folder, SystemTime::now()).await?
        }
        false => Vec::new(),
    };
    let listeners = serve::listen(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let port = listeners[0].local_addr()?.port();
    let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
    let public = Public::from_env((host, port))?;
    let tls = match public.tls() {
        Some((certificate, key)) => tls::from_files(certificate, key)?,
        None => tls::config(folder, Utc::now())?,
    };
    let post = match public.is_local() {
        true => Post::development(),
        false => Post::nobody(),
    };
    let site = public.site(&keys)?;
    let own = std::path::absolute(folder.file(tls::CERTIFICATE))?;
    let site = match public.tls() {
        None => site.with_own_certificate(own.clone()),
        Some(_) => site,
    };
    let single_sign_on = SingleSignOn::from_env(&site)?;
    let (site, files) = match public.is_local() {
        true => {
            let store = ObjectStore::start(folder, &keys, site.origin().as_str())?;
            tracing::info!(origin = store.origin(), "the object store listens");
            (
                site.with_store(store.origin())?,
                Attachments::new(Some(store))?,
            )
        }
        false => {
            tracing::warn!("the object store is for this machine alone: nobody can attach files");
            (site, Attachments::new(None)?)
        }
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}", site.origin().as_str())?;
    let certificate = public.tls().map_or(&*own, |(certificate, _)| certificate);
    writeln!(out, "certificate: {}", certificate.display())?;
    for token in &tokens {
        let who = match token.role {
            Role::Owner => "owner",
            Role::Member => "member of one shop",
        };
        writeln!(out, "{:<18}{who:<20}{}", token.org, token.expose())?;
    }
    out.flush()?;
    drop(out);
    let directory = Directory::new(keys.webhooks().clone())?;
    let outgoing = Outgoing::from_env()?;
    let state = AppState::new(roads, directory, outgoing, files, (accounts, site, post))
        .with_single_sign_on(single_sign_on);
    state
        .read_endpoints()
        .await
        .map_err(|_| "the webhook endpoints cannot be read")?;
    let work = state.clone();
    let work = tokio::spawn(async move { work.work().await });
    serve::serve(listeners, tls, app(state), serve::stopped()).await?;
    work.abort();
    tracing::info!("stopped");
    Ok(())
}

async fn import(roads: &Roads, org: &str, shop: &str, file: File) -> Outcome<()> {
    let org_id = find_org(roads, org)
        .await?
        .ok_or_else(|| format!("no organisation {org}"))?;
    let scope = Scope::org(org_id);
    let mut conn = roads.app.within(scope.clone()).await?;
    let by_name = shops::table
        .select(shops::id)
        .filter(shops::name.eq(shop))
        .into_boxed();
    let by_name_or_id = match Uuid::try_parse(shop) {
        Ok(id) => by_name.or_filter(shops::id.eq(id)),
        Err(_) => by_name,
    };
    let shop_id: Option<Uuid> = by_name_or_id.first(&mut conn).await.optional()?;
    let shop_id = shop_id.ok_or_else(|| format!("no shop {shop} in {org}"))?;
    drop(conn);

    let size = file.metadata()?.len();
    let mut bar = Bar::new(size);
    let mut conn = roads.app.within(scope.narrowed_to([shop_id])).await?;
    let done = import::import(&mut conn, file, |orders, read| {
        bar.show(read, orders, false);
    })
    .await;
    let done = done.inspect_err(|_| bar.end())?;
    bar.show(size, done.read, true);
    bar.end();
    let known = done.read - done.new;
    writeln!(
        io::stdout(),
        "{} orders read: {} new, {known} known before",
        done.read,
        done.new
    )?;
    Ok(())
}

async fn find_org(roads: &Roads, org: &str) -> Outcome<Option<Uuid>> {
    let org = org.to_owned();
    let mut conn = roads.unscoped.open().await?;
    let found = conn
        .unscoped(
            "find the organisation to import into",
            "weft-server import",
            async |conn| {
                let by_name = organizations::table
                    .select(organizations::id)
                    .filter(organizations::slug.eq(&org))
                    .into_boxed();
                let query = match Uuid::try_parse(&org) {
                    Ok(id) => by_name.or_filter(organizations::id.eq(id)),
                    Err(_) => by_name,
                };
                query.first(conn).await.optional()
            },
        )
        .await?;
    Ok(found)
}

/// A bar on a terminal, and nothing elsewhere.
struct Bar {
    size: u64,
    shown: Option<Instant>,
    on: bool,
}

impl Bar {
    fn new(size: u64) -> Bar {
        Bar {
            size: size.max(1),
            shown: None,
            on: io::stderr().is_terminal(),
        }
    }

    fn show(&mut self, read: u64, orders: usize, last: bool) {
        let often = self
            .shown
            .is_some_and(|then| then.elapsed() < Duration::from_millis(100));
        if !self.on || (often && !last) {
            return;
        }
        self.shown = Some(Instant::now());
        let cells = (read.min(self.size) * 40 / self.size) as usize;
        let _ = write!(
            io::stderr(),
            "\r[{:<40}] {:>3} % {orders} orders",
            "#".repeat(cells),
            read.min(self.size) * 100 / self.size
        );
    }

    fn end(&mut self) {
        if self.shown.take().is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}
