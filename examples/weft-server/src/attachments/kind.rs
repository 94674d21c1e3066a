//! What a file is, as its first bytes say.

use crate::value::FileType;

/// What the first bytes of a file look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// HTML, SVG or XML of another kind: what a browser could run.
    Markup,
    /// One of the types that begin in a way of their own.
    Like(FileType),
    /// Text, as far as it was read.
    Text,
    /// Something else.
    Unknown,
}

pub(super) fn look(first: &[u8]) -> Looks {
    if is_markup(first) {
        return Looks::Markup;
    }
    let is_webp = first.starts_with(b"RIFF") && first.get(8..12) == Some(b"WEBP");
    let known = BEGINNINGS
        .iter()
        .find(|(start, _)| first.starts_with(start));
    match known {
        Some((_, kind)) => Looks::Like(*kind),
        None if is_webp => Looks::Like(FileType::Webp),
        None if is_text(first) => Looks::Text,
        None => Looks::Unknown,
    }
}

/// Whether what begins like that may be called so.
pub(super) fn agrees(declared: FileType, looks: Looks) -> bool {
    match (declared, looks) {
        (_, Looks::Markup) => false,
        (FileType::Other, _) => true,
        (FileType::Text | FileType::Csv, looks) => looks == Looks::Text,
        (declared, looks) => looks == Looks::Like(declared),
    }
}

const BEGINNINGS: [(&[u8], FileType); 7] = [
    (b"\x89PNG\r\n\x1a\n", FileType::Png),
    (b"\xff\xd8\xff", FileType::Jpeg),
    (b"GIF87a", FileType::Gif),
    (b"GIF89a", FileType::Gif),
    (b"%PDF-", FileType::Pdf),
    (b"PK\x03\x04", FileType::Zip),
    (b"PK\x05\x06", FileType::Zip),
];

/// Browsers that guess do so by the first tag, behind marks of byte order and space. In UTF-16 each letter
/// has a zero beside it.
fn is_markup(first: &[u8]) -> bool {
    let is_passed_over = |c: &u8| b"\xef\xbb\xbf\xfe\xff\0\t\n\x0c\r ".contains(c);
    let mut rest = first
        .iter()
        .skip_while(|c| is_passed_over(c))
        .filter(|c| **c != 0);
    let starts = rest.next() == Some(&b'<');
    starts
        && rest
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || b"!?/".contains(c))
}

/// UTF-8 without control characters; the last character may have been cut off.
fn is_text(first: &[u8]) -> bool {
    let text = match str::from_utf8(first) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&first[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars()
        .all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_could_run_is_markup_whatever_it_is_called() {
        for active in [
            "<!DOCTYPE html><script>",
            "\u{feff}  <HTML>",
            "\n\t<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>",
            "<?xml version='1.0'?><svg/>",
            "<script>",
            "</x><script>",
        ] {
            assert_eq!(look(active.as_bytes()), Looks::Markup, "{active}");
            let wide: Vec<u8> = active.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let marked = [b"\xff\xfe".to_vec(), wide.clone()].concat();
            assert_eq!(look(&marked), Looks::Markup, "{active}");
            assert_eq!(look(&wide), Looks::Markup, "{active}");
            for declared in FileType::ALL {
                assert!(!agrees(*declared, Looks::Markup));
            }
        }
    }

    #[test]
    fn a_type_is_what_its_bytes_are() {
        let png = look(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
        assert_eq!(png, Looks::Like(FileType::Png));
        assert_eq!(look(b"RIFF\x24\0\0\0WEBPVP8 "), Looks::Like(FileType::Webp));
        assert!(agrees(FileType::Png, png) && agrees(FileType::Other, png));
        assert!(!agrees(FileType::Pdf, png) && !agrees(FileType::Text, png));
        assert_eq!(look("2 < 3 und März".as_bytes()), Looks::Text);
        assert_eq!(look(&"ä".as_bytes()[..1]), Looks::Text, "cut off");
        assert_eq!(look(b"MZ\x90\0\x03\0"), Looks::Unknown);
        assert!(!agrees(FileType::Csv, Looks::Unknown));
    }
}
