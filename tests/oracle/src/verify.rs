//! The proof on the real tree: every tenant table of a guarded statement has its filter where Postgres
//! will apply it, and nothing else is reached.

mod from;
mod rows;

use std::collections::BTreeSet;

use weft_tenancy::guard::Guarded;

use crate::{
    condition::{Answer, Binds, Filter, Held},
    declaration::{Declaration, Name, Owner, Table},
    known,
    sight::{self, Meaning, Sight},
    tree::Tree,
};

/// What the real tree says of a guarded statement.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// The tenant tables it reads or writes.
    pub tenants: BTreeSet<Name>,
    /// The cells whose values must be compared with the scope, as `table.column = cell`.
    pub cells: BTreeSet<String>,
    /// Postgres parses the statement and refuses it before it runs: a guard's name stands for two items
    /// of its level, or a row is not as long as its list of columns.
    pub refused: bool,
}

/// Judges `statement`, a guarded one, by the rules of `declaration`.
pub fn verify(statement: &Tree, declaration: &Declaration, binds: Binds) -> Verdict {
    let mut walk = Walk {
        declaration,
        binds,
        verdict: Verdict::default(),
    };
    walk.statement(statement, &Sight::NOTHING);
    walk.verdict
}

impl Verdict {
    /// The same, and whether what the guard reports of its work is something else.
    pub fn against(mut self, guarded: &Guarded) -> Verdict {
        let displayed: BTreeSet<_> = self.tenants.iter().map(Name::display).collect();
        let reported: BTreeSet<_> = guarded.tables().iter().map(ToString::to_string).collect();
        if displayed != reported {
            self.problems.push(format!(
                "touches {displayed:?}, and the guard reports {reported:?}"
            ));
        }
        let reported = rows::reported(guarded);
        if self.cells != reported && !self.refused {
            let cells = &self.cells;
            self.problems.push(format!(
                "cells to check are {cells:?}, and the guard checks {reported:?}"
            ));
        }
        self
    }
}

struct Walk<'d> {
    declaration: &'d Declaration,
    binds: Binds,
    verdict: Verdict,
}

impl<'d> Walk<'d> {
    fn problem(&mut self, problem: impl Into<String>) {
        self.verdict.problems.push(problem.into());
    }

    fn statement(&mut self, node: &Tree, outer: &Sight<'_, '_>) {
        let with = node.field("with_clause");
        let names = sight::with(with);
        for (cte, ctes) in with.list("ctes").iter().zip(&names) {
            let sight = Sight {
                ctes,
                outer: Some(outer),
            };
            self.statement(cte.field("ctequery"), &sight);
            self.rest(cte, &["ctequery"], &sight);
        }
        let empty = Vec::new();
        let sight = Sight {
            ctes: names.last().unwrap_or(&empty),
            outer: Some(outer),
        };
        match node.kind() {
            "SelectStmt" => self.select(node, &sight),
            "InsertStmt" => self.insert(node, &sight),
            "UpdateStmt" => {
                self.change(node, "from_clause", &sight);
                if let Some(table) = sight::target(node.field("relation"), self.declaration) {
                    self.set(node.list("target_list"), table, false);
                }
            }
            "DeleteStmt" => {
                self.change(node, "using_clause", &sight);
                if self.owner(node.field("relation")) == Some(Owner::Root) {
                    self.problem("deletes the organisation's own row");
                }
            }
            other => self.problem(format!("a statement of kind {other:?}")),
        }
    }

    fn owner(&self, relation: &Tree) -> Option<Owner> {
        sight::target(relation, self.declaration).map(|table| table.owner)
    }

    fn select(&mut self, node: &Tree, sight: &Sight<'_, '_>) {
        if node.is("SelectStmt") && node.number("op") > NO_SET_OPERATION {
            self.statement(node.field("larg"), sight);
            self.statement(node.field("rarg"), sight);
        }
        self.from(
            node.list("from_clause"),
            node.field("where_clause"),
            None,
            sight,
        );
        for lock in node.list("locking_clause") {
            self.lock(lock, node.list("from_clause"), sight);
        }
        self.rest(
            node,
            &[
                "with_clause",
                "larg",
                "rarg",
                "from_clause",
                "locking_clause",
            ],
            sight,
        );
    }

    /// UPDATE and DELETE: the target is filtered in WHERE, as a FROM item would be.
    fn change(&mut self, node: &Tree, from: &str, sight: &Sight<'_, '_>) {
        let relation = node.field("relation");
        let filter = node.field("where_clause");
        let names = self.from(node.list(from), filter, Some(relation), sight);
        if let Some(table) = self.write(relation) {
            self.guarded(relation, table, &[&Filter::new(filter, names)]);
        }
        self.rest(node, &["with_clause", "relation", from], sight);
    }

    /// The table that is written to, if a scope may write to it.
    fn write(&mut self, relation: &Tree) -> Option<&'d Table> {
        let table = sight::target(relation, self.declaration);
        match table {
            Some(table) if table.org().is_some() => {
                self.verdict.tenants.insert(table.name.clone());
                Some(table)
            }
            _ => {
                self.problem(format!("writes to {:?}", relation.text("relname")));
                None
            }
        }
    }

    /// The RangeVar `relation` within `item`, and the filters that its rows pass through.
    fn read(
        &mut self,
        relation: &Tree,
        item: &Tree,
        filters: &[&Filter<'_>],
        sight: &Sight<'_, '_>,
    ) {
        match sight.meaning(relation, self.declaration) {
            Meaning::Cte => {}
            Meaning::Table(table) if table.org().is_some() => {
                self.verdict.tenants.insert(table.name.clone());
                self.guarded(item, table, filters);
            }
            Meaning::Table(table) if table.owner == Owner::Shared => {}
            Meaning::Table(table) => self.problem(format!("reads {}", table.name.display())),
            Meaning::Unknown => {
                self.problem(format!(
                    "reads {:?}, which is not declared",
                    relation.text("relname")
                ));
            }
        }
    }

    /// `item` is one whose columns are those of `table`.
    fn guarded(&mut self, item: &Tree, table: &Table, filters: &[&Filter<'_>]) {
        let renamed = item.field("alias").some("colnames").is_some();
        for guard in self.binds.guards(table) {
            let held = filters
                .iter()
                .map(|filter| filter.holds(&guard, item, &self.binds, self.declaration))
                .max()
                .filter(|_| !renamed);
            match held {
                Some(Held::Yes) => {}
                Some(Held::Ambiguous) => self.verdict.refused = true,
                _ => self.problem(format!("{} lacks {guard:?}", table.name.display())),
            }
        }
    }

    /// FOR UPDATE and its kin reach what OF names, or everything, subqueries included.
    fn lock(&mut self, lock: &Tree, from: &[Tree], sight: &Sight<'_, '_>) {
        let mut names = Vec::new();
        from.iter()
            .for_each(|item| crate::condition::answers(item, &mut names));
        let locked = lock.list("locked_rels");
        let of = |item: &Tree| {
            names.iter().any(|name: &Answer<'_>| {
                std::ptr::eq(name.item, item)
                    && locked
                        .iter()
                        .any(|relation| relation.text("relname") == name.name)
            })
        };
        let mut open: Vec<(&Tree, bool)> =
            from.iter().map(|item| (item, locked.is_empty())).collect();
        while let Some((item, reached)) = open.pop() {
            let reached = reached || of(item);
            match item.kind() {
                "RangeVar" if reached => {
                    if let Meaning::Table(table) = sight.meaning(item, self.declaration)
                        && table.owner == Owner::Shared
                    {
                        self.problem(format!("locks {}", table.name.display()));
                    }
                }
                "RangeSubselect" if reached => self.lock_within(item.field("subquery"), sight),
                "JoinExpr" => {
                    open.push((item.field("larg"), reached));
                    open.push((item.field("rarg"), reached));
                }
                "RangeTableSample" => open.push((item.field("relation"), reached)),
                _ => {}
            }
        }
    }

    fn lock_within(&mut self, query: &Tree, outer: &Sight<'_, '_>) {
        let names = sight::with(query.field("with_clause"));
        let empty = Vec::new();
        let sight = Sight {
            ctes: names.last().unwrap_or(&empty),
            outer: Some(outer),
        };
        self.lock(&Tree::Nothing, query.list("from_clause"), &sight);
    }

    /// All fields of `node` but those that were dealt with.
    fn rest(&mut self, node: &Tree, done: &[&str], sight: &Sight<'_, '_>) {
        for (field, tree) in node.fields() {
            if !done.contains(field) && *field != "with_clause" {
                self.walk(tree, sight);
            }
        }
    }

    /// Expressions and clauses: nothing in them may be unknown, and queries within are statements.
    fn walk(&mut self, tree: &Tree, sight: &Sight<'_, '_>) {
        match tree.kind() {
            "SelectStmt" => self.statement(tree, sight),
            kind if kind.is_empty() || known::is_plain(tree) => {
                tree.children().for_each(|child| self.walk(child, sight));
            }
            kind => self.problem(format!("an unexpected {kind}")),
        }
    }
}

const NO_SET_OPERATION: i64 = pg_query::protobuf::SetOperation::SetopNone as i64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{declaration::Key, generate::declaration, tree};

    /// Judged as a guarded text whose organisation is `$1` and whose shops are `$2`.
    fn problems(sql: &str) -> Vec<String> {
        let statement = tree::parse(sql).unwrap().remove(0);
        let binds = Binds {
            org: 1,
            shops: Some(2),
            show_deleted: true,
        };
        verify(&statement, &declaration(Key::Uuid), binds).problems
    }

    #[test]
    fn a_filter_where_postgres_applies_it_is_enough() {
        for sql in [
            "select * from customers c where (c.a or c.b) and c.org_id = $1",
            "select * from customers a join customers b on b.org_id = $1 where a.org_id = $1",
            "select * from customers a left join customers b on b.org_id = $1 where a.org_id = $1",
            "select * from customers a right join customers b on a.org_id = $1 where b.org_id = $1",
            "select * from plans a left join (customers b left join customers c on c.org_id = $1) on b.org_id = $1",
            "select * from (select * from customers where customers.org_id = $1) a full join plans b on true",
            "select * from (table customers) as t where t.org_id = $1",
            "with customers as (select 1) select * from customers",
            "with recursive a as (table customers), customers as (select 1) table a",
            "delete from orders where orders.org_id = $1 and orders.shop_id = any($2)",
            "insert into orders (id, org_id, shop_id) values (1, $1::uuid, ($2::int4[])[1])",
            "select * from public.customers where \"public\".\"customers\".org_id = $1",
        ] {
            assert_eq!(problems(sql), [""; 0], "{sql}");
        }
    }

    #[test]
    fn a_filter_anywhere_else_is_none() {
        for sql in [
            "select * from customers",
            "select * from customers c where c.a or c.org_id = $1",
            "select * from customers c where not c.org_id = $1",
            "select * from customers c where c.org_id <> $1",
            "select * from customers c where c.org_id = $2",
            "select * from customers c where c.id = $1",
            "select * from customers c where c.org_id operator(public.=) $1",
            "select * from customers a, customers b where a.org_id = $1 and a.org_id = $1",
            "select * from customers a left join customers b on a.org_id = $1 where b.org_id = $1",
            "select * from customers a left join plans b on a.org_id = $1",
            "select * from plans a full join customers b on b.org_id = $1",
            "select * from plans a left join (customers b left join plans c on true) on true where b.org_id = $1",
            "select * from plans p cross join customers a right join plans c on true where a.org_id = $1",
            "select * from (customers a join plans b on true) as j where a.org_id = $1",
            "select * from customers as c (id, org_id) where c.org_id = $1",
            "select * from customers c where exists (select 1 where c.org_id = $1)",
            "select * from (select id from customers) c where c.org_id = $1",
            "with customers as (select 1) select * from public.customers",
            "with customers as (table customers) select 1",
            "with customers as (select 1) delete from customers",
            "(with customers as (select 1) select 1) union all select 1 from customers",
            "with a as (table customers), customers as (select 1) table a",
            "insert into items (id, org_id) values (1, $1::uuid)",
            "insert into customers (id, org_id) values (1, $1::uuid), (2, default)",
            "insert into customers (id, org_id) select 1, $1::uuid union select 2, null",
            "insert into customers (org_id, id) values (now(), $1::uuid)",
            "insert into customers values ($1::uuid)",
            "insert into customers (org_id) values ($1::uuid) on conflict (id) do update set a = 1",
            "insert into organizations (id) values ($1::uuid)",
            "update customers set org_id = org_id where customers.org_id = $1",
            "update customers set a = 1 from customers c where customers.org_id = $1",
            "update plans set a = 1",
            "delete from organizations where organizations.id = $1",
            "select * from plans for update",
            "select * from (select * from plans) p for update of p",
            "select * from users",
            "select * from ghosts",
            "select 1 into customers",
            "merge into customers using plans on true when matched then do nothing",
        ] {
            assert_ne!(problems(sql), [""; 0], "{sql}");
        }
    }
}
