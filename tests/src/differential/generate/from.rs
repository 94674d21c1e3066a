//! FROM: every kind of join, nested and parenthesised in every way.

use super::super::schema::Type;
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
pub(super) struct Limits {
    /// Tables and subqueries.
    pub(super) leaves: usize,
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

    /// What has a name and puts out columns, some of which may share theirs.
    pub(super) fn of(sql: String, name: &str, output: Vec<Column>) -> From {
        From {
            sql,
            items: vec![Item::of(name, &output)],
            output,
        }
    }

    pub(super) fn leaf(sql: String, item: Item) -> From {
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

    pub(super) fn join(&mut self, left: From, limits: &mut Limits) -> From {
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
                joined
                    .items
                    .extend(alias.map(|name| Item::of(&name, &common)));
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
}

impl Generator {
    /// Takes out of sight what only LATERAL sees.
    pub(super) fn hide_beside(&mut self) -> Vec<Level> {
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
