//! Row locks: none may reach a table that all organisations share.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    names::{Path, name},
    sight::{Relation, Sight},
    tree::child,
};
use crate::{Class, Refusal, RefusalKind, Tenancy};

/// Locks reach every item, or those of an OF list.
pub(super) fn lock(
    clause: &SyntaxNode,
    level: &Sight<'_, '_>,
    anything_shared: bool,
) -> Result<(), Refusal> {
    let Some(of) = child(clause, K::LOCKING_OF) else {
        return if anything_shared {
            Err(locked_shared())
        } else {
            Ok(())
        };
    };
    for reference in of.children() {
        let locked = name(&reference)?;
        match level.items.iter().find(|item| item.path.name == locked) {
            Some(item) if item.reaches_shared => return Err(locked_shared().on(&locked)),
            Some(_) => {}
            None => {
                let detail = "a lock names what is not in FROM";
                return Err(Refusal::new(RefusalKind::Name, detail).on(&locked));
            }
        }
    }
    Ok(())
}

/// Whether a lock on the result of `query` could reach a shared table; a name that a CTE might
/// shadow counts too.
pub(super) fn reads_shared(query: &SyntaxNode, sight: &Sight<'_, '_>, tenancy: &Tenancy) -> bool {
    query
        .descendants()
        .filter(|node| node.kind() == K::RELATION_NAME_REF)
        .filter_map(|node| Path::of(&node).ok())
        .any(|path| match sight.relation(&path, tenancy) {
            Ok(Relation::Table(table)) => matches!(table.class(), Class::Shared),
            _ => false,
        })
}

pub(super) fn locked_shared() -> Refusal {
    let detail = "a lock needs an OF list that leaves shared tables out";
    Refusal::new(RefusalKind::LockedSharedTable, detail)
}
