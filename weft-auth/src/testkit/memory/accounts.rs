use std::hint;

use super::{Memory, SessionRow, take_out};
use crate::store::{Account, AccountState, AccountStore, Answer};
use crate::{AccountId, Mailbox, SessionId};

impl AccountStore for Memory {
    fn account_by_mailbox(
        &self,
        mailbox: &Mailbox,
    ) -> impl Future<Output = Answer<Option<Account>, Self>> + Send {
        self.step(|tables| {
            let found = tables.account_with(mailbox);
            // Nobody is copied as well, so that instructions can be compared.
            let somebody = found.or(tables.accounts.values().next());
            let copy = hint::black_box(somebody.cloned());
            found.and(copy)
        })
    }

    fn account(&self, id: AccountId) -> impl Future<Output = Answer<Option<Account>, Self>> + Send {
        self.step(|tables| tables.accounts.get(&id).cloned())
    }

    fn requires_single_sign_on(
        &self,
        domain: &str,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let mut claims = tables.claims.values().map(|row| &row.claim);
            claims.any(|claim| claim.domain.as_str() == domain && claim.enforced)
        })
    }

    fn create_account(&self, account: &Account) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| tables.create(account))
    }

    fn replace_password(
        &self,
        id: AccountId,
        hash: &str,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<Option<u64>, Self>> + Send {
        self.step(|tables| {
            let asks = |row: &SessionRow| row.record.account == id && Some(row.record.id) == but;
            if but.is_some() && !tables.live_sessions().any(asks) {
                return None;
            }
            let account = tables.accounts.get_mut(&id)?;
            account.password = Some(hash.to_owned());
            account.epoch += 1;
            let epoch = account.epoch;
            tables.end_all_of(id, but);
            if let Some(row) = tables.sessions.iter_mut().find(|row| asks(row)) {
                row.epoch = epoch;
            }
            take_out(&mut tables.links, |row| row.record.account == Some(id));
            if but.is_none() {
                take_out(&mut tables.api_tokens, |row| row.record.account == id);
            }
            Some(epoch)
        })
    }

    fn rehash_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let account = tables.accounts.get_mut(&id);
            let same = account.filter(|account| account.password.as_deref() == Some(old));
            same.map(|account| account.password = Some(new.to_owned()))
                .is_some()
        })
    }

    fn change_mailbox(
        &self,
        id: AccountId,
        from: &Mailbox,
        to: &Mailbox,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let free = tables.account_with(to).is_none();
            let account = tables.accounts.get_mut(&id);
            let Some(account) = account.filter(|account| free && account.mailbox == *from) else {
                return false;
            };
            account.mailbox = to.clone();
            tables.identities.retain(|(_, of)| *of != id);
            take_out(&mut tables.sessions, |row| {
                row.record.account == id && row.record.connection.is_some()
            });
            tables
                .challenges
                .retain(|_, (record, _)| record.account != id || record.connection.is_none());
            true
        })
    }

    fn verify_mailbox(
        &self,
        id: AccountId,
        mailbox: &Mailbox,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let account = tables.accounts.get_mut(&id);
            let unverified = account.filter(|account| {
                account.state == AccountState::Unverified && account.mailbox == *mailbox
            });
            unverified
                .map(|account| account.state = AccountState::Active)
                .is_some()
        })
    }

    fn suspend_account(&self, id: AccountId) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let Some(account) = tables.accounts.get_mut(&id) else {
                return false;
            };
            account.state = AccountState::Suspended;
            account.epoch += 1;
            tables.end_all_of(id, None);
            take_out(&mut tables.links, |row| row.record.account == Some(id));
            true
        })
    }

    fn delete_account(&self, id: AccountId) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            tables.end_all_of(id, None);
            take_out(&mut tables.links, |row| row.record.account == Some(id));
            tables
                .challenges
                .retain(|_, (record, _)| record.account != id);
            tables.totps.remove(&id);
            tables.recovery_codes.remove(&id);
            tables.identities.retain(|(_, of)| *of != id);
            tables.accounts.remove(&id).is_some()
        })
    }
}
