//! Texts that are put into others, read first: what is not known to be harmless is not put there.

use squawk_syntax::{SourceFile, SyntaxKind as K, SyntaxNode};

use crate::guard::highest_bind;

/// Whether `text` can follow a column's name: one type, and constraints that are no keys.
pub(super) fn is_column(text: &str) -> bool {
    let Some(statements) = parse(&format!("CREATE TABLE t (c {text}\n)")) else {
        return false;
    };
    let [table] = statements.as_slice() else {
        return false;
    };
    // Last, so that the parenthesis behind the text closes it, and no other clause.
    let list = table
        .children()
        .last()
        .filter(|part| part.kind() == K::TABLE_ARG_LIST);
    let columns: Vec<_> = list.iter().flat_map(SyntaxNode::children).collect();
    let [column] = columns.as_slice() else {
        return false;
    };
    table.kind() == K::CREATE_TABLE
        && column.kind() == K::COLUMN
        && !holds_comment(table)
        && column.children().all(|part| is_harmless(part.kind()))
}

fn is_harmless(kind: K) -> bool {
    matches!(
        kind,
        K::COLUMN_NAME
            | K::ARRAY_TYPE
            | K::BIT_TYPE
            | K::BIT_VARYING_TYPE
            | K::CHARACTER_TYPE
            | K::DOUBLE_TYPE
            | K::INTERVAL_TYPE
            | K::PATH_TYPE
            | K::TIMESTAMP_TYPE
            | K::TIME_TYPE
            | K::VARCHAR_TYPE
            | K::CHECK_CONSTRAINT
            | K::COLLATE
            | K::DEFAULT_CONSTRAINT
            | K::GENERATED_CONSTRAINT
            | K::NOT_NULL_CONSTRAINT
            | K::NULL_CONSTRAINT
    )
}

/// Whether `text` is a list of statements that read and change rows, and nothing else.
pub(super) fn changes_rows(text: &str) -> bool {
    let is_change = |kind| {
        matches!(
            kind,
            K::SELECT
                | K::COMPOUND_SELECT
                | K::PAREN_SELECT
                | K::VALUES
                | K::TABLE
                | K::INSERT
                | K::UPDATE
                | K::DELETE
                | K::MERGE
        )
    };
    parse(text).is_some_and(|statements| {
        !statements.is_empty() && statements.iter().all(|node| is_change(node.kind()))
    })
}

/// The statements, if the text keeps the limits, has no binds and no error.
fn parse(text: &str) -> Option<Vec<SyntaxNode>> {
    if highest_bind(text) != Ok(0) {
        return None;
    }
    let parsed = SourceFile::parse(text);
    let statements = parsed.syntax_node().children().collect();
    parsed.errors().is_empty().then_some(statements)
}

fn holds_comment(node: &SyntaxNode) -> bool {
    let mut tokens = node.descendants_with_tokens();
    tokens.any(|token| token.kind() == K::COMMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_with_harmless_constraints_is_a_column() {
        for text in [
            "bigint NOT NULL",
            "numeric(10, 2) DEFAULT 0 CHECK (c >= 0)",
            "text COLLATE \"C\" NULL",
            "timestamptz[]",
            "double precision GENERATED ALWAYS AS (1) STORED",
            "reports.status CONSTRAINT given NOT NULL",
            "bit varying(3)",
            "bit(3)",
            "character varying(3)",
            "char(3)",
            "varchar(3)",
            "time with time zone",
            "timestamp(3) without time zone",
            "interval day to second",
            "text DEFAULT ';'",
        ] {
            assert!(is_column(text), "{text}");
        }
    }

    #[test]
    fn what_would_be_more_than_a_column_is_none() {
        for text in [
            "",
            "bigint, d bigint",
            "bigint); DROP TABLE orders; CREATE TABLE u (d bigint",
            "bigint; SELECT 1",
            "bigint -- and",
            "bigint /* and */",
            "bigint)",
            "bigint PRIMARY KEY",
            "bigint UNIQUE",
            "bigint REFERENCES orders",
            "bigint DEFAULT $1",
            "bigint, PRIMARY KEY (c)",
            "bigint) INHERITS (orders",
            "'",
            "PRIMARY KEY",
        ] {
            assert!(!is_column(text), "{text}");
        }
    }

    #[test]
    fn only_statements_on_rows_change_data() {
        assert!(changes_rows(
            "WITH a AS (SELECT 1) UPDATE b SET c = 1; DELETE FROM d -- all"
        ));
        for text in [
            "",
            "UPDATE a SET b = 1; COMMIT",
            "SET row_security = on",
            "DO $$ BEGIN END $$",
            "ALTER TABLE a NO FORCE ROW LEVEL SECURITY",
            "UPDATE a SET b = $1",
            "UPDATE a SET b = 'open",
        ] {
            assert!(!changes_rows(text), "{text}");
        }
    }
}
