//! The command line, the environment, and the database they lead to.

use std::{
    env,
    ffi::OsString,
    fmt, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use lexopt::prelude::*;
use weft_auth::throttle::TrustedProxies;
use weft_embedded::{Cluster, Options, Profile};

use crate::{
    keys::Keys,
    object_store,
    roads::Addresses,
    site::{Site, hsts},
    state_folder::StateFolder,
};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// What to do.
    pub command: Command,
    /// Where state is kept, if not in the user's own folder.
    pub data: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Serve.
    Serve {
        /// Where to listen.
        listen: String,
        /// Make the demo's organisations in a configured database too.
        demo: bool,
    },
    /// Import a file of orders.
    Import {
        /// The organisation's short name or id.
        org: String,
        /// The shop's name or id.
        shop: String,
        /// The file.
        file: PathBuf,
    },
    /// Make an organisation and its first owner.
    Bootstrap {
        /// What it is to be called.
        org: String,
        /// The owner's address.
        email: String,
        /// Where the server listens, for the address of the owner's link.
        listen: String,
    },
    /// Say what in the database is not as isolation needs it.
    Doctor,
    /// Be the object store of the server that started this process.
    ObjectStore,
    /// Say how to ask.
    Help,
}

/// The first word of the command line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Serve,
    Import,
    Bootstrap,
    Doctor,
    ObjectStore,
}

/// The database, and the cluster it lives in if that is ours.
pub struct Database {
    /// The three roads.
    pub addresses: Addresses,
    /// Whose tables they are, for migrations.
    pub owner: Option<String>,
    /// Nothing was configured: this is the demo.
    pub is_demo: bool,
    // The server in it runs for as long as this is held.
    _cluster: Option<Cluster>,
}

/// A mistake in arguments or environment.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// An argument is unknown, wrong or missing.
    Argument(lexopt::Error),
    /// Some of the addresses are set, but not this one.
    Missing(&'static str),
    /// The private database did not start.
    Embedded(weft_embedded::Error),
}

/// How to ask.
pub const HELP: &str = "\
weft-server [serve] [--listen HOST:PORT] [--data FOLDER] [--demo]
weft-server import --org NAME --shop NAME [--data FOLDER] FILE
weft-server bootstrap --org NAME --email ADDRESS [--listen HOST:PORT] [--data FOLDER]
weft-server doctor [--data FOLDER]

Without a configured database the server brings its own and two demo organisations.
A configured one is named by WEFT_APP_DATABASE_URL, WEFT_AUTH_DATABASE_URL and
WEFT_UNSCOPED_DATABASE_URL; DATABASE_URL, the owner's, lets the server migrate it.
Its first organisation is made by bootstrap, which prints the link that lets its owner in.
";

impl Arguments {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    /// When one is unknown, wrong or missing.
    pub fn from_env() -> Result<Arguments, ConfigError> {
        Arguments::parse(env::args_os().skip(1))
    }

    /// Reads arguments, the program's name left out.
    ///
    /// # Errors
    /// When one is unknown, wrong or missing.
    pub fn parse(given: impl IntoIterator<Item = OsString>) -> Result<Arguments, ConfigError> {
        let mut parser = lexopt::Parser::from_args(given);
        let (mut listen, mut data, mut demo) = (None, None, false);
        let (mut word, mut org, mut shop, mut file) = (None, None, None, None);
        let mut email = None;
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => {
                    return Ok(Arguments {
                        command: Command::Help,
                        data,
                    });
                }
                Long("listen") => listen = Some(parser.value()?.string()?),
                Long("data") => data = Some(PathBuf::from(parser.value()?)),
                Long("demo") => demo = true,
                Long("org") => org = Some(parser.value()?.string()?),
                Long("shop") => shop = Some(parser.value()?.string()?),
                Long("email") => email = Some(parser.value()?.string()?),
                Value(first) if word.is_none() => {
                    word = Some(match first.to_str() {
                        Some("serve") => Word::Serve,
                        Some("import") => Word::Import,
                        Some("bootstrap") => Word::Bootstrap,
                        Some("doctor") => Word::Doctor,
                        Some(object_store::WORD) => Word::ObjectStore,
                        _ => return Err(Value(first).unexpected().into()),
                    });
                }
                Value(path) if word == Some(Word::Import) && file.is_none() => {
                    file = Some(PathBuf::from(path));
                }
                other => return Err(other.unexpected().into()),
            }
        }
        let listens = matches!(word, None | Some(Word::Serve | Word::Bootstrap));
        if listen.is_some() && !listens || demo && !matches!(word, None | Some(Word::Serve)) {
            return Err(lexopt::Error::from("--listen and --demo are for serve").into());
        }
        if email.is_some() && word != Some(Word::Bootstrap) {
            return Err(lexopt::Error::from("--email is for bootstrap").into());
        }
        if shop.is_some() && word != Some(Word::Import) {
            return Err(lexopt::Error::from("--shop is for import").into());
        }
        let listen = listen.unwrap_or_else(|| "localhost:8443".to_owned());
        let missing = |what: &str| lexopt::Error::from(format!("{what} is missing"));
        let command = match word {
            Some(Word::Import) => Command::Import {
                org: org.ok_or_else(|| missing("--org"))?,
                shop: shop.ok_or_else(|| missing("--shop"))?,
                file: file.ok_or_else(|| missing("the file"))?,
            },
            Some(Word::Bootstrap) => Command::Bootstrap {
                org: org.ok_or_else(|| missing("--org"))?,
                email: email.ok_or_else(|| missing("--email"))?,
                listen,
            },
            _ if org.is_some() => {
                return Err(lexopt::Error::from("--org is for import and bootstrap").into());
            }
            Some(Word::Doctor) => Command::Doctor,
            Some(Word::ObjectStore) => Command::ObjectStore,
            _ => Command::Serve { listen, demo },
        };
        Ok(Arguments { command, data })
    }
}

impl Database {
    /// The configured database, or one of our own whose data is in `folder`. Blocks while it starts.
    ///
    /// # Errors
    /// When the configuration has gaps, or our own does not start.
    pub fn open(folder: &StateFolder) -> Result<Database, ConfigError> {
        let set = |name| env::var(name).ok().filter(|url| !url.is_empty());
        match configured(set)? {
            Some((addresses, owner)) => Ok(Database {
                addresses,
                owner,
                is_demo: false,
                _cluster: None,
            }),
            None => Database::embedded(folder),
        }
    }

    fn embedded(folder: &StateFolder) -> Result<Database, ConfigError> {
        let name = format!("weft-server {}", folder.path().display());
        let mut options = Options::new(name).with_profile(Profile::Durable);
        if let Some(folder) = folder.for_database() {
            options = options.with_state_dir(folder);
        }
        let cluster = Cluster::start(options)?;
        let database = cluster.ensure_database("weft")?;
        Ok(Database {
            addresses: addresses(&database),
            owner: Some(database.url("postgres")),
            is_demo: true,
            _cluster: Some(cluster),
        })
    }
}

/// What the server is to browsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Public {
    origin: String,
    is_local: bool,
    hsts: String,
    proxies: String,
    tls: Option<(PathBuf, PathBuf)>,
}

impl Public {
    /// As the environment says, for a server that listens at `host` and `port`. Only a server of this
    /// machine alone needs no origin.
    ///
    /// # Errors
    /// When the origin is missing.
    pub fn from_env(at: (&str, u16)) -> Result<Public, ConfigError> {
        Public::read(at, |name| {
            env::var(name).ok().filter(|text| !text.is_empty())
        })
    }

    fn read(
        (host, port): (&str, u16),
        set: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Public, ConfigError> {
        let origin = set("WEFT_ORIGIN");
        let address = host.trim_start_matches('[').trim_end_matches(']').parse();
        let is_own = host == "localhost" || address.is_ok_and(|host: IpAddr| host.is_loopback());
        // The object store is at 127.0.0.1, and cookies know no ports.
        let name = match host {
            "127.0.0.1" => "localhost",
            _ => host,
        };
        let own = is_own.then(|| match port {
            443 => format!("https://{name}"),
            _ => format!("https://{name}:{port}"),
        });
        Ok(Public {
            is_local: own.is_some() && origin.is_none(),
            origin: origin.or(own).ok_or(ConfigError::Missing("WEFT_ORIGIN"))?,
            hsts: set("WEFT_HSTS").unwrap_or_else(|| "off".to_owned()),
            proxies: set("WEFT_TRUSTED_PROXIES").unwrap_or_default(),
            tls: files(set("WEFT_TLS_CERTIFICATE"), set("WEFT_TLS_KEY"))?,
        })
    }

    /// The files of its certificate and the key of that, if it was given them.
    pub fn tls(&self) -> Option<(&Path, &Path)> {
        let (certificate, key) = self.tls.as_ref()?;
        Some((certificate, key))
    }

    /// Whether nobody but this machine reaches it.
    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// The site.
    ///
    /// # Errors
    /// When one of the settings cannot be read.
    pub fn site(&self, keys: &Keys) -> io::Result<Site> {
        let networks = self
            .proxies
            .split([',', ' '])
            .filter(|text| !text.is_empty());
        let proxies = TrustedProxies::new(networks).map_err(io::Error::other)?;
        let site = Site::new(&self.origin, keys)?.behind(proxies);
        match hsts(&self.hsts).map_err(|error| io::Error::other(format!("WEFT_HSTS: {error}")))? {
            Some(hsts) => site.with_hsts(hsts),
            None => Ok(site),
        }
    }
}

fn files(
    certificate: Option<String>,
    key: Option<String>,
) -> Result<Option<(PathBuf, PathBuf)>, ConfigError> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
        (Some(_), None) => Err(ConfigError::Missing("WEFT_TLS_KEY")),
        (None, Some(_)) => Err(ConfigError::Missing("WEFT_TLS_CERTIFICATE")),
    }
}

/// The roads to a database of a private cluster.
pub fn addresses(database: &weft_embedded::Database) -> Addresses {
    Addresses {
        app: database.url("weft_app"),
        auth: database.url("weft_auth"),
        unscoped: database.url("weft_unscoped"),
    }
}

type Configured = Option<(Addresses, Option<String>)>;

fn configured(set: impl Fn(&'static str) -> Option<String>) -> Result<Configured, ConfigError> {
    const ROADS: [&str; 3] = [
        "WEFT_APP_DATABASE_URL",
        "WEFT_AUTH_DATABASE_URL",
        "WEFT_UNSCOPED_DATABASE_URL",
    ];
    let owner = set("DATABASE_URL");
    if owner.is_none() && ROADS.iter().all(|name| set(name).is_none()) {
        return Ok(None);
    }
    let address = |name| set(name).ok_or(ConfigError::Missing(name));
    let [app, auth, unscoped] = ROADS;
    let addresses = Addresses {
        app: address(app)?,
        auth: address(auth)?,
        unscoped: address(unscoped)?,
    };
    Ok(Some((addresses, owner)))
}

impl From<lexopt::Error> for ConfigError {
    fn from(error: lexopt::Error) -> ConfigError {
        ConfigError::Argument(error)
    }
}

impl From<weft_embedded::Error> for ConfigError {
    fn from(error: weft_embedded::Error) -> ConfigError {
        ConfigError::Embedded(error)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Argument(error) => write!(f, "{error}\n\n{HELP}"),
            ConfigError::Missing(name) => {
                write!(f, "{name} is not set, and is needed with what is")
            }
            ConfigError::Embedded(error) => write!(f, "the private database: {error}"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ConfigError::Argument(error) => Some(error),
            ConfigError::Embedded(error) => Some(error),
            ConfigError::Missing(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, ConfigError> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn serving_is_what_it_does_unasked() {
        let listen = "localhost:8443".to_owned();
        assert_eq!(
            parse("").unwrap(),
            Arguments {
                command: Command::Serve {
                    listen,
                    demo: false
                },
                data: None
            }
        );
        let Command::Serve { listen, .. } =
            parse("serve --listen [::1]:1 --data x").unwrap().command
        else {
            panic!()
        };
        assert_eq!(listen, "[::1]:1");
    }

    #[test]
    fn an_import_names_organisation_shop_and_file() {
        assert_eq!(parse("doctor").unwrap().command, Command::Doctor);
        assert_eq!(parse("object-store").unwrap().command, Command::ObjectStore);
        assert!(matches!(
            parse("import --org a --shop b c.csv").unwrap().command,
            Command::Import { .. }
        ));
        for bad in [
            "import",
            "import --org a c",
            "import --org a --shop b",
            "--org a",
            "doctor --demo",
            "import --listen x --org a --shop b c",
            "sing",
            "--x",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bootstrap_names_organisation_and_owner() {
        let asked = parse("bootstrap --org a --email b@example.com --listen x:1").unwrap();
        assert_eq!(
            asked.command,
            Command::Bootstrap {
                org: "a".to_owned(),
                email: "b@example.com".to_owned(),
                listen: "x:1".to_owned(),
            }
        );
        for bad in [
            "bootstrap --org a",
            "bootstrap --email b@example.com",
            "bootstrap --org a --email b@example.com --demo",
            "bootstrap --org a --email b@example.com --shop c",
            "bootstrap --org a --email b@example.com c.csv",
            "serve --email b@example.com",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_server_of_this_machine_is_at_another_host_than_its_store() {
        let at = |host| Public::read((host, 8443), |_| None).map(|public| public.origin);
        assert_eq!(at("localhost").unwrap(), "https://localhost:8443");
        assert_eq!(at("127.0.0.1").unwrap(), "https://localhost:8443");
        assert_eq!(at("[::1]").unwrap(), "https://[::1]:8443");
        assert!(at("0.0.0.0").is_err());
    }

    #[test]
    fn addresses_come_together_or_not_at_all() {
        assert!(configured(|_| None).unwrap().is_none());
        assert!(configured(|name| Some(name.to_owned())).unwrap().is_some());
        let only_owner = |name: &'static str| (name == "DATABASE_URL").then(|| name.to_owned());
        assert!(matches!(
            configured(only_owner),
            Err(ConfigError::Missing("WEFT_APP_DATABASE_URL"))
        ));
        let no_owner = |name: &'static str| name.starts_with("WEFT").then(|| name.to_owned());
        assert!(configured(no_owner).unwrap().unwrap().1.is_none());
    }
}
