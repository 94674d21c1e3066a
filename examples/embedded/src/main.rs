//! `weft-embedded [--name NAME] [--state FOLDER] [--durable]` starts a private Postgres, prints
//! its address, and stops it when the standard input ends, if nobody else uses it then.
//!
//! `weft-embedded object-store` is the process behind a store (feature `store`).

use std::env;
use std::io::{Write, stdin, stdout};
use std::process::ExitCode;

use weft_embedded::{Cluster, Options, Profile};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weft-embedded: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "store")]
    if env::args().nth(1).as_deref() == Some("object-store") {
        return Ok(weft_embedded::store::child()?);
    }
    let mut name = "demo".to_owned();
    let mut state = None;
    let mut profile = Profile::Test;
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--name" => name = value()?,
            "--state" => state = Some(value()?),
            "--durable" => profile = Profile::Durable,
            _ => return Err(format!("unknown argument {argument}").into()),
        }
    }
    let mut options = Options::new(name).with_profile(profile);
    if let Some(state) = state {
        options = options.with_state_dir(state);
    }
    let cluster = Cluster::start(options)?;
    let mut out = stdout();
    writeln!(out, "{}", cluster.database("postgres").url("postgres"))?;
    out.flush()?;
    std::io::copy(&mut stdin(), &mut std::io::sink())?;
    Ok(())
}
