//! `weft table`: a new tenant table as SQL.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use weft_tenancy::{KeyType, NewTable};

use crate::{
    Failure,
    arguments::Arguments,
    declared::{Declared, RoleFlags},
};

pub(crate) const USAGE: &str = "\
usage: weft table NAME --declaration FILE [--shop] [--ids TYPE] [--column 'NAME DEFINITION']...
                  [--reference COLUMN=TABLE]... [--soft-delete COLUMN]
                  [--app ROLE] [--auth ROLE] [--directory TABLE]... [--unscoped ROLE]

Prints a migration: the table with keys and foreign keys that carry the organisation, its indexes,
grants and row-level security, and first the line to declare it by.

  --declaration FILE         which table belongs to whom, as TOML; it may name the roles, too
  --shop                     its rows belong to shops
  --ids TYPE                 uuid, i64 or i32: its ids, and those it refers to
  --column 'NAME DEFINITION' a column, such as 'total bigint NOT NULL'
  --reference COLUMN=TABLE   a column with the id of a row of another tenant table
  --soft-delete COLUMN       a column that hides the row when it is not null
  --app ROLE, ...            the roles, as in weft policy
";

pub(crate) fn run(mut arguments: Arguments) -> Result<ExitCode, Failure> {
    let usage = |message: &str| Failure::Usage(message.to_owned());
    let name = arguments.flag().filter(|name| !name.starts_with("--"));
    let mut table = NewTable::new(name.ok_or_else(|| usage("the table's name is needed"))?);
    let (mut declaration, mut roles) = (None, RoleFlags::default());
    while let Some(flag) = arguments.flag() {
        match flag.as_str() {
            "--declaration" => declaration = Some(arguments.value(&flag)?),
            "--shop" => table = table.shop(),
            "--ids" => {
                table = table.ids(match arguments.value(&flag)?.as_str() {
                    "uuid" => KeyType::Uuid,
                    "i64" => KeyType::I64,
                    "i32" => KeyType::I32,
                    _ => return Err(usage("--ids is not uuid, i64 or i32")),
                });
            }
            "--column" => {
                let column = arguments.value(&flag)?;
                let parts = column.split_once(' ');
                let parts = parts.ok_or_else(|| usage("--column is not 'NAME DEFINITION'"))?;
                table = table.column(parts.0, parts.1);
            }
            "--reference" => {
                let reference = arguments.value(&flag)?;
                let parts = reference.split_once('=');
                let parts = parts.ok_or_else(|| usage("--reference is not COLUMN=TABLE"))?;
                table = table.references(parts.0, parts.1);
            }
            "--soft-delete" => table = table.soft_delete(arguments.value(&flag)?),
            _ if roles.take(&flag, &mut arguments)? => {}
            _ => return Err(Arguments::unknown(&flag)),
        }
    }
    let declared = Declared::read(declaration)?;
    let roles = roles.roles(&declared)?;
    let sql = table.sql(&declared.tenancy, &roles);
    let sql = sql.map_err(|error| Failure::Usage(error.to_string()))?;
    write!(io::stdout(), "{sql}")?;
    Ok(ExitCode::SUCCESS)
}
