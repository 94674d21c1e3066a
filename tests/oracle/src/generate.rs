//! Statements made up at random, valid by the grammar for the most part.

mod expressions;
mod joins;
mod mutations;
mod statements;

use std::collections::BTreeSet;

pub use mutations::mutate;

use crate::{
    declaration::{Declaration, Key, Name, Owner, Table},
    random::Random,
};

/// Makes statements over the tables of [`declaration`].
pub struct Generator {
    random: Random,
    /// What the statement may still grow by.
    budget: usize,
    /// Aliases are numbered, so that most are unique.
    aliases: usize,
    /// Names of CTEs made so far: some are names of tables as well.
    ctes: Vec<String>,
    /// Names of the items of each open level.
    levels: Vec<Vec<String>>,
}

impl Generator {
    /// The statements that `seed` stands for.
    pub fn new(seed: u64) -> Generator {
        Generator {
            random: Random::new(seed),
            budget: 0,
            aliases: 0,
            ctes: Vec::new(),
            levels: Vec::new(),
        }
    }

    fn start(&mut self, budget: usize) {
        self.budget = budget;
        self.aliases = 0;
        self.ctes.clear();
        self.levels.clear();
    }

    /// Takes from the budget; false when it is used up.
    fn spend(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget > 0
    }

    /// A relation in FROM: mostly a tenant's table, by any spelling.
    fn relation(&mut self) -> String {
        let tables = [
            "orders",
            "orders",
            "ORDERS",
            "\"orders\"",
            "customers",
            "customers",
            "items",
            "items",
            "notes",
            "public.orders",
            "public.\"customers\"",
            "archive.orders",
            "archive.logs",
            "logs",
            "U&\"ord\\0065rs\"",
            "\"Orders\"",
            "plans",
            "organizations",
            "\u{e9}t\u{e9}",
        ];
        if !self.ctes.is_empty() && self.random.once_in(3) {
            let at = self.random.below(self.ctes.len());
            return self.ctes[at].clone();
        }
        self.random.pick(&tables).to_owned()
    }

    /// A tenant's table to write to.
    fn target(&mut self) -> String {
        let tables = [
            "orders",
            "customers",
            "items",
            "notes",
            "public.orders",
            "archive.orders",
            "\"Orders\"",
        ];
        self.random.pick(&tables).to_owned()
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        let stem = self.random.pick(&[
            "a",
            "b",
            "t",
            "\"A\"",
            "\"x y\"",
            "orders",
            "items",
            "j",
            "\"q\"\"\"",
            "U&\"\\00e9\"",
            "\u{e9}",
        ]);
        match stem.strip_suffix('"') {
            // Now and then a name comes twice.
            _ if self.random.once_in(40) => stem.to_owned(),
            Some(stem) => format!("{stem}{}\"", self.aliases),
            None => format!("{stem}{}", self.aliases),
        }
    }

    /// A name of an item in sight, innermost levels first.
    fn item(&mut self) -> Option<String> {
        let mut sight: Vec<_> = self.levels.iter().flatten().collect();
        if sight.len() > 4 && !self.random.once_in(3) {
            sight.drain(..sight.len() - 4);
        }
        let at = self.random.below(sight.len());
        sight.get(at).map(ToString::to_string)
    }
}

/// The tables of the generated statements.
pub fn declaration(key: Key) -> Declaration {
    let table = |schema: &str, name: &str, owner: Owner, soft: bool| Table {
        name: Name::new(schema, name),
        owner,
        soft,
    };
    Declaration {
        key,
        tables: vec![
            table("public", "organizations", Owner::Root, false),
            table("public", "customers", Owner::Org, false),
            table("public", "notes", Owner::Org, true),
            table("public", "\u{e9}t\u{e9}", Owner::Org, false),
            table("archive", "logs", Owner::Org, false),
            table("public", "orders", Owner::Shop, true),
            table("public", "items", Owner::Shop, false),
            table("public", "Orders", Owner::Shop, false),
            table("archive", "orders", Owner::Shop, true),
            table("public", "plans", Owner::Shared, false),
            table("public", "users", Owner::Private, false),
        ],
        functions: BTreeSet::new(),
        types: BTreeSet::new(),
        fields: BTreeSet::new(),
    }
}
