//! The requests that the fuzzers have kept, and those that were planted for them to build upon.

use std::fs;
use std::path::Path;

use crate::requests::{Outcome, outcome};

const TARGETS: [&str; 8] = [
    "stripe", "shopify", "slack", "standard", "github", "workos", "stalwart", "generic",
];

#[test]
fn what_the_fuzzers_have_kept_breaks_no_promise() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for target in TARGETS {
        let (mut accepted, mut refused) = (0, 0);
        for entry in fs::read_dir(corpus.join(target)).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            let outcome = outcome(target, &fs::read(&path).unwrap());
            let name = path.file_name().unwrap().to_str().unwrap();
            match name.split_once('-').map(|(first, _)| first) {
                Some("accepted") => assert_eq!(outcome, Outcome::Accepted),
                Some("refused") => assert_eq!(outcome, Outcome::Refused),
                _ => assert_ne!(outcome, Outcome::Unread),
            }
            accepted += usize::from(outcome == Outcome::Accepted);
            refused += usize::from(outcome == Outcome::Refused);
        }
        assert!(accepted > 5 && refused > 15, "next to nothing is replayed");
    }
}
