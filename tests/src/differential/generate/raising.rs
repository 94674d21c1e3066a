//! Conditions and values that raise for some rows: for the caller's own, or for foreign ones that
//! only row-level security hides. Each stands where Postgres evaluates it for every row of the
//! table, and once, so that whether it raises is not left open.

use super::super::schema::{Table, Type, WRITABLE};
use super::Generator;

impl Generator {
    /// A statement that may raise; whether it returns rows.
    pub(super) fn raising(&mut self) -> (String, bool) {
        let hidden = |table: &&&Table| table.deleted.is_none() || self.shape.deleted;
        let tables: Vec<_> = WRITABLE.iter().filter(hidden).copied().collect();
        let table = self.random.pick(&tables);
        let (numbers, texts) = (of_type(table, Type::Int), of_type(table, Type::Text));
        let number = self.random.pick(&numbers);
        let value = match texts[..] {
            [] => format!(
                "100 / (t.{number} - {})",
                self.random.pick(&[1, 2, 3, 30, 101])
            ),
            _ => {
                let text = self.random.pick(&texts);
                match self.random.below(4) {
                    0 => format!("t.{text}::bigint"),
                    1 => format!("length(t.{text}::uuid::text)"),
                    2 => format!("length(t.{text}::order_state::text)"),
                    _ => format!(
                        "100 / (t.{number} - {})",
                        self.random.pick(&[1, 2, 3, 30, 101])
                    ),
                }
            }
        };
        self.uses("conditions that raise");
        let spelled = self.spelled(table);
        match self.random.below(6) {
            0 => (
                format!("SELECT t.id, {value} AS c1 FROM {spelled} AS t"),
                true,
            ),
            1 => (
                format!("SELECT (sum({value}))::bigint AS c1 FROM {spelled} AS t"),
                true,
            ),
            2 => (
                format!("SELECT count(*) FROM {spelled} AS t WHERE {value} > 3"),
                true,
            ),
            3 => (
                format!("DELETE FROM {spelled} AS t WHERE {value} > 3"),
                false,
            ),
            4 => {
                let column = self.random.pick(&numbers);
                let column = if table.is_key(column) {
                    number_to_set(table)
                } else {
                    column
                };
                (
                    format!("UPDATE {spelled} AS t SET {column} = {value}"),
                    false,
                )
            }
            _ => (
                format!("SELECT t.* FROM {spelled} AS t WHERE {value} > 3 OR {value} IS NULL"),
                true,
            ),
        }
    }
}

fn of_type(table: &Table, of: Type) -> Vec<&'static str> {
    let columns = table.columns.iter().filter(|(_, other)| *other == of);
    columns.map(|(name, _)| *name).collect()
}

/// A number that is neither a key nor a reference.
fn number_to_set(table: &Table) -> &'static str {
    match table.name {
        "orders" => "total",
        "items" => "amount",
        "notes" => "parent",
        _ => "level",
    }
}
