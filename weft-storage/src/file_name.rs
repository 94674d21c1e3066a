use std::fmt;

/// The most characters of a name.
const LONGEST: usize = 150;
/// What an object is called whose name had nothing in it.
const NAMELESS: &str = "file";

/// What a file is called when it is saved.
///
/// ```
/// use weft_storage::FileName;
///
/// assert_eq!(FileName::tidied("Angebot März.pdf").as_str(), "Angebot März.pdf");
/// assert_eq!(FileName::tidied("../../etc/passwd").as_str(), "passwd");
/// assert_eq!(FileName::tidied("invoice\u{202e}fdp.exe").as_str(), "invoicefdp.exe");
/// assert_eq!(FileName::tidied("a\r\nSet-Cookie: x").as_str(), "aSet-Cookie: x");
/// assert_eq!(FileName::tidied("..").as_str(), "file");
/// ```
///
/// # Security
/// Of a text from outside, what is behind the last slash of either kind; without control characters, and
/// without those that change the direction of what follows, by which `exe` reads as `pdf`; without dots
/// and spaces around it; cut off in the middle after 150 characters, so that the ending stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// What is left of `text`, or `file` if nothing is.
    pub fn tidied(text: &str) -> FileName {
        let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
        // However long it is, no more of it than this is looked at.
        let looked_at = last.chars().rev().take(8 * LONGEST);
        let mut kept: Vec<char> = looked_at.filter(|c| !is_hidden(*c)).collect();
        kept.reverse();
        let kept: String = kept.into_iter().collect();
        let kept = kept.trim_matches(|c: char| c == '.' || c.is_whitespace());
        let length = kept.chars().count();
        let name: String = match length {
            0 => NAMELESS.to_owned(),
            1..=LONGEST => kept.to_owned(),
            _ => {
                let end = kept.chars().skip(length - LONGEST / 2);
                let start = kept.chars().take(LONGEST - LONGEST / 2 - 1);
                start.chain(['…']).chain(end).collect()
            }
        };
        FileName(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a browser is told of it: always to save it (RFC 6266), by a name in ASCII for those that know
    /// no other, and the whole one (RFC 8187).
    pub(crate) fn disposition(&self) -> String {
        let (start, middle) = ("attachment; filename=\"", "\"; filename*=UTF-8''");
        let room = start.len() + middle.len() + 4 * self.0.len();
        let mut text = String::with_capacity(room);
        text.push_str(start);
        let plain = |c: char| c.is_ascii_graphic() && !"\"\\%;".contains(c) || c == ' ';
        text.extend(self.0.chars().map(|c| if plain(c) { c } else { '_' }));
        text.push_str(middle);
        crate::encode::extended(&self.0, &mut text);
        text
    }
}

/// Control characters, and those that lay text out in another order or are not seen at all.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        FileName::tidied(text).disposition()
    }

    /// RFC 8187, section 3.2.3, has the second example's value.
    #[test]
    fn both_forms_are_told() {
        assert_eq!(
            told("a.pdf"),
            "attachment; filename=\"a.pdf\"; filename*=UTF-8''a.pdf"
        );
        assert_eq!(
            told("€ rates"),
            "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates"
        );
    }

    /// CVE-2018-16477, GHSA-cggp-94xr-prm6: what is written into a header cannot end it.
    #[test]
    fn cve_2018_16477_nothing_gets_out_of_the_quotes() {
        for hostile in [
            "a\"; filename=\"b.exe",
            "a\r\nContent-Type: text/html\r\n\r\n<script>",
            "a\\\"b",
            "a\0b",
            "%22; x=y",
            "a'b''c",
        ] {
            let text = told(hostile);
            assert_eq!(text.matches('"').count(), 2, "{text}");
            assert!(
                text.bytes().all(|c| c.is_ascii_graphic() || c == b' '),
                "{text}"
            );
            assert_eq!(text.matches("; filename").count(), 2, "{text}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = FileName::tidied(&format!("{}.pdf", "x".repeat(1_000_000)));
        assert_eq!(long.as_str().chars().count(), LONGEST);
        assert!(long.as_str().starts_with('x') && long.as_str().ends_with("x.pdf"));
    }
}
