//! Types that can say in JSON Schema what they look like, so that the API's description cannot
//! drift from the API.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use uuid::Uuid;

/// The schemas that have a name.
pub type Schemas = BTreeMap<&'static str, Value>;

/// A type of the API's.
pub trait Describe {
    /// Whether a request must have it.
    const REQUIRED: bool = true;

    /// Its schema; schemas with a name go into `schemas`.
    fn describe(schemas: &mut Schemas) -> Value;
}

/// The parameters of a query string.
pub trait Parameters {
    /// Each parameter's name and schema.
    fn parameters(schemas: &mut Schemas) -> Vec<(&'static str, Value)>;
}

/// Reads a field that was present, so that `null` is an error where the field has no null.
///
/// # Errors
/// What reading `T` returns.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl Describe for String {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "string" })
    }
}

impl Describe for bool {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "boolean" })
    }
}

impl Describe for i64 {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "integer" })
    }
}

impl Describe for i32 {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "integer" })
    }
}

impl Describe for Uuid {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "uuid" })
    }
}

impl Describe for DateTime<Utc> {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "date-time" })
    }
}

impl<T: Describe> Describe for Option<T> {
    const REQUIRED: bool = false;

    fn describe(schemas: &mut Schemas) -> Value {
        json!({ "anyOf": [T::describe(schemas), { "type": "null" }] })
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn describe(schemas: &mut Schemas) -> Value {
        json!({ "type": "array", "items": T::describe(schemas) })
    }
}

/// A named schema of an object, which knows all its fields.
pub fn object(
    schemas: &mut Schemas,
    name: &'static str,
    fields: Vec<(&'static str, bool, Value)>,
) -> Value {
    let required: Vec<_> = fields
        .iter()
        .filter(|field| field.1)
        .map(|field| field.0)
        .collect();
    let properties: serde_json::Map<String, Value> = fields
        .into_iter()
        .map(|(name, _, schema)| (name.to_owned(), schema))
        .collect();
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schemas.insert(name, schema);
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Declares what the API answers, takes, changes or is asked: a struct and its schema in one.
///
/// `answer` is serialised; all fields are always there. `request` is read strictly: unknown fields
/// are refused. In `changes` each field may be left out, which is not the same as null. `query` is
/// a query string, with a page's `limit` and `cursor`.
macro_rules! shape {
    (answer $(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Serialize)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::describe::Describe for $name {
            fn describe(schemas: &mut $crate::describe::Schemas) -> serde_json::Value {
                let fields = vec![$((
                    stringify!($field),
                    true,
                    <$type as $crate::describe::Describe>::describe(schemas),
                ),)*];
                $crate::describe::object(schemas, stringify!($name), fields)
            }
        }
    };
    (request $(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::describe::Describe for $name {
            fn describe(schemas: &mut $crate::describe::Schemas) -> serde_json::Value {
                let fields = vec![$((
                    stringify!($field),
                    <$type as $crate::describe::Describe>::REQUIRED,
                    <$type as $crate::describe::Describe>::describe(schemas),
                ),)*];
                $crate::describe::object(schemas, stringify!($name), fields)
            }
        }
    };
    (changes $(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(default, deserialize_with = "crate::describe::present")]
                pub $field: Option<$type>,
            )*
        }

        impl $name {
            /// Whether nothing is to be changed.
            pub fn is_empty(&self) -> bool {
                true $(&& self.$field.is_none())*
            }
        }

        impl $crate::describe::Describe for $name {
            fn describe(schemas: &mut $crate::describe::Schemas) -> serde_json::Value {
                let fields = vec![$((
                    stringify!($field),
                    false,
                    <$type as $crate::describe::Describe>::describe(schemas),
                ),)*];
                let reference = $crate::describe::object(schemas, stringify!($name), fields);
                schemas.entry(stringify!($name)).and_modify(|schema| {
                    schema["minProperties"] = 1.into();
                });
                reference
            }
        }
    };
    (query $(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// How many rows at most.
            pub limit: Option<$crate::page::Limit>,
            /// Where the page before ended.
            pub cursor: Option<$crate::page::Cursor>,
            $($(#[$field_meta])* pub $field: Option<$type>,)*
        }

        impl $crate::describe::Parameters for $name {
            fn parameters(
                schemas: &mut $crate::describe::Schemas,
            ) -> Vec<(&'static str, serde_json::Value)> {
                vec![
                    ("limit", <$crate::page::Limit as $crate::describe::Describe>::describe(schemas)),
                    ("cursor", <$crate::page::Cursor as $crate::describe::Describe>::describe(schemas)),
                    $((
                        stringify!($field),
                        <$type as $crate::describe::Describe>::describe(schemas),
                    ),)*
                ]
            }
        }
    };
}

pub(crate) use shape;
