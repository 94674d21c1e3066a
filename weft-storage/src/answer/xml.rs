//! As much of XML as stores answer with: elements, text, and the five entities. No declarations, no
//! instructions, no comments, and no entity that reads something (CVE-2022-47950).

/// The longest document that is read: a thousand keys take a tenth of it.
const LONGEST: usize = 4 << 20;
/// The most elements within one another.
const DEEPEST: usize = 8;

pub(super) struct Element<'x> {
    pub(super) name: &'x str,
    text: String,
    children: Vec<Element<'x>>,
}

impl<'x> Element<'x> {
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Element<'x>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.named(name).next().map(|child| child.text.as_str())
    }
}

/// The outermost element of a document.
pub(super) fn read(document: &[u8]) -> Option<Element<'_>> {
    if document.len() > LONGEST {
        return None;
    }
    let text = str::from_utf8(document).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    let mut rest = match text.strip_prefix("<?xml ") {
        Some(declared) => declared.split_once("?>")?.1,
        None => text,
    };
    let mut open: Vec<Element<'_>> = Vec::new();
    loop {
        let (before, tagged) = rest.split_once('<')?;
        match open.last_mut() {
            Some(element) => unescape(before, &mut element.text)?,
            None if before.trim().is_empty() => {}
            None => return None,
        }
        let (tag, behind) = tagged.split_once('>')?;
        rest = behind;
        let (tag, empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let closes = match tag.strip_prefix('/') {
            Some(name) => open.last()?.name == name.trim_end() && !empty,
            None => {
                open.push(begin(tag)?);
                if open.len() > DEEPEST {
                    return None;
                }
                if !empty {
                    continue;
                }
                true
            }
        };
        let done = open.pop().filter(|_| closes)?;
        match open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => return rest.trim().is_empty().then_some(done),
        }
    }
}

/// The element that a tag begins. Its attributes are namespaces, and not looked at.
fn begin(tag: &str) -> Option<Element<'_>> {
    let (name, attributes) = match tag.find(|c: char| c.is_ascii_whitespace()) {
        Some(at) => tag.split_at(at),
        None => (tag, ""),
    };
    // A tag that ended within a value was cut in the wrong place.
    let whole = ['"', '\'']
        .iter()
        .all(|quote| attributes.matches(*quote).count() % 2 == 0);
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|c| c.is_ascii_alphanumeric());
    (whole && plain).then_some(Element {
        name,
        text: String::new(),
        children: Vec::new(),
    })
}

fn unescape(text: &str, out: &mut String) -> Option<()> {
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('&') {
        out.push_str(before);
        let (name, behind) = escaped.split_once(';')?;
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => numbered(name)?,
        });
        rest = behind;
    }
    out.push_str(rest);
    Some(())
}

fn numbered(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let number = match digits.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_in_their_places() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A xmlns=\"http://s3/\"> <B>1 &lt;&#xe9;&#33;</B><C/><B >2</B>\n</A>\n";
        let document = read(text.as_bytes()).unwrap();
        assert_eq!(document.name, "A");
        let of: Vec<_> = document.named("B").map(|b| b.text.as_str()).collect();
        assert_eq!(of, ["1 <é!", "2"]);
        assert_eq!(
            (document.text_of("C"), document.text_of("D")),
            (Some(""), None)
        );
    }

    #[test]
    fn what_is_not_plain_is_not_read() {
        let deep = format!("{}{}", "<a>".repeat(9), "</a>".repeat(9));
        let long = format!("<a>{}</a>", "x".repeat(LONGEST));
        for text in [
            "",
            "x",
            "<",
            "<a",
            "<a>",
            "</a>",
            "<a></b>",
            "<a></a><b/>",
            "<a/>x",
            "x<a/>",
            "<a b=\">\"></a>",
            "<a>&unknown;</a>",
            "<a>&#xd800;</a>",
            "<a>&#;</a>",
            "<a>&lt</a>",
            "<!-- --><a/>",
            "<a><![CDATA[x]]></a>",
            "<?xml version='1.0'?><?php ?><a/>",
            "<a></a/>",
            "< a/>",
            "<é/>",
            &deep,
            &long,
        ] {
            assert!(
                read(text.as_bytes()).is_none(),
                "{}",
                &text[..text.len().min(40)]
            );
        }
        assert!(read(b"<a>\xff</a>").is_none());
    }
}
