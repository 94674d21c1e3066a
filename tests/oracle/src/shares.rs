//! How much of what Postgres's grammar allows the guard lets through, and why not the rest.

use std::{collections::BTreeMap, fmt};

use weft_tenancy::{Refusal, RefusalKind};

use crate::{
    alone::stands_alone,
    declared,
    named::is_out_of_reach,
    tree::{self, Tree},
};

/// Statements of each kind, by what became of them when all they name is declared.
#[derive(Debug, Clone, Default)]
pub struct Shares(BTreeMap<&'static str, Share>);

/// What became of the statements of one kind.
#[derive(Debug, Clone, Default)]
pub struct Share {
    guarded: usize,
    /// Refused for what they ask of the catalogs, the server or the session.
    catalog: Reasons,
    /// Refused, and nothing outside of a trigger, a function or a cursor's transaction.
    not_alone: Reasons,
    refused: Reasons,
}

/// The kinds of refusals, and how many there are of each.
type Reasons = BTreeMap<&'static str, usize>;

impl Shares {
    /// Guards each statement with all that it names declared; what is no one statement is left out.
    pub fn of<'s>(statements: impl IntoIterator<Item = &'s str>) -> Shares {
        let mut shares = Shares::default();
        for sql in statements {
            if let Ok([statement]) = tree::parse(sql).as_deref() {
                let share = shares.0.entry(kind(sql, statement)).or_default();
                match declared::guarded(sql, 0) {
                    Ok(_) => share.guarded += 1,
                    Err(error) => share.refuse(error.downcast_ref(), statement),
                }
            }
        }
        shares
    }

    /// The share of one kind.
    pub fn kind(&self, kind: &str) -> Share {
        self.0.get(kind).cloned().unwrap_or_default()
    }
}

impl Share {
    /// How many of a hundred are guarded, of those that stand alone and name no part of the catalogs.
    pub fn percent(&self) -> f64 {
        let refused: usize = self.refused.values().sum();
        100.0 * self.guarded as f64 / (self.guarded + refused).max(1) as f64
    }

    fn refuse(&mut self, refusal: Option<&Refusal>, statement: &Tree) {
        let kind = refusal.map(Refusal::kind);
        let of_catalog = kind == Some(RefusalKind::CatalogRelation)
            || matches!(kind, Some(RefusalKind::Function | RefusalKind::Type))
                && names_the_catalog(statement);
        let reasons = if of_catalog {
            &mut self.catalog
        } else if stands_alone(statement) {
            &mut self.refused
        } else {
            &mut self.not_alone
        };
        let reason = kind.map_or("undeclarable", RefusalKind::name);
        *reasons.entry(reason).or_default() += 1;
    }
}

/// A built-in function or type out of reach, or a keyword that tells about the session.
fn names_the_catalog(node: &Tree) -> bool {
    let path = match node.kind() {
        "FuncCall" => node.list("funcname"),
        "TypeName" => node.list("names"),
        _ => &[],
    };
    path.last()
        .and_then(Tree::name)
        .is_some_and(is_out_of_reach)
        || node.is("SqlValueFunction")
        || node.children().any(names_the_catalog)
}

fn kind(sql: &str, statement: &Tree) -> &'static str {
    match statement.kind() {
        "SelectStmt" if statement.some("values_lists").is_some() => "VALUES",
        "SelectStmt" if sql.trim_start().to_ascii_lowercase().starts_with("table") => "TABLE",
        "SelectStmt" => "SELECT",
        "InsertStmt" if statement.some("cols").is_some() => "INSERT with columns",
        "InsertStmt" => "INSERT without columns",
        "UpdateStmt" => "UPDATE",
        "DeleteStmt" => "DELETE",
        "MergeStmt" => "MERGE",
        _ => "others",
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| statement | guarded | catalog | not alone | refused | share |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for (kind, share) in &self.0 {
            let [catalog, not_alone, refused] =
                [&share.catalog, &share.not_alone, &share.refused].map(listed);
            let (guarded, percent) = (share.guarded, share.percent());
            writeln!(
                f,
                "| {kind} | {guarded} | {catalog} | {not_alone} | {refused} | {percent:.1} % |"
            )?;
        }
        Ok(())
    }
}

fn listed(reasons: &Reasons) -> String {
    let listed: Vec<_> = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    listed.join(", ")
}
