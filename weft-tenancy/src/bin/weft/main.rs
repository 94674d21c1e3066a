//! The `weft` command line.

mod arguments;
mod declared;
mod doctor;
mod guard;
mod policy;
mod table;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use arguments::Arguments;

const USAGE: &str = "\
usage: weft COMMAND ...

  guard   what would be sent for a statement, or why it is refused
  doctor  whether a live database keeps what isolation relies on
  policy  row-level security as SQL
  table   a new tenant table as SQL

weft COMMAND --help says more.
";

/// A command: its name, what it does, and how it is used.
type Command = (
    &'static str,
    fn(Arguments) -> Result<ExitCode, Failure>,
    &'static str,
);

const COMMANDS: [Command; 4] = [
    ("guard", guard::run, guard::USAGE),
    ("doctor", doctor::run, doctor::USAGE),
    ("policy", policy::run, policy::USAGE),
    ("table", table::run, table::USAGE),
];

enum Failure {
    Usage(String),
    Connection(String),
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

fn main() -> ExitCode {
    let mut usage = USAGE;
    match run(&mut usage) {
        Ok(code) => code,
        Err(Failure::Usage(message)) => {
            let _ = write!(io::stderr(), "weft: {message}\n{usage}");
            ExitCode::from(2)
        }
        Err(Failure::Connection(message)) => {
            let _ = writeln!(io::stderr(), "weft: {message}");
            ExitCode::from(2)
        }
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Output(error)) => {
            let _ = writeln!(io::stderr(), "weft: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command that the arguments name, and leaves in `usage` what helps when it is misused.
fn run(usage: &mut &'static str) -> Result<ExitCode, Failure> {
    let mut arguments = Arguments::of_process()?;
    let name = arguments.flag();
    let name = name.ok_or_else(|| Failure::Usage("a command is needed".to_owned()))?;
    let command = COMMANDS.iter().find(|(known, ..)| *known == name);
    if let Some((_, _, its_usage)) = command {
        *usage = its_usage;
    }
    let help = arguments.asks_for_help();
    match command {
        Some((_, run, _)) if !help => run(arguments),
        None if !matches!(name.as_str(), "--help" | "-h") => {
            Err(Failure::Usage(format!("unknown command {name:?}")))
        }
        _ => {
            write!(io::stdout(), "{usage}")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
