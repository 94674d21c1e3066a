//! Where a guard goes: the join tree as Postgres builds it, and for each table in it the innermost
//! join that can null-extend the table.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::tree::{has_token, is_query, only_child, unsupported};
use crate::Refusal;

/// Where the guard of one table goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// No join null-extends it: the WHERE of the statement.
    Where,
    /// The ON of this join, by its number among the conditions.
    On(usize),
    /// Nowhere: the table itself becomes a filtered subquery.
    Derived,
}

/// A FROM clause with all its joins taken apart.
#[derive(Default)]
pub(super) struct Joined {
    /// Tables, subqueries and functions, in the order of the text.
    pub(super) leaves: Vec<SyntaxNode>,
    /// The ON clauses.
    pub(super) conditions: Vec<SyntaxNode>,
    /// In which order names come into sight, and go.
    pub(super) steps: Vec<Step>,
    /// The join tree of each item.
    pub(super) trees: Vec<Tree>,
}

/// One step through a FROM clause.
pub(super) enum Step {
    /// A leaf, by its number.
    Leaf(usize),
    /// An ON clause, by its number.
    Condition(usize),
    /// The alias of a USING.
    Using(SyntaxNode),
    /// A parenthesised join that gets an alias begins.
    Open,
    /// It ends: its alias hides the names within.
    Close(SyntaxNode),
}

impl Joined {
    /// Takes `items` of a FROM or USING clause apart; the second value is the place of each leaf.
    ///
    /// # Errors
    /// On a FROM item that is not known.
    pub(super) fn read(clause: &SyntaxNode) -> Result<(Joined, Vec<Place>), Refusal> {
        let mut joined = Joined::default();
        for item in clause.children() {
            let tree = joined.item(item)?;
            joined.trees.push(tree);
        }
        let mut places = vec![Place::Derived; joined.leaves.len()];
        for tree in &joined.trees {
            place(tree, Inherited::Where, &mut places);
        }
        Ok((joined, places))
    }

    /// The tree of one item, joins rebuilt by Postgres's rule: left-associative, and the right
    /// operand of CROSS and NATURAL is one table reference.
    fn item(&mut self, item: SyntaxNode) -> Result<Tree, Refusal> {
        let mut pieces = Vec::new();
        let mut open = vec![item];
        while let Some(node) = open.pop() {
            match node.kind() {
                K::JOIN_EXPR | K::JOIN => {
                    let children: Vec<_> = node.children().collect();
                    open.extend(children.into_iter().rev());
                }
                K::JOIN_INNER => pieces.push(join(&node, Outer::None)),
                K::JOIN_LEFT => pieces.push(join(&node, Outer::Left)),
                K::JOIN_RIGHT => pieces.push(join(&node, Outer::Right)),
                K::JOIN_FULL => pieces.push(join(&node, Outer::Full)),
                K::JOIN_CROSS => pieces.push(Piece::Join(Outer::None, false)),
                K::ON_CLAUSE => {
                    self.conditions.push(node);
                    let at = self.conditions.len() - 1;
                    self.steps.push(Step::Condition(at));
                    pieces.push(Piece::Condition(Some(at)));
                }
                K::JOIN_USING_CLAUSE => {
                    let alias = node.children().find(is_alias);
                    self.steps.extend(alias.map(Step::Using));
                    pieces.push(Piece::Condition(None));
                }
                K::PAREN_FROM_ITEM => pieces.push(Piece::Operand(self.parenthesised(node)?)),
                K::RELATION_FROM_ITEM
                | K::FUNCTION_FROM_ITEM
                | K::EXPR_FROM_ITEM
                | K::ROWS_FROM_ITEM
                | K::XML_TABLE_FROM_ITEM
                | K::JSON_TABLE_FROM_ITEM => pieces.push(Piece::Operand(self.leaf(node))),
                _ => return Err(unsupported(&node)),
            }
        }
        let mut pieces = pieces.into_iter().peekable();
        let tree = reference(&mut pieces)?;
        if pieces.next().is_some() {
            return Err(bad_join());
        }
        Ok(tree)
    }

    fn parenthesised(&mut self, node: SyntaxNode) -> Result<Tree, Refusal> {
        let mut content = None;
        let mut alias = None;
        for child in node.children() {
            match child.kind() {
                K::PAREN_EXPR => content = Some(child),
                K::PAREN_SELECT => return Ok(self.leaf(node)),
                K::FROM_ALIAS => alias = Some(child),
                _ => return Err(unsupported(&child)),
            }
        }
        let inner = content
            .as_ref()
            .and_then(only_child)
            .ok_or_else(|| unsupported(&node))?;
        if is_query(inner.kind()) {
            return Ok(self.leaf(node));
        }
        if has_token(&node, K::ONLY_KW) || has_token(&node, K::LATERAL_KW) {
            return Err(unsupported(&node));
        }
        match alias {
            None => self.item(inner),
            Some(alias) => {
                self.steps.push(Step::Open);
                let tree = self.item(inner)?;
                self.steps.push(Step::Close(alias));
                Ok(Tree::Aliased(Box::new(tree)))
            }
        }
    }

    fn leaf(&mut self, node: SyntaxNode) -> Tree {
        self.leaves.push(node);
        let at = self.leaves.len() - 1;
        self.steps.push(Step::Leaf(at));
        Tree::Leaf(at)
    }
}

/// Which side a join null-extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outer {
    None,
    Left,
    Right,
    Full,
}

enum Piece {
    Operand(Tree),
    /// The bool: a condition follows somewhere.
    Join(Outer, bool),
    /// The number of an ON, none for USING.
    Condition(Option<usize>),
}

/// Joins as Postgres builds them.
pub(super) enum Tree {
    /// A leaf, by its number.
    Leaf(usize),
    /// A join whose alias hides the names within.
    Aliased(Box<Tree>),
    /// Two operands.
    Join {
        /// Which of them it null-extends.
        outer: Outer,
        /// The number of its ON; none for USING, NATURAL and CROSS.
        on: Option<usize>,
        /// The left operand.
        left: Box<Tree>,
        /// The right operand.
        right: Box<Tree>,
    },
}

fn join(node: &SyntaxNode, outer: Outer) -> Piece {
    let natural = node
        .parent()
        .is_some_and(|join| has_token(&join, K::NATURAL_KW));
    Piece::Join(outer, !natural)
}

fn is_alias(node: &SyntaxNode) -> bool {
    matches!(node.kind(), K::REQUIRED_AS_ALIAS | K::FROM_ALIAS)
}

type Pieces = std::iter::Peekable<std::vec::IntoIter<Piece>>;

fn reference(pieces: &mut Pieces) -> Result<Tree, Refusal> {
    let mut left = operand(pieces)?;
    while let Some(Piece::Join(outer, qualified)) =
        pieces.next_if(|piece| matches!(piece, Piece::Join(..)))
    {
        let (right, on) = if qualified {
            let right = reference(pieces)?;
            match pieces.next() {
                Some(Piece::Condition(on)) => (right, on),
                _ => return Err(bad_join()),
            }
        } else {
            (operand(pieces)?, None)
        };
        left = Tree::Join {
            outer,
            on,
            left: Box::new(left),
            right: Box::new(right),
        };
    }
    Ok(left)
}

fn operand(pieces: &mut Pieces) -> Result<Tree, Refusal> {
    match pieces.next() {
        Some(Piece::Operand(tree)) => Ok(tree),
        _ => Err(bad_join()),
    }
}

fn bad_join() -> Refusal {
    Refusal::new(
        crate::RefusalKind::UnsupportedSyntax,
        "a join without its operand or condition",
    )
}

/// Where a guard may go as far as the joins above say.
#[derive(Clone, Copy)]
enum Inherited {
    Where,
    On(usize),
    Derived,
    /// Within an aliased join: the names are not visible further out.
    Hidden,
}

fn place(tree: &Tree, inherited: Inherited, places: &mut [Place]) {
    match tree {
        Tree::Leaf(at) => {
            places[*at] = match inherited {
                Inherited::Where => Place::Where,
                Inherited::On(condition) => Place::On(condition),
                Inherited::Derived | Inherited::Hidden => Place::Derived,
            };
        }
        Tree::Aliased(tree) => place(tree, Inherited::Hidden, places),
        Tree::Join {
            outer,
            on,
            left,
            right,
        } => {
            let extended = match (outer, on) {
                (Outer::Full, _) | (_, None) => Inherited::Derived,
                (_, Some(on)) => Inherited::On(*on),
            };
            let kept = match (inherited, outer, on) {
                (Inherited::Hidden, Outer::None, Some(on)) => Inherited::On(*on),
                _ => inherited,
            };
            let (of_left, of_right) = match outer {
                Outer::None => (kept, kept),
                Outer::Left => (kept, extended),
                Outer::Right => (extended, kept),
                Outer::Full => (extended, extended),
            };
            place(left, of_left, places);
            place(right, of_right, places);
        }
    }
}
