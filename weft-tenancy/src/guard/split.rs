use squawk_lexer::TokenKind;

use super::limits::tokens;
use crate::{Refusal, RefusalKind};

/// Takes an input of many statements apart: by byte 0x01 if there is one, before anything is read,
/// else by semicolons as the lexer sees them. Blank pieces are left out.
///
/// A piece that is not UTF-8 is a [`Refusal`] of kind [`Unparseable`](RefusalKind::Unparseable).
pub fn split(input: &[u8]) -> Vec<Result<&str, Refusal>> {
    let text = |piece| {
        std::str::from_utf8(piece)
            .map_err(|_| Refusal::new(RefusalKind::Unparseable, "the text is not UTF-8"))
    };
    if input.contains(&1) {
        return input
            .split(|byte| *byte == 1)
            .filter(|piece| !piece.trim_ascii().is_empty())
            .map(text)
            .collect();
    }
    match text(input) {
        Ok(sql) => by_semicolon(sql).into_iter().map(Ok).collect(),
        Err(refusal) => vec![Err(refusal)],
    }
}

fn by_semicolon(sql: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut at, mut blank) = (0, 0, true);
    for (kind, text) in tokens(sql) {
        let end = at + text.len();
        match kind {
            TokenKind::Semi => {
                if !blank {
                    pieces.push(&sql[from..at]);
                }
                (from, blank) = (end, true);
            }
            TokenKind::Whitespace
            | TokenKind::LineComment
            | TokenKind::BlockComment { terminated: true }
            | TokenKind::Eof => {}
            _ => blank = false,
        }
        at = end;
    }
    if !blank {
        pieces.push(&sql[from..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(input: &[u8]) -> Vec<String> {
        split(input)
            .into_iter()
            .map(|piece| piece.map_or("refused".into(), str::to_owned))
            .collect()
    }

    #[test]
    fn semicolons_split_where_the_lexer_sees_them() {
        let input = b"select ';'; ; /* ; */ select $$;$$ -- ;\n; -- the end";
        assert_eq!(
            pieces(input),
            ["select ';'", " /* ; */ select $$;$$ -- ;\n"]
        );
    }

    #[test]
    fn byte_one_splits_before_any_reading() {
        assert_eq!(
            pieces(b"select '\x01 \x01\xff\x01select 1;"),
            ["select '", "refused", "select 1;"]
        );
    }
}
