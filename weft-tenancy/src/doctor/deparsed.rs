//! The conditions of [`Policies`](crate::Policies) as the server shows them; 15 and 18 agree.

use crate::KeyType;

/// Of `weft_org`, over a column that the server quoted.
pub(super) fn is_org(column: &str, key: KeyType, signed: bool) -> String {
    let key = shown(key);
    let org = match signed {
        false => format!(
            "(NULLIF(current_setting('weft.org_id'::text, true), ''::text))::{key} AS \"nullif\""
        ),
        true => format!("(weft.signed_org())::{key} AS signed_org"),
    };
    format!("({column} = ( SELECT {org}))")
}

/// Of `weft_shop`.
pub(super) fn is_shop(column: &str, key: KeyType, signed: bool) -> String {
    let key = shown(key);
    let shops = match signed {
        false => "current_setting('weft.shop_ids'::text, true)",
        true => "weft.signed_shops()",
    };
    format!(
        "(( SELECT ({shops} = '*'::text)) OR ({column} = ANY (( SELECT\n        \
                 CASE\n            \
                     WHEN ({shops} ~~ '{{%'::text) THEN ({shops})::{key}[]\n            \
                     ELSE NULL::{key}[]\n        \
                 END AS \"case\")::{key}[])))"
    )
}

fn shown(key: KeyType) -> &'static str {
    match key {
        KeyType::I32 => "integer",
        KeyType::I64 => "bigint",
        KeyType::Uuid => "uuid",
    }
}
