//! Whether what has come is what was said to come.

use std::fmt;

use weft_storage::{ContentType, Found, Sha256, Unfit, fit};

use crate::error::Problem;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has more or fewer bytes than were announced.
    Size,
    /// Its bytes are not those of the checksum.
    Checksum,
    /// The store has it under another type.
    Type,
    /// It is not what it was called, or a browser would run it.
    Unfit(Unfit),
    /// Another one took its place meanwhile.
    Replaced,
}

/// What was announced.
#[derive(Debug, Clone)]
pub(crate) struct Announced {
    pub(crate) content_type: ContentType,
    /// The fewest bytes and the most.
    pub(crate) sizes: (u64, u64),
    pub(crate) sha256: Option<Sha256>,
}

/// Judges what was found, by what the store says of it and by its first bytes: `None` are those of
/// something else.
///
/// # Errors
/// When it is not to be taken.
pub(crate) fn judge(
    announced: &Announced,
    found: &Found,
    first: Option<&[u8]>,
) -> Result<(), Refusal> {
    let (least, most) = announced.sizes;
    if !(least..=most).contains(&found.size) {
        return Err(Refusal::Size);
    }
    if announced.sha256.is_some() && announced.sha256 != found.sha256 {
        return Err(Refusal::Checksum);
    }
    if found.content_type.as_deref() != Some(announced.content_type.as_str()) {
        return Err(Refusal::Type);
    }
    let first = first.ok_or(Refusal::Replaced)?;
    fit(&announced.content_type, first).map_err(Refusal::Unfit)?;
    Ok(())
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Size => "the file has not the size that was announced",
            Refusal::Checksum => "the file is not the one of the checksum",
            Refusal::Type => "the file has not the type that was announced",
            Refusal::Unfit(unfit) => return unfit.fmt(f),
            Refusal::Replaced => "another file took the place of the one that was confirmed",
        })
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem::unprocessable(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use weft_storage::{Answer, Sniffed};

    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n";
    const SUM: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

    fn judged(size: &str, sum: Option<&str>, kind: &str, first: &[u8]) -> Result<(), Refusal> {
        let announced = Announced {
            content_type: ContentType::new("application/pdf").unwrap(),
            sizes: (9, 9),
            sha256: Some(Sha256([7; 32])),
        };
        let headers = [("content-length", size), ("content-type", kind)];
        let sum = sum.map(|sum| ("x-amz-checksum-sha256", sum));
        let answer = Answer::new(200, headers.into_iter().chain(sum), b"");
        let found = answer.found(std::time::SystemTime::UNIX_EPOCH).unwrap();
        assert!(judge(&announced, &found, None).is_err());
        judge(&announced, &found, Some(first))
    }

    #[test]
    fn all_of_it_has_to_be_as_announced() {
        let (pdf, sum) = ("application/pdf", Some(SUM));
        assert_eq!(judged("9", sum, pdf, PDF), Ok(()));
        let other = Some("CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=");
        for (size, sum, kind, refusal) in [
            ("8", sum, pdf, Refusal::Size),
            ("10", sum, pdf, Refusal::Size),
            ("9", other, pdf, Refusal::Checksum),
            ("9", None, pdf, Refusal::Checksum),
            ("9", sum, "text/html", Refusal::Type),
        ] {
            assert_eq!(judged(size, sum, kind, PDF), Err(refusal));
        }
        for (first, unfit) in [
            (&b"<html>xxx"[..], Unfit::Active(Sniffed::Html)),
            (
                b"\x89PNG\r\n\x1a\n.",
                Unfit::NotAsDeclared(Some(Sniffed::Png)),
            ),
        ] {
            let refusal = judged("9", sum, pdf, first);
            assert_eq!(refusal, Err(Refusal::Unfit(unfit)));
        }
    }
}
