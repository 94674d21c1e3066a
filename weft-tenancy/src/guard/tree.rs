//! Small questions to a syntax tree.

use squawk_lexer::TokenKind;
use squawk_syntax::{SourceFile, SyntaxKind as K, SyntaxNode};

use super::limits::tokens;

use crate::{Refusal, RefusalKind};

/// Parses `sql`, which must be one statement with at most one semicolon behind it.
///
/// # Errors
/// When the parser reports anything at all, or there is not exactly one statement.
pub(super) fn parse(sql: &str) -> Result<SyntaxNode, Refusal> {
    let parsed = SourceFile::parse(sql);
    if !parsed.errors().is_empty() {
        return Err(Refusal::new(RefusalKind::Unparseable, "a syntax error"));
    }
    let root = parsed.syntax_node();
    let mut statements = root.children();
    let Some(statement) = statements.next() else {
        return Err(Refusal::new(RefusalKind::Unparseable, "no statement"));
    };
    if statements.next().is_some() {
        return Err(Refusal::new(
            RefusalKind::MultipleStatements,
            "more than one statement",
        ));
    }
    Ok(statement)
}

/// Refuses a text whose first word begins no statement that runs in a scope, before it is parsed.
///
/// # Errors
/// When it begins with any other word.
pub(super) fn begins_as_dml(sql: &str) -> Result<(), Refusal> {
    let first = tokens(sql).find_map(|(kind, text)| match kind {
        TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => None,
        TokenKind::OpenParen => Some("select"),
        _ => Some(text),
    });
    let first = first.unwrap_or_default().to_ascii_lowercase();
    match first.as_str() {
        "select" | "values" | "table" | "insert" | "update" | "delete" | "with" => Ok(()),
        _ => {
            let detail = "it begins as no statement that runs in a scope";
            Err(Refusal::new(RefusalKind::StatementKind, detail))
        }
    }
}

/// A query in parentheses or not: what can stand in FROM, in an expression, under WITH.
pub(super) fn is_query(kind: K) -> bool {
    matches!(
        kind,
        K::SELECT | K::COMPOUND_SELECT | K::PAREN_SELECT | K::VALUES | K::TABLE
    )
}

pub(super) fn child(node: &SyntaxNode, kind: K) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

pub(super) fn only_child(node: &SyntaxNode) -> Option<SyntaxNode> {
    let mut children = node.children();
    children.next().filter(|_| children.next().is_none())
}

/// Whether a token of this kind stands directly in `node`.
pub(super) fn has_token(node: &SyntaxNode, kind: K) -> bool {
    node.children_with_tokens()
        .any(|child| child.kind() == kind)
}

/// Where the first token of `node` begins.
pub(super) fn start(node: &SyntaxNode) -> usize {
    let mut token = node.first_token();
    while let Some(blank) = token.as_ref().filter(|token| token.kind().is_trivia()) {
        token = blank.next_token();
    }
    token
        .map_or(node.text_range().start(), |token| {
            token.text_range().start()
        })
        .into()
}

/// Where the last token of `node` ends, comments and blanks left out.
pub(super) fn end(node: &SyntaxNode) -> usize {
    let mut token = node.last_token();
    while let Some(blank) = token.as_ref().filter(|token| token.kind().is_trivia()) {
        token = blank.prev_token();
    }
    token
        .map_or(node.text_range().end(), |token| token.text_range().end())
        .into()
}

/// The closed world: a construct the guard does not know.
pub(super) fn unsupported(node: &SyntaxNode) -> Refusal {
    let kind = format!("{:?}", node.kind())
        .to_ascii_lowercase()
        .replace('_', " ");
    Refusal::new(
        RefusalKind::UnsupportedSyntax,
        format!("no guard is proved for: {kind}"),
    )
}
