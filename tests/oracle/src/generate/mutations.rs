//! Statements damaged at random: characters and tokens put in, taken out and swapped.

use crate::random::Random;

/// `sql` with one to four wounds.
pub fn mutate(sql: &str, random: &mut Random) -> String {
    let mut text: Vec<char> = sql.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(text.len() + 1);
        match random.below(7) {
            0 | 1 => drop(text.splice(at..at, random.pick(PIECES).chars())),
            2 if at < text.len() => {
                text.remove(at);
            }
            3 if at + 1 < text.len() => text.swap(at, at + 1),
            4 => {
                let other = (at + random.below(12)).min(text.len());
                text.drain(at..other);
            }
            5 => {
                // A word or sign of the statement, once more at another place.
                let words = words(&text);
                let from = words
                    .get(random.below(words.len()))
                    .cloned()
                    .unwrap_or(0..0);
                let word = text[from].to_vec();
                let to = words
                    .get(random.below(words.len()))
                    .map_or(0, |word| word.start);
                text.splice(to..to, word.into_iter().chain([' ']));
            }
            _ => {
                let words = words(&text);
                let word = words
                    .get(random.below(words.len()))
                    .cloned()
                    .unwrap_or(0..0);
                text.splice(word, random.pick(PIECES).chars());
            }
        }
    }
    text.into_iter().collect()
}

/// Runs of letters and digits, and every other character by itself, blanks left out.
fn words(text: &[char]) -> Vec<std::ops::Range<usize>> {
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, c) in text
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, c)| !c.is_whitespace())
    {
        match words
            .last_mut()
            .filter(|word| word.end == at && is_word(c) && is_word(text[at - 1]))
        {
            Some(word) => word.end = at + 1,
            None => words.push(at..at + 1),
        }
    }
    words
}

/// What SQL's lexers have been known to trip over.
const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "\"\"",
    "\\",
    "$",
    "$$",
    "$a$",
    "$1",
    "$1a",
    "$2$",
    "E'",
    "e'\\'",
    "U&'",
    "U&\"",
    "u&\"\\0061\"",
    "B'1'",
    "X'f'",
    "N'a'",
    "E'\\",
    "--",
    "-- x\n",
    "--\r",
    "--x\r\n",
    "/*",
    "*/",
    "/**/",
    "/*/**/*/",
    "/* -- */",
    "; ",
    ";",
    ";;",
    "\0",
    "\r",
    "\u{b}",
    "\u{c}",
    "\t",
    "\n",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{3000}",
    "\u{feff}",
    "\u{200b}",
    "\u{130}",
    "\u{212a}",
    "\u{e9}",
    "\u{1f980}",
    "\u{ff07}",
    "\u{301}",
    "(",
    ")",
    "[",
    "]",
    "[1:2]",
    "{",
    "}",
    ".",
    "..",
    ".5",
    "1.",
    "1e",
    "1_000",
    "0x1F",
    "0b1",
    "0o7",
    "1a",
    ":",
    "::",
    ":=",
    "=>",
    "->",
    "->>",
    "@",
    "@>",
    "#",
    "?",
    "~",
    "!",
    "!=",
    "<>",
    "<=",
    "|",
    "||",
    "&&",
    "^",
    "`",
    "%",
    "*",
    "+-",
    "- -",
    "+",
    "=",
    ",",
    " ",
    " AS ",
    " ON ",
    " OR ",
    " AND ",
    " NOT ",
    " IS NULL ",
    " ISNULL ",
    " NOTNULL ",
    " COLLATE \"C\" ",
    " OPERATOR(pg_catalog.=) ",
    " AT TIME ZONE 'utc' ",
    " BETWEEN ",
    " ESCAPE ",
    " UESCAPE '!' ",
    " WITH ",
    " WITH RECURSIVE ",
    " WITH x AS (SELECT 1) ",
    " UNION ",
    " EXCEPT ALL ",
    " TABLE ",
    " ONLY ",
    " LATERAL ",
    " NATURAL ",
    " CROSS JOIN ",
    " LEFT JOIN ",
    " FULL JOIN ",
    " JOIN ",
    " USING (id) ",
    " USING ",
    " FROM ",
    " WHERE ",
    " GROUP BY ",
    " HAVING ",
    " WINDOW w AS () ",
    " OVER w ",
    " FILTER (WHERE true) ",
    " ORDER BY ",
    " LIMIT ",
    " OFFSET 1 ROWS ",
    " FETCH FIRST 1 ROW ONLY ",
    " FOR UPDATE ",
    " FOR SHARE OF ",
    " NOWAIT ",
    " SKIP LOCKED ",
    " SELECT ",
    " SELECT ALL ",
    " DISTINCT ON (1) ",
    " INTO ",
    " VALUES (1) ",
    " ROW(1) ",
    " ARRAY[1] ",
    " DEFAULT ",
    " RETURNING * ",
    " RETURNING WITH (OLD AS o) o.* ",
    " SET ",
    " EXISTS (SELECT 1) ",
    " ANY ",
    " CASE WHEN true THEN 1 END ",
    " CAST(1 AS int) ",
    " INTERVAL '1' DAY ",
    " current_date ",
    " user ",
    " TABLESAMPLE system (100) ",
    " WITH ORDINALITY ",
    " ROWS FROM (f()) ",
    " MATERIALIZED ",
    " ON CONFLICT DO NOTHING ",
    " WHERE CURRENT OF c ",
    " OVERRIDING USER VALUE ",
    " orders ",
    " public. ",
    " \"org_id\" ",
    " org_id ",
    " excluded ",
    " old ",
    " new ",
    " t ",
    " * ",
];
