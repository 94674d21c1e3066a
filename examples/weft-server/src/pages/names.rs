//! Names for the ids on a page, of what the member may see.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    error::Problem,
    extract::Tenant,
    schema::{customers, memberships, shops, webhook_endpoints, webhook_subscriptions},
};

/// Ids and their names, in the order of the names.
pub(crate) struct Names(Vec<(Uuid, String)>);

impl Names {
    /// The shops.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_shops(tenant: &Tenant) -> Result<Names, Problem> {
        let query = shops::table
            .order((shops::name, shops::id))
            .select((shops::id, shops::name));
        Ok(Names(query.load(&mut tenant.open().await?).await?))
    }

    /// The members.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_members(tenant: &Tenant) -> Result<Names, Problem> {
        let query = memberships::table
            .order((memberships::display_name, memberships::id))
            .select((memberships::id, memberships::display_name));
        Ok(Names(query.load(&mut tenant.open().await?).await?))
    }

    /// The endpoints.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_endpoints(tenant: &Tenant) -> Result<Names, Problem> {
        let query = webhook_endpoints::table
            .order((webhook_endpoints::label, webhook_endpoints::id))
            .select((webhook_endpoints::id, webhook_endpoints::label));
        Ok(Names(query.load(&mut tenant.open().await?).await?))
    }

    /// The subscriptions, each by where its messages go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn of_subscriptions(tenant: &Tenant) -> Result<Names, Problem> {
        let query = webhook_subscriptions::table
            .order((webhook_subscriptions::url, webhook_subscriptions::id))
            .select((webhook_subscriptions::id, webhook_subscriptions::url));
        Ok(Names(query.load(&mut tenant.open().await?).await?))
    }

    /// What `id` is called.
    pub(crate) fn get(&self, id: Uuid) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == id);
        found.map(|(_, name)| &**name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Uuid, &str)> {
        self.0.iter().map(|(id, name)| (*id, &**name))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Them as options of a choice.
    pub(crate) fn options(&self) -> Vec<(String, String)> {
        let options = self
            .iter()
            .map(|(id, name)| (id.to_string(), name.to_owned()));
        options.collect()
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
