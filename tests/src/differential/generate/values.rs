//! Values of every type, and where columns for them are found.

use super::super::schema::{A, B, Type};
use super::{Bind, Column, Generator, Item};

/// Texts that columns hold, and a few that none does.
const TEXTS: &[&str] = &[
    "anna", "bo", "cleo", "empty", "7", "pro", "x", "o'neil", "12",
];
const STATES: &[&str] = &["open", "paid", "sent"];

impl Generator {
    /// Any value of a type.
    pub(super) fn value(&mut self, of: Type) -> String {
        if !self.random.once_in(3) || !self.spend() {
            return self.plain(of);
        }
        match self.random.below(4) {
            0 => self.scalar(of),
            1 => {
                let (condition, yes, no) = (self.condition(), self.value(of), self.value(of));
                format!("CASE WHEN {condition} THEN {yes} ELSE {no} END")
            }
            2 => {
                let value = self.value(of);
                format!("coalesce({value}, {})", self.constant(of))
            }
            _ => self.computed(of),
        }
    }

    /// A value that is not NULL.
    pub(super) fn given(&mut self, of: Type) -> String {
        if self.random.once_in(2) {
            return self.constant(of);
        }
        let value = self.value(of);
        format!("coalesce({value}, {})", self.constant(of))
    }

    /// A column, or a constant.
    pub(super) fn plain(&mut self, of: Type) -> String {
        match self.column(of) {
            Some(column) if !self.random.once_in(4) => column,
            _ => self.constant(of),
        }
    }

    /// A column of the innermost level, or a constant: what an aggregate takes.
    pub(super) fn local(&mut self, of: Type) -> String {
        self.local_column(of).unwrap_or_else(|| self.constant(of))
    }

    /// A column of the innermost level.
    pub(super) fn local_column(&mut self, of: Type) -> Option<String> {
        let level = self.levels.len().checked_sub(1)?;
        self.column_at(level, of)
    }

    pub(super) fn constant(&mut self, of: Type) -> String {
        let bound = self.random.once_in(5);
        match of {
            Type::Int => {
                let number = self
                    .random
                    .pick(&[0, 1, 2, 3, 4, 5, 20, 30, 101, 102, 201, 303]);
                match bound {
                    true => self.bind(Bind::Int(number)),
                    false => number.to_string(),
                }
            }
            Type::Text => {
                let text = self.random.pick(TEXTS);
                match bound {
                    true => self.bind(Bind::Text(text)),
                    false => format!("'{}'::text", text.replace('\'', "''")),
                }
            }
            Type::Bool => self.random.pick(&["true", "false"]).to_owned(),
            Type::Uuid => {
                let org = self.random.pick(&[A, B]);
                match bound {
                    true => self.bind(Bind::Uuid(org)),
                    false => format!("'{org}'::uuid"),
                }
            }
            Type::State => format!("'{}'::order_state", self.random.pick(STATES)),
            Type::Time => format!(
                "'2026-01-0{} 00:00:00+00'::timestamptz",
                1 + self.random.below(3)
            ),
            Type::Other => "NULL".to_owned(),
        }
    }

    fn computed(&mut self, of: Type) -> String {
        match of {
            Type::Int => {
                let (left, right) = (self.plain(of), self.plain(of));
                match self.random.below(5) {
                    0 => format!("length({})", self.plain(Type::Text)),
                    1 => format!("greatest({left}, {right})"),
                    2 => format!("abs({left} - {right})"),
                    3 => format!("nullif({left}, {right})"),
                    _ => format!("{left} + {right}"),
                }
            }
            Type::Text => match self.random.below(3) {
                0 => format!("upper({})", self.plain(of)),
                1 => {
                    let (left, right) = (self.plain(of), self.plain(of));
                    format!("({left} || {right})")
                }
                _ => {
                    let other = self.random.pick(&[Type::Int, Type::State, Type::Uuid]);
                    format!("({})::text", self.plain(other))
                }
            },
            Type::Bool => format!("({})", self.condition()),
            _ => self.plain(of),
        }
    }

    /// A subquery with one value.
    pub(super) fn scalar(&mut self, of: Type) -> String {
        self.uses("scalar subquery");
        let from = self.subfrom();
        let (filter, target) = self.within(from.level(), |this| {
            let filter = this.filter();
            let target = match of {
                Type::Int if this.random.once_in(2) => "count(*)".to_owned(),
                Type::Int | Type::Text | Type::State | Type::Time if this.random.once_in(2) => {
                    let extreme = this.random.pick(&["min", "max"]);
                    format!("{extreme}({})", this.local(of))
                }
                _ => return (filter, Err(this.plain(of))),
            };
            (filter, Ok(target))
        });
        let from = from.sql;
        match target {
            Ok(aggregate) => format!("(SELECT {aggregate} FROM {from}{filter})"),
            Err(value) => format!("(SELECT {value} AS c1 FROM {from}{filter} ORDER BY 1 LIMIT 1)"),
        }
    }

    /// A column in sight: of the innermost level for the most part.
    pub(super) fn column(&mut self, of: Type) -> Option<String> {
        let mut level = self.levels.len().checked_sub(1)?;
        while level > 0 && self.random.once_in(4) {
            level -= 1;
        }
        if level + 1 < self.levels.len() {
            self.uses("correlated subquery");
        }
        self.column_at(level, of)
    }

    fn column_at(&mut self, level: usize, of: Type) -> Option<String> {
        let innermost = level + 1 == self.levels.len();
        let seen = |item: &&Item| {
            let inner = self.levels[level + 1..]
                .iter()
                .flat_map(|level| &level.items);
            inner.into_iter().all(|other| other.name != item.name)
        };
        let mut found: Vec<String> = Vec::new();
        for item in self.levels[level].items.iter().filter(seen) {
            let of_type = item.columns.iter().filter(|column| column.of == of);
            found.extend(of_type.map(|column| format!("{}.{}", item.name, column.name)));
        }
        if innermost {
            let of_type = |column: &&Column| column.of == of;
            let bare = self.levels[level].bare.iter().filter(of_type);
            found.extend(bare.map(|column| column.name.clone()));
        }
        let at = self.random.below(found.len());
        found.into_iter().nth(at)
    }
}
