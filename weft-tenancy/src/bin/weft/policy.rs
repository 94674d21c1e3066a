//! `weft policy`: row-level security as SQL.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use weft_tenancy::Policies;

use crate::{
    Failure,
    arguments::Arguments,
    declared::{Declared, RoleFlags},
};

pub(crate) const USAGE: &str = "\
usage: weft policy --declaration FILE [--app ROLE] [--auth ROLE] [--directory TABLE]...
                   [--unscoped ROLE] [--signed]

Prints the row-level security of every declared tenant table, for its owner to run. It may run
again over its own result.

  --declaration FILE  which table belongs to whom, as TOML; it may name the roles, too
  --app ROLE          the role of scopes
  --auth ROLE         the role that reads private tables and the directory
  --directory TABLE   a table it reads across organisations, repeatable
  --unscoped ROLE     the role that reaches all organisations
  --signed            the context must be signed
";

pub(crate) fn run(mut arguments: Arguments) -> Result<ExitCode, Failure> {
    let (mut declaration, mut roles, mut signed) = (None, RoleFlags::default(), false);
    while let Some(flag) = arguments.flag() {
        match flag.as_str() {
            "--declaration" => declaration = Some(arguments.value(&flag)?),
            "--signed" => signed = true,
            _ if roles.take(&flag, &mut arguments)? => {}
            _ => return Err(Arguments::unknown(&flag)),
        }
    }
    let declared = Declared::read(declaration)?;
    let roles = roles.roles(&declared)?;
    let mut policies = Policies::new(&declared.tenancy, &roles);
    if signed {
        policies = policies.signed();
    }
    write!(io::stdout(), "{policies}")?;
    Ok(ExitCode::SUCCESS)
}
