//! FROM clauses: all kinds of joins, nested and parenthesised in every way.

use super::Generator;

impl Generator {
    /// A statement whose whole point is its joins.
    pub fn joined(&mut self) -> String {
        self.start(24);
        self.levels.push(Vec::new());
        let from = self.from();
        let filter = self.filter();
        let statement = match self.random.below(8) {
            0 => {
                let target = self.target();
                format!("UPDATE {target} AS target SET state = 1 FROM {from}{filter}")
            }
            1 => {
                let target = self.target();
                format!("DELETE FROM {target} AS target USING {from}{filter}")
            }
            2 => format!("SELECT 1 WHERE EXISTS (SELECT FROM {from}{filter})"),
            3 => {
                let group = self.column();
                format!("SELECT count(*) FROM {from}{filter} GROUP BY {group}")
            }
            _ => format!("SELECT 1 FROM {from}{filter}"),
        };
        self.levels.pop();
        statement
    }

    /// The items of a FROM clause; their names are added to the innermost level.
    pub(super) fn from(&mut self) -> String {
        let mut from = self.reference(true, false);
        while self.random.once_in(4) && self.spend() {
            from += ", ";
            from += &self.reference(true, false);
        }
        from
    }

    /// A table reference, with joins in any case if it is `joined`, since Postgres puts nothing less in
    /// parentheses; `named` items can be spoken of from outside.
    fn reference(&mut self, named: bool, mut joined: bool) -> String {
        let mut reference = self.primary(named);
        while joined || (self.budget > 0 && !self.random.once_in(3) && self.spend()) {
            joined = false;
            let kind = self.random.pick(&[
                "JOIN",
                "INNER JOIN",
                "LEFT JOIN",
                "LEFT OUTER JOIN",
                "RIGHT JOIN",
                "FULL JOIN",
            ]);
            reference += &match self.random.below(8) {
                0 => format!(" CROSS JOIN {}", self.primary(named)),
                1 => format!(" NATURAL {kind} {}", self.primary(named)),
                2 => {
                    let right = self.reference(named, false);
                    let alias = if self.random.once_in(3) {
                        self.given_alias(named)
                    } else {
                        String::new()
                    };
                    let alias = if alias.is_empty() {
                        alias
                    } else {
                        format!(" AS {alias}")
                    };
                    format!(" {kind} {right} USING (id){alias}")
                }
                3 => {
                    // ON after ON: the right side is a join of its own.
                    let right = self.reference(named, false);
                    let condition = self.condition();
                    format!(" {kind} {right} ON {condition}")
                }
                _ => {
                    let right = self.primary(named);
                    let condition = self.condition();
                    format!(" {kind} {right} ON {condition}")
                }
            };
        }
        reference
    }

    fn primary(&mut self, named: bool) -> String {
        if self.spend() {
            match self.random.below(14) {
                0 | 1 => return format!("({})", self.reference(named, true)),
                2 => {
                    let inner = self.reference(false, true);
                    let alias = self.given_alias(named);
                    return format!("({inner}) AS {alias}");
                }
                3 => {
                    let lateral = if self.random.once_in(2) {
                        "LATERAL "
                    } else {
                        ""
                    };
                    let query = self.query();
                    let alias = self.given_alias(named);
                    return format!("{lateral}({query}) AS {alias}");
                }
                4 if self.random.once_in(2) => {
                    let alias = self.given_alias(named);
                    return format!("generate_series(1, 3) AS {alias}(n)");
                }
                5 if self.random.once_in(2) => {
                    let alias = self.given_alias(named);
                    return format!("(VALUES (1, 2), (3, 4)) AS {alias}(id, n)");
                }
                _ => {}
            }
        }
        let only = if self.random.once_in(12) { "ONLY " } else { "" };
        let relation = self.relation();
        match self.random.below(8) {
            0 => {
                self.name(&relation, named);
                format!("{only}{relation}")
            }
            1 => {
                let alias = self.given_alias(named);
                format!("{only}{relation} AS {alias}(id, org_id)")
            }
            2 => {
                let alias = self.given_alias(named);
                format!("{only}{relation} {alias}")
            }
            _ => {
                let alias = self.given_alias(named);
                format!("{only}{relation} AS {alias}")
            }
        }
    }

    fn given_alias(&mut self, named: bool) -> String {
        let alias = self.alias();
        self.name(&alias, named);
        alias
    }

    fn name(&mut self, name: &str, named: bool) {
        if let Some(level) = self.levels.last_mut().filter(|_| named) {
            level.push(name.to_owned());
        }
    }
}
