//! Passwords that everybody tries first.

/// 14 084 of them, lower-cased and sorted by bytes, one a line: 11 056 of 8 to 14 characters and 3 028
/// of 15 and more. `common_passwords.LICENSE` says where they come from.
const COMMON: &str = include_str!("common_passwords.txt");

/// Whether `folded` is one of them.
pub(super) fn is_common(folded: &str) -> bool {
    let mut rest = COMMON;
    loop {
        let middle = rest.len() / 2;
        let start = rest[..middle].rfind('\n').map_or(0, |end| end + 1);
        let Some(length) = rest[start..].find('\n') else {
            return false;
        };
        let line = &rest[start..start + length];
        rest = match folded.cmp(line) {
            std::cmp::Ordering::Less => &rest[..start],
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Greater => &rest[start + length + 1..],
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ASVS 6.2.4 asks for the 3 000 most common ones that the policy would let pass.
    #[test]
    fn there_are_3_000_for_each_policy() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.is_sorted() && lines.iter().all(|line| line.is_ascii()));
        for minimum in [8, 15] {
            let fitting = lines.iter().filter(|line| line.len() >= minimum).count();
            assert!(fitting >= 3_000, "{minimum}: {fitting}");
        }
        let (total, long) = (lines.len(), |line: &&&str| line.len() >= 15);
        assert_eq!((total, lines.iter().filter(long).count()), (14_084, 3_028));
    }

    #[test]
    fn each_is_found_and_nothing_else_is() {
        for line in COMMON.lines() {
            assert!(is_common(line), "{line}");
            for other in [
                format!("{line}\n"),
                format!("{line}\0"),
                format!("\n{line}"),
            ] {
                assert!(!is_common(&other), "{other:?}");
            }
        }
        for other in [
            "",
            "\n",
            "correct horse battery staple",
            "\u{10ffff}",
            "zzzzzzzzz",
        ] {
            assert!(!is_common(other), "{other:?}");
        }
    }
}
