//! The declaration file, and the roles that it or the command line names.

use weft_tenancy::{Roles, Tenancy};

use crate::{Failure, arguments::Arguments};

/// A declaration file that was read.
pub(crate) struct Declared {
    pub(crate) tenancy: Tenancy,
    pub(crate) text: String,
    pub(crate) file: String,
}

impl Declared {
    pub(crate) fn read(file: Option<String>) -> Result<Declared, Failure> {
        let missing = || Failure::Usage("--declaration is needed".to_owned());
        let file = file.ok_or_else(missing)?;
        let text = read(&file)?;
        let tenancy = Tenancy::from_toml(&text)
            .map_err(|error| Failure::Usage(format!("{file}: {error}")))?;
        Ok(Declared {
            tenancy,
            text,
            file,
        })
    }
}

pub(crate) fn read(file: &str) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("{file}: {error}")))
}

/// The roles on the command line; each goes before the file's.
#[derive(Default)]
pub(crate) struct RoleFlags {
    app: Option<String>,
    auth: Option<String>,
    directory: Vec<String>,
    unscoped: Option<String>,
}

impl RoleFlags {
    /// Takes the flag if it is one of these.
    pub(crate) fn take(&mut self, flag: &str, arguments: &mut Arguments) -> Result<bool, Failure> {
        match flag {
            "--app" => self.app = Some(arguments.value(flag)?),
            "--auth" => self.auth = Some(arguments.value(flag)?),
            "--directory" => self.directory.push(arguments.value(flag)?),
            "--unscoped" => self.unscoped = Some(arguments.value(flag)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(crate) fn roles(self, declared: &Declared) -> Result<Roles, Failure> {
        let file = Roles::from_toml(&declared.text)
            .map_err(|error| Failure::Usage(format!("{}: {error}", declared.file)))?;
        let of_file = |part: fn(&Roles) -> Option<&str>| {
            let name = file.as_ref().and_then(part);
            name.map(str::to_owned)
        };
        let app = self.app.or_else(|| of_file(|roles| Some(roles.app())));
        let missing =
            || Failure::Usage("--app, or [roles] in the declaration, is needed".to_owned());
        let mut roles = Roles::new(app.ok_or_else(missing)?);
        let auth = self.auth.or_else(|| of_file(Roles::auth));
        let mut directory = self.directory;
        if let (true, Some(file)) = (directory.is_empty(), &file) {
            directory = file.directory().to_vec();
        }
        match auth {
            Some(auth) => roles = roles.with_auth(auth, directory),
            None if !directory.is_empty() => {
                return Err(Failure::Usage("--directory needs --auth".to_owned()));
            }
            None => {}
        }
        match self.unscoped.or_else(|| of_file(Roles::unscoped)) {
            Some(unscoped) => Ok(roles.with_unscoped(unscoped)),
            None => Ok(roles),
        }
    }
}
