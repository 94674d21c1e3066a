//! `weft doctor`: whether a live database keeps what isolation relies on.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use diesel::ConnectionError;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde_json::json;
use weft_tenancy::doctor::{Catalog, Doctor, Report};

use crate::{
    Failure,
    arguments::Arguments,
    declared::{Declared, RoleFlags, read},
};

pub(crate) const USAGE: &str = "\
usage: weft doctor --declaration FILE [--database-url URL] [--app ROLE] [--auth ROLE]
                   [--directory TABLE]... [--unscoped ROLE] [--signed] [--except FILE] [--json]

Reads the catalog of a live database and prints what is wrong with it, each with the SQL that mends
it. Exit status: 0 when it is healthy (advice may be left), 1 when something is wrong, 2 when the
question cannot be answered.

  --declaration FILE  which table belongs to whom, as TOML; it may name the roles, and exceptions:
                      [[except]] with rule, object and reason
  --database-url URL  the database, without TLS; DATABASE_URL when left out. Any role will do
  --app ROLE          the role of scopes
  --auth ROLE         the role that reads private tables and the directory
  --directory TABLE   a table it reads across organisations, repeatable
  --unscoped ROLE     the role that reaches all organisations
  --signed            the context must be signed
  --except FILE       more exceptions, as TOML
  --json              the report as one line of JSON
";

pub(crate) fn run(mut arguments: Arguments) -> Result<ExitCode, Failure> {
    let (mut declaration, mut roles, mut url) = (None, RoleFlags::default(), None);
    let (mut signed, mut except, mut as_json) = (false, None, false);
    while let Some(flag) = arguments.flag() {
        match flag.as_str() {
            "--declaration" => declaration = Some(arguments.value(&flag)?),
            "--database-url" => url = Some(arguments.value(&flag)?),
            "--signed" => signed = true,
            "--except" => except = Some(arguments.value(&flag)?),
            "--json" => as_json = true,
            _ if roles.take(&flag, &mut arguments)? => {}
            _ => return Err(Arguments::unknown(&flag)),
        }
    }
    let declared = Declared::read(declaration)?;
    let roles = roles.roles(&declared)?;
    let mut doctor = Doctor::new(&declared.tenancy, &roles);
    if signed {
        doctor = doctor.signed();
    }
    let in_file = |file: String| move |error| Failure::Usage(format!("{file}: {error}"));
    let excepted = doctor.except_toml(&declared.text);
    doctor = excepted.map_err(in_file(declared.file.clone()))?;
    if let Some(file) = except {
        let excepted = doctor.except_toml(&read(&file)?);
        doctor = excepted.map_err(in_file(file))?;
    }
    let url = url.or_else(|| std::env::var("DATABASE_URL").ok());
    let missing = || Failure::Usage("--database-url is needed".to_owned());
    let report = doctor.examine(&catalog(&url.ok_or_else(missing)?)?);
    print(&report, as_json)?;
    Ok(ExitCode::from(u8::from(!report.is_healthy())))
}

fn print(report: &Report, as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !as_json {
        return writeln!(out, "{report}");
    }
    let mut value = json!(report);
    value["healthy"] = report.is_healthy().into();
    writeln!(out, "{value}")
}

fn catalog(url: &str) -> Result<Catalog, Failure> {
    if wants_tls(url) {
        let message = "sslmode asks for TLS, which this program does not speak; use a local socket or a tunnel";
        return Err(Failure::Connection(message.to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let connection = AsyncPgConnection::establish(url).await;
        let mut conn = connection.map_err(|error| Failure::Connection(unreachable(&error)))?;
        let catalog = Catalog::load_async(&mut conn).await;
        catalog.map_err(|error| Failure::Connection(format!("the catalog cannot be read: {error}")))
    })
}

/// Whether the address insists on TLS, in any of its forms.
fn wants_tls(url: &str) -> bool {
    let url: String = url.to_ascii_lowercase().split_whitespace().collect();
    let mut values = url.split("sslmode=").skip(1);
    values.any(|value| {
        let value = value.trim_start_matches('\'');
        ["require", "verify"]
            .iter()
            .any(|mode| value.starts_with(mode))
    })
}

/// What can be said of the failure. A malformed address is not repeated: a piece of it may be the
/// password.
fn unreachable(error: &ConnectionError) -> String {
    let message = error.to_string();
    let is_said = ["db error", "error connecting to server", "FATAL"];
    if is_said.iter().any(|start| message.starts_with(start)) {
        format!("no connection: {message}")
    } else {
        "no connection: the address is not one, or leads to no server".to_owned()
    }
}
