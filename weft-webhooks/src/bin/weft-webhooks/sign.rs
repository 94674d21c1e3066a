//! `weft-webhooks sign`: the headers to send with a body.

use std::io::{self, Write};
use std::process::ExitCode;

use lexopt::Arg::Long;
use lexopt::{Parser, ValueExt};
use weft_webhooks::Signer;

use crate::failure::Failure;
use crate::options::Options;

pub(crate) fn run(mut arguments: Parser) -> Result<ExitCode, Failure> {
    let mut options = Options::default();
    let mut id = String::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("id") => id = arguments.value()?.string()?,
            Long(flag) => {
                let flag = flag.to_owned();
                options.take(&flag, &mut arguments)?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let signer = Signer::new(options.scheme()?, options.secrets()?)
        .map_err(|error| Failure::Input(error.to_string()))?;
    let headers = signer
        .sign(&id, &options.body()?, options.now())
        .map_err(|error| Failure::Input(error.to_string()))?;
    let mut out = io::stdout().lock();
    for (name, value) in &headers {
        out.write_all(name.as_str().as_bytes())?;
        out.write_all(b": ")?;
        out.write_all(value.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(ExitCode::SUCCESS)
}
