//! What a file is, as its first bytes say it, against what it was said to be.

use std::borrow::Cow;
use std::fmt;

use crate::upload::ContentType;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = [$($name:literal),+];)*) => {
        /// What the first bytes of a file say that it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Sniffed {
            $($(#[$doc])* $kind,)*
        }

        impl Sniffed {
            /// All of them.
            pub const ALL: &[Sniffed] = &[$(Sniffed::$kind),*];

            /// What it is called, the registered name first.
            const fn names(self) -> &'static [&'static str] {
                match self {
                    $(Sniffed::$kind => &[$($name),+],)*
                }
            }
        }
    };
}

kinds! {
    /// Active: a browser runs what is in it.
    Html = ["text/html", "application/xhtml+xml"];
    /// Active: a browser runs what is in it.
    Svg = ["image/svg+xml"];
    /// A document that is neither of these as far as it was looked at.
    Xml = ["application/xml", "text/xml"];
    /// Characters of an encoding that includes ASCII, or of UTF-16 with its mark or a tag.
    Text = ["text/plain"];
    /// Portable Network Graphics.
    Png = ["image/png"];
    /// JPEG.
    Jpeg = ["image/jpeg", "image/jpg"];
    /// Graphics Interchange Format.
    Gif = ["image/gif"];
    /// WebP.
    WebP = ["image/webp"];
    /// AV1 in HEIF's container.
    Avif = ["image/avif"];
    /// HEIF, as telephones take photographs.
    Heif = ["image/heic", "image/heif"];
    /// TIFF.
    Tiff = ["image/tiff"];
    /// A bitmap of Windows'.
    Bmp = ["image/bmp", "image/x-ms-bmp"];
    /// Portable Document Format.
    Pdf = ["application/pdf"];
    /// A zip archive, as the documents of today's office programs are.
    Zip = ["application/zip", "application/x-zip-compressed"];
    /// Gzip.
    Gzip = ["application/gzip", "application/x-gzip"];
    /// A compound file, as the documents of former office programs are, and today's with a password.
    Compound = ["application/x-ole-storage"];
    /// MPEG-4.
    Mp4 = ["video/mp4", "audio/mp4", "audio/x-m4a", "video/quicktime"];
    /// Matroska.
    Matroska = ["video/webm", "audio/webm", "video/x-matroska"];
    /// Ogg.
    Ogg = ["application/ogg", "audio/ogg", "video/ogg", "audio/opus"];
    /// Wave.
    Wave = ["audio/wav", "audio/x-wav", "audio/vnd.wave"];
    /// MPEG audio.
    Mp3 = ["audio/mpeg", "audio/mp3"];
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// A browser would run it.
    Active(Sniffed),
    /// It is something else than it was said to be, or nothing that is known.
    NotAsDeclared(Option<Sniffed>),
}

/// How many bytes are enough to [`sniff`].
pub const SNIFFED: u16 = 4096;

/// Whether a file may be taken that was said to be `declared` and begins with those bytes.
///
/// ```
/// use weft_storage::{ContentType, Sniffed, Unfit, fit};
///
/// let png = ContentType::new("image/png")?;
/// assert_eq!(fit(&png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Ok(Some(Sniffed::Png)));
/// assert_eq!(fit(&png, b"GIF89a"), Err(Unfit::NotAsDeclared(Some(Sniffed::Gif))));
/// assert_eq!(fit(&png, b"<svg onload=\"x\">"), Err(Unfit::Active(Sniffed::Svg)));
/// # Ok::<(), weft_storage::NotAContentType>(())
/// ```
///
/// # Errors
/// When a browser would run it, whatever it was said to be, or it is not what it was said to be.
///
/// # Security
/// It looks at the first bytes alone. A file can be of two kinds at once, and an XML document can turn
/// into a page further down: [`Downloads`](crate::Downloads) has all of them saved and none shown.
pub fn fit(declared: &ContentType, first: &[u8]) -> Result<Option<Sniffed>, Unfit> {
    let sniffed = sniff(first);
    match sniffed {
        Some(kind) if kind.is_active() => Err(Unfit::Active(kind)),
        _ if agrees(declared, sniffed) => Ok(sniffed),
        _ => Err(Unfit::NotAsDeclared(sniffed)),
    }
}

/// Whether a file that was said to be `declared` may look like that.
///
/// What has no signature of its own may look like text, an archive or nothing; `application/octet-stream`
/// says nothing, and may look like anything.
pub fn agrees(declared: &ContentType, sniffed: Option<Sniffed>) -> bool {
    use Sniffed::{Compound, Gzip, Text, Xml, Zip};
    let declared = declared.as_str();
    let known = || Sniffed::ALL.iter().any(|kind| kind.is_called(declared));
    match sniffed {
        _ if declared == "application/octet-stream" => true,
        Some(kind) if kind.is_called(declared) => true,
        None | Some(Text | Xml | Zip | Gzip | Compound) => !known(),
        Some(_) => false,
    }
}

/// What bytes at the beginning of a file say that it is. An empty file is a text.
///
/// The signatures are those of the formats themselves; of pages, those that browsers look for:
/// <https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type>
pub fn sniff(first: &[u8]) -> Option<Sniffed> {
    signature(first).or_else(|| characters(first).map(|text| written(&text)))
}

impl Sniffed {
    /// Its registered name.
    pub const fn content_type(self) -> &'static str {
        self.names()[0]
    }

    /// Whether a browser would run what is in it.
    pub const fn is_active(self) -> bool {
        matches!(self, Sniffed::Html | Sniffed::Svg)
    }

    fn is_called(self, name: &str) -> bool {
        let of_office = |family: &str| {
            name.strip_prefix("application/vnd.")
                .is_some_and(|rest| rest.starts_with(family))
        };
        let active = || {
            let mut kinds = [Sniffed::Html, Sniffed::Svg].iter();
            kinds.any(|kind| kind.names().contains(&name))
        };
        self.names().contains(&name)
            || match self {
                Sniffed::Text => {
                    let text = name.starts_with("text/")
                        || ["application/json", "application/xml"].contains(&name)
                        || name.ends_with("+json")
                        || name.ends_with("+xml")
                        // What Windows calls a table of values separated by commas.
                        || name == "application/vnd.ms-excel";
                    text && !active()
                }
                Sniffed::Xml => (name.starts_with("text/") || name.ends_with("+xml")) && !active(),
                Sniffed::Zip => {
                    of_office("openxmlformats-officedocument.")
                        || of_office("oasis.opendocument.")
                        || of_office("ms-excel.")
                        || of_office("ms-word.")
                        || of_office("ms-powerpoint.")
                        || name.ends_with("+zip")
                }
                Sniffed::Compound => {
                    name == "application/msword"
                        || of_office("ms-")
                        || of_office("openxmlformats-officedocument.")
                }
                _ => false,
            }
    }
}

fn signature(first: &[u8]) -> Option<Sniffed> {
    let at = |place: usize, bytes: &[u8]| {
        first
            .get(place..)
            .is_some_and(|rest| rest.starts_with(bytes))
    };
    let begins = |bytes: &[u8]| at(0, bytes);
    Some(match () {
        () if begins(b"\x89PNG\r\n\x1a\n") => Sniffed::Png,
        () if begins(b"\xff\xd8\xff") => Sniffed::Jpeg,
        () if begins(b"GIF87a") || begins(b"GIF89a") => Sniffed::Gif,
        () if begins(b"RIFF") && at(8, b"WEBP") => Sniffed::WebP,
        () if begins(b"RIFF") && at(8, b"WAVE") => Sniffed::Wave,
        () if begins(b"II*\0") || begins(b"MM\0*") => Sniffed::Tiff,
        // Behind its size there are four zeros, which no text has.
        () if begins(b"BM") && at(6, &[0; 4]) => Sniffed::Bmp,
        () if begins(b"%PDF-") => Sniffed::Pdf,
        () if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") => Sniffed::Zip,
        () if begins(b"\x1f\x8b\x08") => Sniffed::Gzip,
        () if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Sniffed::Compound,
        () if begins(b"\x1aE\xdf\xa3") => Sniffed::Matroska,
        () if begins(b"OggS\0") => Sniffed::Ogg,
        () if begins(b"ID3")
            && first
                .get(3)
                .is_some_and(|version| (2..=4).contains(version)) =>
        {
            Sniffed::Mp3
        }
        () if is_mpeg_audio(first) => Sniffed::Mp3,
        () if at(4, b"ftyp") => match first.get(8..12) {
            Some(b"avif" | b"avis") => Sniffed::Avif,
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
                Sniffed::Heif
            }
            _ => Sniffed::Mp4,
        },
        () => return None,
    })
}

/// A frame of MPEG audio, layer III: eleven bits set, then a version, a layer, a bit rate and a sampling
/// rate that there are. UTF-16's mark is no such layer.
fn is_mpeg_audio(first: &[u8]) -> bool {
    match first {
        [0xff, second, third, ..] => {
            second & 0b1110_0110 == 0b1110_0010
                && second & 0b0001_1000 != 0b0000_1000
                && third >> 4 != 0b1111
                && third & 0b1100 != 0b1100
        }
        _ => false,
    }
}

/// The characters, if these are any: without those bytes that no text has.
fn characters(first: &[u8]) -> Option<Cow<'_, str>> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = first.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        let text: String = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        Cow::Owned(text)
    };
    let text = match first {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, b'<', ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(first),
    };
    let binary =
        |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}');
    (!text.contains(binary)).then_some(text)
}

/// Which kind of text it is.
fn written(text: &str) -> Sniffed {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\n', '\r', '\u{c}']);
    if !text.starts_with('<') {
        return Sniffed::Text;
    }
    let text = text.to_ascii_lowercase();
    let opens = |tag: &&str| {
        let rest = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_prefix(*tag));
        rest.is_some_and(|rest| rest.starts_with([' ', '>', '\t', '\n', '\r', '\u{c}', '/']))
    };
    match () {
        () if text.contains("http://www.w3.org/1999/xhtml") => Sniffed::Html,
        () if text.contains("<svg") || text.contains("http://www.w3.org/2000/svg") => Sniffed::Svg,
        // A page can be in a comment's place, and in what a style sheet makes of a document.
        () if text.starts_with("<!--") || text.contains("<?xml-stylesheet") => Sniffed::Html,
        () if text.contains("<script") || hides_its_names(&text) => Sniffed::Html,
        () if text.starts_with("<!doctype html") || TAGS.iter().any(opens) => Sniffed::Html,
        () if text.starts_with("<?xml") || text.starts_with("<!doctype") => Sniffed::Xml,
        () => Sniffed::Text,
    }
}

/// Whether what a document is made of is not said in so many words: entities, or a name space with a
/// character by its number, can be a page's.
fn hides_its_names(text: &str) -> bool {
    let is_indirect = |rest: &str| {
        let mut quoted = rest.splitn(3, ['"', '\'']).skip(1);
        quoted.next().is_some_and(|name| name.contains('&'))
    };
    text.contains("<!entity") || text.split("xmlns").skip(1).any(is_indirect)
}

/// The tags that browsers take the beginning of a page for, and those that run something by themselves.
const TAGS: &[&str] = &[
    "html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b",
    "body", "br", "p", "img", "object", "embed", "form", "meta", "link", "base", "video", "audio",
    "math", "input", "details", "frameset", "marquee",
];

impl fmt::Display for Sniffed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.content_type())
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Active(kind) => write!(f, "the file is {kind}, which a browser runs"),
            Unfit::NotAsDeclared(Some(kind)) => {
                write!(f, "the file is {kind} and was said to be another type")
            }
            Unfit::NotAsDeclared(None) => {
                f.write_str("the file is not of the type that it was said to be")
            }
        }
    }
}

impl std::error::Error for Unfit {}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(name: &str) -> ContentType {
        ContentType::new(name).unwrap()
    }

    #[test]
    fn files_are_what_their_signatures_say() {
        use Sniffed::{
            Avif, Bmp, Compound, Gif, Gzip, Heif, Jpeg, Matroska, Mp3, Mp4, Ogg, Pdf, Png, Tiff,
            Wave, WebP, Zip,
        };
        for (first, kind) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], Png),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Jpeg),
            (b"GIF89a\x01\0", Gif),
            (b"RIFF\x24\0\0\0WEBPVP8 ", WebP),
            (b"RIFF\x24\0\0\0WAVEfmt ", Wave),
            (b"II*\0\x08\0\0\0", Tiff),
            (b"BM\x46\0\0\0\0\0\0\0\x36", Bmp),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", Pdf),
            (b"PK\x03\x04\x14\0\x06\0", Zip),
            (b"\x1f\x8b\x08\0", Gzip),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", Compound),
            (b"\x1aE\xdf\xa3\x01", Matroska),
            (b"OggS\0\x02", Ogg),
            (b"ID3\x04\0\0", Mp3),
            (b"\xff\xfb\x90\x64\0", Mp3),
            (b"\0\0\0\x20ftypisom", Mp4),
            (b"\0\0\0\x20ftypavif", Avif),
            (b"\0\0\0\x18ftypheic", Heif),
        ] {
            assert_eq!(sniff(first), Some(kind), "{first:?}");
            assert_eq!(fit(&declared(kind.content_type()), first), Ok(Some(kind)));
            let lie = fit(&declared("text/plain"), first);
            assert_eq!(lie, Err(Unfit::NotAsDeclared(Some(kind))));
            assert_eq!(
                fit(&declared("application/octet-stream"), first),
                Ok(Some(kind))
            );
        }
    }

    /// CVE-2018-16477, CVE-2023-49090: whatever it was said to be.
    #[test]
    fn html_and_svg_are_active_under_any_name() {
        for (text, kind) in [
            ("<!DOCTYPE html><p>", Sniffed::Html),
            (" \r\n\t<hTmL lang=en>", Sniffed::Html),
            ("\u{feff}<script>alert(1)</script>", Sniffed::Html),
            ("<script\n>", Sniffed::Html),
            ("<img/src=x onerror=alert(1)>", Sniffed::Html),
            ("<!-- --><html>", Sniffed::Html),
            (
                "<?xml version='1.0'?><x:a xmlns:x='http://www.w3.org/1999/xhtml'>",
                Sniffed::Html,
            ),
            (
                "<?xml version='1.0'?><?xml-stylesheet href='x'?><a/>",
                Sniffed::Html,
            ),
            ("<svg onload='x'>", Sniffed::Svg),
            (
                "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C\"><svg>",
                Sniffed::Svg,
            ),
            (
                "<s:svg xmlns:s=\"http://www.w3.org/2000/svg\">",
                Sniffed::Svg,
            ),
            ("<x><script>alert(1)</script>", Sniffed::Html),
            ("<frameset onload=alert(1)>", Sniffed::Html),
            ("<marquee onstart=alert(1)>", Sniffed::Html),
            // A name space that is not spelled out.
            (
                "<x:a xmlns:x = 'http://www.w3.org/1999&#47;xhtml'>",
                Sniffed::Html,
            ),
            (
                "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY n 'xhtml'>]><a/>",
                Sniffed::Html,
            ),
        ] {
            let wide: Vec<u8> = [0xfeff]
                .into_iter()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            for first in [text.as_bytes(), &wide] {
                for name in [
                    "text/html",
                    "image/svg+xml",
                    "image/png",
                    "text/plain",
                    "application/octet-stream",
                ] {
                    assert_eq!(
                        fit(&declared(name), first),
                        Err(Unfit::Active(kind)),
                        "{text} as {name}"
                    );
                }
            }
        }
    }

    /// Parsers of XML know UTF-16 by its first characters, too.
    #[test]
    fn utf_16_is_read_without_its_mark() {
        let text = "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>";
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let first: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            assert_eq!(sniff(&first), Some(Sniffed::Svg));
        }
        assert_eq!(sniff(b"<\0\x01\0"), None);
        assert_eq!(sniff(b"\0<"), Some(Sniffed::Text));
    }

    #[test]
    fn texts_are_texts() {
        for text in [
            "",
            "Guten Tag",
            "a;b\r\n1;2",
            "BMW",
            "ID3 is a tag",
            "x < y",
            "<3",
            "{\"a\":1}",
            "Grüße",
        ] {
            assert_eq!(sniff(text.as_bytes()), Some(Sniffed::Text), "{text}");
        }
        // Cut within a character, in Latin-1, in UTF-16.
        for first in [
            &b"Gr\xc3"[..],
            b"M\xe4rz;1",
            b"\xff\xfeM\0\xe4\0",
            b"\xfe\xff\0M",
        ] {
            assert_eq!(sniff(first), Some(Sniffed::Text), "{first:?}");
        }
        assert_eq!(sniff(b"\x7fELF\x02\x01\x01\0"), None);
        assert_eq!(sniff(b"MZ\x90\0\x03"), None);
        let invoice = b"<?xml version='1.0'?><Invoice xmlns='urn:oasis:names:specification:ubl'>";
        for name in ["application/xml", "text/xml", "text/plain"] {
            assert_eq!(
                fit(&declared(name), invoice),
                Ok(Some(Sniffed::Xml)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_lying_type_is_refused() {
        let (zip, exe) = (&b"PK\x03\x04\x14\0"[..], &b"MZ\x90\0\x03"[..]);
        for (name, first, taken) in [
            (
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                zip,
                true,
            ),
            ("application/vnd.oasis.opendocument.text", zip, true),
            ("application/msword", zip, false),
            ("image/png", zip, false),
            ("application/pdf", exe, false),
            ("image/jpeg", exe, false),
            ("text/csv", exe, false),
            ("application/x-nothing-known", exe, true),
            ("application/x-nothing-known", b"GIF89a", false),
            ("application/json", b"{}", true),
            ("application/vnd.ms-excel", b"a;b", true),
            ("image/svg+xml", b"no drawing", false),
            ("text/html", b"no page", false),
            ("application/pdf", b"", false),
            ("application/pdf", b" %PDF-1.7", false),
        ] {
            assert_eq!(
                fit(&declared(name), first).is_ok(),
                taken,
                "{name} {first:?}"
            );
        }
    }

    /// PNG's `names` are its own: no type is called like two signatures but for what lies in containers.
    #[test]
    fn every_kind_agrees_with_itself() {
        for kind in Sniffed::ALL {
            assert!(
                agrees(&declared(kind.content_type()), Some(*kind)),
                "{kind}"
            );
        }
    }
}
