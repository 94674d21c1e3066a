//! What Postgres reads and writes in a statement, in the form of `weft_tenancy::guard::reading`.

use crate::{
    sight::{Sight, schema, with},
    tree::Tree,
};

/// The write targets and the join trees of `statement`, sorted: `!t` is a target, `a <? b` a LEFT JOIN
/// with an ON. CTEs are `~c`, subqueries `()`, everything else in FROM is `f()`, and a join that has
/// an alias stands in braces.
pub fn read(statement: &Tree) -> Vec<String> {
    let mut clauses = Vec::new();
    walk(statement, &Sight::NOTHING, &mut clauses);
    clauses.sort();
    clauses
}

fn walk(node: &Tree, outer: &Sight<'_, '_>, clauses: &mut Vec<String>) {
    // `SET (a, b) = (SELECT …)` holds its subquery once for each column.
    if node.is("MultiAssignRef") && node.number("colno") > 1 {
        return;
    }
    let clause = node.field("with_clause");
    let names = with(clause);
    for (cte, ctes) in clause.list("ctes").iter().zip(&names) {
        let sight = Sight {
            ctes,
            outer: Some(outer),
        };
        walk(cte, &sight, clauses);
    }
    let empty = Vec::new();
    let sight = Sight {
        ctes: names.last().unwrap_or(&empty),
        outer: Some(outer),
    };
    let from = match node.kind() {
        "DeleteStmt" => "using_clause",
        _ => "from_clause",
    };
    if matches!(node.kind(), "InsertStmt" | "UpdateStmt" | "DeleteStmt") {
        clauses.push(format!("!{}", display(node.field("relation"))));
    }
    if node.some(from).is_some() {
        let items: Vec<_> = node
            .list(from)
            .iter()
            .map(|item| spelled(item, &sight))
            .collect();
        clauses.push(items.join(", "));
    }
    for (field, tree) in node.fields() {
        if *field != "with_clause" {
            walk(tree, &sight, clauses);
        }
    }
    if let Tree::List(items) = node {
        items.iter().for_each(|item| walk(item, &sight, clauses));
    }
}

fn spelled(item: &Tree, sight: &Sight<'_, '_>) -> String {
    match item.kind() {
        "RangeVar" => {
            let is_cte = schema(item).is_none() && sight.has(item.text("relname"));
            format!("{}{}", if is_cte { "~" } else { "" }, display(item))
        }
        "RangeTableSample" => spelled(item.field("relation"), sight),
        "RangeSubselect" => "()".to_owned(),
        "JoinExpr" => {
            let join = match item.number("jointype") {
                LEFT => "<",
                RIGHT => ">",
                FULL => "=",
                _ => "*",
            };
            let on = if item.some("quals").is_some() {
                "?"
            } else {
                ""
            };
            let [left, right] = ["larg", "rarg"].map(|arm| spelled(item.field(arm), sight));
            let tree = format!("({left} {join}{on} {right})");
            match item.some("alias") {
                Some(_) => format!("{{{tree}}}"),
                None => tree,
            }
        }
        _ => "f()".to_owned(),
    }
}

/// Quoted where it is more than small letters, digits and underscores.
fn display(relation: &Tree) -> String {
    let plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_');
    let parts = schema(relation)
        .into_iter()
        .chain([relation.text("relname")]);
    let parts = parts.map(|name| {
        if name.chars().all(plain) {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('"', "\"\""))
        }
    });
    parts.collect::<Vec<_>>().join(".")
}

const LEFT: i64 = pg_query::protobuf::JoinType::JoinLeft as i64;
const FULL: i64 = pg_query::protobuf::JoinType::JoinFull as i64;
const RIGHT: i64 = pg_query::protobuf::JoinType::JoinRight as i64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{generate::Generator, tree};

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
            (
                "with a as (table b) delete from a using a where true",
                &["!a", "b", "~a"],
            ),
        ] {
            let statement = tree::parse(sql).unwrap().remove(0);
            assert_eq!(read(&statement), expected, "{sql}");
        }
    }

    #[test]
    fn generated_statements_are_read_as_the_guard_reads_them() {
        for seed in 0..2_000 {
            let mut generator = Generator::new(seed);
            for sql in [generator.joined(), generator.statement()] {
                let (Ok(ours), Ok(statements)) =
                    (weft_tenancy::guard::reading::read(&sql), tree::parse(&sql))
                else {
                    continue;
                };
                assert_eq!(ours, read(&statements[0]), "seed {seed}: {sql}");
            }
        }
    }
}
