//! What a statement names, as Postgres parses it, and what of that can be declared.

use std::{
    collections::{BTreeSet, HashSet},
    sync::LazyLock,
};

use crate::{declaration::Name, tree};

/// The names in a statement.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Its relations, CTEs among them.
    pub relations: BTreeSet<Name>,
    /// Functions that no built-in out of reach bears the name of, `schema.name` or bare.
    pub functions: BTreeSet<String>,
    /// Types, under the same condition.
    pub types: BTreeSet<String>,
    /// Fields that are taken from expressions.
    pub fields: BTreeSet<String>,
}

impl Named {
    /// The names in `sql`; none if it does not parse.
    pub fn read(sql: &str) -> Named {
        let mut named = Named::default();
        for statement in tree::parse(sql).unwrap_or_default() {
            let mut open = vec![&statement];
            while let Some(node) = open.pop() {
                named.take(node);
                open.extend(node.children());
            }
        }
        named
    }

    fn take(&mut self, node: &tree::Tree) {
        match node.kind() {
            "RangeVar" => {
                let schema = node
                    .some("schemaname")
                    .map_or("public", |_| node.text("schemaname"));
                self.relations
                    .insert(Name::new(schema, node.text("relname")));
            }
            "FuncCall" => self.functions.extend(declarable(node.list("funcname"))),
            "TypeName" => self.types.extend(declarable(node.list("names"))),
            "AIndirection" => {
                let fields = node.list("indirection").iter().filter_map(tree::Tree::name);
                self.fields.extend(fields.map(str::to_owned));
            }
            _ => {}
        }
    }
}

/// The name of a function or type that is the user's to declare.
fn declarable(path: &[tree::Tree]) -> Option<String> {
    let parts: Vec<_> = path.iter().filter_map(tree::Tree::name).collect();
    let own = match parts[..] {
        [name] => !is_out_of_reach(name),
        [schema, _] => schema != "pg_catalog",
        _ => false,
    };
    own.then(|| parts.join("."))
}

/// Whether a built-in of that name, a function or a type, is one that the guard refuses.
pub fn is_out_of_reach(name: &str) -> bool {
    OUT_OF_REACH.contains(name)
}

static OUT_OF_REACH: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("../../../weft-tenancy/src/guard/functions/refused.txt")
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect()
});
