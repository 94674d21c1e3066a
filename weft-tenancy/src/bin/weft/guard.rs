//! `weft guard`: what would be sent, a line of JSON for each statement.

use std::{
    io::{self, Read, Write},
    process::ExitCode,
};

use serde_json::{Value, json};
use weft_tenancy::{
    Key, Refusal, RefusalKind, Scope, Tenancy,
    guard::{Cell, Guarded, Shape, highest_bind, split},
};

use crate::{Failure, arguments::Arguments, declared::Declared};

pub(crate) const USAGE: &str = "\
usage: weft guard --declaration FILE [--shops] [--show-deleted] [--org VALUE] [--shop VALUE]... < SQL
       weft guard --kinds

Reads statements from standard input, separated by byte 0x01 if one is there, else by semicolons,
and prints one line of JSON for each: what would be sent in a scope, or why it is refused.

  --declaration FILE  which table belongs to whom, as TOML
  --shops             the scope is narrowed to shops
  --show-deleted      rows that are soft-deleted are shown
  --org VALUE         the scope's organisation: literals are judged by it
  --shop VALUE        a shop of the scope, repeatable; implies --shops
  --kinds             lists all kinds of refusals
";

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    let Some(options) = Options::read(arguments)? else {
        for kind in RefusalKind::ALL {
            writeln!(out, "{}: {}", kind.name(), kind.sentence())?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;
    for statement in split(&input) {
        let answer = statement.and_then(|sql| options.answer(sql));
        writeln!(
            out,
            "{}",
            answer.unwrap_or_else(|refusal| refused(&refusal))
        )?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

struct Options {
    tenancy: Tenancy,
    shape: Shape,
    org: Option<Key>,
    shops: Option<Vec<Key>>,
}

impl Options {
    /// The flags; nothing when the kinds are asked for.
    fn read(mut arguments: Arguments) -> Result<Option<Options>, Failure> {
        let mut declaration = None;
        let mut shape = Shape::default();
        let (mut org, mut shops) = (None, Vec::new());
        while let Some(flag) = arguments.flag() {
            match flag.as_str() {
                "--kinds" if arguments.is_empty() => return Ok(None),
                "--declaration" => declaration = Some(arguments.value(&flag)?),
                "--shops" => shape.narrowed = true,
                "--show-deleted" => shape.show_deleted = true,
                "--org" => org = Some(arguments.value(&flag)?),
                "--shop" => {
                    shape.narrowed = true;
                    shops.push(arguments.value(&flag)?);
                }
                _ => return Err(Arguments::unknown(&flag)),
            }
        }
        let Declared { tenancy, .. } = Declared::read(declaration)?;
        let key = |flag, of: weft_tenancy::KeyType, value: &str| {
            let wrong = || Failure::Usage(format!("{flag} is not a {}", of.sql_name()));
            of.parse(value).ok_or_else(wrong)
        };
        let org = org
            .map(|org| key("--org", tenancy.key(), &org))
            .transpose()?;
        let shops = shops
            .iter()
            .map(|shop| key("--shop", tenancy.shop_key(), shop))
            .collect::<Result<Vec<_>, _>>()?;
        let shops = (!shops.is_empty()).then_some(shops);
        Ok(Some(Options {
            tenancy,
            shape,
            org,
            shops,
        }))
    }

    fn answer(&self, sql: &str) -> Result<Value, Refusal> {
        let guarded = self.tenancy.guard(sql, highest_bind(sql)?, self.shape)?;
        let checks = self.open_checks(&guarded)?;
        Ok(json!({
            "sql": guarded.sql(),
            "org_bind": guarded.org_bind(),
            "shop_bind": guarded.shop_bind(),
            "checks": checks,
        }))
    }

    /// The checks that the given scope does not settle.
    fn open_checks(&self, guarded: &Guarded) -> Result<Vec<Value>, Refusal> {
        let mut open = Vec::new();
        for check in guarded.checks() {
            let settled = match (check.cell(), check.is_shop(), self.org, &self.shops) {
                (Cell::Literal(_), false, Some(org), _) => {
                    check.judge(&self.tenancy, &Scope::org(org))
                }
                (Cell::Literal(_) | Cell::Shops, true, _, Some(shops)) => {
                    let any_org = self.org.unwrap_or(Key::Int(0));
                    let scope = Scope::org(any_org).narrowed_to(shops.iter().copied());
                    check.judge(&self.tenancy, &scope)
                }
                _ => {
                    let mut entry = json!({"column": check.column(), "table": check.table()});
                    match check.cell() {
                        Cell::Bind(number) => entry["cell"] = format!("${number}").into(),
                        Cell::Literal(value) => {
                            entry["cell"] = "literal".into();
                            entry["value"] = value.as_ref().into();
                        }
                        Cell::Shops => entry["cell"] = "shops".into(),
                    }
                    open.push(entry);
                    continue;
                }
            };
            settled?;
        }
        Ok(open)
    }
}

fn refused(refusal: &Refusal) -> Value {
    json!({
        "refused": refusal.kind().name(),
        "table": refusal.table(),
        "reason": refusal.to_string(),
    })
}
