//! FROM clauses of every make: the filter is where the real join tree wants it.

use weft_oracle::{
    declaration::Key,
    generate::{Generator, declaration},
    judge::Bench,
};
use weft_tenancy::guard::Shape;

mod common;

#[test]
fn every_join_tree_is_guarded_as_postgres_builds_it() {
    let run = common::Run::from_env(2_000);
    let benches = [Key::Uuid, Key::Int8].map(|key| Bench::new(declaration(key)).unwrap());
    run.each(|seed| {
        let sql = Generator::new(seed).joined();
        let shape = Shape {
            narrowed: seed & 1 > 0,
            show_deleted: seed & 6 == 6,
        };
        vec![benches[usize::from(seed & 8 > 0)].judge(&sql, shape)]
    });
}
