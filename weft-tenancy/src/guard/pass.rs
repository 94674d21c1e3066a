//! One pass over one statement: what it reads is resolved, what it needs is written down.

use std::collections::BTreeSet;

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    Check, Shape,
    edits::Edits,
    names::{Path, quote},
    sight::Sight,
    tree::{end, only_child, start, unsupported},
};
use crate::{Class, Refusal, RefusalKind, Table, Tenancy};

/// The state of the pass: the caller's text stays as it is, everything else is in here.
pub(super) struct Pass<'t> {
    pub(super) tenancy: &'t Tenancy,
    pub(super) shape: Shape,
    pub(super) guards: Guards<'t>,
    pub(super) edits: Edits,
    pub(super) checks: Vec<Check>,
}

impl<'t> Pass<'t> {
    pub(super) fn new(tenancy: &'t Tenancy, shape: Shape, guards: Guards<'t>) -> Pass<'t> {
        Pass {
            tenancy,
            shape,
            guards,
            edits: Edits::default(),
            checks: Vec::new(),
        }
    }

    /// Guards the statement.
    ///
    /// # Errors
    /// When it breaks a rule.
    pub(super) fn statement(&mut self, node: &SyntaxNode) -> Result<(), Refusal> {
        let name = statement_name(node.kind()).ok_or_else(|| {
            let kind = format!("{:?}", node.kind())
                .to_ascii_lowercase()
                .replace('_', " ");
            Refusal::new(
                RefusalKind::StatementKind,
                format!("{kind} does not run in a scope"),
            )
        })?;
        let nothing = Sight::nothing();
        self.any_statement(node, &nothing)
            .map(drop)
            .map_err(|refusal| refusal.in_statement(name))
    }

    /// Guards a statement at the top or under WITH, and says which columns it returns.
    pub(super) fn any_statement(
        &mut self,
        node: &SyntaxNode,
        outer: &Sight<'_, 't>,
    ) -> Result<super::sight::Columns, Refusal> {
        match node.kind() {
            K::INSERT => self.insert(node, outer),
            K::UPDATE | K::DELETE => self.change(node, outer),
            kind if super::tree::is_query(kind) => self.query(node, outer),
            _ => Err(unsupported(node)),
        }
    }
}

impl Pass<'_> {
    /// Puts `guards` into a WHERE, which is made at `at` where there is none.
    pub(super) fn filter(
        &mut self,
        clause: Option<&SyntaxNode>,
        at: usize,
        guards: &[String],
    ) -> Result<(), Refusal> {
        match clause {
            Some(clause) => {
                let condition = only_child(clause).ok_or_else(|| unsupported(clause))?;
                self.conjoin(&condition, guards);
            }
            None if guards.is_empty() => {}
            None => self
                .edits
                .insert(at, format!(" WHERE {} ", guards.join(" AND "))),
        }
        Ok(())
    }

    /// `c` becomes `(c) AND guards`: nothing the caller wrote can weaken what follows.
    pub(super) fn conjoin(&mut self, condition: &SyntaxNode, guards: &[String]) {
        if guards.is_empty() {
            return;
        }
        self.edits.insert(start(condition), "(");
        self.edits
            .insert(end(condition), format!(") AND {} ", guards.join(" AND ")));
    }
}

pub(super) fn statement_name(kind: K) -> Option<&'static str> {
    Some(match kind {
        K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT => "SELECT",
        K::VALUES => "VALUES",
        K::TABLE => "TABLE",
        K::INSERT => "INSERT",
        K::UPDATE => "UPDATE",
        K::DELETE => "DELETE",
        _ => return None,
    })
}

/// The texts of guards, under the numbers of the binds that carry the scope.
pub(super) struct Guards<'t> {
    tenancy: &'t Tenancy,
    shape: Shape,
    pub(super) org: u32,
    pub(super) shops: u32,
    pub(super) org_used: bool,
    pub(super) shops_used: bool,
    pub(super) tables: BTreeSet<&'t str>,
}

impl<'t> Guards<'t> {
    pub(super) fn new(tenancy: &'t Tenancy, shape: Shape, binds: u16) -> Guards<'t> {
        Guards {
            tenancy,
            shape,
            org: u32::from(binds) + 1,
            shops: u32::from(binds) + 2,
            org_used: false,
            shops_used: false,
            tables: BTreeSet::new(),
        }
    }

    /// The same guards where the organisation needs no bind, so that the shops' comes first.
    pub(super) fn of_shops_alone(mut self) -> Guards<'t> {
        self.shops = self.org;
        self
    }

    /// The conditions that keep `reference`, a name of `table`, to the scope; none for shared tables.
    pub(super) fn conditions(&mut self, table: &'t Table, reference: &Path) -> Vec<String> {
        let conditions = self.conditions_of(table, reference);
        if !conditions.is_empty() {
            self.tables.insert(table.display());
            let scoped = self.tenancy.declared().scopes_rows;
            self.org_used |= scoped;
            self.shops_used |= scoped && self.shape.narrowed && table.shop_column().is_some();
        }
        conditions
    }

    /// The same for the eye alone: nothing is marked as used.
    pub(super) fn conditions_of(&self, table: &Table, reference: &Path) -> Vec<String> {
        let Some(org) = table.org_column() else {
            return Vec::new();
        };
        let reference = reference.quoted();
        let mut conditions = Vec::new();
        if self.tenancy.declared().scopes_rows {
            conditions.push(format!("{reference}.{} = ${}", quote(org), self.org));
            if let (Some(shop), true) = (table.shop_column(), self.shape.narrowed) {
                conditions.push(format!(
                    "{reference}.{} = ANY(${})",
                    quote(shop),
                    self.shops
                ));
            }
        }
        if let (Some(deleted), false) = (table.soft_delete(), self.shape.show_deleted) {
            conditions.push(format!("{reference}.{} IS NULL", quote(deleted)));
        }
        conditions
    }

    pub(super) fn narrowed(&self) -> bool {
        self.shape.narrowed
    }

    /// The organisation as a value to insert.
    pub(super) fn org_value(&mut self) -> String {
        self.org_used = true;
        format!("${}::{}", self.org, self.tenancy.key().sql_name())
    }

    /// The one shop of the scope as a value to insert.
    pub(super) fn shop_value(&mut self) -> String {
        self.shops_used = true;
        format!(
            "(${}::{}[])[1]",
            self.shops,
            self.tenancy.shop_key().sql_name()
        )
    }
}

/// The table a write is aimed at, which must be a tenant's.
///
/// # Errors
/// When it is shared, private or not declared.
pub(super) fn writable<'t>(path: &Path, tenancy: &'t Tenancy) -> Result<&'t Table, Refusal> {
    let table = super::sight::table(path, tenancy)?;
    if matches!(table.class(), Class::Shared) {
        let detail = "shared tables are read-only in a scope";
        return Err(Refusal::new(RefusalKind::ReadOnlyTable, detail).on(table.display()));
    }
    Ok(table)
}
