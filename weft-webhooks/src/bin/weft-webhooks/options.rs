use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lexopt::{Parser, ValueExt};
use weft_webhooks::{Scheme, Secret};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// What both commands are told.
#[derive(Default)]
pub(crate) struct Options {
    scheme: Option<Scheme>,
    /// Each secret with the place that it came from; its id is its number.
    secrets: Vec<(Secret, String)>,
    at: Option<SystemTime>,
    body_file: Option<PathBuf>,
}

impl Options {
    /// Takes the flag of that name, with its value from the arguments.
    pub(crate) fn take(&mut self, flag: &str, arguments: &mut Parser) -> Result<(), Failure> {
        match flag {
            "scheme" => self.scheme = Some(scheme(&arguments.value()?.string()?)?),
            "secret-file" => {
                let path = PathBuf::from(arguments.value()?);
                let bytes = Zeroizing::new(read(&path)?);
                let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
                let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
                let place = path.display().to_string();
                self.add(place, std::str::from_utf8(bytes).ok())?;
            }
            "secret-env" => {
                let name = arguments.value()?.string()?;
                let text = std::env::var(&name).map(Zeroizing::new);
                let place = format!("${name}");
                self.add(place, text.as_ref().ok().map(|text| text.as_str()))?;
            }
            "at" => {
                let seconds = arguments.value()?.parse()?;
                let at = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
                let at = at.ok_or_else(|| Failure::Usage("--at is no time".to_owned()));
                self.at = Some(at?);
            }
            "body-file" => self.body_file = Some(arguments.value()?.into()),
            _ => return Err(Failure::Usage(format!("unknown flag --{flag}"))),
        }
        Ok(())
    }

    fn add(&mut self, place: String, text: Option<&str>) -> Result<(), Failure> {
        let id = (self.secrets.len() + 1).to_string();
        let text = text.ok_or_else(|| Failure::Input(format!("{place} has no secret in UTF-8")))?;
        let secret = Secret::new(&id, text);
        let secret = secret.map_err(|error| Failure::Input(format!("{place}: {error}")))?;
        self.secrets.push((secret, place));
        Ok(())
    }

    pub(crate) fn scheme(&self) -> Result<Scheme, Failure> {
        let scheme = self.scheme.clone();
        scheme.ok_or_else(|| Failure::Usage("--scheme is needed".to_owned()))
    }

    pub(crate) fn secrets(&self) -> Result<Vec<Secret>, Failure> {
        if self.secrets.is_empty() {
            return Err(Failure::Usage(
                "--secret-file or --secret-env is needed".to_owned(),
            ));
        }
        Ok(self
            .secrets
            .iter()
            .map(|(secret, _)| secret.clone())
            .collect())
    }

    /// Where the secret of that id came from.
    pub(crate) fn place<'o>(&'o self, id: &'o str) -> &'o str {
        let number: usize = id.parse().unwrap_or_default();
        let secret = self.secrets.get(number.wrapping_sub(1));
        secret.map_or(id, |(_, place)| place)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.at.unwrap_or_else(SystemTime::now)
    }

    pub(crate) fn body(&self) -> Result<Vec<u8>, Failure> {
        let missing = || Failure::Usage("--body-file is needed".to_owned());
        read(self.body_file.as_deref().ok_or_else(missing)?)
    }

    pub(crate) fn has_body(&self) -> bool {
        self.body_file.is_some()
    }
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error| Failure::Input(format!("cannot read {}: {error}", path.display()));
    fs::read(path).map_err(unreadable)
}

fn scheme(name: &str) -> Result<Scheme, Failure> {
    let scheme = match name {
        "stripe" => Scheme::stripe(),
        "shopify" => Scheme::shopify(),
        "slack" => Scheme::slack(),
        "standard" => Scheme::standard(),
        "svix" => Scheme::svix(),
        "github" => Scheme::github(),
        "workos" => Scheme::workos(),
        "stalwart" => Scheme::stalwart(),
        _ => return Err(Failure::Usage(format!("unknown scheme {name:?}"))),
    };
    Ok(scheme)
}
