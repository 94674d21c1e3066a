//! SELECT: targets, grouping, aggregates and windows.

use super::super::schema::{Class, Type};
use super::{Column, Generator, query::Query};

impl Generator {
    /// A SELECT with columns of the types that are wanted.
    pub(super) fn select(&mut self, want: Option<&[Type]>, distinct: &str) -> Query {
        if self.random.once_in(16) {
            let some = [self.some_type()];
            let types = want.unwrap_or(&some);
            let cells: Vec<_> = types
                .iter()
                .enumerate()
                .map(|(at, of)| format!("{} AS c{}", self.value(*of), at + 1))
                .collect();
            return Query {
                sql: format!("SELECT {distinct}{}", cells.join(", ")),
                columns: numbered(types),
                ordered: false,
            };
        }
        let from = self.from();
        let output = from.output.clone();
        let level = from.level();
        let (sql, columns) = self.within(level, |this| {
            let filter = this.filter();
            let (targets, columns, rest) = this.target_list(want, output);
            let sql = format!("SELECT {distinct}{targets} FROM {}{filter}{rest}", from.sql);
            (sql, columns)
        });
        Query {
            sql,
            columns,
            ordered: false,
        }
    }

    /// Targets, their columns, and what stands behind WHERE.
    fn target_list(
        &mut self,
        want: Option<&[Type]>,
        output: Vec<Column>,
    ) -> (String, Vec<Column>, String) {
        let count = 1 + self.random.below(3);
        let some: Vec<_> = (0..count).map(|_| self.some_type()).collect();
        let types = want.unwrap_or(&some);
        match self.random.below(12) {
            0 | 1 if want.is_none() => return ("*".to_owned(), output, String::new()),
            2 if want.is_none() => {
                let level = self.levels.last();
                let item = level.and_then(|level| level.items.first()).cloned();
                if let Some(item) = item.filter(|item| item.whole) {
                    if item.table.is_some() && self.random.once_in(2) {
                        self.uses("whole-row reference");
                        let column = Column::new("c1", Type::Other);
                        return (format!("{} AS c1", item.name), vec![column], String::new());
                    }
                    return (format!("{}.*", item.name), item.columns, String::new());
                }
            }
            3..=5 if self.spend() => return self.grouped(types),
            6 if self.spend() => return self.windowed(types),
            _ => {}
        }
        (self.targets(types), numbered(types), String::new())
    }

    /// Values under the names `c1`, `c2`, …
    pub(super) fn targets(&mut self, types: &[Type]) -> String {
        let named = |(at, of): (usize, &Type)| format!("{} AS c{}", self.value(*of), at + 1);
        types
            .iter()
            .enumerate()
            .map(named)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn grouped(&mut self, types: &[Type]) -> (String, Vec<Column>, String) {
        if let Some(grouped) = self.grouped_by_key(types) {
            return grouped;
        }
        let mut keys: Vec<(String, Type)> = Vec::new();
        for of in types.iter().copied().chain([Type::Int]).take(2) {
            if let Some(column) = self.local_column(of)
                && self.random.once_in(2)
                && keys.iter().all(|(key, _)| *key != column)
            {
                keys.push((column, of));
            }
        }
        let targets: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(at, of)| {
                let key = keys
                    .iter()
                    .find(|(_, key)| key == of)
                    .map(|(key, _)| key.clone());
                let value = match key {
                    Some(key) if !self.random.once_in(3) => key,
                    _ => self.aggregate(*of),
                };
                format!("{value} AS c{}", at + 1)
            })
            .collect();
        self.uses("aggregate");
        // Before 18, Postgres takes a grouping set's column for constant where a condition says
        // so of the table's, and loses order and distinct rows with it: guards say so of the
        // organisation.
        let sets = keys.iter().all(|(_, of)| *of != Type::Uuid);
        let names: Vec<_> = keys.iter().map(|(key, _)| key.as_str()).collect();
        let mut rest = match names[..] {
            [] => String::new(),
            _ => {
                let names = names.join(", ");
                self.uses("GROUP BY");
                if sets && self.random.once_in(2) {
                    self.uses("ROLLUP, CUBE and GROUPING SETS");
                    match self.random.below(3) {
                        0 => format!(" GROUP BY ROLLUP ({names})"),
                        1 => format!(" GROUP BY CUBE ({names})"),
                        _ => format!(" GROUP BY GROUPING SETS (({names}), ())"),
                    }
                } else {
                    format!(" GROUP BY {names}")
                }
            }
        };
        if self.random.once_in(4) {
            self.uses("HAVING");
            let (aggregate, number) = (self.aggregate(Type::Int), self.random.below(4));
            let operator = self.random.pick(&[">", "<=", "<>"]);
            rest += &format!(" HAVING {aggregate} {operator} {number}");
        }
        (targets.join(", "), numbered(types), rest)
    }

    /// Grouped by a primary key, on which the table's other columns depend.
    fn grouped_by_key(&mut self, types: &[Type]) -> Option<(String, Vec<Column>, String)> {
        let item = self.levels.last()?.items.first()?.clone();
        let table = item.table?;
        if !matches!(table.class, Class::Org | Class::Shop) || !self.random.once_in(5) {
            return None;
        }
        self.uses("GROUP BY a primary key");
        let targets: Vec<_> = types
            .iter()
            .enumerate()
            .map(|(at, of)| {
                let column = item.columns.iter().rev().find(|column| column.of == *of);
                let value = match column {
                    Some(column) => format!("{}.{}", item.name, column.name),
                    None => self.aggregate(*of),
                };
                format!("{value} AS c{}", at + 1)
            })
            .collect();
        let rest = format!(" GROUP BY {name}.org_id, {name}.id", name = item.name);
        Some((targets.join(", "), numbered(types), rest))
    }

    fn aggregate(&mut self, of: Type) -> String {
        let filter = match self.random.once_in(5) {
            true => {
                self.uses("FILTER");
                format!(
                    " FILTER (WHERE {} = {})",
                    self.local(Type::Int),
                    self.random.below(4)
                )
            }
            false => String::new(),
        };
        let value = self.local(of);
        let call = match of {
            Type::Int => match self.random.below(5) {
                0 => "count(*)".to_owned(),
                1 => format!("count(DISTINCT {value})"),
                2 => return format!("(sum({value}){filter})::bigint"),
                3 => format!("max({value})"),
                _ => format!("count({value})"),
            },
            Type::Text if self.random.once_in(2) => {
                format!("string_agg({value}, ',' ORDER BY {value})")
            }
            Type::Text | Type::State | Type::Time => {
                format!("{}({value})", self.random.pick(&["min", "max"]))
            }
            Type::Bool => format!("bool_or({value})"),
            _ => return format!("(array_agg({value} ORDER BY {value}){filter})[1]"),
        };
        format!("{call}{filter}")
    }

    fn windowed(&mut self, types: &[Type]) -> (String, Vec<Column>, String) {
        let mut named = String::new();
        let targets: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(at, of)| {
                let value = self.local(Type::Int);
                let (part, order) = (self.local(Type::Int), self.local(Type::Text));
                let call = match of {
                    Type::Int => self
                        .random
                        .pick(&["rank()", "dense_rank()", "count(*)", "SUM"]),
                    _ => return format!("{} AS c{}", self.value(*of), at + 1),
                };
                self.uses("window function");
                if call == "SUM" {
                    named = format!(" WINDOW w AS (PARTITION BY {part})");
                    return format!("(sum({value}) OVER w)::bigint AS c{}", at + 1);
                }
                format!(
                    "{call} OVER (PARTITION BY {part} ORDER BY {order}) AS c{}",
                    at + 1
                )
            })
            .collect();
        (targets.join(", "), numbered(types), named)
    }
}

/// The columns that [`Generator::targets`] names.
pub(super) fn numbered(types: &[Type]) -> Vec<Column> {
    let column = |(at, of): (usize, &Type)| Column::new(&format!("c{}", at + 1), *of);
    types.iter().enumerate().map(column).collect()
}
