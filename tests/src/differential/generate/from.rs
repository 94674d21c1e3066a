//! FROM: every kind of join, nested and parenthesised in every way.

use super::super::schema::{Table, Type};
use super::{Column, Generator, Item, Level, unambiguous};

/// A FROM clause, or a part of one.
pub(super) struct From {
    pub(super) sql: String,
    /// What can be asked for columns by name.
    pub(super) items: Vec<Item>,
    /// What `*` stands for.
    pub(super) output: Vec<Column>,
}

/// What may stand in a FROM.
struct Limits {
    /// Tables and subqueries.
    leaves: usize,
    /// Whether joins may extend rows with NULL.
    outer: bool,
}

impl From {
    pub(super) fn level(&self) -> Level {
        Level {
            items: self.items.clone(),
            bare: unambiguous(&self.output),
            beside: false,
        }
    }

    /// Its items, each to be asked by name.
    fn named(&self) -> Level {
        Level {
            items: self.items.clone(),
            ..Level::default()
        }
    }

    /// The same for what stands beside it: only LATERAL sees them.
    fn beside(&self) -> Level {
        Level {
            beside: true,
            ..self.named()
        }
    }

    fn leaf(sql: String, item: Item) -> From {
        From {
            sql,
            output: item.columns.clone(),
            items: vec![item],
        }
    }

    fn and(mut self, other: From, sql: String) -> From {
        self.sql = sql;
        self.items.extend(other.items);
        self.output.extend(other.output);
        self
    }
}

impl Generator {
    /// The FROM of an outermost query, or of one within it, which stays small.
    pub(super) fn from(&mut self) -> From {
        let leaves = match self.levels.len() {
            0 if self.random.once_in(5) => 4,
            0 => 3,
            _ => 2,
        };
        self.items(Limits {
            leaves,
            outer: true,
        })
    }

    /// A FROM of few items.
    pub(super) fn subfrom(&mut self) -> From {
        let leaves = 1 + usize::from(self.random.once_in(4));
        self.items(Limits {
            leaves,
            outer: true,
        })
    }

    /// A FROM whose every row exists.
    pub(super) fn inner_from(&mut self) -> From {
        self.items(Limits {
            leaves: 2,
            outer: false,
        })
    }

    fn items(&mut self, mut limits: Limits) -> From {
        let mut from = self.joined(&mut limits);
        while limits.leaves > 0 && self.random.once_in(4) && self.spend() {
            self.uses("comma join");
            limits.leaves -= 1;
            let mut one = Limits {
                leaves: 1,
                ..limits
            };
            let right = self.within(from.beside(), |this| this.joined(&mut one));
            let sql = format!("{}, {}", from.sql, right.sql);
            from = from.and(right, sql);
        }
        from
    }

    /// A table reference with the joins behind it.
    fn joined(&mut self, limits: &mut Limits) -> From {
        let mut left = self.primary(limits);
        while limits.leaves > 0 && !self.random.once_in(3) && self.spend() {
            left = self.join(left, limits);
        }
        left
    }

    fn join(&mut self, left: From, limits: &mut Limits) -> From {
        let kind = match limits.outer {
            true => self.random.pick(&[
                "JOIN",
                "INNER JOIN",
                "LEFT JOIN",
                "LEFT OUTER JOIN",
                "RIGHT JOIN",
                "FULL JOIN",
            ]),
            false => self.random.pick(&["JOIN", "INNER JOIN"]),
        };
        self.uses(match kind {
            "JOIN" | "INNER JOIN" => "INNER JOIN",
            "RIGHT JOIN" => "RIGHT JOIN",
            "FULL JOIN" => "FULL JOIN",
            _ => "LEFT JOIN",
        });
        match self.random.below(10) {
            0 => {
                let right = self.within(left.beside(), |this| this.primary(limits));
                self.uses("CROSS JOIN");
                let sql = format!("{} CROSS JOIN {}", left.sql, right.sql);
                left.and(right, sql)
            }
            1 | 2 => {
                let right = self.primary(limits);
                let common = common(&left.output, &right.output);
                let same =
                    |column: &Column| right.output.iter().any(|other| other.name == column.name);
                let all = left.output.iter().filter(|column| same(column)).count();
                if all == common.len() {
                    self.uses("NATURAL JOIN");
                    let sql = format!("{} NATURAL {kind} {}", left.sql, right.sql);
                    return merged(left, right, &common, sql);
                }
                self.on(left, right, kind)
            }
            3 | 4 => {
                let right = self.primary(limits);
                let mut common = common(&left.output, &right.output);
                while common.len() > 1 && self.random.once_in(2) {
                    let at = self.random.below(common.len());
                    common.remove(at);
                }
                if common.is_empty() {
                    return self.on(left, right, kind);
                }
                self.uses("USING");
                let names: Vec<_> = common.iter().map(|column| column.name.as_str()).collect();
                let alias = match self.random.once_in(6) {
                    true => Some(self.alias()),
                    false => None,
                };
                let called = alias
                    .as_ref()
                    .map_or(String::new(), |alias| format!(" AS {alias}"));
                let sql = format!(
                    "{} {kind} {} USING ({}){called}",
                    left.sql,
                    right.sql,
                    names.join(", ")
                );
                let mut joined = merged(left, right, &common, sql);
                joined.items.extend(alias.map(|name| Item {
                    name,
                    columns: common,
                    table: None,
                }));
                joined
            }
            5 => {
                // ON after ON: the right side is a join of its own.
                self.uses("nested join");
                let right = self.joined(limits);
                self.on(left, right, kind)
            }
            _ => {
                // What RIGHT and FULL extend cannot be seen from their right side.
                let right = match kind {
                    "RIGHT JOIN" | "FULL JOIN" => self.primary(limits),
                    _ => self.within(left.beside(), |this| this.primary(limits)),
                };
                self.on(left, right, kind)
            }
        }
    }

    fn on(&mut self, left: From, right: From, kind: &str) -> From {
        let mut sight = left.named();
        sight.items.extend(right.items.iter().cloned());
        let hidden = self.hide_beside();
        let condition = match kind {
            // Postgres joins FULL by equality alone.
            "FULL JOIN" => self.equality(&left, &right),
            _ if self.random.once_in(2) => {
                let equality = self.equality(&left, &right);
                let extra = self.within(sight, Generator::condition);
                let or = self.random.pick(&["AND", "AND", "OR"]);
                format!("{equality} {or} {extra}")
            }
            _ if self.random.once_in(3) => self.within(sight, Generator::condition),
            _ => self.equality(&left, &right),
        };
        self.levels.extend(hidden);
        let sql = format!("{} {kind} {} ON {condition}", left.sql, right.sql);
        left.and(right, sql)
    }

    fn equality(&mut self, left: &From, right: &From) -> String {
        let first = self
            .random
            .pick(&[Type::Int, Type::Int, Type::Uuid, Type::Text]);
        for of in [first, Type::Int, Type::Text, Type::Uuid] {
            let left = self.within(left.named(), |this| this.local_column(of));
            let right = self.within(right.named(), |this| this.local_column(of));
            if let (Some(left), Some(right)) = (left, right) {
                return format!("{left} = {right}");
            }
        }
        self.random.pick(&["true", "false"]).to_owned()
    }

    fn primary(&mut self, limits: &mut Limits) -> From {
        if limits.leaves > 1 && self.random.once_in(5) && self.spend() {
            return self.parenthesised(limits);
        }
        limits.leaves = limits.leaves.saturating_sub(1);
        if self.spend() {
            match self.random.below(14) {
                0..=2 => return self.subquery(),
                3 => {
                    let name = self.alias();
                    let item = Item {
                        columns: vec![Column::new("n", Type::Int), Column::new("s", Type::Text)],
                        name: name.clone(),
                        table: None,
                    };
                    self.uses("VALUES in FROM");
                    return From::leaf(
                        format!("(VALUES (1, 'anna'), (2, 'x'), (101, NULL)) AS {name}(n, s)"),
                        item,
                    );
                }
                4 => {
                    let name = self.alias();
                    let item = Item {
                        columns: vec![Column::new("n", Type::Int)],
                        name: name.clone(),
                        table: None,
                    };
                    self.uses("function in FROM");
                    return From::leaf(format!("generate_series(1, 3) AS {name}(n)"), item);
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
                let item = Item {
                    name: alias.clone(),
                    columns: unambiguous(&cte.columns),
                    table: None,
                };
                let output = cte.columns;
                return From {
                    output,
                    ..From::leaf(format!("{name} AS {alias}"), item)
                };
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
                let mut item = Item::table(&alias, table);
                item.table = None;
                let names = ["id", "org_id", "x"];
                let renamed = 1 + self.random.below(names.len().min(table.columns.len()));
                for (column, name) in item.columns.iter_mut().zip(&names[..renamed]) {
                    (*name).clone_into(&mut column.name);
                }
                let output = item.columns.clone();
                item.columns = unambiguous(&item.columns);
                self.uses("alias with columns");
                let sql = format!(
                    "{only}{spelled} AS {alias}({})",
                    names[..renamed].join(", ")
                );
                From {
                    output,
                    ..From::leaf(sql, item)
                }
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
        let item = Item {
            name: alias.clone(),
            columns: unambiguous(&inner.output),
            table: None,
        };
        From {
            sql: format!("({}) AS {alias}", inner.sql),
            items: vec![item],
            output: inner.output,
        }
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
        let item = Item {
            name: alias.clone(),
            columns: unambiguous(&query.columns),
            table: None,
        };
        From {
            sql: format!("{word}({}) AS {alias}", query.sql),
            items: vec![item],
            output: query.columns,
        }
    }
}

impl Generator {
    /// Takes out of sight what only LATERAL sees.
    fn hide_beside(&mut self) -> Vec<Level> {
        let kept = self.levels.iter().rposition(|level| !level.beside);
        self.levels.split_off(kept.map_or(0, |last| last + 1))
    }
}

/// The columns by which two sides can be joined: of one type, and once on each side.
fn common(left: &[Column], right: &[Column]) -> Vec<Column> {
    let right = unambiguous(right);
    let mut common = unambiguous(left);
    common.retain(|column| column.of != Type::Other && right.contains(column));
    common
}

/// USING and NATURAL: what is common comes first, and once.
fn merged(left: From, right: From, common: &[Column], sql: String) -> From {
    let rest = |output: Vec<Column>| output.into_iter().filter(|column| !common.contains(column));
    let output = common
        .iter()
        .cloned()
        .chain(rest(left.output))
        .chain(rest(right.output))
        .collect();
    let mut items = left.items;
    items.extend(right.items);
    From { sql, items, output }
}
