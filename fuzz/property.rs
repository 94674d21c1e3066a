//! What holds for the guard whatever it is given. The fuzzer looks for an input that breaks it, and
//! the plain tests replay the inputs it has kept.

use std::sync::LazyLock;

use squawk_lexer::{TokenKind, tokenize};
use weft_tenancy::{
    RefusalKind, Scope, Tenancy,
    guard::{Cell, Guarded, Shape, highest_bind, reading},
};

/// Panics where `input` breaks a promise; says whether the guard could read it as a statement that may
/// run in a scope. The first byte says how the text behind it is guarded: one bit each for a narrowed
/// scope, deleted rows, known columns and binds that the text does not use.
pub(crate) fn holds(input: &[u8]) -> bool {
    let Some((flags, text)) = input.split_first() else {
        return false;
    };
    let Ok(sql) = std::str::from_utf8(text) else {
        return false;
    };
    let shape = Shape {
        narrowed: flags & 1 > 0,
        show_deleted: flags & 2 > 0,
    };
    let bench = if flags & 4 > 0 { &COLUMNS } else { &NAMES };
    let spare = u16::from(flags & 8 > 0) * 3;
    let Ok(highest) = highest_bind(sql) else {
        let refused = bench.0.guard(sql, u16::MAX, shape).is_err();
        assert!(refused, "a limit was forgotten");
        return false;
    };
    let binds = highest.saturating_add(spare);
    let once = bench.0.guard(sql, binds, shape);
    let again = bench.1.guard(sql, binds, shape);
    assert_eq!(once, again, "one text is guarded in two ways");
    match once {
        Ok(guarded) => is_sound(&guarded, sql, binds, shape, &bench.0),
        Err(refusal) => {
            assert_ne!(refusal.kind(), RefusalKind::Unproved, "{refusal}");
            let unread = [
                RefusalKind::Unparseable,
                RefusalKind::StatementKind,
                RefusalKind::MultipleStatements,
            ];
            return !unread.contains(&refusal.kind());
        }
    }
    true
}

fn is_sound(guarded: &Guarded, sql: &str, binds: u16, shape: Shape, tenancy: &Tenancy) {
    assert!(reading::read(sql).is_ok(), "guarded, and not read");
    let mut sent = tokens(guarded.sql());
    for token in tokens(sql) {
        assert!(
            sent.any(|other| other == token),
            "{token:?} was lost: {}",
            guarded.sql()
        );
    }
    let own = [guarded.org_bind(), guarded.shop_bind()]
        .into_iter()
        .flatten();
    let own: Vec<_> = own.collect();
    assert!(
        own.iter().all(|number| (1..=2).contains(&(number - binds))),
        "{own:?}"
    );
    let highest =
        highest_bind(guarded.sql()).expect("what is sent keeps the limits of placeholders");
    assert!(
        highest <= own.iter().copied().max().unwrap_or(binds),
        "${highest} has no bind"
    );
    let scope = Scope::org(1_i64).narrowed_to([2_i32]);
    for check in guarded.checks() {
        // A verdict on any literal; whose it is, the tests of the guard say.
        let _ = check.judge(tenancy, &scope);
        if let Cell::Bind(number) = check.cell() {
            assert!(*number <= binds, "${number} is not the caller's");
        }
    }
    if let Some(binds) = binds.checked_add(2)
        && let Err(refusal) = tenancy.guard(guarded.sql(), binds, shape)
    {
        let broken = [
            RefusalKind::Unproved,
            RefusalKind::Unparseable,
            RefusalKind::MultipleStatements,
            RefusalKind::UndeclaredTable,
        ];
        assert!(
            !broken.contains(&refusal.kind()),
            "{refusal}: {}",
            guarded.sql()
        );
    }
}

fn tokens(sql: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    tokenize(sql).filter_map(move |token| {
        let text = &sql[at..at + token.len as usize];
        at += text.len();
        let blank = matches!(
            token.kind,
            TokenKind::Whitespace
                | TokenKind::LineComment
                | TokenKind::BlockComment { .. }
                | TokenKind::Eof
        );
        (!blank).then_some(text)
    })
}

/// One declaration twice, so that what one has cached the other reads anew.
type Bench = LazyLock<(Tenancy, Tenancy)>;

static NAMES: Bench = LazyLock::new(|| (declare("uuid", ""), declare("uuid", "")));
static COLUMNS: Bench = LazyLock::new(|| (declare("i64", KNOWN), declare("i64", KNOWN)));

fn declare(key: &str, columns: &str) -> Tenancy {
    let toml = format!("key = \"{key}\"\n{TABLES}{columns}");
    Tenancy::from_toml(&toml).expect("the declaration is sound")
}

const TABLES: &str = r#"
shop_key = "i32"
shared = ["plans"]
private = ["users"]
types = ["mood"]
fields = ["city"]
[root]
organizations = "id"
[org]
customers = "org_id"
notes = "org_id"
"s2.orders" = "org_id"
[shop]
orders = ["org_id", "shop_id"]
items = ["org_id", "shop_id"]
"Orders" = ["org_id", "shop_id"]
[soft_delete]
notes = "deleted_at"
orders = "deleted_at"
[functions]
my_rank = "pure ranking, reads no table"
"#;

const KNOWN: &str = r#"
[columns]
plans = ["id", "name"]
users = ["id", "email"]
organizations = ["id", "name"]
customers = ["id", "org_id", "name"]
notes = ["id", "org_id", "body", "deleted_at"]
"s2.orders" = ["id", "org_id"]
orders = ["id", "org_id", "shop_id", "state", "total", "deleted_at"]
items = ["id", "org_id", "shop_id", "order_id"]
"Orders" = ["id", "org_id", "shop_id"]
"#;
