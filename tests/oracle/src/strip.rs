//! Guards taken off again: what is left must be the caller's own statement, as Postgres parses it.
//!
//! A filter in the right place says nothing about what the insertion did to the rest: a precedence
//! that shifted, a join that came to hang elsewhere, a column that moved. Both trees are brought to one
//! form, the guarded one after its guards are taken off, and compared whole.

use crate::{
    condition::{Binds, Guard, conjuncts},
    declaration::DELETED,
    tree::Tree,
};

/// Whether `guarded` without its guards is `original`.
pub fn is_same(original: &Tree, guarded: &Tree, binds: Binds) -> bool {
    let (mut original, mut guarded) = (original.clone(), guarded.clone());
    normalise(&mut original, None);
    normalise(&mut guarded, Some(&binds));
    original == guarded
}

/// One form for both; guards are taken off where `binds` says how to tell them.
fn normalise(tree: &mut Tree, binds: Option<&Binds>) {
    if let (true, Some(binds)) = (tree.is("InsertStmt"), binds) {
        strip_cells(tree, binds);
    }
    tree.children_mut()
        .for_each(|child| normalise(child, binds));
    match tree.kind() {
        "SelectStmt" | "UpdateStmt" | "DeleteStmt" | "OnConflictClause" => {
            condition(tree, "where_clause", binds);
        }
        "JoinExpr" => condition(tree, "quals", binds),
        "RangeVar" => {
            let alias = tree.field("alias");
            if alias.some("colnames").is_none() && alias.text("aliasname") == tree.text("relname") {
                tree.set("alias", Tree::Nothing);
            }
        }
        _ => {}
    }
    // Within FROM only, where a RangeVar can take its place.
    if matches!(
        tree.kind(),
        "SelectStmt" | "UpdateStmt" | "DeleteStmt" | "JoinExpr"
    ) {
        for field in ["from_clause", "using_clause", "larg", "rarg"] {
            match tree_mut(tree, field) {
                Some(Tree::List(items)) => items.iter_mut().for_each(collapse),
                Some(item) => collapse(item),
                None => {}
            }
        }
    }
}

fn tree_mut<'t>(tree: &'t mut Tree, name: &str) -> Option<&'t mut Tree> {
    match tree {
        Tree::Node(_, fields) => fields
            .iter_mut()
            .find(|(field, _)| *field == name)
            .map(|(_, tree)| tree),
        _ => None,
    }
}

/// A flat list of conditions, the guards left out: each is the organisation's with what follows it.
fn condition(tree: &mut Tree, field: &'static str, binds: Option<&Binds>) {
    let mut parts = Vec::new();
    conjuncts(tree.field(field), &mut parts);
    let mut kept = Vec::new();
    let mut of_guard: Option<&[Tree]> = None;
    for part in parts {
        let guard = binds.and_then(|binds| binds.read(part));
        match guard {
            Some((Guard::Org(_), base)) => of_guard = Some(base),
            Some((Guard::Shop(_), base)) if of_guard == Some(base) => {}
            Some((Guard::Deleted(DELETED), base)) if of_guard == Some(base) => of_guard = None,
            _ => {
                of_guard = None;
                kept.push(part.clone());
            }
        }
    }
    tree.set(field, Tree::List(kept));
}

/// `(SELECT * FROM t) AS a` is `t AS a`.
fn collapse(item: &mut Tree) {
    if !item.is("RangeSubselect") || item.number("lateral") != 0 {
        return;
    }
    let query = item.field("subquery");
    let known = ["from_clause", "limit_option", "op", "target_list"];
    let [target] = query.list("target_list") else {
        return;
    };
    let [relation] = query.list("from_clause") else {
        return;
    };
    let is_star = matches!(target.field("val").list("fields"), [star] if star.is("AStar"))
        && target.fields().len() == 1;
    let plain = query
        .fields()
        .iter()
        .all(|(field, _)| known.contains(field));
    if !is_star || !plain || !relation.is("RangeVar") || relation.some("alias").is_some() {
        return;
    }
    let mut relation = relation.clone();
    relation.set("alias", item.field("alias").clone());
    normalise(&mut relation, None);
    *item = relation;
}

/// Takes off the cells at the end of each row that hold the guard's binds, and their columns.
fn strip_cells(insert: &mut Tree, binds: &Binds) {
    let mut taken = 0;
    if let Some(source) = tree_mut(insert, "select_stmt") {
        strip_rows(source, binds, &mut taken);
    }
    if let Some(Tree::List(columns)) = tree_mut(insert, "cols") {
        columns.truncate(columns.len().saturating_sub(taken));
    }
}

fn strip_rows(source: &mut Tree, binds: &Binds, taken: &mut usize) {
    for arm in ["larg", "rarg"] {
        if let Some(arm) = tree_mut(source, arm) {
            strip_rows(arm, binds, taken);
        }
    }
    let mut strip = |cells: &mut Vec<Tree>| {
        let before = cells.len();
        while cells.last().is_some_and(|cell| is_own(cell, binds)) {
            cells.pop();
        }
        *taken = before - cells.len();
    };
    if let Some(Tree::List(targets)) = tree_mut(source, "target_list") {
        strip(targets);
    }
    if let Some(Tree::List(rows)) = tree_mut(source, "values_lists") {
        for row in rows {
            if let Some(Tree::List(cells)) = tree_mut(row, "items") {
                strip(cells);
            }
        }
    }
    // `SELECT * FROM (TABLE t) AS t` was `TABLE t`: the rest is done by `collapse`.
}

/// `$org::type` and `($shops::type[])[1]`.
fn is_own(cell: &Tree, binds: &Binds) -> bool {
    let cell = if cell.is("ResTarget") {
        cell.field("val")
    } else {
        cell
    };
    let cast = if cell.is("AIndirection") {
        cell.field("arg")
    } else {
        cell
    };
    cast.is("TypeCast")
        && crate::condition::parameter(cast.field("arg"))
            .is_some_and(|number| number >= binds.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    fn same(original: &str, guarded: &str) -> bool {
        let parse = |sql| tree::parse(sql).unwrap().remove(0);
        let binds = Binds {
            org: 1,
            shops: Some(2),
            show_deleted: false,
        };
        is_same(&parse(original), &parse(guarded), binds)
    }

    #[test]
    fn guards_come_off_without_a_trace() {
        assert!(same(
            "select 1 from t where a or b",
            "select 1 from t where (a or b) and t.org_id = $1"
        ));
        assert!(same(
            "select 1 from t x",
            "select 1 from (select * from t where t.org_id = $1) x"
        ));
        assert!(same(
            "table t",
            "select * from (table t) as t where t.org_id = $1 and t.shop_id = any($2)"
        ));
        assert!(same(
            "insert into t (a) values (1)",
            "insert into t (a, b) values (1, $1::uuid)"
        ));
    }

    #[test]
    fn what_else_was_changed_is_seen() {
        assert!(!same(
            "select 1 from t where a or b",
            "select 1 from t where a or b and t.org_id = $1"
        ));
        assert!(!same(
            "select 1 from t where a",
            "select 1 from t where t.org_id = $1"
        ));
        assert!(!same(
            "select 1 from t x",
            "select 1 from (select * from only t) x"
        ));
        assert!(!same(
            "select 1 from t where t.deleted_at is null",
            "select 1 from t"
        ));
        assert!(!same(
            "insert into t (a) values (1)",
            "insert into t (b) values (1)"
        ));
    }
}
