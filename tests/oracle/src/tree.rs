//! The parse tree of Postgres's own grammar, every node in one shape.
//!
//! `pg_query` has a Rust type for each of some 250 nodes. A walk that names the fields it knows would
//! be blind to the others, so the tree is read by reflection: nothing that Postgres parsed is left
//! out, except where in the text it stood.

mod reflect;

use std::fmt;

/// A node, a list or a value of the parse tree.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Tree {
    /// Nothing, zero, false or the empty text: Postgres's defaults.
    #[default]
    Nothing,
    /// A flag that is set, or a number, or the value of an enumeration.
    Number(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A node: its kind as `pg_query` spells it, and those of its fields that hold something.
    Node(&'static str, Vec<(&'static str, Tree)>),
}

static NOTHING: Tree = Tree::Nothing;

/// The statements of `sql`, as Postgres parses them.
///
/// # Errors
/// Postgres's own message when it does not.
pub fn parse(sql: &str) -> Result<Vec<Tree>, String> {
    let parsed = pg_query::parse(sql, 0).map_err(|error| error.to_string())?;
    let mut statements = Vec::new();
    for statement in parsed.protobuf.stmts {
        statements.push(reflect::reflect(&statement)?.into_field("stmt"));
    }
    Ok(statements)
}

impl Tree {
    /// The node's kind; empty for anything else.
    pub fn kind(&self) -> &'static str {
        match self {
            Tree::Node(kind, _) => kind,
            _ => "",
        }
    }

    /// Whether this is a node of that kind.
    pub fn is(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    /// The fields of a node.
    pub fn fields(&self) -> &[(&'static str, Tree)] {
        match self {
            Tree::Node(_, fields) => fields,
            _ => &[],
        }
    }

    /// The field of that name, [`Tree::Nothing`] without one.
    pub fn field(&self, name: &str) -> &Tree {
        self.fields()
            .iter()
            .find(|(field, _)| *field == name)
            .map_or(&NOTHING, |(_, tree)| tree)
    }

    /// The same, taken out of the node.
    pub fn into_field(self, name: &str) -> Tree {
        match self {
            Tree::Node(_, fields) => fields
                .into_iter()
                .find(|(field, _)| *field == name)
                .map_or(Tree::Nothing, |(_, tree)| tree),
            _ => Tree::Nothing,
        }
    }

    /// The field of that name if it holds something.
    pub fn some(&self, name: &str) -> Option<&Tree> {
        Some(self.field(name)).filter(|tree| **tree != Tree::Nothing)
    }

    /// The items of a list, or of the node that Postgres wraps a list in.
    pub fn items(&self) -> &[Tree] {
        match self {
            Tree::List(items) => items,
            Tree::Node("List", _) => self.field("items").items(),
            _ => &[],
        }
    }

    /// The items of the list in the field of that name.
    pub fn list(&self, name: &str) -> &[Tree] {
        self.field(name).items()
    }

    /// The number in the field of that name, zero without one.
    pub fn number(&self, name: &str) -> i64 {
        match self.field(name) {
            Tree::Number(number) => *number,
            _ => 0,
        }
    }

    /// The text in the field of that name, empty without one.
    pub fn text(&self, name: &str) -> &str {
        match self.field(name) {
            Tree::Text(text) => text,
            _ => "",
        }
    }

    /// The text of a `String` node, as names are.
    pub fn name(&self) -> Option<&str> {
        self.is("String").then(|| self.text("sval"))
    }

    /// Everything directly within: fields of a node, items of a list.
    pub fn children(&self) -> Box<dyn Iterator<Item = &Tree> + '_> {
        match self {
            Tree::List(items) => Box::new(items.iter()),
            Tree::Node(_, fields) => Box::new(fields.iter().map(|(_, tree)| tree)),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The same, to change it.
    pub fn children_mut(&mut self) -> Box<dyn Iterator<Item = &mut Tree> + '_> {
        match self {
            Tree::List(items) => Box::new(items.iter_mut()),
            Tree::Node(_, fields) => Box::new(fields.iter_mut().map(|(_, tree)| tree)),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// Puts `value` into the field of that name.
    pub fn set(&mut self, name: &'static str, value: Tree) {
        let Tree::Node(_, fields) = self else { return };
        fields.retain(|(field, _)| *field != name);
        if value != Tree::Nothing && value != Tree::List(Vec::new()) {
            fields.push((name, value));
            fields.sort_by_key(|(field, _)| *field);
        }
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tree::Nothing => f.write_str("-"),
            Tree::Number(number) => write!(f, "{number}"),
            Tree::Text(text) => write!(f, "{text:?}"),
            Tree::List(items) => f.debug_list().entries(items).finish(),
            Tree::Node(kind, fields) => {
                let mut node = f.debug_struct(kind);
                for (name, tree) in fields {
                    node.field(name, tree);
                }
                node.finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_defaults_leave_no_trace() {
        assert_eq!(
            parse("select  a from b").unwrap(),
            parse("SELECT A\nFROM b -- c").unwrap()
        );
        assert_ne!(
            parse("select a from b").unwrap(),
            parse("select a from only b").unwrap()
        );
    }

    #[test]
    fn nodes_have_the_kinds_and_fields_of_the_grammar() {
        let statements = parse("select 1; delete from s.t").unwrap();
        assert_eq!(statements[0].kind(), "SelectStmt");
        assert_eq!(statements[1].field("relation").text("schemaname"), "s");
    }

    #[test]
    fn deep_statements_are_read_whole() {
        let sql = format!("select {}", "1 + ".repeat(900) + "1");
        assert_eq!(parse(&sql).unwrap().len(), 1);
    }
}
