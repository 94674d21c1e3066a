//! Generated statements.

use weft_tests::differential::run;

/// How many statements the plain test command generates.
const STATEMENTS: u64 = 5_000;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

#[test]
fn a_scope_gets_and_does_what_its_twin_does() {
    let (count, first) = (
        number("WEFT_DIFFERENTIAL"),
        number("WEFT_DIFFERENTIAL_SEED"),
    );
    let count = count.unwrap_or(if first.is_some() { 1 } else { STATEMENTS });
    let first = first.unwrap_or(0);
    let report = run(first..first + count).unwrap();
    println!("{report}");
    assert!(
        report.differences.is_empty(),
        "{} statements differ; WEFT_DIFFERENTIAL_SEED replays one:\n{}",
        report.different,
        report.differences.join("\n\n")
    );
    if count < STATEMENTS {
        return;
    }
    assert!(
        report.accepted * 100 >= report.statements * 70,
        "the guard accepts too few"
    );
    assert!(
        report.succeeded * 100 >= report.statements * 80,
        "too many raise in the twin"
    );
}
