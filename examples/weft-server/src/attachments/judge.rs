//! Whether what has come is what was said to come.

use std::fmt;

use super::{
    answer::Found,
    kind::{Looks, agrees, look},
};
use crate::{error::Problem, value::FileType};

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has more or fewer bytes than were announced.
    Size,
    /// Its bytes are not those of the checksum.
    Checksum,
    /// The store has it under another type.
    Type,
    /// It is HTML, SVG or the like.
    Markup,
    /// It is not of the type that it was called.
    Lie,
    /// Another one took its place meanwhile.
    Replaced,
}

/// What was announced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced {
    pub(crate) content_type: FileType,
    pub(crate) sizes: (i64, i64),
    pub(crate) sha256: Option<[u8; 32]>,
}

/// Judges what was found, by what the store says of it and by its first bytes: `None` are those of
/// something else.
///
/// # Errors
/// When it is not to be taken.
pub(crate) fn judge(
    announced: Announced,
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
    if found.content_type != announced.content_type.as_str() {
        return Err(Refusal::Type);
    }
    match look(first.ok_or(Refusal::Replaced)?) {
        Looks::Markup => Err(Refusal::Markup),
        looks if agrees(announced.content_type, looks) => Ok(()),
        _ => Err(Refusal::Lie),
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Size => "the file has not the size that was announced",
            Refusal::Checksum => "the file is not the one of the checksum",
            Refusal::Type => "the file has not the type that was announced",
            Refusal::Markup => "HTML, SVG and other markup is not taken",
            Refusal::Lie => "the file is not of the type that it was called",
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
    use super::*;

    const PDF: Announced = Announced {
        content_type: FileType::Pdf,
        sizes: (9, 9),
        sha256: Some([7; 32]),
    };

    fn found() -> Found {
        Found {
            size: 9,
            content_type: "application/pdf".to_owned(),
            etag: "\"a\"".to_owned(),
            sha256: Some([7; 32]),
        }
    }

    #[test]
    fn all_of_it_has_to_be_as_announced() {
        let judged = |found: &Found, first: &[u8]| judge(PDF, found, Some(first));
        assert_eq!(judged(&found(), b"%PDF-1.7\n"), Ok(()));
        let other = |size, sha256, content_type: &str| Found {
            size,
            sha256,
            content_type: content_type.to_owned(),
            ..found()
        };
        let sum = Some([7; 32]);
        for (other, refusal) in [
            (other(8, sum, "application/pdf"), Refusal::Size),
            (other(10, sum, "application/pdf"), Refusal::Size),
            (
                other(9, Some([8; 32]), "application/pdf"),
                Refusal::Checksum,
            ),
            (other(9, None, "application/pdf"), Refusal::Checksum),
            (other(9, sum, "text/html"), Refusal::Type),
        ] {
            assert_eq!(judged(&other, b"%PDF-1.7\n"), Err(refusal));
        }
        assert_eq!(judged(&found(), b"<html>xxx"), Err(Refusal::Markup));
        assert_eq!(judged(&found(), b"\x89PNG\r\n\x1a\n."), Err(Refusal::Lie));
        assert_eq!(judge(PDF, &found(), None), Err(Refusal::Replaced));
    }
}
