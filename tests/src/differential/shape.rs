//! The shapes of scope that statements run in, and what each means.

use weft_tenancy::Scope;

use super::schema::A;

/// A scope of A: which shops, and whether deleted rows are in sight.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// Each list narrows the one before it; none is the whole organisation.
    pub narrowings: &'static [&'static [i64]],
    /// The shops left; `None` is all of them.
    pub shops: Option<&'static [i64]>,
    /// Whether deleted rows are in sight.
    pub deleted: bool,
}

/// Every shape: whole, narrowed once and twice, narrowed to nothing; each with and without deleted
/// rows.
pub const SHAPES: &[Shape] = &[
    shape(&[], None, false),
    shape(&[&[1, 2]], Some(&[1, 2]), false),
    shape(&[&[1, 2], &[2, 3]], Some(&[2]), false),
    shape(&[&[]], Some(&[]), false),
    shape(&[], None, true),
    shape(&[&[3, 1]], Some(&[1, 3]), true),
    shape(&[&[3]], Some(&[3]), true),
    shape(&[&[1], &[2]], Some(&[]), true),
];

const fn shape(
    narrowings: &'static [&'static [i64]],
    shops: Option<&'static [i64]>,
    deleted: bool,
) -> Shape {
    Shape {
        narrowings,
        shops,
        deleted,
    }
}

impl Shape {
    /// The shops whose rows may be written.
    pub fn writable(&self) -> &'static [i64] {
        self.shops.unwrap_or(&[1, 2, 3])
    }

    /// The scope, without its deleted rows.
    pub fn scope(&self) -> Scope {
        let narrowed = |scope: Scope, shops: &&[i64]| scope.narrowed_to(shops.iter().copied());
        self.narrowings.iter().fold(Scope::org(A), narrowed)
    }

    /// The message that opens a transaction with the context of row-level security.
    pub fn begin(&self) -> String {
        let shops = self.shops.map_or("*".to_owned(), array);
        format!("BEGIN; SET LOCAL weft.org_id = '{A}'; SET LOCAL weft.shop_ids = '{shops}'")
    }

    /// What makes the shared database one that holds this shape alone, where cells that are left
    /// out are A's.
    pub fn alone(&self) -> String {
        let mut sql = String::new();
        for table in ["customers", "orders", "items", "notes", "archive.logs"] {
            sql += &format!(
                "ALTER TABLE {table} ALTER org_id SET DEFAULT '{A}';
                 DELETE FROM {table} WHERE org_id <> '{A}';"
            );
        }
        sql += &format!("DELETE FROM organizations WHERE id <> '{A}';");
        if let Some(shops) = self.shops {
            for table in ["orders", "items"] {
                let first = shops.first().map_or("NULL".to_owned(), i64::to_string);
                sql += &format!(
                    "ALTER TABLE {table} ALTER shop_id SET DEFAULT {first};
                     DELETE FROM {table} WHERE shop_id <> ALL('{}'::bigint[]);",
                    array(shops)
                );
            }
        }
        if !self.deleted {
            sql += "DELETE FROM orders WHERE deleted_at IS NOT NULL;
                    DELETE FROM notes WHERE removed_at IS NOT NULL;";
        }
        sql
    }
}

fn array(shops: &[i64]) -> String {
    let shops: Vec<_> = shops.iter().map(i64::to_string).collect();
    format!("{{{}}}", shops.join(","))
}
