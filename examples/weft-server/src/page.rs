//! Keyset pages: a page begins where the one before ended, whatever was written in between.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::describe::{Describe, Schemas};

/// How many rows a page holds: 50 unless told, 100 at most.
#[derive(Debug, Clone, Copy)]
pub struct Limit(u8);

/// The place of a row in its order. Clients hand it back as they got it.
///
/// It holds a time and an id and no secret; a forged one is only another place to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the row was made or placed.
    pub at: DateTime<Utc>,
    /// The row's id, which makes the order total.
    pub id: Uuid,
}

/// Some rows, and where the next begin.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The next page's cursor; null on the last page.
    pub next: Option<String>,
}

/// A row that has a place in its list.
pub trait Keyed {
    /// The place.
    fn key(&self) -> Cursor;
}

impl Limit {
    /// Rows of a page whose query names `limit`, or does not.
    pub fn rows(limit: Option<Limit>) -> i64 {
        limit.map_or(50, |limit| limit.0.into())
    }
}

impl<T: Keyed> Page<T> {
    /// A page of at most `rows` of the rows that were read: one more than that, if there are more.
    pub fn new(mut items: Vec<T>, rows: i64) -> Page<T> {
        let rows = usize::try_from(rows).unwrap_or(0);
        let more = items.len() > rows;
        items.truncate(rows);
        let next = items
            .last()
            .filter(|_| more)
            .map(|last| last.key().encode());
        Page { items, next }
    }
}

impl Cursor {
    fn encode(self) -> String {
        let mut bytes = self.at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(text: &str) -> Option<Cursor> {
        let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (at, id) = bytes.split_at(8);
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
        // Postgres's own calendar is narrower than chrono's.
        let years = -4000..=200_000;
        years
            .contains(&chrono::Datelike::year(&at))
            .then_some(Cursor {
                at,
                id: Uuid::from_slice(id).ok()?,
            })
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let rows = String::deserialize(from)?;
        match rows.parse() {
            Ok(rows @ 1..=100) => Ok(Limit(rows)),
            _ => Err(D::Error::custom("limit is a number of 1 to 100")),
        }
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Cursor::decode(&text).ok_or_else(|| D::Error::custom("cursor is not one that a page gave"))
    }
}

impl Describe for Limit {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 })
    }
}

impl Describe for Cursor {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "string", "description": "The `next` of the page before" })
    }
}

impl<T: Describe> Describe for Page<T> {
    fn describe(schemas: &mut Schemas) -> Value {
        json!({
            "type": "object",
            "properties": {
                "items": Vec::<T>::describe(schemas),
                "next": Option::<String>::describe(schemas),
            },
            "required": ["items", "next"],
            "additionalProperties": false,
        })
    }
}

/// The rows of a boxed query that follow a cursor, in the order of a time and an id.
macro_rules! after {
    ($query:expr, newest $at:expr, $id:expr, $asked:expr) => {{
        let mut query = $query;
        if let Some(cursor) = $asked.cursor {
            query = query.filter(
                $at.lt(cursor.at)
                    .or($at.eq(cursor.at).and($id.lt(cursor.id))),
            );
        }
        query
            .order(($at.desc(), $id.desc()))
            .limit($crate::page::Limit::rows($asked.limit) + 1)
    }};
    ($query:expr, oldest $at:expr, $id:expr, $asked:expr) => {{
        let mut query = $query;
        if let Some(cursor) = $asked.cursor {
            query = query.filter(
                $at.gt(cursor.at)
                    .or($at.eq(cursor.at).and($id.gt(cursor.id))),
            );
        }
        query
            .order(($at.asc(), $id.asc()))
            .limit($crate::page::Limit::rows($asked.limit) + 1)
    }};
}

pub(crate) use after;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_to_the_microsecond() {
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let cursor = Cursor {
            at,
            id: Uuid::from_u128(7),
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
    }

    #[test]
    fn what_no_page_gave_is_no_cursor() {
        let late = Cursor {
            at: DateTime::<Utc>::MAX_UTC,
            id: Uuid::nil(),
        }
        .encode();
        for text in ["", "x", "AAAA", &"A".repeat(33), &"=".repeat(32), &late] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        struct Row;
        impl Keyed for Row {
            fn key(&self) -> Cursor {
                Cursor {
                    at: DateTime::UNIX_EPOCH,
                    id: Uuid::nil(),
                }
            }
        }
        assert!(Page::new(vec![Row, Row], 2).next.is_none());
        let page = Page::new(vec![Row, Row, Row], 2);
        assert_eq!((page.items.len(), page.next), (2, Some(Row.key().encode())));
    }
}
