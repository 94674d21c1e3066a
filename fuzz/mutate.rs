//! Damage to SQL by the word, so that what the fuzzer tries gets past the parser.

use std::ops::Range;

/// Changes the text in the first `size` bytes of `data`, a flag byte before it; returns the new size.
pub(crate) fn mutate(data: &mut [u8], size: usize, most: usize, seed: u32) -> Option<usize> {
    let mut random = Random(seed);
    let (flags, text) = data.get(..size)?.split_first()?;
    let mut text = std::str::from_utf8(text).ok()?.to_owned();
    let mut flags = *flags;
    for _ in 0..=random.below(3) {
        let words = words(&text);
        let word = words
            .get(random.below(words.len()))
            .cloned()
            .unwrap_or(0..0);
        let other = words
            .get(random.below(words.len()))
            .cloned()
            .unwrap_or(0..0);
        let piece = PIECES[random.below(PIECES.len())];
        match random.below(8) {
            0 => flags ^= 1 << random.below(4),
            1 | 2 => text.insert_str(word.start, &format!("{piece} ")),
            3 => text.replace_range(word, piece),
            4 => text.replace_range(word, ""),
            5 => {
                let copy = text[other].to_owned();
                text.replace_range(word, &copy);
            }
            6 => {
                // A stretch of the text once more, in parentheses.
                let stretch = word.start.min(other.start)..word.end.max(other.end);
                let copy = format!("({}) ", &text[stretch]);
                let at = words
                    .get(random.below(words.len()))
                    .map_or(0, |word| word.start);
                text.insert_str(at, &copy);
            }
            _ => text.replace_range(word.start.min(other.start)..word.end.max(other.end), piece),
        }
    }
    let size = text.len() + 1;
    let room = data.get_mut(..size).filter(|_| size <= most)?;
    room[0] = flags;
    room[1..].copy_from_slice(text.as_bytes());
    Some(size)
}

/// Runs of letters, digits and what is not ASCII, and every other character by itself.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let of_word = c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
        match words.last_mut() {
            Some(word) if in_word && of_word => word.end = end,
            _ if c.is_ascii_whitespace() => {}
            _ => words.push(at..end),
        }
        in_word = of_word;
    }
    words
}

/// A linear congruence: libFuzzer gives the seed.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % limit.max(1)
    }
}

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "select", "select *", "select 1", "from", "from orders o", "where", "where true", "values (1)",
    "table notes", "with", "with x as (select 1)", "with recursive", "as", "as (", "as x", "x",
    "insert into orders", "(id, total)", "(id, org_id)", "default values", "default", "update",
    "update orders set", "set", "set id = 1", "delete from", "returning *", "returning old.id",
    "on conflict do nothing", "on conflict (id) do update set total = 1", "excluded.org_id",
    "org_id = $1", "org_id", "shop_id", "deleted_at", "id", "total", "orders", "customers", "notes",
    "items", "plans", "users", "organizations", "s2.orders", "public.orders", "\"Orders\"",
    "U&\"ord\\0065rs\"", "pg_class", "join", "left join", "right join", "full join", "cross join",
    "natural join", "natural left join", "on true", "using (id)", "using (id) as j", "lateral",
    "only", "(select 1)", "(select * from orders)", "(orders join notes using (id))",
    "(orders join notes on true) as j", "union", "union all select 1", "except", "intersect",
    "group by id", "group by", "having true", "order by 1", "order by", "limit 1", "for update",
    "for share of o", "nowait", "distinct", "distinct on (id)", "filter (where true)",
    "over (partition by id)", "window w as ()", "within group (order by id)", "exists", "any", "all",
    "in (select id from notes)", "case when true then 1 else 2 end", "case", "when", "then", "end",
    "between 1 and 2", "is null", "is distinct from", "like 'a'", "collate \"C\"", "at time zone 'utc'",
    "cast(1 as int)", "::uuid", "::int4[]", "::regclass", "array[1]", "row(1, 2)", "(o).*", "o.*", "*",
    "now()", "count(*)", "nextval('s')", "coalesce(1, 2)", "my_rank(1)", "unnest($1, $2)",
    "generate_series(1, 2) g", "json_table", "xmltable", "rows from (now())", "with ordinality",
    "tablesample system (100)", "$1", "$2", "$3", "$65535", "1", "'a'", "''", "e'\\''", "$$a$$",
    "'00000000-0000-0000-0000-000000000001'", "null", "true", "-- c\n", "/* c */", ";", ",", ".", "(",
    ")", "[1]", "[1:2]", "+", "-", "=", "<>", "||", "and", "or", "not", "materialized", "merge into",
    "search depth first by id set s", "cycle id set c using p", "fetch first 1 row with ties", "into t",
];
