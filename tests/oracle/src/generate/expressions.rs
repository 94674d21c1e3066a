//! Conditions and values.

use super::Generator;

impl Generator {
    /// ` WHERE …`, or nothing.
    pub(super) fn filter(&mut self) -> String {
        if self.random.once_in(3) {
            String::new()
        } else {
            format!(" WHERE {}", self.condition())
        }
    }

    pub(super) fn condition(&mut self) -> String {
        if !self.spend() {
            return "true".to_owned();
        }
        match self.random.below(14) {
            0 => format!("{} OR {}", self.condition(), self.condition()),
            1 => format!("{} AND {}", self.condition(), self.condition()),
            2 => format!("({})", self.condition()),
            3 => format!("NOT {}", self.condition()),
            4 => format!("EXISTS ({})", self.query()),
            5 => format!("{} IN ({})", self.value(), self.query()),
            6 => format!("{} IS NULL", self.column()),
            7 => format!(
                "{} BETWEEN {} AND {}",
                self.value(),
                self.value(),
                self.value()
            ),
            8 => format!("{} IS DISTINCT FROM {}", self.value(), self.value()),
            9 => format!("CASE WHEN {} THEN true ELSE false END", self.condition()),
            10 => "true".to_owned(),
            _ => {
                let operator = self.random.pick(&["=", "<>", "<", ">=", "= ANY"]);
                let (left, right) = (self.value(), self.value());
                match operator {
                    "= ANY" => format!("{left} = ANY(ARRAY[{right}])"),
                    operator => format!("{left} {operator} {right}"),
                }
            }
        }
    }

    pub(super) fn value(&mut self) -> String {
        match self.random.below(12) {
            0 if self.spend() => format!("({})", self.query()),
            1 if self.spend() => format!("coalesce({}, {})", self.value(), self.value()),
            2 if self.spend() => format!("{} + {}", self.value(), self.value()),
            3 => format!("${}", 1 + self.random.below(3)),
            4 => self
                .random
                .pick(&["'a'", "E'\\'--'", "$$ $1 $$", "U&'d\\0061'", "'x''y'"])
                .to_owned(),
            5 | 6 => self.random.below(100).to_string(),
            7 if self.spend() => {
                format!(
                    "count(*) FILTER (WHERE {}) OVER (PARTITION BY {})",
                    self.condition(),
                    self.column()
                )
            }
            8 => {
                let ty = self.random.pick(&["int4", "uuid", "text"]);
                format!("{}::{ty}", self.column())
            }
            _ => self.column(),
        }
    }

    /// A value of a row of VALUES: any expression may stand there.
    pub(super) fn cell(&mut self) -> String {
        if self.random.once_in(4) {
            self.condition()
        } else {
            self.value()
        }
    }

    pub(super) fn column(&mut self) -> String {
        let column = self.random.pick(&[
            "id",
            "id",
            "org_id",
            "state",
            "shop_id",
            "deleted_at",
            "\"Q\"",
        ]);
        match self.item() {
            // `s.t.column` where the item has a schema.
            Some(item) if !self.random.once_in(5) => format!("{item}.{column}"),
            _ => column.to_owned(),
        }
    }
}
