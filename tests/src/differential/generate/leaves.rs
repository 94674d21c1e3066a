//! What joins join: tables under any alias, CTEs, subqueries, and joins in parentheses.

use super::super::schema::{Table, Type};
use super::from::{From, Limits};
use super::{Column, Generator, Item};

impl Generator {
    /// One item.
    pub(super) fn primary(&mut self, limits: &mut Limits) -> From {
        if limits.leaves > 1 && self.random.once_in(5) && self.spend() {
            return self.parenthesised(limits);
        }
        limits.leaves = limits.leaves.saturating_sub(1);
        if self.spend() {
            match self.random.below(14) {
                0..=2 => return self.subquery(),
                3 => {
                    let name = self.alias();
                    let columns = vec![Column::new("n", Type::Int), Column::new("s", Type::Text)];
                    self.uses("VALUES in FROM");
                    let sql =
                        format!("(VALUES (1, 'anna'), (2, 'x'), (101, NULL)) AS {name}(n, s)");
                    return From::of(sql, &name, columns);
                }
                4 => {
                    let name = self.alias();
                    self.uses("function in FROM");
                    let sql = format!("generate_series(1, 3) AS {name}(n)");
                    return From::of(sql, &name, vec![Column::new("n", Type::Int)]);
                }
                _ => {}
            }
        }
        let readable: Vec<_> = self
            .ctes
            .iter()
            .filter(|cte| !cte.columns.is_empty())
            .cloned()
            .collect();
        if !readable.is_empty() && !self.random.once_in(3) {
            // The last of a name hides those before it.
            let name = readable[self.random.below(readable.len())].name.clone();
            let last = self.ctes.iter().rev().find(|cte| cte.name == name);
            if let Some(cte) = last.filter(|cte| !cte.columns.is_empty()).cloned() {
                let alias = self.alias();
                self.uses("CTE");
                return From::of(format!("{name} AS {alias}"), &alias, cte.columns);
            }
        }
        let table = self.readable();
        self.table(table)
    }

    /// One table, under any alias.
    pub(super) fn table(&mut self, table: &'static Table) -> From {
        let only = if self.random.once_in(12) { "ONLY " } else { "" };
        let spelled = self.spelled(table);
        match self.random.below(8) {
            0 if self.plain.insert(table.name) => {
                From::leaf(format!("{only}{spelled}"), Item::table(table.name, table))
            }
            1 => {
                let alias = self.alias();
                let mut output = Item::table(&alias, table).columns;
                let names = ["id", "org_id", "x"];
                let renamed = 1 + self.random.below(names.len().min(table.columns.len()));
                for (column, name) in output.iter_mut().zip(&names[..renamed]) {
                    (*name).clone_into(&mut column.name);
                }
                self.uses("alias with columns");
                let sql = format!(
                    "{only}{spelled} AS {alias}({})",
                    names[..renamed].join(", ")
                );
                From::of(sql, &alias, output)
            }
            _ => {
                let alias = self.alias();
                let item = Item::table(&alias, table);
                let named = self.random.pick(&["", "AS "]);
                From::leaf(format!("{only}{spelled} {named}{alias}"), item)
            }
        }
    }

    /// A join in parentheses, with or without a name of its own.
    fn parenthesised(&mut self, limits: &mut Limits) -> From {
        let left = self.primary(limits);
        let inner = self.join(left, limits);
        if self.random.once_in(2) {
            self.uses("nested join");
            return From {
                sql: format!("({})", inner.sql),
                ..inner
            };
        }
        self.uses("aliased join");
        let alias = self.alias();
        From::of(format!("({}) AS {alias}", inner.sql), &alias, inner.output)
    }

    fn subquery(&mut self) -> From {
        self.uses("subquery in FROM");
        let lateral = self.random.once_in(2);
        let hidden = match lateral {
            true => Vec::new(),
            false => self.hide_beside(),
        };
        if lateral && self.levels.last().is_some_and(|level| level.beside) {
            self.uses("LATERAL");
        }
        let query = self.query(None);
        self.levels.extend(hidden);
        let alias = self.alias();
        let word = if lateral { "LATERAL " } else { "" };
        let sql = format!("{word}({}) AS {alias}", query.sql);
        From::of(sql, &alias, query.columns)
    }
}
