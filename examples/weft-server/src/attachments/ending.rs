//! What a file is saved as is opened by its ending.

use crate::value::{FileType, Named};

/// A name with an ending of that type: its own, or one behind it. Of what may be anything, a browser alone
/// is kept away.
pub(crate) fn ending_as(kind: FileType, name: &Named) -> Named {
    let endings = endings(kind);
    let own = name.rsplit_once('.').map(|(_, own)| own);
    let among = |some: &[&str]| {
        let is_own = |one: &&str| own.is_some_and(|own| own.eq_ignore_ascii_case(one));
        some.iter().any(is_own)
    };
    let fits = match kind {
        FileType::Other => !among(PAGES),
        _ => among(endings),
    };
    match endings.first() {
        Some(first) if !fits => Named::tidied(&format!("{}.{first}", &**name)),
        _ => name.clone(),
    }
}

/// The usual one first.
const fn endings(kind: FileType) -> &'static [&'static str] {
    match kind {
        FileType::Png => &["png"],
        FileType::Jpeg => &["jpg", "jpeg", "jpe", "jfif", "pjpeg", "pjp"],
        FileType::Gif => &["gif"],
        FileType::Webp => &["webp"],
        FileType::Heic => &["heic", "heif"],
        FileType::Pdf => &["pdf"],
        FileType::Word => &["docx"],
        FileType::Excel => &["xlsx"],
        FileType::Text => &["txt", "text", "log", "md"],
        FileType::Csv => &["csv", "tsv", "txt"],
        FileType::Zip => &["zip"],
        FileType::Mp3 => &["mp3"],
        FileType::Mp4 => &["mp4", "m4v"],
        FileType::Other => &["bin"],
    }
}

/// What a browser opens, and runs.
const PAGES: &[&str] = &[
    "html", "htm", "shtml", "xhtml", "xht", "svg", "svgz", "mht", "mhtml", "hta",
];
