//! `weft-webhooks verify`: whether a captured delivery is right.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use http::HeaderMap;
use lexopt::Arg::{Long, Value};
use lexopt::{Parser, ValueExt};
use weft_webhooks::{Verified, Verifier};

use crate::capture::{self, Capture};
use crate::failure::Failure;
use crate::options::Options;

pub(crate) fn run(mut arguments: Parser) -> Result<ExitCode, Failure> {
    let mut options = Options::default();
    let mut path: Option<PathBuf> = None;
    let mut headers = HeaderMap::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("header") => {
                let line = arguments.value()?.string()?;
                capture::add(&mut headers, line.as_bytes())?;
            }
            Long(flag) => {
                let flag = flag.to_owned();
                options.take(&flag, &mut arguments)?;
            }
            Value(value) if path.is_none() => path = Some(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let verifier = Verifier::new(options.scheme()?, options.secrets()?)
        .map_err(|error| Failure::Input(error.to_string()))?;
    let Capture { headers, body } = match path {
        Some(path) if headers.is_empty() && !options.has_body() => Capture::read(&path)?,
        Some(_) => {
            let both = "a capture has its own headers and body";
            return Err(Failure::Usage(both.to_owned()));
        }
        None => Capture {
            headers,
            body: options.body()?,
        },
    };
    let mut out = io::stdout().lock();
    match verifier.verify(&headers, body, options.now()) {
        Ok(verified) => {
            show(&mut out, &verified, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            let kind = refusal.kind();
            writeln!(out, "refused: {}\n{}", kind.name(), kind.sentence())?;
            Ok(ExitCode::from(1))
        }
    }
}

fn show(out: &mut impl Write, verified: &Verified, options: &Options) -> io::Result<()> {
    writeln!(out, "verified: {}", verified.scheme())?;
    writeln!(out, "secret: {}", options.place(verified.secret_id()))?;
    if let Some(at) = verified.signed_at() {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        writeln!(out, "signed at: {}", since.as_secs())?;
    }
    if let Some(id) = verified.message_id() {
        writeln!(out, "message id: {id}")?;
    }
    write!(out, "digest: ")?;
    for byte in verified.digest().as_bytes() {
        write!(out, "{byte:02x}")?;
    }
    writeln!(out, "\nbody: {} bytes", verified.body().len())
}
