//! One statement before both: what the guard makes of it, and what Postgres says of that.

use std::fmt;

use weft_tenancy::{
    RefusalKind, Tenancy,
    guard::{Guarded, Shape, highest_bind},
};

use crate::{
    condition::Binds,
    declaration::Declaration,
    strip,
    tree::{self, Tree},
    verify::{Verdict, verify},
};

/// What became of a statement without any disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Guarded, and every guard found in its place.
    Guarded,
    /// Refused for the reason of that name.
    Refused(&'static str),
    /// Guarded, and Postgres parses it but refuses it before it runs.
    Rejected,
    /// Guarded, and no SQL to Postgres, neither before nor after.
    NotSql,
}

/// The guard and Postgres do not see the same.
#[derive(Debug, Clone)]
pub struct Disagreement {
    /// The statement.
    pub sql: String,
    /// What the guard made of it.
    pub guarded: Option<String>,
    /// In which shape of scope.
    pub shape: Shape,
    /// What is wrong.
    pub problems: Vec<String>,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "statement: {}", self.sql)?;
        if let Some(guarded) = &self.guarded {
            writeln!(f, "guarded:   {guarded}")?;
        }
        writeln!(f, "shape:     {:?}", self.shape)?;
        self.problems
            .iter()
            .try_for_each(|problem| writeln!(f, "  - {problem}"))
    }
}

/// The guard under one declaration, beside the oracle under the same.
pub struct Bench {
    declaration: Declaration,
    tenancy: Tenancy,
}

impl Bench {
    /// Both read `declaration`.
    ///
    /// # Errors
    /// When `weft_tenancy` refuses it.
    pub fn new(declaration: Declaration) -> Result<Bench, weft_tenancy::DeclarationError> {
        let tenancy = declaration.tenancy()?;
        Ok(Bench {
            declaration,
            tenancy,
        })
    }

    /// The guard.
    pub fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Puts `sql` before both.
    ///
    /// # Errors
    /// A [`Disagreement`].
    pub fn judge(&self, sql: &str, shape: Shape) -> Result<Outcome, Box<Disagreement>> {
        let binds = match highest_bind(sql) {
            Ok(binds) => binds,
            Err(refusal) => return Ok(Outcome::Refused(refusal.kind().name())),
        };
        let guarded = match self.tenancy.guard(sql, binds, shape) {
            Ok(guarded) => guarded,
            Err(refusal) if refusal.kind() == RefusalKind::Unproved => {
                let problems = vec![format!("the guard does not prove its own work: {refusal}")];
                let sql = sql.to_owned();
                return Err(Box::new(Disagreement {
                    sql,
                    guarded: None,
                    shape,
                    problems,
                }));
            }
            Err(refusal) => return Ok(Outcome::Refused(refusal.kind().name())),
        };
        let statement = one(sql);
        if let (Err(NotOne::NotSql(_)), Err(NotOne::NotSql(_))) = (&statement, one(guarded.sql())) {
            return Ok(Outcome::NotSql);
        }
        let verdict = match statement {
            Ok(original) => self.verdict(&original, &guarded, i64::from(binds) + 1, shape),
            Err(problem) => wrong(format!("the statement, which was accepted, {problem}")),
        };
        let Verdict {
            problems, refused, ..
        } = verdict;
        if problems.is_empty() {
            return Ok(if refused {
                Outcome::Rejected
            } else {
                Outcome::Guarded
            });
        }
        let guarded = Some(guarded.sql().to_owned());
        Err(Box::new(Disagreement {
            sql: sql.to_owned(),
            guarded,
            shape,
            problems,
        }))
    }

    /// `next` is the first number that the statement's own binds leave.
    fn verdict(&self, original: &Tree, guarded: &Guarded, next: i64, shape: Shape) -> Verdict {
        let statement = match one(guarded.sql()) {
            Ok(statement) => statement,
            Err(problem) => return wrong(format!("the guarded text {problem}")),
        };
        // The shops come first where the organisation needs no bind.
        let (org, shops) = match (guarded.org_bind(), guarded.shop_bind()) {
            (None, Some(_)) => (next + 1, next),
            _ => (next, next + 1),
        };
        let binds = Binds {
            org,
            shops: shape.narrowed.then_some(shops),
            show_deleted: shape.show_deleted,
        };
        let mut verdict = verify(&statement, &self.declaration, binds).against(guarded);
        if binds.in_value(original) {
            verdict
                .problems
                .push("the statement names the guard's own binds".to_owned());
        }
        if !strip::is_same(original, &statement, binds) {
            verdict
                .problems
                .push("without its guards it is another statement".to_owned());
        }
        verdict.problems.extend(self.functions(&statement));
        verdict
    }

    /// Functions that Postgres would call, and that the guard refuses when they are called openly.
    fn functions(&self, statement: &Tree) -> Vec<String> {
        let mut problems = Vec::new();
        let mut open = vec![statement];
        while let Some(node) = open.pop() {
            open.extend(node.children());
            if !node.is("FuncCall") {
                continue;
            }
            let path: Vec<_> = node
                .list("funcname")
                .iter()
                .filter_map(Tree::name)
                .map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
                .collect();
            let ordered = if node.number("agg_within_group") != 0 {
                node.list("agg_order")
            } else {
                &[]
            };
            let mut arguments: Vec<_> = node
                .list("args")
                .iter()
                .chain(ordered)
                .map(|_| "NULL")
                .collect();
            if path == ["\"unnest\""] {
                // In FROM each of its arrays is unnested by itself.
                arguments.truncate(1);
            }
            let star = if node.number("agg_star") != 0 {
                "*"
            } else {
                ""
            };
            let call = format!("SELECT {}({star}{})", path.join("."), arguments.join(", "));
            if let Err(refusal) = self.tenancy.guard(&call, 0, Shape::default()) {
                let variadic = node.number("func_variadic") != 0;
                let in_syntax = node.number("funcformat") == SQL_SYNTAX;
                if !variadic && !in_syntax {
                    problems.push(format!("calls {}: {refusal}", path.join(".")));
                }
            }
        }
        problems
    }
}

const SQL_SYNTAX: i64 = pg_query::protobuf::CoercionForm::CoerceSqlSyntax as i64;

fn wrong(problem: String) -> Verdict {
    Verdict {
        problems: vec![problem],
        ..Verdict::default()
    }
}

/// Why a text is not one statement to Postgres.
enum NotOne {
    NotSql(String),
    Many(usize),
}

impl fmt::Display for NotOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOne::NotSql(error) => write!(f, "is not parsed by Postgres: {error}"),
            NotOne::Many(count) => write!(f, "is {count} statements to Postgres"),
        }
    }
}

/// The one statement that Postgres parses.
fn one(sql: &str) -> Result<Tree, NotOne> {
    let mut statements = tree::parse(sql).map_err(NotOne::NotSql)?;
    match statements.len() {
        1 => Ok(statements.remove(0)),
        count => Err(NotOne::Many(count)),
    }
}
