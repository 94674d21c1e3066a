//! What [`tenancy!`](crate::tenancy) expands to; not a public interface.

use std::collections::{BTreeMap, HashSet};

use diesel::{
    Column, Table as DieselTable,
    pg::{Pg, PgQueryBuilder},
    query_builder::{QueryBuilder, QueryFragment},
    sql_types::{self, SqlType, is_nullable},
};

use super::{Class, Table, Tenancy};
use crate::KeyType;

pub use diesel;

/// Declares which Diesel table belongs to whom.
///
/// ```
/// use diesel::prelude::*;
///
/// diesel::table! { organizations (id) { id -> Uuid, name -> Text, } }
/// diesel::table! { customers (org_id, id) { org_id -> Uuid, id -> Uuid, name -> Text, } }
/// diesel::table! { orders (org_id, id) {
///     org_id -> Uuid, id -> Uuid, shop_id -> BigInt, deleted_at -> Nullable<Timestamptz>,
/// } }
/// diesel::table! { plans (code) { code -> Text, } }
/// diesel::table! { users (id) { id -> Uuid, } }
///
/// weft_tenancy::tenancy! {
///     pub TENANCY: Uuid, shop i64;
///     root organizations(id);
///     org customers(org_id);
///     shop orders(org_id, shop_id) soft_delete(deleted_at);
///     shared plans;
///     private users;
///     type order_status;
///     type address(street, city);
///     function my_rank: "pure ranking, reads no table";
/// }
///
/// assert_eq!(TENANCY.tables().len(), 5);
/// ```
///
/// A `type` may be named in casts, and the fields of a composite one behind a dot; a `function` may be
/// called although it is not on the built-in list. Keys are `Uuid` or `i64`; shop keys also `i32`, and the key's own type when left out. The root
/// comes first. A column that is not the table's, is nullable or of another type, and a table
/// declared twice, do not compile:
///
/// ```compile_fail
/// # use diesel::prelude::*;
/// diesel::table! { organizations (id) { id -> Uuid, } }
/// diesel::table! { customers (id) { id -> Uuid, org_id -> Nullable<Uuid>, } }
///
/// weft_tenancy::tenancy! {
///     pub TENANCY: Uuid;
///     root organizations(id);
///     org customers(org_id);
/// }
/// ```
#[macro_export]
macro_rules! tenancy {
    ($(#[$meta:meta])* $vis:vis $name:ident: $key:ident; $($rest:tt)*) => {
        $crate::tenancy! { $(#[$meta])* $vis $name: $key, shop $key; $($rest)* }
    };
    ($(#[$meta:meta])* $vis:vis $name:ident: $key:ident, shop $shop:ident;
     root $($root:ident)::+ ($id:ident) $(soft_delete($deleted:ident))? $(; $($rest:tt)*)?) => {
        $(#[$meta])*
        $vis static $name: ::std::sync::LazyLock<$crate::Tenancy> =
            ::std::sync::LazyLock::new(|| {
                struct Here;
                let mut declaration = $crate::__private::Declaration::<
                    $crate::__tenancy_key!(org $key),
                    $crate::__tenancy_key!(shop $shop),
                >::new();
                impl $crate::__private::DeclaredOnce<Here> for $($root)::+::table {}
                declaration.root($($root)::+::table, $($root)::+::$id);
                $crate::__tenancy_soft_delete!(declaration ($($root)::+) $($deleted)?);
                $($crate::__tenancy_items!(declaration Here $($rest)*);)?
                declaration.finish()
            });
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tenancy_key {
    (org Uuid) => {
        $crate::__private::diesel::sql_types::Uuid
    };
    (org i64) => {
        $crate::__private::diesel::sql_types::BigInt
    };
    (shop Uuid) => {
        $crate::__private::diesel::sql_types::Uuid
    };
    (shop i64) => {
        $crate::__private::diesel::sql_types::BigInt
    };
    (shop i32) => {
        $crate::__private::diesel::sql_types::Integer
    };
    ($role:ident $other:ident) => {
        ::std::compile_error!("a key is Uuid or i64; a shop key may also be i32")
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tenancy_items {
    ($d:ident $here:ident) => {};
    ($d:ident $here:ident org $($table:ident)::+ ($org:ident)
     $(soft_delete($deleted:ident))? $(; $($rest:tt)*)?) => {
        impl $crate::__private::DeclaredOnce<$here> for $($table)::+::table {}
        $d.org($($table)::+::table, $($table)::+::$org);
        $crate::__tenancy_soft_delete!($d ($($table)::+) $($deleted)?);
        $($crate::__tenancy_items!($d $here $($rest)*);)?
    };
    ($d:ident $here:ident shop $($table:ident)::+ ($org:ident, $shop:ident)
     $(soft_delete($deleted:ident))? $(; $($rest:tt)*)?) => {
        impl $crate::__private::DeclaredOnce<$here> for $($table)::+::table {}
        $d.shop($($table)::+::table, $($table)::+::$org, $($table)::+::$shop);
        $crate::__tenancy_soft_delete!($d ($($table)::+) $($deleted)?);
        $($crate::__tenancy_items!($d $here $($rest)*);)?
    };
    ($d:ident $here:ident shared $($table:ident)::+ $(; $($rest:tt)*)?) => {
        impl $crate::__private::DeclaredOnce<$here> for $($table)::+::table {}
        $d.shared($($table)::+::table);
        $($crate::__tenancy_items!($d $here $($rest)*);)?
    };
    ($d:ident $here:ident private $($table:ident)::+ $(; $($rest:tt)*)?) => {
        impl $crate::__private::DeclaredOnce<$here> for $($table)::+::table {}
        $d.private($($table)::+::table);
        $($crate::__tenancy_items!($d $here $($rest)*);)?
    };
    ($d:ident $here:ident type $name:ident $(($($field:ident),+ $(,)?))? $(; $($rest:tt)*)?) => {
        $d.type_name(::std::stringify!($name), &[$($(::std::stringify!($field)),+)?]);
        $($crate::__tenancy_items!($d $here $($rest)*);)?
    };
    ($d:ident $here:ident function $name:ident : $reason:literal $(; $($rest:tt)*)?) => {
        const _: () = ::std::assert!(!$reason.is_empty(), "an allowed function needs a reason");
        $d.function(::std::stringify!($name), $reason);
        $($crate::__tenancy_items!($d $here $($rest)*);)?
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tenancy_soft_delete {
    ($d:ident $table:tt) => {};
    ($d:ident ($($table:ident)::+) $deleted:ident) => {
        $d.soft_delete($($table)::+::table, $($table)::+::$deleted);
    };
}

/// Implemented once for each table of a declaration; a second time does not compile.
pub trait DeclaredOnce<Declaration> {}

/// A type that a key column can have.
#[diagnostic::on_unimplemented(
    message = "a tenant key column is NOT NULL and of type Uuid, BigInt or (shops) Integer"
)]
pub trait KeyColumn: SqlType<IsNull = is_nullable::NotNull> {
    /// The same as a value.
    const KEY: KeyType;
}

impl KeyColumn for sql_types::Uuid {
    const KEY: KeyType = KeyType::Uuid;
}

impl KeyColumn for sql_types::BigInt {
    const KEY: KeyType = KeyType::I64;
}

impl KeyColumn for sql_types::Integer {
    const KEY: KeyType = KeyType::I32;
}

/// A declaration in the making; `K` and `S` are the SQL types of the two keys.
pub struct Declaration<K, S> {
    tables: Vec<Table>,
    functions: BTreeMap<String, String>,
    types: HashSet<String>,
    fields: HashSet<String>,
    keys: std::marker::PhantomData<(K, S)>,
}

#[allow(
    missing_docs,
    clippy::new_without_default,
    clippy::needless_pass_by_value
)]
impl<K: KeyColumn, S: KeyColumn> Declaration<K, S> {
    pub fn new() -> Self {
        Declaration {
            tables: Vec::new(),
            functions: BTreeMap::new(),
            types: HashSet::new(),
            fields: HashSet::new(),
            keys: std::marker::PhantomData,
        }
    }

    pub fn root<T: Declarable, C: Column<Table = T, SqlType = K>>(&mut self, table: T, _: C)
    where
        T::AllColumns: QueryFragment<Pg>,
    {
        self.add(
            table,
            Class::Root {
                id: C::NAME.to_owned(),
            },
        );
    }

    pub fn org<T: Declarable, C: Column<Table = T, SqlType = K>>(&mut self, table: T, _: C)
    where
        T::AllColumns: QueryFragment<Pg>,
    {
        self.add(
            table,
            Class::Org {
                org: C::NAME.to_owned(),
            },
        );
    }

    pub fn shop<T, O, C>(&mut self, table: T, _: O, _: C)
    where
        T: Declarable,
        T::AllColumns: QueryFragment<Pg>,
        O: Column<Table = T, SqlType = K>,
        C: Column<Table = T, SqlType = S>,
    {
        self.add(
            table,
            Class::Shop {
                org: O::NAME.to_owned(),
                shop: C::NAME.to_owned(),
            },
        );
    }

    pub fn shared<T: Declarable>(&mut self, table: T)
    where
        T::AllColumns: QueryFragment<Pg>,
    {
        self.add(table, Class::Shared);
    }

    pub fn private<T: Declarable>(&mut self, table: T)
    where
        T::AllColumns: QueryFragment<Pg>,
    {
        self.add(table, Class::Private);
    }

    /// Of the table declared last.
    pub fn soft_delete<T: Declarable, C: Column<Table = T>>(&mut self, _: T, _: C)
    where
        C::SqlType: SqlType<IsNull = is_nullable::IsNullable>,
    {
        if let Some(table) = self.tables.last_mut() {
            table.soft_delete = Some(C::NAME.to_owned());
        }
    }

    pub fn function(&mut self, name: &str, reason: &str) {
        self.functions.insert(name.to_owned(), reason.to_owned());
    }

    pub fn type_name(&mut self, name: &str, fields: &[&str]) {
        self.types.insert(name.to_owned());
        self.fields
            .extend(fields.iter().map(|field| (*field).to_owned()));
    }

    /// # Panics
    /// When a name is one that Postgres reserves or truncates: at the first use of the static.
    #[allow(clippy::panic)]
    pub fn finish(self) -> Tenancy {
        match Tenancy::build(
            K::KEY,
            S::KEY,
            self.tables,
            self.functions,
            self.types,
            self.fields,
        ) {
            Ok(tenancy) => tenancy,
            Err(error) => panic!("tenancy!: {error}"),
        }
    }

    fn add<T: Declarable>(&mut self, table: T, class: Class)
    where
        T::AllColumns: QueryFragment<Pg>,
    {
        let mut path = quoted_paths(&render(&table)).pop().unwrap_or_default();
        let name = path.pop().unwrap_or_default();
        let schema = path.pop().unwrap_or_else(|| "public".to_owned());
        let columns = quoted_paths(&render(&T::all_columns()))
            .into_iter()
            .filter_map(|mut path| path.pop())
            .collect();
        let mut table = Table::new(&schema, &name, class);
        table.columns = Some(columns);
        self.tables.push(table);
    }
}

/// A Diesel table whose name and columns can be rendered for Postgres.
pub trait Declarable: DieselTable + QueryFragment<Pg> {}

impl<T: DieselTable + QueryFragment<Pg>> Declarable for T {}

fn render(fragment: &impl QueryFragment<Pg>) -> String {
    let mut builder = PgQueryBuilder::default();
    // Names alone cannot fail to render; an empty text leaves an empty name, which `build` refuses.
    let _ = fragment.to_sql(&mut builder, &Pg);
    builder.finish()
}

/// Reads `"a"."b", "c"` as `[[a, b], [c]]`.
fn quoted_paths(sql: &str) -> Vec<Vec<String>> {
    let mut paths = vec![Vec::new()];
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                let mut name = String::new();
                while let Some(c) = rest.next() {
                    match c {
                        '"' if rest.next_if_eq(&'"').is_some() => name.push('"'),
                        '"' => break,
                        c => name.push(c),
                    }
                }
                if let Some(path) = paths.last_mut() {
                    path.push(name);
                }
            }
            ',' => paths.push(Vec::new()),
            _ => {}
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::quoted_paths;

    #[test]
    fn rendered_names_are_read_back() {
        assert_eq!(
            quoted_paths(r#""s"."a""b", "c.d, e""#),
            [
                vec!["s".to_owned(), "a\"b".to_owned()],
                vec!["c.d, e".to_owned()]
            ]
        );
    }
}
