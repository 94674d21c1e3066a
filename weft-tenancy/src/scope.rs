use std::sync::Arc;

use crate::Key;

/// Whose rows a connection may touch: one organisation, or some shops of it.
///
/// ```
/// use weft_tenancy::Scope;
///
/// let acme = Scope::org(7_i64);
/// let two_shops = acme.narrowed_to([1_i64, 2]);
/// assert!(acme.contains_shop(3_i64));
/// assert!(!two_shops.contains_shop(3_i64));
///
/// // Narrowing a narrowed scope intersects: nothing widens it again.
/// assert_eq!(two_shops.narrowed_to([2_i64, 3]).shops().unwrap().len(), 1);
/// assert_eq!(two_shops.narrowed_to([9_i64]).shops(), Some(&[][..]));
/// ```
///
/// # Security
/// An empty list of shops is *no* shop, never all of them. With the feature `serde` a scope can
/// travel in a job's payload, so that a worker runs under the scope of the request that queued it;
/// the payload is then as powerful as the scope, so keep the queue where tenants cannot write.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Scope {
    org: Key,
    // Serialised always: a payload that lost its shops must not read as the whole organisation.
    #[cfg_attr(feature = "serde", serde(with = "shops"))]
    shops: Option<Arc<[Key]>>,
}

impl Scope {
    /// The whole of organisation `id`: all its shops, and what belongs to no shop.
    pub fn org(id: impl Into<Key>) -> Scope {
        Scope {
            org: id.into(),
            shops: None,
        }
    }

    /// This scope with only `shops` of it left.
    ///
    /// On a scope that is narrowed already, shops outside it are dropped.
    #[must_use = "the scope itself stays as wide as it was"]
    pub fn narrowed_to<K: Into<Key>>(&self, shops: impl IntoIterator<Item = K>) -> Scope {
        let mut shops: Vec<Key> = shops
            .into_iter()
            .map(Into::into)
            .filter(|shop| self.contains_shop(*shop))
            .collect();
        shops.sort_unstable();
        shops.dedup();
        Scope {
            org: self.org,
            shops: Some(shops.into()),
        }
    }

    /// The organisation.
    pub fn org_key(&self) -> Key {
        self.org
    }

    /// The shops a narrowed scope is limited to, sorted; `None` is the whole organisation.
    pub fn shops(&self) -> Option<&[Key]> {
        self.shops.as_deref()
    }

    /// Whether rows of `shop` are within this scope.
    pub fn contains_shop(&self, shop: impl Into<Key>) -> bool {
        match &self.shops {
            None => true,
            Some(shops) => shops.contains(&shop.into()),
        }
    }
}

#[cfg(feature = "serde")]
mod shops {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::Key;

    pub(super) fn serialize<S: Serializer>(
        shops: &Option<Arc<[Key]>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        shops.as_deref().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Arc<[Key]>>, D::Error> {
        Ok(Option::<Vec<Key>>::deserialize(from)?.map(|mut shops| {
            shops.sort_unstable();
            shops.dedup();
            shops.into()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_is_no_shop() {
        let none = Scope::org(1_i64).narrowed_to([] as [i64; 0]);
        assert_eq!(none.shops(), Some(&[][..]));
        assert!(!none.contains_shop(1_i64));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_payload_without_shops_is_refused_rather_than_widened() {
        let narrowed = Scope::org(1_i64).narrowed_to([2_i64]);
        let payload = serde_json::to_string(&narrowed).unwrap();
        assert_eq!(payload, r#"{"org":1,"shops":[2]}"#);
        assert_eq!(serde_json::from_str::<Scope>(&payload).unwrap(), narrowed);
        assert!(serde_json::from_str::<Scope>(r#"{"org":1}"#).is_err());
        let whole = serde_json::from_str::<Scope>(r#"{"org":1,"shops":null}"#).unwrap();
        assert_eq!(whole, Scope::org(1_i64));
    }
}
