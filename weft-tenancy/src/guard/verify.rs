//! The proof behind the rewriting: nothing but guards was added, and none is missing.
//!
//! The pass reads a statement from the top; this walk starts at each relation's name and climbs, so
//! that a slip in resolving names or in placing a guard's text is caught. The join tree and the reading
//! of cells are shared with the pass. What cannot be proved is refused.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use squawk_lexer::TokenKind;
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::{
    cells, expr,
    limits::tokens,
    names::{Path, alias_name, name},
    pass::Guards,
    place::{Joined, Place},
    tree::{child, end, has_token, only_child, parse, start},
};
use crate::{Refusal, RefusalKind, Table, Tenancy};

/// Proves that `guarded` is `original` with guards, and that every tenant table has its own.
///
/// # Errors
/// When it cannot be proved.
pub(super) fn verify(
    original: &str,
    guarded: &str,
    inserted: &[Range<usize>],
    tenancy: &Tenancy,
    mut guards: Guards<'_>,
) -> Result<(), Refusal> {
    keeps_the_callers_tokens(original, guarded, inserted)?;
    let statement = parse(guarded).map_err(|_| unproved("the guarded text does not parse"))?;
    let mut proof = Proof {
        tenancy,
        org_value: guards.org_value(),
        shop_value: guards.shop_value(),
        guards,
        inserted,
        clauses: HashMap::new(),
        items: HashMap::new(),
    };
    for node in statement.descendants() {
        if !expr::is_known(node.kind()) || expr::lacks_an_operand(&node) {
            return Err(unproved("the guarded text holds an unknown construct"));
        }
        if node.kind() == K::RELATION_NAME_REF {
            proof.relation(&node)?;
        }
    }
    Ok(())
}

/// What the walk needs, and what it has read once: a clause can guard a thousand tables.
struct Proof<'a> {
    tenancy: &'a Tenancy,
    guards: Guards<'a>,
    org_value: String,
    shop_value: String,
    inserted: &'a [Range<usize>],
    /// The inserted conjuncts of a WHERE or ON.
    clauses: HashMap<SyntaxNode, HashSet<String>>,
    /// The clause that has to guard each FROM item; none where a subquery has to.
    items: HashMap<SyntaxNode, Option<SyntaxNode>>,
}

fn unproved(detail: &str) -> Refusal {
    Refusal::new(RefusalKind::Unproved, detail)
}

/// What stands outside the insertions is the caller's text, token by token.
fn keeps_the_callers_tokens(
    original: &str,
    guarded: &str,
    inserted: &[Range<usize>],
) -> Result<(), Refusal> {
    let mut callers = significant(original).map(|(_, text)| text);
    let mut insertions = inserted.iter().filter(|range| !range.is_empty()).peekable();
    for (range, text) in significant(guarded) {
        while insertions
            .next_if(|insertion| insertion.end <= range.start)
            .is_some()
        {}
        let within = insertions
            .peek()
            .is_some_and(|insertion| insertion.start <= range.start && range.end <= insertion.end);
        let clear = insertions
            .peek()
            .is_none_or(|insertion| range.end <= insertion.start);
        let kept = within || (clear && callers.next() == Some(text));
        if !kept {
            return Err(unproved("the guard changed a token of the caller's"));
        }
    }
    match callers.next() {
        None => Ok(()),
        Some(_) => Err(unproved("the guard lost a token of the caller's")),
    }
}

fn significant(sql: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    tokens(sql).filter_map(move |(kind, text)| {
        let range = at..at + text.len();
        at = range.end;
        let blank = matches!(
            kind,
            TokenKind::Whitespace
                | TokenKind::LineComment
                | TokenKind::BlockComment { .. }
                | TokenKind::Eof
        );
        (!blank).then_some((range, text))
    })
}

impl Proof<'_> {
    fn relation(&mut self, node: &SyntaxNode) -> Result<(), Refusal> {
        let path = Path::of(node)?;
        let mut owner = node
            .parent()
            .ok_or_else(|| unproved("a relation without a place"))?;
        if owner.kind() == K::RELATION_NAME {
            owner = owner
                .parent()
                .ok_or_else(|| unproved("a relation without a place"))?;
        }
        let is_target = matches!(owner.kind(), K::INSERT | K::UPDATE | K::DELETE);
        if !is_target && path.schema.is_none() && cte_in_sight(node, &path.name)? {
            return Ok(());
        }
        let table = self
            .tenancy
            .table(path.schema.as_deref(), &path.name)
            .ok_or_else(|| unproved("an undeclared relation"))?;
        if table.org_column().is_none() {
            let readable = !is_target && matches!(table.class(), crate::Class::Shared);
            return if readable {
                Ok(())
            } else {
                Err(unproved("a table out of reach"))
            };
        }
        match owner.kind() {
            K::RELATION_FROM_ITEM => {
                let alias = child(&owner, K::FROM_ALIAS);
                if alias
                    .as_ref()
                    .is_some_and(|alias| child(alias, K::COLUMN_LIST).is_some())
                {
                    return Err(unproved("a table whose columns are renamed"));
                }
                let reference = match alias {
                    Some(alias) => Path {
                        schema: None,
                        name: alias_name(&alias)?,
                    },
                    None => path,
                };
                self.guarded_in_from(&owner, table, &reference)
            }
            // Only as `SELECT … FROM (TABLE t) AS t`, guarded around it.
            K::TABLE => {
                let item = owner
                    .ancestors()
                    .find(|ancestor| ancestor.kind() == K::PAREN_FROM_ITEM)
                    .ok_or_else(|| unproved("TABLE that nothing filters"))?;
                let between = owner
                    .ancestors()
                    .take_while(|ancestor| *ancestor != item)
                    .skip(1);
                if between
                    .into_iter()
                    .any(|node| !matches!(node.kind(), K::PAREN_SELECT | K::PAREN_EXPR))
                {
                    return Err(unproved("TABLE that nothing filters"));
                }
                let alias = child(&item, K::FROM_ALIAS)
                    .filter(|alias| child(alias, K::COLUMN_LIST).is_none())
                    .ok_or_else(|| unproved("TABLE without an alias"))?;
                let reference = Path {
                    schema: None,
                    name: alias_name(&alias)?,
                };
                self.guarded_in_from(&item, table, &reference)
            }
            K::UPDATE | K::DELETE => {
                if let Some(set) = child(&owner, K::SET_CLAUSE) {
                    self.keeps_its_owner(&set, table)?;
                }
                let reference = target_reference(&owner, K::OPTIONAL_AS_ALIAS, &path)?;
                let filter = child(&owner, K::WHERE_CLAUSE);
                self.holds(filter.as_ref(), table, &reference)
            }
            K::INSERT => {
                let reference = target_reference(&owner, K::REQUIRED_AS_ALIAS, &path)?;
                self.owned(&owner, table)?;
                match owner.descendants().find(|part| {
                    part.kind() == K::CONFLICT_DO_UPDATE_SET
                        && part.parent().and_then(|clause| clause.parent()).as_ref() == Some(&owner)
                }) {
                    Some(update) => {
                        if let Some(set) = child(&update, K::SET_CLAUSE) {
                            self.keeps_its_owner(&set, table)?;
                        }
                        self.holds(child(&update, K::WHERE_CLAUSE).as_ref(), table, &reference)
                    }
                    None => Ok(()),
                }
            }
            _ => Err(unproved("a relation in an unknown place")),
        }
    }

    /// The guard of a FROM item stands where the join tree wants it.
    fn guarded_in_from(
        &mut self,
        item: &SyntaxNode,
        table: &Table,
        reference: &Path,
    ) -> Result<(), Refusal> {
        if !self.items.contains_key(item) {
            let clause = item
                .ancestors()
                .find(|ancestor| matches!(ancestor.kind(), K::FROM_CLAUSE | K::USING_CLAUSE))
                .ok_or_else(|| unproved("a FROM item outside of FROM"))?;
            let filter = clause
                .parent()
                .and_then(|statement| child(&statement, K::WHERE_CLAUSE));
            let (joined, places) = Joined::read(&clause)?;
            for (leaf, place) in joined.leaves.into_iter().zip(places) {
                let guard = match place {
                    Place::Where => filter.clone(),
                    Place::On(on) => joined.conditions.get(on).cloned(),
                    Place::Derived => None,
                };
                self.items.insert(leaf, guard);
            }
        }
        let clause = self.items.get(item).cloned().flatten();
        self.holds(clause.as_ref(), table, reference)
    }

    /// Every condition of the guard is a conjunct of `clause` itself.
    fn holds(
        &mut self,
        clause: Option<&SyntaxNode>,
        table: &Table,
        reference: &Path,
    ) -> Result<(), Refusal> {
        let missing = || unproved("a guard is missing").on(table.display());
        let conditions = self.guards.conditions_of(table, reference);
        if conditions.is_empty() {
            return Ok(());
        }
        let clause = clause.ok_or_else(missing)?;
        let conjuncts = self
            .clauses
            .entry(clause.clone())
            .or_insert_with(|| conjuncts(clause, self.inserted));
        let all = conditions
            .iter()
            .all(|condition| conjuncts.contains(&spelled(condition)));
        if all { Ok(()) } else { Err(missing()) }
    }

    /// No assignment gives a row to another owner: an owner's column gets one plain value, or the
    /// proposed row's, and nothing in its list can become several.
    fn keeps_its_owner(&self, set: &SyntaxNode, table: &Table) -> Result<(), Refusal> {
        let shop = table.shop_column().filter(|_| self.guards.narrowed());
        let owners = [
            (table.org_column(), self.tenancy.key()),
            (shop, self.tenancy.shop_key()),
        ];
        for assignment in set.children().flat_map(|list| list.children()) {
            let part = |kind| child(&assignment, kind).unwrap_or_else(|| assignment.clone());
            let of_kind =
                |node: SyntaxNode, kind| node.children().filter(move |n| n.kind() == kind);
            let targets = of_kind(part(K::COLUMN_TARGET_LIST), K::COLUMN_TARGET);
            let values: Vec<_> = of_kind(part(K::SET_EXPR_LIST), K::SET_EXPR).collect();
            for (at, target) in targets.enumerate() {
                let column = cells::target_column(&target)?.0;
                let owner = owners
                    .iter()
                    .find(|(owner, _)| *owner == Some(column.as_str()));
                let Some((_, key)) = owner else { continue };
                let plain = values.get(at).and_then(only_child).is_some_and(|value| {
                    cells::value(&value, *key).is_some() || cells::is_excluded(&value, &column)
                });
                let spread = values.iter().any(|value| {
                    let text = value.text().to_string();
                    let tokens: Vec<_> = significant(&text).map(|(_, token)| token).collect();
                    tokens.windows(2).any(|pair| pair == [".", "*"])
                });
                if !plain || spread {
                    return Err(unproved("a row changes its owner").on(table.display()));
                }
            }
        }
        Ok(())
    }

    /// Every row of an INSERT carries the organisation, and in a narrowed scope the shop.
    fn owned(&self, insert: &SyntaxNode, table: &Table) -> Result<(), Refusal> {
        let missing = || unproved("a row without its owner").on(table.display());
        let list = child(insert, K::COLUMN_TARGET_LIST).ok_or_else(missing)?;
        let source = insert
            .children()
            .find(|part| super::tree::is_query(part.kind()))
            .ok_or_else(missing)?;
        let targets: Vec<_> = list.children().collect();
        let shop = table.shop_column().filter(|_| self.guards.narrowed());
        let owners = [
            (table.org_column(), self.tenancy.key(), &self.org_value),
            (shop, self.tenancy.shop_key(), &self.shop_value),
        ];
        for (column, key, value) in owners {
            let Some(column) = column else { continue };
            let mut at = None;
            for (position, target) in targets.iter().enumerate() {
                if cells::target_column(target)?.0 == column && at.replace(position).is_some() {
                    return Err(missing());
                }
            }
            let at = at.ok_or_else(missing)?;
            let start = usize::from(targets[at].text_range().start());
            let ours = self.inserted.iter().any(|range| range.contains(&start));
            if ours {
                let from_end = targets.len() - 1 - at;
                let value = spelled(value);
                let cells = cells::from_end(&source, from_end).ok_or_else(missing)?;
                if !cells
                    .iter()
                    .all(|cell| spelled(&cell.text().to_string()) == value)
                {
                    return Err(missing());
                }
            } else {
                for cell in cells::at(&source, at)? {
                    cells::value(&cell, key).ok_or_else(missing)?;
                }
            }
        }
        Ok(())
    }
}

fn target_reference(owner: &SyntaxNode, alias: K, path: &Path) -> Result<Path, Refusal> {
    match child(owner, alias) {
        Some(alias) => Ok(Path {
            schema: None,
            name: alias_name(&alias)?,
        }),
        None => Ok(path.clone()),
    }
}

/// Whether `name`, as it stands at `node`, is a CTE: the climb passes every WITH that governs it.
pub(super) fn cte_in_sight(node: &SyntaxNode, wanted: &str) -> Result<bool, Refusal> {
    let mut passed: Option<SyntaxNode> = None;
    let mut below = node.clone();
    for ancestor in node.ancestors().skip(1) {
        if ancestor.kind() == K::WITH_CLAUSE {
            let recursive = has_token(&ancestor, K::RECURSIVE_KW);
            let earlier = ancestor
                .children()
                .take_while(|table| recursive || *table != below);
            if names_one(earlier, wanted)? {
                return Ok(true);
            }
            passed = Some(ancestor.clone());
        } else {
            let mut carrier = ancestor.clone();
            while carrier.kind() == K::COMPOUND_SELECT {
                match carrier.children().next() {
                    Some(first) => carrier = first,
                    None => break,
                }
            }
            let with = child(&carrier, K::WITH_CLAUSE).filter(|with| passed.as_ref() != Some(with));
            if let Some(with) = with
                && names_one(with.children(), wanted)?
            {
                return Ok(true);
            }
        }
        below = ancestor;
    }
    Ok(false)
}

fn names_one(mut tables: impl Iterator<Item = SyntaxNode>, wanted: &str) -> Result<bool, Refusal> {
    tables.try_fold(false, |found, table| {
        let cte = child(&table, K::CTE_NAME).ok_or_else(|| unproved("a CTE without a name"))?;
        Ok(found || name(&cte)? == wanted)
    })
}

/// The conjuncts of `clause` that are insertions; the caller's, however long, guard nothing.
fn conjuncts(clause: &SyntaxNode, inserted: &[Range<usize>]) -> HashSet<String> {
    let mut conjuncts = HashSet::new();
    let mut note = |node: &SyntaxNode| {
        let (from, to) = (start(node), end(node));
        let at = inserted.partition_point(|range| range.end < to);
        if inserted.get(at).is_some_and(|range| range.start <= from) {
            conjuncts.insert(spelled(&node.text().to_string()));
        }
    };
    let mut left = only_child(clause);
    while let Some(node) = left.take() {
        let mut operands = node.children();
        if node.kind() == K::BIN_EXPR && has_token(&node, K::AND_KW) {
            left = operands.next();
            operands.for_each(|operand| note(&operand));
        } else {
            note(&node);
        }
    }
    conjuncts
}

/// The tokens of `sql` with one blank between them.
fn spelled(sql: &str) -> String {
    significant(sql)
        .map(|(_, text)| text)
        .collect::<Vec<_>>()
        .join(" ")
}
