//! A declaration made for a statement: whatever it names is declared.

use std::{collections::BTreeSet, error::Error, sync::Arc};

use weft_tenancy::{
    RefusalKind,
    guard::{Guarded, Shape, highest_bind},
};

use crate::{
    declaration::{Declaration, Key, Name, Owner, Table},
    hash::fnv_from,
    judge::{Bench, Disagreement, Outcome},
    tree,
};

/// Judges `sql` under a declaration of every relation that Postgres's grammar sees in it, and of those
/// that the guard asks for; `turn` decides who owns which, and the shape of the scope.
///
/// # Errors
/// A [`Disagreement`].
pub fn judge(sql: &str, turn: u64) -> Result<Outcome, Box<Disagreement>> {
    let (seen, declared) = (relations(sql), names(sql, turn));
    if let Some(asked) = declared
        .iter()
        .find(|name| !seen.is_empty() && !seen.contains(name))
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
    match Bench::new(declare(&declared, turn)) {
        Ok(bench) => bench.judge(sql, shape(turn)),
        Err(_) => Ok(Outcome::Refused("undeclarable")),
    }
}

/// What the guard alone makes of `sql` under the same declaration.
///
/// # Errors
/// Its refusal, or why its tables cannot be declared.
pub fn guarded(sql: &str, turn: u64) -> Result<Arc<Guarded>, Box<dyn Error>> {
    let bench = Bench::new(declare(&names(sql, turn), turn))?;
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

/// All names to declare: those of the real tree, then one by one what the guard misses.
fn names(sql: &str, turn: u64) -> BTreeSet<Name> {
    let mut names: BTreeSet<_> = relations(sql).into_iter().filter(can_be_declared).collect();
    loop {
        let Ok(bench) = Bench::new(declare(&names, turn)) else {
            return names;
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
            Some(asked) if names.insert(asked.clone()) => {}
            _ => return names,
        }
    }
}

/// The relations that `sql` names as Postgres parses it, CTEs among them; none if it does not parse.
pub fn relations(sql: &str) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    for statement in tree::parse(sql).unwrap_or_default() {
        let mut open = vec![&statement];
        while let Some(node) = open.pop() {
            if node.is("RangeVar") {
                let schema = node
                    .some("schemaname")
                    .map_or("public", |_| node.text("schemaname"));
                names.insert(Name::new(schema, node.text("relname")));
            }
            open.extend(node.children());
        }
    }
    names
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
fn declare(names: &BTreeSet<Name>, turn: u64) -> Declaration {
    let mut tables: Vec<_> = names
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
    }
}

/// A number that stays the same wherever and whenever this runs.
fn draw(name: &Name, turn: u64) -> u64 {
    let bytes = [name.schema.as_bytes(), &[0], name.table.as_bytes()].concat();
    let mixed = fnv_from(turn.wrapping_mul(0x9e37_79b9_7f4a_7c15), &bytes);
    mixed >> 20
}
