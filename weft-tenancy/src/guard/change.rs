//! UPDATE and DELETE: the target guarded in WHERE, what FROM and USING add like any FROM.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    insert::target,
    names::relation_path,
    pass::{Pass, writable},
    sight::{Columns, Sight},
    tree::{child, end, unsupported},
};
use crate::{Class, Refusal, RefusalKind};

impl<'t> Pass<'t> {
    pub(super) fn change(
        &mut self,
        node: &SyntaxNode,
        outer: &Sight<'_, 't>,
    ) -> Result<Columns, Refusal> {
        let with = self.with(child(node, K::WITH_CLAUSE).as_ref(), outer)?;
        let relation = child(node, K::RELATION_NAME).ok_or_else(|| unsupported(node))?;
        let path = relation_path(&relation)?;
        let table = writable(&path, self.tenancy)?;
        if node.kind() == K::DELETE && matches!(table.class(), Class::Root { .. }) {
            let detail = "the organisation's own row cannot be deleted";
            return Err(Refusal::new(RefusalKind::RootTable, detail).on(table.display()));
        }
        let target = target(&path, child(node, K::OPTIONAL_AS_ALIAS).as_ref(), table)?;
        let mut guards = self.guards.conditions(table, &target.path);
        let mut level = Sight::within(&with);
        level.add(target)?;
        let others = child(node, K::FROM_CLAUSE).or_else(|| child(node, K::USING_CLAUSE));
        if let Some(others) = &others {
            guards.extend(self.from(others, node, &with, &mut level)?);
        }
        let mut returned = Columns::unknown();
        for part in node.children() {
            match part.kind() {
                K::WITH_CLAUSE
                | K::RELATION_NAME
                | K::OPTIONAL_AS_ALIAS
                | K::FROM_CLAUSE
                | K::USING_CLAUSE => {}
                K::SET_CLAUSE => self.set(&part, table, &level, false)?,
                K::WHERE_CLAUSE => self.walk_children(&part, &level)?,
                K::RETURNING_CLAUSE => returned = self.returning(&part, table, &mut level)?,
                _ => return Err(unsupported(&part)),
            }
        }
        let last = node
            .children()
            .filter(|part| !matches!(part.kind(), K::WHERE_CLAUSE | K::RETURNING_CLAUSE))
            .last()
            .unwrap_or(relation);
        self.filter(child(node, K::WHERE_CLAUSE).as_ref(), end(&last), &guards)?;
        Ok(returned)
    }
}
