//! What is refused before anything is parsed: a linear scan of the tokens.

use squawk_lexer::{TokenKind, tokenize};

use super::names;
use crate::{Refusal, RefusalKind};

/// The longest text: a full batch of Diesel's is about 520 KB.
pub(crate) const MAX_TEXT: usize = 768 * 1024;
const MAX_NESTING: usize = 128;
/// The longest chain of one kind, and the most names one level of a statement brings in sight.
pub(super) const MAX_CHAIN: usize = 1_000;
/// Postgres numbers parameters with 16 bits.
const MAX_BIND: u32 = 65_535;

/// Refuses text that is too long, nests too deep or chains too long for a recursive parser;
/// returns the number of the highest `$k`.
///
/// # Errors
/// When a limit is crossed, a token is broken, or a name would be truncated.
pub(super) fn scan(sql: &str, max_text: usize) -> Result<u16, Refusal> {
    if sql.len() > max_text.min(MAX_TEXT) {
        let detail = format!("the text is {} bytes long", sql.len());
        return Err(Refusal::new(RefusalKind::TooLarge, detail));
    }
    if sql.contains('\0') || sql.starts_with('\u{feff}') {
        return Err(broken("a NUL byte or byte order mark in the text"));
    }
    let mut levels = Levels::default();
    let mut highest_bind = 0;
    let mut before = Before::default();
    for (kind, text) in tokens(sql) {
        let step = match kind {
            TokenKind::Whitespace
            | TokenKind::LineComment
            | TokenKind::BlockComment { terminated: true } => {
                before.operator = false;
                continue;
            }
            TokenKind::BlockComment { .. }
            | TokenKind::Unknown
            | TokenKind::OpenCurly
            | TokenKind::CloseCurly => return Err(broken("a token that is broken or no SQL")),
            TokenKind::OpenParen | TokenKind::OpenBracket => Step::Open,
            TokenKind::CloseParen | TokenKind::CloseBracket => Step::Close,
            TokenKind::Comma | TokenKind::Semi => Step::Comma,
            TokenKind::Literal { .. } if before.prefixed_string && text.starts_with('\'') => {
                // Postgres reads on in the mode of the first piece, the parser does not.
                return Err(broken("a string with a prefix is continued"));
            }
            TokenKind::Literal { .. } | TokenKind::Eof => Step::Operand,
            TokenKind::PositionalParam { .. } => {
                highest_bind = highest_bind.max(bind_number(text)?);
                Step::Operand
            }
            TokenKind::QuotedIdent { .. } => {
                names::decode(text)?;
                Step::Operand
            }
            TokenKind::Ident => {
                if before.escaped_name && text.eq_ignore_ascii_case("uescape") {
                    let detail = "an identifier with an escape character of its own";
                    return Err(Refusal::new(RefusalKind::Name, detail));
                }
                names::decode(text)?;
                // Behind a dot or AS a keyword is a name.
                if before.name_follows {
                    Step::Operand
                } else {
                    keyword(text)
                }
            }
            // `||` and `->>` come as single characters: prefixes, but one link of a chain.
            _ if before.operator => Step::Prefix,
            _ => Step::Operator,
        };
        before = Before {
            operator: matches!(step, Step::Operator | Step::Prefix),
            escaped_name: matches!(kind, TokenKind::QuotedIdent { .. }) && !text.starts_with('"'),
            prefixed_string: matches!(kind, TokenKind::Literal { .. })
                && text.ends_with('\'')
                && !text.starts_with('\''),
            name_follows: matches!(kind, TokenKind::Dot)
                || (matches!(kind, TokenKind::Ident) && text.eq_ignore_ascii_case("as")),
        };
        levels.take(step)?;
    }
    Ok(highest_bind)
}

/// What the significant token before this one says of it.
#[derive(Default)]
struct Before {
    operator: bool,
    escaped_name: bool,
    prefixed_string: bool,
    name_follows: bool,
}

/// The tokens of `sql` with their texts.
pub(super) fn tokens(sql: &str) -> impl Iterator<Item = (TokenKind, &str)> {
    let mut at = 0;
    tokenize(sql).map_while(move |token| {
        let text = sql.get(at..at + token.len as usize)?;
        at += text.len();
        Some((token.kind, text))
    })
}

fn bind_number(text: &str) -> Result<u16, Refusal> {
    let number = text.get(1..).and_then(|digits| digits.parse::<u32>().ok());
    match number {
        Some(number @ 1..=MAX_BIND) => u16::try_from(number).map_err(|_| broken("a placeholder")),
        _ => {
            let detail = format!("placeholders are $1 to ${MAX_BIND}");
            Err(Refusal::new(RefusalKind::Placeholder, detail))
        }
    }
}

fn broken(detail: &str) -> Refusal {
    Refusal::new(RefusalKind::Unparseable, detail)
}

#[derive(Clone, Copy)]
enum Step {
    Open,
    Close,
    Case,
    End,
    Comma,
    Operand,
    Operator,
    /// Nests as an operator does, without being a link of the chain.
    Prefix,
    Logical,
    Between,
    /// A join that an ON or USING will end.
    Join,
    On,
    /// CROSS and NATURAL: the parser nests what follows, and nothing ends it.
    Nest,
    SetOperation,
}

fn keyword(text: &str) -> Step {
    const KEYWORDS: [(&str, Step); 27] = [
        ("and", Step::Logical),
        ("at", Step::Operator),
        ("between", Step::Between),
        ("case", Step::Case),
        ("collate", Step::Operator),
        ("cross", Step::Nest),
        ("else", Step::Comma),
        ("end", Step::End),
        ("except", Step::SetOperation),
        ("ilike", Step::Operator),
        ("in", Step::Operator),
        ("intersect", Step::SetOperation),
        ("is", Step::Operator),
        ("isnull", Step::Operator),
        ("join", Step::Join),
        ("like", Step::Operator),
        ("natural", Step::Nest),
        ("not", Step::Operator),
        ("notnull", Step::Operator),
        ("on", Step::On),
        ("or", Step::Logical),
        ("overlaps", Step::Operator),
        ("similar", Step::Operator),
        ("then", Step::Comma),
        ("union", Step::SetOperation),
        ("using", Step::On),
        ("when", Step::Comma),
    ];
    KEYWORDS
        .iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map_or(Step::Operand, |(_, step)| *step)
}

/// One pair of parentheses, or one CASE.
#[derive(Default)]
struct Level {
    is_case: bool,
    prefixes: usize,
    operators: usize,
    logical: usize,
    betweens: usize,
    /// BETWEENs whose AND is still to come.
    open_betweens: usize,
    /// The longest chain that a comma or a logical operator ended.
    peak: usize,
    joins: usize,
    open_joins: usize,
    /// CROSS or NATURAL was seen: the JOIN behind it waits for no condition.
    unconditional: bool,
    set_operations: usize,
}

impl Level {
    fn nesting(&self) -> usize {
        self.prefixes + self.open_joins + self.betweens
    }

    /// How deep a tree of operators the level can be.
    fn depth(&self) -> usize {
        self.peak.max(self.operators) + self.logical + self.joins + self.set_operations
    }

    fn end_chain(&mut self) {
        self.peak = self.peak.max(self.operators);
        self.operators = 0;
        self.betweens = 0;
        self.open_betweens = 0;
    }

    fn check(&self) -> Result<(), Refusal> {
        let chains = [
            self.operators,
            self.logical,
            self.joins,
            self.set_operations,
        ];
        if chains.into_iter().any(|length| length > MAX_CHAIN) {
            let detail = format!("a chain is longer than {MAX_CHAIN}");
            return Err(Refusal::new(RefusalKind::TooLong, detail));
        }
        Ok(())
    }
}

/// The open levels; `nesting` is their number plus what nests within each.
struct Levels {
    open: Vec<Level>,
    nesting: usize,
}

impl Default for Levels {
    fn default() -> Levels {
        Levels {
            open: vec![Level::default()],
            nesting: 0,
        }
    }
}

impl Levels {
    fn take(&mut self, step: Step) -> Result<(), Refusal> {
        match step {
            Step::Open | Step::Case => {
                // A subscript or call is a link of the chain it stands in.
                if let Some(level) = self.open.last_mut() {
                    level.operators += 1;
                    level.check()?;
                }
                self.nesting += 1;
                self.open.push(Level {
                    is_case: matches!(step, Step::Case),
                    ..Level::default()
                });
            }
            Step::End if self.open.last().is_some_and(|level| level.is_case) => self.close(),
            // What does not pair is left for the parser to refuse.
            Step::Close if self.open.iter().skip(1).any(|level| !level.is_case) => {
                while self.open.last().is_some_and(|level| level.is_case) {
                    self.close();
                }
                self.close();
            }
            _ => {}
        }
        let Some(level) = self.open.last_mut() else {
            return Ok(());
        };
        let before = level.nesting();
        match step {
            Step::Operator | Step::Prefix => level.prefixes += 1,
            Step::Open | Step::Case => {}
            _ => level.prefixes = 0,
        }
        match step {
            Step::Operator => level.operators += 1,
            Step::Between => {
                level.betweens += 1;
                level.open_betweens += 1;
            }
            Step::Logical if level.open_betweens > 0 => level.open_betweens -= 1,
            Step::Logical => {
                level.end_chain();
                level.logical += 1;
            }
            Step::Comma => {
                level.end_chain();
                level.peak = level.peak.max(level.logical);
                level.logical = 0;
                level.open_joins = 0;
            }
            Step::Join => {
                level.joins += 1;
                level.open_joins += usize::from(!level.unconditional);
                level.unconditional = false;
            }
            Step::Nest => {
                level.open_joins += 1;
                level.unconditional = true;
            }
            Step::On => level.open_joins = level.open_joins.saturating_sub(1),
            Step::SetOperation => {
                level.set_operations += 1;
                level.end_chain();
                level.peak = level.peak.max(level.logical);
                level.logical = 0;
                level.open_joins = 0;
            }
            Step::Open | Step::Close | Step::Case | Step::End | Step::Operand | Step::Prefix => {}
        }
        self.nesting = self.nesting + level.nesting() - before;
        if self.nesting > MAX_NESTING {
            let detail = format!("nesting goes deeper than {MAX_NESTING}");
            return Err(Refusal::new(RefusalKind::TooDeep, detail));
        }
        level.check()
    }

    fn close(&mut self) {
        if let Some(closed) = self.open.pop() {
            self.nesting -= 1 + closed.nesting();
            // The chain that goes on outside has the closed one below it.
            if let Some(level) = self.open.last_mut() {
                level.operators += closed.depth();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(sql: &str) -> Option<RefusalKind> {
        scan(sql, MAX_TEXT).err().map(|refusal| refusal.kind())
    }

    #[test]
    fn nesting_of_every_kind_has_a_limit() {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("case when ", " end"),
            ("not ", ""),
            ("- ", ""),
            ("-(", ")"),
        ] {
            let nest = |n: usize| format!("select {}1{}", open.repeat(n), close.repeat(n));
            assert_eq!(kind(&nest(60)), None, "{open}");
            assert_eq!(kind(&nest(10_000)), Some(RefusalKind::TooDeep), "{open}");
        }
        let joins = |n: usize| format!("from t {} {}", "join t ".repeat(n), "on true ".repeat(n));
        assert_eq!(kind(&joins(128)), None);
        assert_eq!(kind(&joins(129)), Some(RefusalKind::TooDeep));
        assert_eq!(
            kind(&"cross join t ".repeat(129)),
            Some(RefusalKind::TooDeep)
        );
    }

    #[test]
    fn chains_have_a_limit_and_lists_do_not() {
        for link in [
            " or a",
            " + 1",
            " union select 1",
            " join t on true",
            "::int",
        ] {
            assert_eq!(
                kind(&format!("select 1{}", link.repeat(500))),
                None,
                "{link}"
            );
            let long = format!("select 1{}", link.repeat(100_000));
            assert!(matches!(
                kind(&long),
                Some(RefusalKind::TooLong | RefusalKind::TooLarge)
            ));
            let long = format!("select 1{}", link.repeat(1_001));
            assert_eq!(kind(&long), Some(RefusalKind::TooLong), "{link}");
        }
        assert_eq!(
            kind(&format!("select 1{}", ", $1 + 2".repeat(50_000))),
            None
        );
        assert_eq!(
            kind(&format!("values (1){}", ", (1, 2)".repeat(50_000))),
            None
        );
    }

    #[test]
    fn a_megabyte_a_nul_and_a_byte_order_mark_are_refused() {
        assert_eq!(kind(&"a".repeat(1 << 20)), Some(RefusalKind::TooLarge));
        assert_eq!(kind("select '\0'"), Some(RefusalKind::Unparseable));
        assert_eq!(kind("\u{feff}select 1"), Some(RefusalKind::Unparseable));
        assert_eq!(kind("select /* 1"), Some(RefusalKind::Unparseable));
    }

    #[test]
    fn keywords_that_are_names_do_not_fool_the_count() {
        let ends = format!(
            "select {}1{}",
            "(select 1 as end, ".repeat(400),
            ")".repeat(400)
        );
        assert_eq!(kind(&ends), Some(RefusalKind::TooDeep));
        let cases = format!("select {}", "case when x.end then 1 else ".repeat(400));
        assert_eq!(kind(&cases), Some(RefusalKind::TooDeep));
        let ands = format!(
            "select 1{}",
            format!("+x.and{}", "+1".repeat(990)).repeat(8)
        );
        assert_eq!(kind(&ands), Some(RefusalKind::TooLong));
    }

    #[test]
    fn chains_do_not_multiply_through_parentheses() {
        let sums = |n: usize| {
            format!(
                "select {}1{}",
                "(".repeat(n),
                format!("{})", "+1".repeat(300)).repeat(n)
            )
        };
        assert_eq!(kind(&sums(3)), None);
        assert_eq!(kind(&sums(4)), Some(RefusalKind::TooLong));
        let betweens = format!(
            "select {}",
            format!("{}(", "1 between 1 and ".repeat(100)).repeat(2)
        );
        assert_eq!(kind(&betweens), Some(RefusalKind::TooDeep));
        let separate = format!("select a{}", " and a between 1 and 2".repeat(500));
        assert_eq!(kind(&separate), None);
    }

    #[test]
    fn a_string_with_a_prefix_is_never_continued() {
        for prefix in ["e", "E", "b", "x", "n", "u&"] {
            let sql = format!("select {prefix}'a'\n--c\n'\\' || (select 1) || '\n' --'");
            assert_eq!(kind(&sql), Some(RefusalKind::Unparseable), "{sql}");
        }
        assert_eq!(kind("select 'a'\n'b', e'a', 'b'"), None);
    }

    #[test]
    fn placeholders_are_counted() {
        assert_eq!(scan("select $3, $12, $1", MAX_TEXT).unwrap(), 12);
        assert_eq!(kind("select $0"), Some(RefusalKind::Placeholder));
        assert_eq!(kind("select $65536"), Some(RefusalKind::Placeholder));
        assert_eq!(kind("select $99999999999"), Some(RefusalKind::Placeholder));
    }

    #[test]
    fn an_identifier_with_its_own_escape_is_refused() {
        assert_eq!(
            kind(r#"select U&"d!0061" uescape '!'"#),
            Some(RefusalKind::Name)
        );
        assert_eq!(kind(r#"select U&"d\0061""#), None);
    }
}
