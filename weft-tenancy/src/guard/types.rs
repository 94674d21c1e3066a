//! The built-in types that a cast may name.
//!
//! Out of reach are the types that stand for a name in the catalogs (`'users'::regclass` asks whether
//! a table exists; of them text search alone needs `regconfig`), rows of catalog relations, and what
//! belongs to the inside of the server. `functions/catalog.sql` holds the rule.

/// Whether `name`, decoded and without its `[]`, is a built-in type within reach, as `pg_type` or as
/// the grammar spells it.
///
/// A quoted `"integer"` or a `pg_catalog.integer` is no spelling: ask [`is_catalog_type`].
pub(crate) fn is_builtin_type(name: &str) -> bool {
    is_catalog_type(name) || SPELLINGS.contains(&name)
}

/// Whether `pg_catalog` has a type of exactly this name, and it is within reach.
pub(crate) fn is_catalog_type(name: &str) -> bool {
    // The type of arrays of `text` is `_text`.
    TYPES
        .binary_search(&name.strip_prefix('_').unwrap_or(name))
        .is_ok()
}

/// Asks a live server for the name of every built-in type, and whether it is safe.
#[doc(hidden)]
pub const DERIVATION: &str = concat!(
    include_str!("functions/catalog.sql"),
    "select name, safe from types order by name",
);

/// What the list has wrong about the rows of [`DERIVATION`], a sentence each.
///
/// On a Postgres other than 15 and 18 a safe type may be missing without harm: it is refused.
#[doc(hidden)]
pub fn disagreements(rows: &[(String, bool)]) -> Vec<String> {
    rows.iter()
        .filter_map(|(name, safe)| match (is_builtin_type(name), safe) {
            (true, false) => Some(format!(
                "type {name} is allowed, and not safe on this server"
            )),
            (false, true) => Some(format!(
                "type {name} is not listed, and safe on this server"
            )),
            _ => None,
        })
        .collect()
}

#[rustfmt::skip]
static TYPES: &[&str] = &[
    "bit", "bool", "box", "bpchar", "bytea", "char", "cid", "cidr", "circle", "date",
    "datemultirange", "daterange", "float4", "float8", "inet", "int2", "int4", "int4multirange",
    "int4range", "int8", "int8multirange", "int8range", "interval", "json", "jsonb", "jsonpath",
    "line", "lseg", "macaddr", "macaddr8", "money", "name", "numeric", "nummultirange", "numrange",
    "oid", "path", "pg_lsn", "point", "polygon", "regconfig", "text", "tid", "time", "timestamp",
    "timestamptz", "timetz", "tsmultirange", "tsquery", "tsrange", "tstzmultirange", "tstzrange",
    "tsvector", "uuid", "varbit", "varchar", "xid", "xid8", "xml",
];

/// Keywords that the grammar turns into one of [`TYPES`], where they are not that name already.
#[rustfmt::skip]
static SPELLINGS: &[&str] = &[
    "bigint", "boolean", "character", "dec", "decimal", "double precision", "float", "int",
    "integer", "nchar", "real", "smallint",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(TYPES.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn everyday_types_are_within_reach() {
        for name in
            "bigint bool boolean bytea char character date decimal float float8 inet int int4
            int4range integer interval json jsonb jsonpath money name numeric oid real regconfig
            smallint text time timestamp timestamptz timetz tstzrange tsvector uuid varchar xid xml
            _text _uuid _int4"
                .split_whitespace()
        {
            assert!(is_builtin_type(name), "{name}");
        }
        assert!(is_builtin_type("double precision"));
    }

    #[test]
    fn types_that_stand_for_catalog_entries_are_out_of_reach() {
        for name in "regclass regcollation regdictionary regnamespace regoper regoperator regproc
            regprocedure regrole regtype _regclass _regproc _regtype pg_class pg_authid pg_proc
            pg_stat_activity _pg_class _pg_authid"
            .split_whitespace()
        {
            assert!(!is_builtin_type(name), "{name}");
        }
    }

    #[test]
    fn the_inside_of_the_server_is_out_of_reach() {
        for name in "aclitem any anyelement cstring event_trigger gtsvector int2vector internal
            oidvector pg_brin_bloom_summary pg_dependencies pg_lsn_ pg_mcv_list pg_ndistinct
            pg_node_tree pg_snapshot record refcursor trigger txid_snapshot unknown void _aclitem
            _cstring _record"
            .split_whitespace()
        {
            assert!(!is_builtin_type(name), "{name}");
        }
    }

    #[test]
    fn names_are_looked_up_as_they_are() {
        for name in [
            "TEXT", "Int4", " text", "text[]", "_", "", "__text", "citext", "orders",
        ] {
            assert!(!is_builtin_type(name), "{name:?}");
        }
    }

    #[test]
    fn a_spelling_is_no_name_in_the_catalog() {
        for name in SPELLINGS {
            assert!(
                !is_catalog_type(name) && !is_builtin_type(&format!("_{name}")),
                "{name}"
            );
        }
    }

    #[test]
    fn a_server_that_differs_from_the_list_is_told_where() {
        let row = |name: &str, safe| (name.to_owned(), safe);
        assert!(disagreements(&[row("text", true), row("regclass", false)]).is_empty());
        assert_eq!(
            disagreements(&[row("text", false), row("regclass", true)]).len(),
            2
        );
    }
}
