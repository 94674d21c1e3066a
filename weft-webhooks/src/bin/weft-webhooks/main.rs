//! The `weft-webhooks` command line.

mod capture;
mod failure;
mod options;
mod sign;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use lexopt::Arg::Value;

use failure::Failure;

const USAGE: &str = "\
usage: weft-webhooks verify --scheme NAME SECRET... [--at TIME] CAPTURE
       weft-webhooks verify --scheme NAME SECRET... [--at TIME] --header LINE... --body-file FILE
       weft-webhooks sign --scheme NAME SECRET... [--at TIME] [--id ID] --body-file FILE

verify says whether a captured delivery is right, and which secret made its signature. sign prints the
headers to send with a body. They exit with 0, with 1 for a delivery that is refused, and with 2 if
they cannot tell.

  CAPTURE             a request as it came: head, empty line, body; - is standard input
  --scheme NAME       stripe, shopify, slack, standard, svix, github, workos or stalwart
  --secret-file FILE  a secret; a line end behind it is left out
  --secret-env NAME   a secret in the environment variable of that name
  --at TIME           when the delivery came or goes, in seconds since 1970; otherwise now
  --header LINE       a header of the delivery, such as 'webhook-id: msg_1'
  --body-file FILE    the body, byte for byte
  --id ID             the message's id, which standard and svix sign

Of several secrets the last is the newest. None is taken from the arguments, which others can see.
";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let _ = writeln!(io::stderr(), "weft-webhooks: {failure}");
            if matches!(failure, Failure::Usage(_)) {
                let _ = write!(io::stderr(), "{USAGE}");
            }
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    if std::env::args_os().any(|argument| argument == "--help" || argument == "-h") {
        write!(io::stdout(), "{USAGE}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut arguments = lexopt::Parser::from_env();
    match arguments.next()? {
        Some(Value(command)) if command == "verify" => verify::run(arguments),
        Some(Value(command)) if command == "sign" => sign::run(arguments),
        Some(argument) => Err(argument.unexpected().into()),
        None => Err(Failure::Usage("a command is needed".to_owned())),
    }
}
