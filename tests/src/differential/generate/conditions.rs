//! Conditions that cannot raise.

use super::super::schema::{A, B, Type};
use super::Generator;

impl Generator {
    /// ` WHERE …`, or nothing.
    pub(super) fn filter(&mut self) -> String {
        if self.random.once_in(2) {
            return String::new();
        }
        format!(" WHERE {}", self.condition())
    }

    /// A condition without parentheses around it.
    pub(super) fn condition(&mut self) -> String {
        if !self.spend() {
            return self.comparison();
        }
        match self.random.below(20) {
            0 | 1 => {
                let (left, right) = (self.condition(), self.condition());
                self.uses("OR");
                format!("{left} OR {right}")
            }
            2 => {
                let (left, right) = (self.condition(), self.condition());
                format!("{left} AND {right}")
            }
            3 => format!("({})", self.condition()),
            4 => {
                self.uses("NOT");
                format!("NOT ({})", self.condition())
            }
            5 | 6 => {
                self.uses("EXISTS");
                let not = self.random.pick(&["", "NOT "]);
                format!("{not}EXISTS ({})", self.query(None).sql)
            }
            7 | 8 => self.quantified(),
            9 => {
                let of = self.some_type();
                let not = self.random.pick(&["", " NOT"]);
                format!("{} IS{not} NULL", self.value(of))
            }
            10 => {
                let of = self.some_type();
                let (left, right) = (self.value(of), self.value(of));
                format!("{left} IS DISTINCT FROM {right}")
            }
            11 => {
                let (value, low, high) = (
                    self.value(Type::Int),
                    self.plain(Type::Int),
                    self.plain(Type::Int),
                );
                format!("{value} BETWEEN {low} AND {high}")
            }
            12 => format!(
                "CASE WHEN {} THEN true ELSE {} END",
                self.condition(),
                self.condition()
            ),
            13 | 14 => self.of_organisation(),
            15 => self.of_whole_row(),
            16 => format!(
                "{} LIKE '{}%'",
                self.plain(Type::Text),
                self.random.pick(&["a", "x", ""])
            ),
            _ => self.comparison(),
        }
    }

    fn comparison(&mut self) -> String {
        let of = self.some_type();
        let operator = self.random.pick(&["=", "<>", "<", ">=", "<="]);
        let (left, right) = match self.column(of) {
            Some(column) => (column, self.plain(of)),
            None => (self.plain(of), self.plain(of)),
        };
        format!("{left} {operator} {right}")
    }

    /// IN, ANY and ALL, over lists and subqueries.
    fn quantified(&mut self) -> String {
        let of = self
            .random
            .pick(&[Type::Int, Type::Int, Type::Text, Type::Uuid]);
        let value = self.value(of);
        match self.random.below(5) {
            0 => format!("{value} IN ({}, {})", self.plain(of), self.plain(of)),
            1 => {
                let query = self.query(Some(&[of])).sql;
                self.uses("ANY and ALL");
                let operator = self
                    .random
                    .pick(&["= ANY", "<> ALL", "< ANY", ">= ALL", "<> SOME"]);
                format!("{value} {operator} ({query})")
            }
            2 => {
                let other = self.plain(Type::Int);
                let query = self.query(Some(&[of, Type::Int])).sql;
                format!("({value}, {other}) IN ({query})")
            }
            _ => {
                let query = self.query(Some(&[of])).sql;
                self.uses("IN (subquery)");
                let not = self.random.pick(&["", "NOT "]);
                format!("{value} {not}IN ({query})")
            }
        }
    }

    /// What a caller may say of the organisation: nothing that the guard could take as its own.
    fn of_organisation(&mut self) -> String {
        self.uses("a condition on the organisation");
        let column = self
            .column(Type::Uuid)
            .unwrap_or_else(|| self.constant(Type::Uuid));
        match self.random.below(6) {
            0 => format!("{column} = '{A}'"),
            1 => format!("{column} = '{B}'"),
            2 => format!("{column} <> '{A}'"),
            3 => format!("{column} IN ('{A}', '{B}')"),
            4 => format!("{column} = {}", self.value(Type::Uuid)),
            _ => format!("{column} = '{A}' OR true"),
        }
    }

    fn of_whole_row(&mut self) -> String {
        let of_table = |item: &&super::Item| item.table.is_some();
        let level = self.levels.last();
        let tables: Vec<String> = level.map_or(Vec::new(), |level| {
            let tables = level.items.iter().filter(of_table);
            tables.map(|item| item.name.clone()).collect()
        });
        let Some(name) = tables.first() else {
            return self.comparison();
        };
        self.uses("whole-row condition");
        match self.random.below(4) {
            0 => format!("{name} IS NULL"),
            1 => format!("{name}.* IS NOT NULL"),
            2 => format!("{name}::text LIKE '%anna%'"),
            _ => format!("{name} IS DISTINCT FROM NULL"),
        }
    }

    pub(super) fn some_type(&mut self) -> Type {
        self.random.pick(&[
            Type::Int,
            Type::Int,
            Type::Int,
            Type::Text,
            Type::Text,
            Type::Uuid,
            Type::State,
            Type::Time,
        ])
    }
}
