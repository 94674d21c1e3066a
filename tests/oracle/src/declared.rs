//! A declaration made for a statement: whatever it names is declared.

use std::{error::Error, sync::Arc};

use weft_tenancy::{
    RefusalKind,
    guard::{Guarded, Shape, highest_bind},
};

use crate::{
    declaration::{Declaration, Key, Name, Owner, Table},
    hash::fnv_from,
    judge::{Bench, Disagreement, Outcome},
    named::Named,
};

/// Judges `sql` under a declaration of all that Postgres's grammar sees in it, and of the relations
/// that the guard asks for; `turn` decides who owns which, and the shape of the scope.
///
/// # Errors
/// A [`Disagreement`].
pub fn judge(sql: &str, turn: u64) -> Result<Outcome, Box<Disagreement>> {
    let seen = Named::read(sql);
    let named = asked(sql, turn, seen.clone());
    if let Some(asked) = named
        .relations
        .iter()
        .find(|name| !seen.relations.is_empty() && !seen.relations.contains(name))
    {
        let problems = vec![format!(
            "the guard sees a relation {}, Postgres does not",
            asked.display()
        )];
        let (sql, shape) = (sql.to_owned(), shape(turn));
        return Err(Box::new(Disagreement {
            sql,
            guarded: None,
            shape,
            problems,
        }));
    }
    match Bench::new(declare(&named, turn)) {
        Ok(bench) => bench.judge(sql, shape(turn)),
        Err(_) => Ok(Outcome::Refused("undeclarable")),
    }
}

/// What the guard alone makes of `sql` under the same declaration.
///
/// # Errors
/// Its refusal, or why its tables cannot be declared.
pub fn guarded(sql: &str, turn: u64) -> Result<Arc<Guarded>, Box<dyn Error>> {
    let bench = Bench::new(declare(&asked(sql, turn, Named::read(sql)), turn))?;
    Ok(bench
        .tenancy()
        .guard(sql, highest_bind(sql)?, shape(turn))?)
}

fn shape(turn: u64) -> Shape {
    Shape {
        narrowed: turn.is_multiple_of(2),
        show_deleted: turn % 4 == 3,
    }
}

/// What to declare: what `named` holds of the real tree, then one by one what the guard misses.
fn asked(sql: &str, turn: u64, mut named: Named) -> Named {
    named.relations.retain(can_be_declared);
    loop {
        let Ok(bench) = Bench::new(declare(&named, turn)) else {
            return named;
        };
        let refusal =
            highest_bind(sql).and_then(|binds| bench.tenancy().guard(sql, binds, shape(turn)));
        let asked = match refusal {
            Err(refusal) if refusal.kind() == RefusalKind::UndeclaredTable => {
                refusal.table().map(name)
            }
            _ => None,
        };
        match asked.filter(can_be_declared) {
            Some(asked) if named.relations.insert(asked.clone()) => {}
            _ => return named,
        }
    }
}

fn can_be_declared(name: &Name) -> bool {
    let reserved = |name: &str| name.starts_with("pg_") || name == "information_schema";
    !reserved(&name.schema) && !reserved(&name.table) && !name.schema.contains('.')
}

fn name(displayed: &str) -> Name {
    let (schema, table) = displayed.split_once('.').unwrap_or(("public", displayed));
    Name::new(schema, table)
}

/// Turns 0 to 3: all of one kind. After that each table draws its owner.
fn declare(named: &Named, turn: u64) -> Declaration {
    let mut tables: Vec<_> = named
        .relations
        .iter()
        .map(|name| {
            let drawn = draw(name, turn);
            let (owner, soft) = match (turn, drawn % 16) {
                (0, _) => (Owner::Shop, true),
                (1, _) => (Owner::Org, false),
                (2, _) => (Owner::Shop, false),
                (3, _) => (Owner::Org, true),
                (_, 0) => (Owner::Private, false),
                (_, 1..4) => (Owner::Shared, false),
                (_, 4..10) => (Owner::Org, drawn & 16 > 0),
                _ => (Owner::Shop, drawn & 16 > 0),
            };
            Table {
                name: name.clone(),
                owner,
                soft,
            }
        })
        .collect();
    // From turn 4 on every third statement has its own root among the tables.
    let root = tables
        .iter_mut()
        .find(|table| turn >= 4 && draw(&table.name, turn).is_multiple_of(3));
    match root {
        Some(root) => root.owner = Owner::Root,
        None => {
            let name = Name::new("weft_oracle", "root");
            tables.push(Table {
                name,
                owner: Owner::Root,
                soft: false,
            });
        }
    }
    Declaration {
        key: if turn % 3 == 2 { Key::Int8 } else { Key::Uuid },
        tables,
        functions: named.functions.clone(),
        types: named.types.clone(),
        fields: named.fields.clone(),
    }
}

/// A number that stays the same wherever and whenever this runs.
fn draw(name: &Name, turn: u64) -> u64 {
    let bytes = [name.schema.as_bytes(), &[0], name.table.as_bytes()].concat();
    let mixed = fnv_from(turn.wrapping_mul(0x9e37_79b9_7f4a_7c15), &bytes);
    mixed >> 20
}
