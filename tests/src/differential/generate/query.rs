//! Queries: set operations, VALUES, TABLE, parentheses, WITH in front and an order behind.

use super::super::schema::Type;
use super::{Column, Generator};

/// A query, and what comes out of it.
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) columns: Vec<Column>,
    /// Whether the order of its rows is total.
    pub(super) ordered: bool,
}

impl Generator {
    /// Any query, with columns of the types that are wanted.
    pub(super) fn query(&mut self, want: Option<&[Type]>) -> Query {
        if self.random.once_in(20) && self.spend() {
            self.uses("query in parentheses");
            let query = self.query(want);
            return Query {
                sql: format!("({})", query.sql),
                ..query
            };
        }
        let known = self.ctes.len();
        let with = self.with();
        let (body, one_each) = self.body(want);
        let sql = format!("{with}{}", body.sql);
        let query = self.tail(Query { sql, ..body }, one_each);
        self.ctes.truncate(known);
        query
    }

    /// A query that something can stand in front of: it begins with neither WITH nor a parenthesis
    /// around all of it.
    pub(super) fn bare_query(&mut self) -> Query {
        let (body, one_each) = self.body(None);
        self.tail(body, one_each)
    }

    /// A query without WITH and order; the second value says that it has to be ordered.
    fn body(&mut self, want: Option<&[Type]>) -> (Query, bool) {
        if self.spend() {
            match self.random.below(14) {
                0 | 1 => return (self.combined(want), false),
                2 => return (self.values(want), false),
                3 if want.is_none() => return (self.whole_table(), false),
                4 if self.random.once_in(2) => {
                    self.uses("DISTINCT ON");
                    return (self.select(want, "DISTINCT ON (1) "), true);
                }
                5 => {
                    self.uses("DISTINCT");
                    return (self.select(want, "DISTINCT "), false);
                }
                _ => {}
            }
        }
        (self.select(want, ""), false)
    }

    /// An order by all columns, and perhaps a limit: rows that tie are the same row.
    fn tail(&mut self, query: Query, needed: bool) -> Query {
        if query.columns.is_empty() || (!needed && !self.random.once_in(3)) {
            return query;
        }
        self.uses("ORDER BY");
        let keys: Vec<String> = (1..=query.columns.len())
            .map(|column| {
                let direction = match needed {
                    true => "",
                    false => self.random.pick(&["", "", " DESC", " NULLS FIRST"]),
                };
                format!("{column}{direction}")
            })
            .collect();
        let limit = match self.random.below(4) {
            0 => format!(" LIMIT {}", self.random.pick(&[0, 1, 2, 3, 7])),
            1 => format!(
                " LIMIT {} OFFSET {}",
                1 + self.random.below(5),
                self.random.below(3)
            ),
            2 => format!(" FETCH FIRST {} ROWS ONLY", 1 + self.random.below(4)),
            _ => String::new(),
        };
        if !limit.is_empty() {
            self.uses("LIMIT");
        }
        Query {
            sql: format!("{} ORDER BY {}{limit}", query.sql, keys.join(", ")),
            ordered: true,
            ..query
        }
    }

    fn combined(&mut self, want: Option<&[Type]>) -> Query {
        self.uses("set operation");
        let some = [self.some_type(), self.some_type()];
        let types = want.unwrap_or(&some[..1 + self.random.below(2)]);
        let mut query = self.arm(types);
        for _ in 0..=self.random.below(2) {
            let operation = self.random.pick(&[
                "UNION",
                "UNION ALL",
                "INTERSECT",
                "EXCEPT",
                "EXCEPT ALL",
                "INTERSECT ALL",
            ]);
            let other = self.arm(types);
            query.sql = format!("{} {operation} {}", query.sql, other.sql);
        }
        query
    }

    fn arm(&mut self, types: &[Type]) -> Query {
        if self.random.once_in(4) {
            let query = self.query(Some(types));
            return Query {
                sql: format!("({})", query.sql),
                ordered: false,
                ..query
            };
        }
        self.select(Some(types), "")
    }

    fn values(&mut self, want: Option<&[Type]>) -> Query {
        self.uses("VALUES");
        let types = want.unwrap_or(&[Type::Int, Type::Text]);
        let rows: Vec<String> = (0..=self.random.below(3))
            .map(|_| {
                let cells: Vec<_> = types.iter().map(|of| self.value(*of)).collect();
                format!("({})", cells.join(", "))
            })
            .collect();
        let name = |(at, of): (usize, &Type)| Column::new(&format!("column{}", at + 1), *of);
        Query {
            sql: format!("VALUES {}", rows.join(", ")),
            columns: types.iter().enumerate().map(name).collect(),
            ordered: false,
        }
    }

    fn whole_table(&mut self) -> Query {
        self.uses("TABLE");
        let table = self.readable();
        let only = if self.random.once_in(4) { "ONLY " } else { "" };
        let columns = table
            .columns
            .iter()
            .map(|(name, of)| Column::new(name, *of))
            .collect();
        Query {
            sql: format!("TABLE {only}{}", self.spelled(table)),
            columns,
            ordered: false,
        }
    }

    /// A query that locks the rows it reads, in tables that are not shared.
    pub(super) fn locking(&mut self) -> String {
        self.uses("row locks");
        let from = self.inner_from();
        let (targets, filter) = self.within(from.level(), |this| {
            (this.targets(&[Type::Int, Type::Text]), this.filter())
        });
        let lockable: Vec<_> = from
            .items
            .iter()
            .filter(|item| item.table.is_some_and(|table| table.name != "plans"))
            .map(|item| item.name.as_str())
            .collect();
        let strength = self
            .random
            .pick(&["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"]);
        let wait = self.random.pick(&["", " NOWAIT", " SKIP LOCKED"]);
        let of = match lockable.len() {
            0 => return format!("SELECT {targets} FROM {}{filter}", from.sql),
            count if count == from.items.len() && self.random.once_in(2) => String::new(),
            _ => format!(" OF {}", lockable.join(", ")),
        };
        format!(
            "SELECT {targets} FROM {}{filter} FOR {strength}{of}{wait}",
            from.sql
        )
    }
}
