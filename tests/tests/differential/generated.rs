//! Generated statements.

use weft_tests::differential::{Statement, run};

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
    if count == 1 {
        println!("{}", Statement::generate(first));
    }
    assert!(
        report.differences.is_empty(),
        "{} statements differ; WEFT_DIFFERENTIAL_SEED replays one:\n{}",
        report.different,
        report.differences.join("\n\n")
    );
    if count < STATEMENTS {
        return;
    }
    let of = |part: u64| part * 100 / report.statements;
    assert!(of(report.accepted) >= 70, "the guard accepts too few");
    assert!(of(report.succeeded) >= 80, "too many raise in the twin");
    assert!(of(report.fruitful) >= 40, "too many find nothing");
    for feature in FEATURES {
        assert!(
            report.features.contains_key(feature),
            "none agreed on has {feature}"
        );
    }
}

/// What the statements of any full run are made of, between them.
const FEATURES: &[&str] = &[
    "a CTE with the name of a table",
    "a condition on the organisation",
    "aggregate",
    "alias with columns",
    "aliased join",
    "ANY and ALL",
    "bind",
    "comma join",
    "conditions that raise",
    "correlated subquery",
    "CROSS JOIN",
    "CTE",
    "data-modifying CTE",
    "DELETE",
    "DELETE … USING",
    "DISTINCT",
    "DISTINCT ON",
    "DO NOTHING",
    "DO UPDATE",
    "EXISTS",
    "FILTER",
    "FULL JOIN",
    "GROUP BY",
    "GROUP BY a primary key",
    "HAVING",
    "IN (subquery)",
    "INNER JOIN",
    "INSERT from a data-modifying CTE",
    "INSERT of a set operation",
    "INSERT … SELECT",
    "INSERT … VALUES",
    "LATERAL",
    "LEFT JOIN",
    "LIMIT",
    "NATURAL JOIN",
    "nested join",
    "NOT",
    "OR",
    "ORDER BY",
    "query in parentheses",
    "RETURNING",
    "RIGHT JOIN",
    "ROLLUP, CUBE and GROUPING SETS",
    "row locks",
    "scalar subquery",
    "set operation",
    "SET of a subquery",
    "SET of the shop",
    "subquery in FROM",
    "TABLE",
    "UPDATE",
    "UPDATE of the root",
    "UPDATE … FROM",
    "UPDATE … FROM one row each",
    "USING",
    "VALUES",
    "VALUES in FROM",
    "whole row in RETURNING",
    "whole-row condition",
    "whole-row reference",
    "window function",
    "WITH",
    "WITH RECURSIVE",
];
