//! Text put into the caller's text, and nothing else done to it.

/// Insertions by byte offset; those at one offset keep the order in which they were made.
#[derive(Default)]
pub(super) struct Edits {
    insertions: Vec<(usize, String)>,
}

impl Edits {
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.insertions.push((at, text.into()));
    }

    /// `sql` with the insertions, and the byte ranges of the result that were inserted.
    pub(super) fn apply(mut self, sql: &str) -> (String, Vec<std::ops::Range<usize>>) {
        self.insertions.sort_by_key(|(at, _)| *at);
        let added: usize = self.insertions.iter().map(|(_, text)| text.len()).sum();
        let mut text = String::with_capacity(sql.len() + added);
        let mut ranges = Vec::with_capacity(self.insertions.len());
        let mut copied = 0;
        for (at, insertion) in self.insertions {
            text.push_str(&sql[copied..at]);
            copied = at;
            let from = text.len();
            text.push_str(&insertion);
            ranges.push(from..text.len());
        }
        text.push_str(&sql[copied..]);
        (text, ranges)
    }
}
