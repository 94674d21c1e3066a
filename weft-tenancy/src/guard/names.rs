//! What a name means: identifiers decoded as Postgres decodes them.

use squawk_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::tree::{child, unsupported};
use crate::{Refusal, RefusalKind, declare::MAX_NAME};

/// The name an identifier token stands for: quotes and escapes undone, ASCII-folded when unquoted.
pub(super) fn decode(token: &str) -> Result<String, Refusal> {
    let name = if let Some(quoted) = token.strip_prefix('"') {
        unquote(quoted)?
    } else if token
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("u&\""))
    {
        unescape(&unquote(&token[3..])?)?
    } else {
        token.to_ascii_lowercase()
    };
    if name.is_empty() || name.len() > MAX_NAME {
        let detail = format!("an identifier is empty or longer than {MAX_NAME} bytes");
        return Err(Refusal::new(RefusalKind::Name, detail));
    }
    Ok(name)
}

fn unquote(quoted: &str) -> Result<String, Refusal> {
    let inner = quoted.strip_suffix('"').ok_or_else(bad_identifier)?;
    Ok(inner.replace("\"\"", "\""))
}

/// `\XXXX` and `\+XXXXXX`, as in `U&"…"` without UESCAPE.
fn unescape(text: &str) -> Result<String, Refusal> {
    let mut name = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        name.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            name.push('\\');
            rest = after;
            continue;
        }
        let (start, digits) = if rest.starts_with('+') {
            (1, 6)
        } else {
            (0, 4)
        };
        let hex = rest.get(start..start + digits).ok_or_else(bad_identifier)?;
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad_identifier());
        }
        let code = u32::from_str_radix(hex, 16).map_err(|_| bad_identifier())?;
        name.push(
            char::from_u32(code)
                .filter(|c| *c != '\0')
                .ok_or_else(bad_identifier)?,
        );
        rest = &rest[start + digits..];
    }
    name.push_str(rest);
    Ok(name)
}

fn bad_identifier() -> Refusal {
    Refusal::new(RefusalKind::Name, "an identifier cannot be decoded")
}

/// The tokens of `node` that are neither blanks nor comments.
pub(super) fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .filter(|token| !token.kind().is_trivia())
}

/// The name that a node of one identifier holds: a reference, an alias, a column.
pub(super) fn name(node: &SyntaxNode) -> Result<String, Refusal> {
    let mut tokens = tokens(node);
    match (tokens.next(), tokens.next()) {
        (Some(token), None) => decode(token.text()),
        _ => Err(bad_identifier()),
    }
}

/// The name that an alias gives.
pub(super) fn alias_name(alias: &SyntaxNode) -> Result<String, Refusal> {
    let named = child(alias, SyntaxKind::TABLE_ALIAS).ok_or_else(|| unsupported(alias))?;
    name(&named)
}

/// The columns that an alias or a CTE lists; often none.
pub(super) fn column_list(node: &SyntaxNode) -> Result<Vec<String>, Refusal> {
    match child(node, SyntaxKind::COLUMN_LIST) {
        Some(list) => list.children().map(|column| name(&column)).collect(),
        None => Ok(Vec::new()),
    }
}

/// The path in a RELATION_NAME: `t`, `ONLY t`, `ONLY (t)`, `t *`.
pub(super) fn relation_path(relation: &SyntaxNode) -> Result<Path, Refusal> {
    let named =
        child(relation, SyntaxKind::RELATION_NAME_REF).ok_or_else(|| unsupported(relation))?;
    Path::of(&named)
}

/// A possibly qualified name, as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Path {
    pub(super) schema: Option<String>,
    pub(super) name: String,
}

impl Path {
    /// Reads a node that holds nothing but a path.
    pub(super) fn of(node: &SyntaxNode) -> Result<Path, Refusal> {
        let mut parts = Vec::new();
        for token in tokens(node) {
            match token.kind() {
                SyntaxKind::DOT => {}
                kind if is_value_keyword(kind) => return Err(bad_identifier()),
                _ => parts.push(decode(token.text())?),
            }
        }
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), None, None) => Ok(Path { schema: None, name }),
            (Some(schema), Some(name), None) => Ok(Path {
                schema: Some(schema),
                name,
            }),
            _ => Err(Refusal::new(
                RefusalKind::Name,
                "a name has more than two parts",
            )),
        }
    }

    /// The path as a reference in SQL, quoted.
    pub(super) fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&self.name)),
            None => quote(&self.name),
        }
    }

    pub(super) fn display(&self) -> String {
        crate::declare::display_name(self.schema.as_deref(), &self.name)
    }
}

/// `name` as a quoted identifier.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Keywords that Postgres reads as a function wherever a name could stand.
fn is_value_keyword(kind: SyntaxKind) -> bool {
    use SyntaxKind as K;
    matches!(
        kind,
        K::CURRENT_CATALOG_KW
            | K::CURRENT_DATE_KW
            | K::CURRENT_ROLE_KW
            | K::CURRENT_SCHEMA_KW
            | K::CURRENT_TIME_KW
            | K::CURRENT_TIMESTAMP_KW
            | K::CURRENT_USER_KW
            | K::LOCALTIME_KW
            | K::LOCALTIMESTAMP_KW
            | K::SESSION_USER_KW
            | K::SYSTEM_USER_KW
            | K::USER_KW
    )
}

/// Columns that every table has without declaring them.
pub(super) fn is_system_column(name: &str) -> bool {
    matches!(
        name,
        "ctid" | "xmin" | "xmax" | "cmin" | "cmax" | "tableoid"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_names_fold_ascii_only_and_are_never_trimmed() {
        assert_eq!(decode("ORDERS").unwrap(), "orders");
        assert_eq!(decode("É\u{212A}").unwrap(), "É\u{212A}");
        assert_eq!(decode("orders\u{a0}").unwrap(), "orders\u{a0}");
    }

    #[test]
    fn quoted_and_escaped_names_are_decoded() {
        assert_eq!(decode(r#""a""B""#).unwrap(), "a\"B");
        assert_eq!(decode(r#"U&"org\005fid""#).unwrap(), "org_id");
        assert_eq!(decode(r#"u&"\+00006frders""#).unwrap(), "orders");
        assert_eq!(decode(r#"U&"a\\b""#).unwrap(), "a\\b");
    }

    #[test]
    fn names_that_postgres_would_truncate_or_not_read_are_refused() {
        for token in [
            &"a".repeat(64),
            "\"\"",
            r#"U&"\00""#,
            r#"U&"\D800""#,
            r#"U&"\0000""#,
        ] {
            assert_eq!(
                decode(token).unwrap_err().kind(),
                RefusalKind::Name,
                "{token}"
            );
        }
    }
}
