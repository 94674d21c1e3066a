use crate::{Refusal, RefusalKind, trace};

/// Counts one statement of an unscoped access, and refuses it if it would end the transaction.
///
/// The extended protocol runs one statement for each text, so its first word says what it is.
pub(super) fn count(sql: &str, statements: &mut u64) -> Result<(), Refusal> {
    let word = first_word(sql);
    if CONTROL
        .iter()
        .any(|control| word.eq_ignore_ascii_case(control))
    {
        return Err(refused("transaction control is the closure's own"));
    }
    *statements += 1;
    trace::unscoped();
    Ok(())
}

pub(super) fn refused(detail: &str) -> Refusal {
    let refusal = Refusal::new(RefusalKind::Control, detail);
    trace::refused(&refusal);
    refusal
}

/// The words that begin a statement which begins, ends or splits a transaction.
const CONTROL: [&str; 9] = [
    "abort",
    "begin",
    "commit",
    "end",
    "prepare",
    "release",
    "rollback",
    "savepoint",
    "start",
];

/// The first word of `sql`, past space, comments and empty statements.
fn first_word(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c', ';']);
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = after_block(comment);
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            return &rest[..end.unwrap_or(rest.len())];
        }
    }
}

/// What follows a block comment whose opening is already read; they nest.
fn after_block(comment: &str) -> &str {
    let (mut depth, mut rest) = (1_usize, comment);
    while depth > 0 {
        let Some(at) = rest.find(['/', '*']) else {
            return "";
        };
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, inner);
        } else if let Some(outer) = rest.strip_prefix("*/") {
            (depth, rest) = (depth - 1, outer);
        } else {
            rest = &rest[1..];
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transaction_control_is_found_behind_space_comments_and_empty_statements() {
        for sql in [
            "COMMIT",
            "  rollback to savepoint a",
            ";;Commit",
            "-- note\nEND",
            "-- note\rEND",
            "/* a /* b */ c */ begin",
            "/**/;/*/*/**/*/*/commit",
            "PREPARE TRANSACTION 'x'",
            "start\u{c}transaction",
        ] {
            assert_eq!(
                count(sql, &mut 0).unwrap_err().kind(),
                RefusalKind::Control,
                "{sql:?}"
            );
        }
    }

    #[test]
    fn other_statements_pass_and_are_counted() {
        let mut statements = 0;
        for sql in [
            "SELECT 'COMMIT'",
            "/* COMMIT */ UPDATE t SET a = 1",
            "WITH commit AS (SELECT 1) TABLE commit",
            "committed",
            "(SELECT 1)",
            "/* never closed",
        ] {
            count(sql, &mut statements).unwrap();
        }
        assert_eq!(statements, 6);
    }
}
