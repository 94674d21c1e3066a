//! WITH: plain and recursive, under names of tables too.

use super::super::schema::{TABLES, Type};
use super::{Column, Cte, Generator, Item, Level};

const NAMES: &[&str] = &[
    "orders",
    "customers",
    "items",
    "notes",
    "logs",
    "plans",
    "w",
    "v",
];

impl Generator {
    /// `WITH …`, or nothing. The names stay in sight; the caller takes them out.
    pub(super) fn with(&mut self) -> String {
        if !self.random.once_in(6) || !self.spend() {
            return String::new();
        }
        let first = self.random.below(NAMES.len());
        let names = &NAMES[first..(first + 1 + self.random.below(2)).min(NAMES.len())];
        let recursive = self.random.once_in(3);
        if recursive {
            // All names of a recursive list hide tables in all of its bodies.
            self.ctes.extend(names.iter().map(|name| Cte {
                name: (*name).to_owned(),
                columns: Vec::new(),
            }));
        }
        let defined: Vec<_> = names
            .iter()
            .map(|name| match recursive && self.random.once_in(2) {
                true => self.recursive(name),
                false => self.plain_cte(name),
            })
            .collect();
        let word = if recursive { "RECURSIVE " } else { "" };
        format!("WITH {word}{} ", defined.join(", "))
    }

    pub(super) fn plain_cte(&mut self, name: &str) -> String {
        self.uses("WITH");
        let mut query = self.query(None);
        let renamed = match self.random.once_in(4) {
            true => {
                let mut names = Vec::new();
                for (at, column) in query.columns.iter_mut().enumerate().take(2) {
                    column.name = format!("r{at}");
                    names.push(column.name.clone());
                }
                format!("({})", names.join(", "))
            }
            false => String::new(),
        };
        let hint = self
            .random
            .pick(&["", "", "MATERIALIZED ", "NOT MATERIALIZED "]);
        self.ctes.push(Cte {
            name: name.to_owned(),
            columns: query.columns,
        });
        format!("{name}{renamed} AS {hint}({})", query.sql)
    }

    /// A walk down a self-referencing table, or a count.
    fn recursive(&mut self, name: &str) -> String {
        self.uses("WITH RECURSIVE");
        let union = self.random.pick(&["UNION", "UNION ALL"]);
        let (table, parent) = match self.random.once_in(2) {
            true => (&TABLES[0], "referred_by"),
            false => (&TABLES[3], "parent"),
        };
        let sql = match self.random.once_in(4) {
            true => format!(
                "SELECT 1::bigint, 1 {union} SELECT r.n + 1, r.d + 1 FROM {name} r WHERE r.n < 4"
            ),
            false => {
                let (outer, inner) = (self.spelled(table), self.spelled(table));
                let item = Item::table("s", table);
                let start = self.within(Level::of(item), Generator::condition);
                let join = match self.random.below(3) {
                    0 => format!("{inner} t JOIN {name} r ON t.{parent} = r.n WHERE r.d < 6"),
                    1 => format!("{name} r, {inner} t WHERE r.d < 6 AND t.{parent} = r.n"),
                    _ => format!("{inner} t RIGHT JOIN {name} r ON t.{parent} = r.n WHERE r.d < 3"),
                };
                format!(
                    "SELECT s.id, 1 FROM {outer} s WHERE {start} {union} SELECT t.id, r.d + 1 FROM {join}"
                )
            }
        };
        self.ctes.push(Cte {
            name: name.to_owned(),
            columns: vec![Column::new("n", Type::Int), Column::new("d", Type::Int)],
        });
        format!("{name}(n, d) AS ({sql})")
    }
}
