//! What a page was asked for by its address.

use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::refused::Refused;
use crate::{app::AppState, error::Problem};

/// The query of a page, read strictly, and links to others like it. A field that was left empty was not
/// asked for.
pub(crate) struct Asked<T>(pub(crate) T, pub(crate) Here);

/// Where a page is among those that differ in their queries.
pub(crate) struct Here(Vec<(String, String)>);

/// The id behind the organisation in the path of a page. What is no id is nothing's id: not found.
pub(crate) struct Of(pub(crate) Uuid);

impl Here {
    /// The same query with that value, from its first page on unless the value is a cursor.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let kept = self.but(name).chain([(name, value)]);
        let query = serde_urlencoded::to_string(kept.collect::<Vec<_>>());
        format!("?{}", query.unwrap_or_default())
    }

    /// Its first page, if this is another.
    pub(crate) fn first(&self) -> Option<String> {
        let query = serde_urlencoded::to_string(self.but(CURSOR).collect::<Vec<_>>());
        let is_later = self.0.iter().any(|(name, _)| name == CURSOR);
        is_later.then(|| format!("?{}", query.unwrap_or_default()))
    }

    fn but<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self.0.iter();
        let pairs = pairs.map(|(name, value)| (&**name, &**value));
        pairs.filter(move |(known, _)| *known != name && *known != CURSOR)
    }
}

const CURSOR: &str = "cursor";

impl<T: DeserializeOwned> FromRequestParts<AppState> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Refused> {
        Asked::read(parts.uri.query().unwrap_or_default()).map_err(Refused::from)
    }
}

impl<T: DeserializeOwned> Asked<T> {
    /// What is asked for where nothing is.
    ///
    /// # Errors
    /// When something has to be.
    pub(crate) fn first_page() -> Result<Asked<T>, Problem> {
        Asked::read("")
    }

    fn read(text: &str) -> Result<Asked<T>, Problem> {
        let bad = |error: serde_urlencoded::de::Error| {
            Problem::new(StatusCode::BAD_REQUEST, error.to_string())
        };
        let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(text).map_err(bad)?;
        pairs.retain(|(_, value)| !value.is_empty());
        let asked = serde_urlencoded::to_string(&pairs).unwrap_or_default();
        let query = serde_urlencoded::from_str(&asked).map_err(bad)?;
        Ok(Asked(query, Here(pairs)))
    }
}

impl FromRequestParts<AppState> for Of {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refused> {
        match Path::<(String, Uuid)>::from_request_parts(parts, state).await {
            Ok(Path((_, id))) => Ok(Of(id)),
            Err(_) => Err(Problem::not_found().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::orders::Orders;

    #[test]
    fn a_filter_begins_anew_and_a_cursor_goes_on() {
        let shop = Uuid::nil();
        let cursor = "A".repeat(32);
        let text = format!("shop_id={shop}&financial_status=&cursor={cursor}");
        let Asked(query, here) = Asked::<Orders>::read(&text).unwrap();
        assert_eq!(query.shop_id, Some(shop));
        assert!(query.financial_status.is_none() && query.cursor.is_some());
        let of_shop = format!("?shop_id={shop}");
        assert_eq!(here.first(), Some(of_shop.clone()));
        assert_eq!(here.with("cursor", "B"), format!("{of_shop}&cursor=B"));
        assert_eq!(here.with("shop_id", "x"), "?shop_id=x");
        assert_eq!(Asked::<Orders>::read("").unwrap().1.first(), None);
    }

    #[test]
    fn what_a_page_does_not_know_is_refused() {
        for bad in ["x=1", "shop_id=1", "limit=0", "limit=1&limit=2"] {
            assert!(Asked::<Orders>::read(bad).is_err(), "{bad}");
        }
    }
}
