//! Whole statements: queries and writes within each other, CTEs with the names of tables.

use super::Generator;

impl Generator {
    /// Any statement.
    pub fn statement(&mut self) -> String {
        let budget = 4 + self.random.below(28);
        self.start(budget);
        match self.random.below(9) {
            0 | 1 => self.insert(),
            2 => self.update(),
            3 => self.delete(),
            _ => self.query(),
        }
    }

    /// SELECT, VALUES, TABLE or a set operation of them, with or without WITH.
    pub(super) fn query(&mut self) -> String {
        let known = self.ctes.len();
        let with = self.with();
        let body = self.body();
        // What stands behind is governed by the WITH, too.
        let tail = self.tail();
        self.ctes.truncate(known);
        format!("{with}{body}{tail}")
    }

    fn body(&mut self) -> String {
        let mut body = self.arm();
        while self.random.once_in(6) && self.spend() {
            let operation =
                self.random
                    .pick(&["UNION", "UNION ALL", "INTERSECT", "EXCEPT ALL", "EXCEPT"]);
            body = format!("{body} {operation} {}", self.arm());
        }
        body
    }

    fn arm(&mut self) -> String {
        if self.spend() {
            match self.random.below(12) {
                0 => return format!("({})", self.query()),
                1 if self.random.once_in(3) => {
                    return format!("VALUES ({}), ({})", self.cell(), self.cell());
                }
                2 => {
                    let only = if self.random.once_in(4) { "ONLY " } else { "" };
                    return format!("TABLE {only}{}", self.relation());
                }
                _ => {}
            }
        }
        self.select()
    }

    fn select(&mut self) -> String {
        self.levels.push(Vec::new());
        let from = if self.random.once_in(12) {
            String::new()
        } else {
            format!(" FROM {}", self.from())
        };
        let distinct = if self.random.once_in(10) {
            "DISTINCT "
        } else {
            ""
        };
        let targets = match self.random.below(4) {
            0 => "*".to_owned(),
            1 => format!("{} AS c, {}", self.value(), self.value()),
            _ => self.value(),
        };
        let filter = self.filter();
        let group = match self.random.below(10) {
            0 => format!(" GROUP BY {}", self.column()),
            1 => format!(" GROUP BY 1 HAVING {}", self.condition()),
            _ => String::new(),
        };
        self.levels.pop();
        format!("SELECT {distinct}{targets}{from}{filter}{group}")
    }

    fn tail(&mut self) -> String {
        match self.random.below(10) {
            0 => " ORDER BY 1".to_owned(),
            1 => format!(" LIMIT {}", 1 + self.random.below(9)),
            2 if self.spend() => format!(" ORDER BY 1 LIMIT ({})", self.query()),
            3 => {
                let of = if self.random.once_in(2) {
                    format!(" OF a{}", self.aliases)
                } else {
                    String::new()
                };
                format!(
                    " FOR {}{of}",
                    self.random
                        .pick(&["UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"])
                )
            }
            _ => String::new(),
        }
    }

    /// `WITH …`, or nothing. The names stay in `ctes`, the caller takes them out.
    fn with(&mut self) -> String {
        if !self.random.once_in(5) || !self.spend() {
            return String::new();
        }
        let recursive = self.random.once_in(3);
        let count = 1 + self.random.below(3);
        let mut tables = Vec::new();
        let names: Vec<_> = (0..count).map(|_| self.cte_name()).collect();
        if recursive && self.random.once_in(2) {
            self.ctes.extend(names.iter().cloned());
        }
        for name in names {
            let columns = if self.random.once_in(5) {
                "(id, n)"
            } else {
                ""
            };
            let hint = if self.random.once_in(6) {
                "MATERIALIZED "
            } else {
                ""
            };
            // Levels outside do not reach into a CTE of another level, but names may.
            let body = match self.random.below(8) {
                0 => self.insert(),
                1 => self.update(),
                2 => self.delete(),
                _ => self.query(),
            };
            tables.push(format!("{name}{columns} AS {hint}({body})"));
            self.ctes.push(name);
        }
        let recursive = if recursive { "RECURSIVE " } else { "" };
        format!("WITH {recursive}{} ", tables.join(", "))
    }

    fn cte_name(&mut self) -> String {
        let names = [
            "orders",
            "customers",
            "items",
            "ORDERS",
            "\"orders\"",
            "plans",
            "x",
            "y",
            "z",
            "archive",
            "\"Orders\"",
            "users",
            "U&\"item\\0073\"",
        ];
        self.random.pick(&names).to_owned()
    }

    pub(super) fn insert(&mut self) -> String {
        let known = self.ctes.len();
        let with = self.with();
        let target = self.target();
        let alias = if self.random.once_in(3) {
            self.alias()
        } else {
            String::new()
        };
        let spelled = if alias.is_empty() {
            target.clone()
        } else {
            format!("{target} AS {alias}")
        };
        let name = if alias.is_empty() { target } else { alias };
        let org = "'00000000-0000-0000-0000-00000000000a'";
        let (columns, rows) = match self.random.below(7) {
            0 => (
                "id, org_id, state".to_owned(),
                format!("VALUES ({}, $1, 2), (3, {org}, 4)", self.cell()),
            ),
            1 => (
                "org_id, id".to_owned(),
                format!("SELECT $2::uuid, id FROM {}", self.from()),
            ),
            2 => (
                "id, shop_id".to_owned(),
                format!("VALUES ({}, $1)", self.cell()),
            ),
            3 => (
                "id, state".to_owned(),
                format!("VALUES (1, {}), (DEFAULT, {})", self.cell(), self.cell()),
            ),
            4 => ("id, state".to_owned(), self.query()),
            5 => (
                "state, id, org_id".to_owned(),
                format!(
                    "VALUES ({}, $1, $2), ({}, {org}, {org})",
                    self.cell(),
                    self.cell()
                ),
            ),
            _ => ("id".to_owned(), {
                let query = self.query();
                if self.random.once_in(2) {
                    format!("({query})")
                } else {
                    query
                }
            }),
        };
        self.levels.push(vec![name, "excluded".to_owned()]);
        let conflict = match self.random.below(5) {
            0 => " ON CONFLICT DO NOTHING".to_owned(),
            1 => format!(
                " ON CONFLICT (org_id, id) WHERE state = 1 DO UPDATE SET state = {}{}",
                self.value(),
                self.filter()
            ),
            2 => format!(
                " ON CONFLICT (id) DO UPDATE SET (state, org_id) = (excluded.state, excluded.org_id){}",
                self.filter()
            ),
            _ => String::new(),
        };
        self.levels.pop();
        let returning = self.returning();
        self.ctes.truncate(known);
        format!("{with}INSERT INTO {spelled} ({columns}) {rows}{conflict}{returning}")
    }

    pub(super) fn update(&mut self) -> String {
        let known = self.ctes.len();
        let with = self.with();
        let (spelled, name) = self.aimed();
        self.levels.push(vec![name]);
        let from = if self.random.once_in(2) {
            format!(" FROM {}", self.from())
        } else {
            String::new()
        };
        let set = match self.random.below(6) {
            0 => "org_id = $1, state = 2".to_owned(),
            1 => "(state, shop_id) = (1, $2)".to_owned(),
            2 => format!("(state, total) = ({})", self.query()),
            _ => format!("state = {}", self.value()),
        };
        let filter = self.filter();
        let returning = self.returning();
        self.levels.pop();
        self.ctes.truncate(known);
        format!("{with}UPDATE {spelled} SET {set}{from}{filter}{returning}")
    }

    pub(super) fn delete(&mut self) -> String {
        let known = self.ctes.len();
        let with = self.with();
        let (spelled, name) = self.aimed();
        self.levels.push(vec![name]);
        let using = if self.random.once_in(2) {
            format!(" USING {}", self.from())
        } else {
            String::new()
        };
        let filter = self.filter();
        let returning = self.returning();
        self.levels.pop();
        self.ctes.truncate(known);
        format!("{with}DELETE FROM {spelled}{using}{filter}{returning}")
    }

    /// A target as written, and the name it answers to.
    fn aimed(&mut self) -> (String, String) {
        let target = self.target();
        let only = if self.random.once_in(10) { "ONLY " } else { "" };
        match self.random.below(3) {
            0 => (format!("{only}{target}"), target),
            1 => {
                let alias = self.alias();
                (format!("{only}{target} {alias}"), alias)
            }
            _ => {
                let alias = self.alias();
                (format!("{only}{target} AS {alias}"), alias)
            }
        }
    }

    fn returning(&mut self) -> String {
        match self.random.below(8) {
            0 => " RETURNING *".to_owned(),
            1 => format!(" RETURNING {}", self.value()),
            2 => " RETURNING old.id, new.state".to_owned(),
            _ => String::new(),
        }
    }
}
