//! Names for the ids on a page, of what the member may see.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use maud::Markup;
use uuid::Uuid;

use super::show;
use crate::{
    error::Problem,
    extract::Tenant,
    schema::{customers, memberships, shops, webhook_endpoints, webhook_subscriptions},
};

/// Ids and their names: the first by name, to choose of, and those that a page is about.
pub(crate) struct Names {
    known: Vec<(Uuid, String)>,
    /// Whether there are others.
    more: bool,
}

/// How many are there to choose of.
const MOST: usize = 500;

/// The first of a table by name, and those of some ids, each by one statement.
macro_rules! names {
    ($tenant:expr, $ids:expr, $table:ident, $name:ident) => {{
        let all = || {
            $table::table
                .order(($table::$name, $table::id))
                .select(($table::id, $table::$name))
        };
        let mut conn = $tenant.open().await?;
        let first = all().limit(MOST as i64 + 1).load(&mut conn).await?;
        let mut names = Names::first(first);
        let left = names.unknown($ids);
        if !left.is_empty() {
            let left = all().filter($table::id.eq_any(left));
            names.known.extend(left.load(&mut conn).await?);
        }
        Ok(names)
    }};
}

impl Names {
    /// Of shops, those of `ids` among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_shops(
        tenant: &Tenant,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Names, Problem> {
        names!(tenant, ids, shops, name)
    }

    /// Of members, those of `ids` among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_members(
        tenant: &Tenant,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Names, Problem> {
        names!(tenant, ids, memberships, display_name)
    }

    /// Of webhook endpoints, those of `ids` among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_endpoints(
        tenant: &Tenant,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Names, Problem> {
        names!(tenant, ids, webhook_endpoints, label)
    }

    /// Of webhook subscriptions, those of `ids` among them, each by where its messages go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_subscriptions(
        tenant: &Tenant,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Names, Problem> {
        names!(tenant, ids, webhook_subscriptions, url)
    }

    fn first(mut known: Vec<(Uuid, String)>) -> Names {
        let more = known.len() > MOST;
        known.truncate(MOST);
        Names { known, more }
    }

    /// Those of `ids` that were not read, although they may be there.
    fn unknown(&self, ids: impl IntoIterator<Item = Uuid>) -> BTreeSet<Uuid> {
        let ids = ids.into_iter().filter(|_| self.more);
        ids.filter(|id| self.get(*id).is_none()).collect()
    }

    /// What `id` is called.
    pub(crate) fn get(&self, id: Uuid) -> Option<&str> {
        let found = self.known.iter().find(|(known, _)| *known == id);
        found.map(|(_, name)| &**name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Uuid, &str)> {
        self.known.iter().map(|(id, name)| (*id, &**name))
    }

    /// How many there are to choose of.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// That there are others, if so.
    pub(crate) fn note(&self) -> Option<&'static str> {
        self.more
            .then_some("These are the first 500 by name. The API knows the others.")
    }

    /// A list to choose one of them, or all.
    pub(crate) fn choice(&self, field: (&str, &str, &str), chosen: Option<Uuid>) -> Markup {
        let options = self
            .iter()
            .map(|(id, name)| (id.to_string(), name.to_owned()));
        let chosen = chosen.map(|id| id.to_string());
        show::choice(field, options, chosen.as_deref(), self.note())
    }
}

/// What those customers are called.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn customers(
    tenant: &Tenant,
    ids: impl Iterator<Item = Option<Uuid>>,
) -> Result<HashMap<Uuid, String>, Problem> {
    let ids: Vec<Uuid> = ids.flatten().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Option<String>, Option<String>)> = customers::table
        .filter(customers::id.eq_any(ids))
        .select((customers::id, customers::name, customers::email))
        .load(&mut tenant.open().await?)
        .await?;
    let named = rows
        .into_iter()
        .map(|(id, name, email)| (id, customer(name, email)));
    Ok(named.collect())
}

/// What a customer is called who has perhaps no name.
pub(crate) fn customer(name: Option<String>, email: Option<String>) -> String {
    name.or(email)
        .unwrap_or_else(|| "Somebody without a name".to_owned())
}
