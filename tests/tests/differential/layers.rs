//! Where the layers differ from each other, and why both are there.

use weft_tenancy::Key;
use weft_tests::differential::{Answer, Layers, SHAPES, Shape, Statement, World};

fn shape(shops: Option<&[i64]>, deleted: bool) -> &'static Shape {
    let meant = |shape: &&Shape| shape.shops == shops && shape.deleted == deleted;
    SHAPES.iter().find(meant).unwrap()
}

fn is_error(answer: &Answer, message: &str) -> bool {
    matches!(answer, Answer::Raised(raised) if raised.starts_with(message))
}

fn wrote(answer: &Answer) -> usize {
    match answer {
        Answer::Ran {
            count,
            change: Some(change),
            ..
        } => {
            assert!(
                change.others.iter().all(|change| *change == 0),
                "{answer:?}"
            );
            *count
        }
        _ => panic!("{answer:?}"),
    }
}

/// SQLSTATE 42501.
const DENIED: &str = "new row violates row-level security policy";
/// SQLSTATE 23505.
const DUPLICATE: &str = "duplicate key value violates unique constraint";

#[test]
fn a_key_of_a_hidden_row_is_no_conflict_to_the_hook_and_an_error_to_row_level_security() {
    let mut world = World::new().unwrap();
    // The order 301 is one of shop 3, and shop 2 meets its key.
    let shop_2 = shape(Some(&[2]), false);
    let mut ask = |conflict: &str| {
        let sql = format!("INSERT INTO orders (id, shop_id, total) VALUES (301, 2, 7){conflict}");
        let statement = Statement::new(&sql, shop_2, false);
        [Layers::Twin, Layers::Hook, Layers::Policies, Layers::Both]
            .map(|layers| world.answer(&statement, layers).unwrap())
    };

    let [twin, hook, policies, both] =
        ask(" ON CONFLICT (org_id, id) DO UPDATE SET total = excluded.total");
    assert_eq!(wrote(&twin), 1);
    assert_eq!(wrote(&hook), 0);
    assert!(is_error(&policies, DENIED), "{policies:?}");
    assert_eq!(wrote(&both), 0, "the hook's condition comes first");

    let [twin, hook, policies, both] = ask(" ON CONFLICT DO NOTHING");
    assert_eq!(wrote(&twin), 1);
    assert_eq!([&hook, &policies, &both].map(wrote), [0, 0, 0]);

    let [twin, hook, policies, both] = ask("");
    assert_eq!(wrote(&twin), 1);
    for answer in [hook, policies, both] {
        assert!(is_error(&answer, DUPLICATE), "{answer:?}");
    }
}

#[test]
fn errors_tell_of_foreign_rows_only_without_row_level_security() {
    let mut world = World::new().unwrap();
    let whole = shape(None, true);
    let mut ask = |sql: &str| {
        let statement = Statement::new(sql, whole, true);
        [Layers::Twin, Layers::Hook, Layers::Policies, Layers::Both]
            .map(|layers| world.answer(&statement, layers).unwrap())
    };
    // A body of B's is no regular expression. A pattern costs no more than the guard, and the
    // server evaluates what costs the same in an order of its own.
    let mut told = 0;
    for sql in [
        "SELECT l.id FROM archive.logs AS l WHERE 'x' ~ l.body",
        "SELECT l.id FROM archive.logs AS l WHERE 'anna' ~ l.body AND l.level >= 0",
        "SELECT count(*) FROM archive.logs AS l WHERE NOT 'x' ~ l.body",
    ] {
        let [twin, hook, policies, both] = ask(sql);
        assert!(matches!(twin, Answer::Ran { .. }), "{sql}: {twin:?}");
        assert_eq!(policies, twin, "{sql}");
        assert_eq!(both, twin, "{sql}");
        told += usize::from(is_error(&hook, "invalid regular expression"));
    }
    assert!(
        told > 0,
        "the server evaluates guards first: say so in DESIGN.md"
    );
}

#[test]
fn each_shape_is_the_scope_it_stands_for() {
    for shape in SHAPES {
        let shops = shape.scope().shops().map(<[Key]>::to_vec);
        let meant = shape
            .shops
            .map(|shops| shops.iter().copied().map(Key::from).collect());
        assert_eq!(shops, meant, "{shape:?}");
    }
}
