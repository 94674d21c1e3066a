//! Signing in through an organisation's connection.

use super::conclude::Whom;
use super::outcome::Outcome;
use super::visit::Visit;
use super::{Error, Login, LoginStore, Offload, Result};
use crate::AccountId;
use crate::audit::Reason;
use crate::session::Proof;

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// Signs in an account that a connection vouched for: its identity there, the organisation, the
    /// domain and the plan were checked by then.
    ///
    /// # Errors
    /// When it is refused, or the store fails.
    pub async fn federated(
        &self,
        account: AccountId,
        connection: &str,
        visit: Visit<'_>,
    ) -> Result<Outcome, S> {
        self.admit_network(Whom::default(), &visit).await?;
        let found = self.store.account(account).await;
        let Some(account) = found.map_err(Error::<S>::Store)? else {
            return self
                .refuse(Reason::UnknownMailbox, Whom::default(), &visit)
                .await;
        };
        let connection = Some(connection.to_owned());
        self.conclude(&account, (Proof::Federation, connection), None, visit)
            .await
    }
}
