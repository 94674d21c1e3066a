//! Whether a statement means anything by itself, or only in the body of a trigger or function.

use crate::{condition::answers, tree::Tree};

/// Whether `statement` needs no cursor, and something in sight bears every name before a dot.
pub fn stands_alone(statement: &Tree) -> bool {
    !on_cursor(statement) && in_sight(statement, &[])
}

fn on_cursor(node: &Tree) -> bool {
    node.is("CurrentOfExpr") || node.children().any(on_cursor)
}

/// Whether every name before a dot within `node` is one of `outer`, or of a level further in.
fn in_sight(node: &Tree, outer: &[&str]) -> bool {
    match node.kind() {
        "ColumnRef" => match node.list("fields") {
            [base, _] => base.name().is_none_or(|base| outer.contains(&base)),
            _ => true,
        },
        "SelectStmt" | "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => {
            let names = level(node, outer);
            node.fields().iter().all(|(field, tree)| match *field {
                "with_clause" | "larg" | "rarg" => in_sight(tree, outer),
                "from_clause" | "using_clause" => {
                    tree.items().iter().all(|item| in_from(item, outer, &names))
                }
                _ => in_sight(tree, &names),
            })
        }
        _ => node.children().all(|child| in_sight(child, outer)),
    }
}

/// The names in sight of the clauses of `statement`.
fn level<'t>(statement: &'t Tree, outer: &[&'t str]) -> Vec<&'t str> {
    let items = ["from_clause", "using_clause"].map(|from| statement.list(from));
    let mut found = Vec::new();
    let relations = ["relation", "source_relation"].map(|relation| statement.some(relation));
    items
        .into_iter()
        .flatten()
        .chain(relations.into_iter().flatten())
        .for_each(|item| answers(item, &mut found));
    let mut names: Vec<_> = found.iter().map(|answer| answer.name).collect();
    names.extend(outer);
    if statement.some("on_conflict_clause").is_some() {
        names.push("excluded");
    }
    if statement.some("returning_clause").is_some() {
        names.extend(["old", "new"]);
    }
    names
}

/// Only LATERAL, functions and conditions of joins see their own level.
fn in_from(item: &Tree, outer: &[&str], names: &[&str]) -> bool {
    match item.kind() {
        "RangeSubselect" if item.number("lateral") == 0 => in_sight(item, outer),
        "JoinExpr" => item.fields().iter().all(|(field, tree)| match *field {
            "larg" | "rarg" => in_from(tree, outer, names),
            _ => in_sight(tree, names),
        }),
        _ => in_sight(item, names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::parse;

    #[test]
    fn names_of_triggers_cursors_and_other_levels_are_told() {
        let alone = |sql: &str| stands_alone(&parse(sql).unwrap()[0]);
        for sql in [
            "select t.a, (select t.b) from t, lateral (select t.c) s, f(t.a)",
            "insert into t (a) values (1) on conflict (a) do update set a = excluded.a",
            "update t set a = u.a from u join v on u.a = v.a",
            "merge into t using u on t.a = u.a when matched then delete",
        ] {
            assert!(alone(sql), "{sql}");
        }
        for sql in [
            "delete from t where t.a = old.a",
            "delete from t where current of c",
            "select 1 from t, (select t.a) s",
            "insert into t (a) values (new.a)",
        ] {
            assert!(!alone(sql), "{sql}");
        }
    }
}
