//! The server, as somebody starts it who configures nothing.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::SystemTime,
};

use weft_auth::sso::fake::{Fake, Listener, Person};
use weft_embedded::{Cluster, Options, Profile};
use weft_server::state_folder::StateFolder;

pub(crate) struct Server {
    child: Child,
    origin: String,
    data: PathBuf,
    // What it asks about single sign-on.
    _workos: Listener,
    // Closed, it would end the server's printing.
    _out: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start() -> Server {
        let data = env::temp_dir().join(format!("weft-browser-{}", std::process::id()));
        let workos = Arc::new(workos());
        let listener = Listener::start(workos.clone()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_weft-server"));
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name == "DATABASE_URL" || name.starts_with("WEFT_") && name != "WEFT_PG_BIN" {
                command.env_remove(&*name);
            }
        }
        let mut child = command
            .args(["--listen", "localhost:0", "--data"])
            .arg(&data)
            .env("WEFT_LOG", "warn")
            .env("WEFT_WORKOS_CLIENT_ID", CLIENT.0)
            .env("WEFT_WORKOS_API_KEY", CLIENT.1)
            .env("WEFT_WORKOS_URL", format!("http://{}", listener.address()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert!(line.starts_with("https://"), "the server does not start");
        without_rates(&data);
        let origin = line.trim().to_owned();
        workos.allow_redirect(&format!("{origin}/sign-in/sso/callback"));
        Server {
            child,
            origin,
            data,
            _workos: listener,
            _out: out,
        }
    }

    /// Where it is, as it prints it.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its certificate and key, which a browser has to trust and an attacker may borrow.
    pub(crate) fn tls(&self) -> PathBuf {
        self.data.join("private/tls.json")
    }

    /// Its certificate alone.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.data.join("private/certificate.pem")
    }
}

/// A local WorkOS, at which one organisation's people are known.
fn workos() -> Fake {
    let workos = Fake::new(CLIENT.0, CLIENT.1, SystemTime::now());
    workos.set_up("conn_1", &["ullmann.example"]);
    workos.sign_in(Person::new("idp_noor", "noor@ullmann.example"));
    workos
}

const CLIENT: (&str, &str) = ("client_1", "sk_test_1");

/// Lets everything happen as often as it likes, for good: mail goes to one mailbox once a minute, and no
/// story lasts as long. Throttles have tests of their own. One organisation to come has paid for all there is.
fn without_rates(data: &Path) {
    let folder = StateFolder::open(Some(data.to_owned())).unwrap();
    let options = Options::new(format!("weft-server {}", folder.path().display()))
        .with_profile(Profile::Durable)
        .with_state_dir(folder.for_database().unwrap());
    let cluster = Cluster::start(options).unwrap();
    let database = cluster.database("weft");
    database
        .execute(
            "CREATE FUNCTION never_full() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN NEW.even_at = ''epoch''; RETURN NEW; END'; \
             CREATE TRIGGER never_full BEFORE INSERT OR UPDATE ON auth_rates \
                 FOR EACH ROW EXECUTE FUNCTION never_full(); \
             CREATE FUNCTION paid() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN NEW.plan_id = (SELECT id FROM plans WHERE code = ''enterprise''); RETURN NEW; END'; \
             CREATE TRIGGER paid BEFORE INSERT ON organizations FOR EACH ROW \
                 WHEN (NEW.name = 'Ullmann Textiles') EXECUTE FUNCTION paid()",
        )
        .unwrap();
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, so that it stops its database as well.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}
