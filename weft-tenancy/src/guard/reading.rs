//! What a statement reads and writes, in a form that can be held against another parser's reading.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    expr, limits,
    names::{Path, quote},
    place::{Joined, Outer, Tree},
    tree::{child, parse, unsupported},
    verify::cte_in_sight,
};
use crate::Refusal;

/// The write targets and the join trees of `sql`, sorted: `!t` is a target, `a <? b` a LEFT JOIN with
/// an ON. CTEs are `~c`, subqueries `()`, everything else in FROM is `f()`, and a join that has an
/// alias stands in braces.
///
/// # Errors
/// When the text is not one statement that the guard could read.
pub fn read(sql: &str) -> Result<Vec<String>, Refusal> {
    limits::scan(sql, limits::MAX_TEXT)?;
    let statement = parse(sql)?;
    let mut clauses = Vec::new();
    let mut relations = 0;
    for node in statement.descendants() {
        match node.kind() {
            K::FROM_CLAUSE | K::USING_CLAUSE => {
                let (joined, _) = Joined::read(&node)?;
                let trees: Result<Vec<_>, _> = joined
                    .trees
                    .iter()
                    .map(|tree| spelled(tree, &joined.leaves))
                    .collect();
                clauses.push(trees?.join(", "));
                let is_table = |leaf: &&SyntaxNode| leaf.kind() == K::RELATION_FROM_ITEM;
                relations += joined.leaves.iter().filter(is_table).count();
            }
            K::TABLE => {
                clauses.push(relation(&node)?);
                relations += 1;
            }
            K::INSERT | K::UPDATE | K::DELETE => {
                clauses.push(format!("!{}", display(&Path::of(&named(&node)?)?)));
                relations += 1;
            }
            kind if expr::is_known(kind) => {}
            _ => return Err(unsupported(&node)),
        }
    }
    let is_name = |node: &SyntaxNode| node.kind() == K::RELATION_NAME_REF;
    if statement.descendants().filter(is_name).count() != relations {
        return Err(unsupported(&statement));
    }
    clauses.sort();
    Ok(clauses)
}

fn spelled(tree: &Tree, leaves: &[SyntaxNode]) -> Result<String, Refusal> {
    match tree {
        Tree::Leaf(at) => match leaves[*at].kind() {
            K::RELATION_FROM_ITEM => relation(&leaves[*at]),
            K::PAREN_FROM_ITEM => Ok("()".to_owned()),
            _ => Ok("f()".to_owned()),
        },
        Tree::Aliased(tree) => Ok(format!("{{{}}}", spelled(tree, leaves)?)),
        Tree::Join {
            outer,
            on,
            left,
            right,
        } => {
            let join = match outer {
                Outer::None => "*",
                Outer::Left => "<",
                Outer::Right => ">",
                Outer::Full => "=",
            };
            let on = if on.is_some() { "?" } else { "" };
            let (left, right) = (spelled(left, leaves)?, spelled(right, leaves)?);
            Ok(format!("({left} {join}{on} {right})"))
        }
    }
}

/// The relation that `node` reads.
fn relation(node: &SyntaxNode) -> Result<String, Refusal> {
    let named = named(node)?;
    let path = Path::of(&named)?;
    let is_cte = path.schema.is_none() && cte_in_sight(&named, &path.name)?;
    let mark = if is_cte { "~" } else { "" };
    Ok(format!("{mark}{}", display(&path)))
}

fn named(node: &SyntaxNode) -> Result<SyntaxNode, Refusal> {
    let owner = child(node, K::RELATION_NAME).unwrap_or_else(|| node.clone());
    child(&owner, K::RELATION_NAME_REF).ok_or_else(|| unsupported(node))
}

/// Quoted where it is more than small letters, digits and underscores.
fn display(path: &Path) -> String {
    let plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_');
    let parts = path.schema.iter().chain([&path.name]).map(|name| {
        if name.chars().all(plain) {
            name.clone()
        } else {
            quote(name)
        }
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_join_trees_are_spelled_out() {
        for (sql, expected) in [
            ("select 1", &[][..]),
            ("table \"A b\"", &["\"A b\""]),
            (
                "select from s.a natural join b left join c on true, (select) d",
                &["((s.a * b) <? c), ()"],
            ),
            (
                "select from (a full join b using (id)) as j, f(1)",
                &["{(a = b)}, f()"],
            ),
            ("with a as (select) table a", &["~a"]),
            (
                "with a as (table b) delete from a using a where true",
                &["!a", "b", "~a"],
            ),
        ] {
            assert_eq!(read(sql).unwrap(), expected, "{sql}");
        }
    }

    #[test]
    fn what_the_guard_cannot_read_is_not_read() {
        for sql in [
            "select 1 into t",
            "merge into a using b on true when matched then delete",
            "select (",
        ] {
            assert!(read(sql).is_err(), "{sql}");
        }
    }
}
