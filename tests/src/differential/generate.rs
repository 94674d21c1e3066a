//! Statements made up at random over the tables of [`schema`](super::schema): valid, and with one
//! answer only, so far as Postgres promises one.

mod conditions;
mod from;
mod insert;
mod leaves;
mod query;
mod raising;
mod refused;
mod select;
mod values;
mod with;
mod writes;

use std::collections::BTreeSet;

use super::schema::{Class, TABLES, Table, Type};
use super::shape::{SHAPES, Shape};
use crate::random::Random;

/// One statement, and how its answer is to be compared.
#[derive(Debug)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// Its binds.
    pub binds: Vec<Bind>,
    /// The scope it runs in.
    pub shape: &'static Shape,
    /// Whether its rows come in a total order.
    pub ordered: bool,
    /// Whether it returns rows.
    pub returns: bool,
    /// Whether it writes.
    pub writes: bool,
    /// What the caller's own conditions can raise: a foreign row may raise it too, unless
    /// row-level security hides the row.
    pub can_raise: bool,
    /// Whether every layer must refuse it.
    pub forbidden: bool,
    /// What it is made of.
    pub features: BTreeSet<&'static str>,
}

/// A value sent apart from the text.
#[derive(Debug, Clone)]
pub enum Bind {
    /// `int8`
    Int(i64),
    /// `text`
    Text(&'static str),
    /// `uuid`
    Uuid(uuid::Uuid),
}

/// Makes one statement.
struct Generator {
    random: Random,
    /// What the statement may still grow by.
    budget: usize,
    /// Aliases are numbered, so that each is unique.
    named: usize,
    /// Tables that go by their own name; each may once.
    plain: BTreeSet<&'static str>,
    /// A write is asked for its rows.
    must_return: bool,
    shape: &'static Shape,
    binds: Vec<Bind>,
    features: BTreeSet<&'static str>,
    /// What WITH brings into sight, inner ones last.
    ctes: Vec<Cte>,
    /// The levels of FROM in sight, inner ones last.
    levels: Vec<Level>,
}

/// A name that WITH defines.
#[derive(Clone)]
struct Cte {
    name: String,
    /// Without columns it shadows a table and cannot be read itself.
    columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: String,
    of: Type,
}

/// Something in FROM that columns can be asked of.
#[derive(Debug, Clone)]
struct Item {
    name: String,
    /// Those of its columns that can be told apart.
    columns: Vec<Column>,
    /// Whether these are all of them.
    whole: bool,
    /// The table it is, as long as nothing stands in between.
    table: Option<&'static Table>,
}

/// What one query sees of its own FROM.
#[derive(Debug, Clone, Default)]
struct Level {
    items: Vec<Item>,
    /// Columns that need no name in front.
    bare: Vec<Column>,
    /// It stands beside what is being made, within one FROM.
    beside: bool,
}

impl Statement {
    /// `sql` in a scope of `shape`, without binds; whether it returns rows.
    pub fn new(sql: &str, shape: &'static Shape, returns: bool) -> Statement {
        Statement {
            sql: sql.to_owned(),
            binds: Vec::new(),
            shape,
            ordered: false,
            returns,
            writes: !returns,
            can_raise: false,
            forbidden: false,
            features: BTreeSet::new(),
        }
    }

    /// The statement that `seed` stands for.
    pub fn generate(seed: u64) -> Statement {
        let mut random = Random::new(seed);
        let budget = 4 + random.below(24);
        let shape = &SHAPES[random.below(SHAPES.len())];
        let generator = Generator {
            random,
            budget,
            named: 0,
            plain: BTreeSet::new(),
            must_return: false,
            shape,
            binds: Vec::new(),
            features: BTreeSet::new(),
            ctes: Vec::new(),
            levels: Vec::new(),
        };
        generator.statement()
    }
}

impl Generator {
    fn statement(mut self) -> Statement {
        let mut statement = Statement::new("", self.shape, true);
        match self.random.below(40) {
            0 => {
                statement.sql = self.forbidden();
                statement.forbidden = true;
                statement.writes = true;
                statement.returns = false;
            }
            1..=4 => {
                (statement.sql, statement.returns) = self.raising();
                statement.writes = !statement.returns;
                statement.can_raise = true;
            }
            5..=20 => {
                (statement.sql, statement.returns) = self.write();
                statement.writes = true;
            }
            21 | 22 => statement.sql = self.locking(),
            _ => {
                let query = self.query(None);
                (statement.sql, statement.ordered) = (query.sql, query.ordered);
            }
        }
        (statement.binds, statement.features) = (self.binds, self.features);
        statement
    }

    /// Takes from the budget; false when it is used up.
    fn spend(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget > 0
    }

    /// Notes that the statement has `feature`.
    fn uses(&mut self, feature: &'static str) {
        self.features.insert(feature);
    }

    fn alias(&mut self) -> String {
        self.named += 1;
        let stem = self
            .random
            .pick(&["a", "b", "t", "orders", "notes_", "\"Q", "\"x y", "\u{e9}"]);
        let close = if stem.starts_with('"') { "\"" } else { "" };
        format!("{stem}{}{close}", self.named)
    }

    /// A value as a bind of the statement, or as a literal.
    fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        let number = self.binds.len();
        self.uses("bind");
        match self.binds[number - 1] {
            Bind::Int(_) => format!("${number}::bigint"),
            Bind::Text(_) => format!("${number}::text"),
            Bind::Uuid(_) => format!("${number}::uuid"),
        }
    }

    /// A table to read.
    fn readable(&mut self) -> &'static Table {
        match self.random.below(10) {
            0 => &TABLES[5],
            1 => &TABLES[6],
            _ => &TABLES[self.random.below(5)],
        }
    }

    /// The table's name, with its schema where it is shadowed, and now and then where it is not.
    fn spelled(&mut self, table: &Table) -> String {
        let shadowed = self.ctes.iter().any(|cte| cte.name == table.name);
        if shadowed || self.random.once_in(5) {
            if shadowed {
                self.uses("a CTE with the name of a table");
            }
            return match self.random.below(4) {
                0 => format!("{}.\"{}\"", table.schema, table.name),
                _ => format!("{}.{}", table.schema, table.name),
            };
        }
        match self.random.below(12) {
            0 => format!("\"{}\"", table.name),
            1 => table.name.to_uppercase(),
            _ => table.name.to_owned(),
        }
    }

    /// Runs `make` with `level` in sight.
    fn within<T>(&mut self, level: Level, make: impl FnOnce(&mut Generator) -> T) -> T {
        self.levels.push(level);
        let made = make(self);
        self.levels.pop();
        made
    }
}

impl Column {
    fn new(name: &str, of: Type) -> Column {
        Column {
            name: name.to_owned(),
            of,
        }
    }
}

impl Item {
    fn table(name: &str, table: &'static Table) -> Item {
        let column = |(name, of): &(&str, Type)| Column::new(name, *of);
        Item {
            name: name.to_owned(),
            columns: table.columns.iter().map(column).collect(),
            whole: true,
            table: Some(table),
        }
    }

    fn of(name: &str, output: &[Column]) -> Item {
        let columns = unambiguous(output);
        Item {
            name: name.to_owned(),
            whole: columns.len() == output.len(),
            columns,
            table: None,
        }
    }
}

impl Level {
    fn of(item: Item) -> Level {
        Level {
            items: vec![item],
            ..Level::default()
        }
    }
}

impl Table {
    /// The columns that say whose a row is and which one.
    fn is_key(&self, column: &str) -> bool {
        column == "org_id" || column == "id" || self.is_shop(column)
    }

    fn is_shop(&self, column: &str) -> bool {
        self.class == Class::Shop && column == "shop_id"
    }
}

/// The columns whose names occur once.
fn unambiguous(columns: &[Column]) -> Vec<Column> {
    let once = |column: &&Column| {
        let same = columns.iter().filter(|other| other.name == column.name);
        same.count() == 1
    };
    columns.iter().filter(once).cloned().collect()
}
