use std::collections::BTreeSet;

use super::{Memory, Tables, some, take_out};
use crate::sso::{ConnectionId, Domain, IdentityKey, IdentityRecord, OrganizationId, Revocation};
use crate::store::{Account, AccountState, Answer, IdentityStore};
use crate::{AccountId, Mailbox, SessionId};

/// What came over a connection: of one account, or of all.
type Came = (Option<AccountId>, ConnectionId);

impl IdentityStore for Memory {
    fn recognize_identity(
        &self,
        identity: &IdentityRecord,
    ) -> impl Future<Output = Answer<Option<AccountId>, Self>> + Send {
        self.step(|tables| {
            let mut rows = tables.identities.iter_mut();
            let (known, account) = rows.find(|(known, _)| {
                known.key == identity.key && known.organization == identity.organization
            })?;
            known.email.clone_from(&identity.email);
            Some(*account)
        })
    }

    fn create_identified_account(
        &self,
        account: &Account,
        identity: &IdentityRecord,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let created = tables.is_new(identity) && tables.create(account);
            if created {
                tables.identities.push((identity.clone(), account.id));
            }
            created
        })
    }

    fn link_identity(
        &self,
        identity: &IdentityRecord,
        account: AccountId,
        mailbox: &Mailbox,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let same = tables
                .accounts
                .get(&account)
                .is_some_and(|row| row.state == AccountState::Active && row.mailbox == *mailbox);
            let has_one = tables.identities.iter().any(|(known, of)| {
                *of == account && known.key.connection() == identity.key.connection()
            });
            if !same || has_one || !tables.is_new(identity) {
                return false;
            }
            tables.identities.push((identity.clone(), account));
            tables.end_all_of(account, but);
            take_out(&mut tables.links, |row| row.record.account == Some(account));
            tables
                .challenges
                .retain(|_, (record, _)| record.account != account);
            true
        })
    }

    fn unlink_identity(
        &self,
        account: AccountId,
        identity: &IdentityKey,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let unlinked = take_out(&mut tables.identities, |(known, of)| {
                known.key == *identity && *of == account
            });
            if some(unlinked) {
                tables.end_federated([(Some(account), identity.connection().clone())]);
            }
            some(unlinked)
        })
    }

    fn unlink_identities(
        &self,
        account: AccountId,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let is_own = |(known, of): &(IdentityRecord, AccountId)| {
                known.organization == *organization && *of == account
            };
            let own = tables.identities.iter().filter(|row| is_own(row));
            let came: Vec<Came> = own
                .map(|(known, _)| (Some(account), known.key.connection().clone()))
                .collect();
            let unlinked = take_out(&mut tables.identities, is_own);
            tables.end_federated(came);
            unlinked as u64
        })
    }

    fn identities_of(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Vec<IdentityRecord>, Self>> + Send {
        self.step(|tables| {
            let own = tables.identities.iter().filter(|(_, of)| *of == account);
            own.map(|(identity, _)| identity.clone()).collect()
        })
    }

    fn people_of(
        &self,
        revocation: &Revocation,
    ) -> impl Future<Output = Answer<Vec<AccountId>, Self>> + Send {
        self.step(|tables| {
            let mut people: BTreeSet<AccountId> = match revocation {
                Revocation::Connection(_) => BTreeSet::new(),
                Revocation::Organization(organization) => {
                    let all = tables.those_of(organization, |_, _| true);
                    all.into_iter().filter_map(|(account, _)| account).collect()
                }
                Revocation::Person { .. } | Revocation::Domain { .. } => {
                    let those = tables.came(revocation).into_iter();
                    those.filter_map(|(account, _)| account).collect()
                }
            };
            if let Revocation::Person { emails, .. } = revocation {
                let accounts = tables.accounts.values();
                let named = accounts.filter(|account| is_among(emails, &account.mailbox));
                people.extend(named.map(|account| account.id));
            }
            people.into_iter().collect()
        })
    }

    fn revoke_federated(
        &self,
        revocation: &Revocation,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let came = tables.came(revocation);
            tables.end_federated(came)
        })
    }
}

fn is_among(emails: &[String], mailbox: &Mailbox) -> bool {
    emails.iter().any(|email| email == mailbox.as_str())
}

impl Tables {
    fn came(&self, revocation: &Revocation) -> Vec<Came> {
        match revocation {
            Revocation::Connection(id) => vec![(None, id.clone())],
            Revocation::Organization(organization) => self.all_over(organization),
            Revocation::Person {
                organization,
                idp_id,
                emails,
            } => self.those_of(organization, |identity, mailbox| {
                idp_id.as_deref() == Some(identity.key.idp_id())
                    || emails.contains(&identity.email)
                    || is_among(emails, mailbox)
            }),
            Revocation::Domain {
                organization,
                domain,
            } => self.those_of(organization, |identity, mailbox| {
                Domain::of_address(&identity.email).as_ref() == Some(domain)
                    || mailbox.domain() == domain.as_str()
            }),
        }
    }

    fn is_new(&self, identity: &IdentityRecord) -> bool {
        self.identities
            .iter()
            .all(|(known, _)| known.key != identity.key)
    }

    pub(super) fn all_over(&self, organization: &OrganizationId) -> Vec<Came> {
        let of = |known: Option<&OrganizationId>| known == Some(organization);
        let kept = self
            .connections
            .iter()
            .filter(|kept| of(kept.organization_id()));
        let kept = kept.map(|kept| kept.id().clone());
        let identities = self.identities.iter();
        let identities = identities.filter(|(identity, _)| of(Some(&identity.organization)));
        let identified = identities.map(|(identity, _)| identity.key.connection().clone());
        let all: BTreeSet<ConnectionId> = kept.chain(identified).collect();
        all.into_iter().map(|id| (None, id)).collect()
    }

    fn those_of(
        &self,
        organization: &OrganizationId,
        fits: impl Fn(&IdentityRecord, &Mailbox) -> bool,
    ) -> Vec<Came> {
        let own = self.identities.iter();
        let own = own.filter(|(identity, account)| {
            let account = self.accounts.get(account);
            identity.organization == *organization
                && account.is_some_and(|account| fits(identity, &account.mailbox))
        });
        own.map(|(identity, account)| (Some(*account), identity.key.connection().clone()))
            .collect()
    }

    pub(super) fn end_federated(&mut self, came: impl IntoIterator<Item = Came>) -> u64 {
        let mut ended = 0;
        for (of, id) in came {
            let ends = |account: AccountId, connection: Option<&str>| {
                of.is_none_or(|of| of == account) && connection == Some(id.as_str())
            };
            ended += take_out(&mut self.sessions, |row| {
                ends(row.record.account, row.record.connection.as_deref())
            });
            self.challenges
                .retain(|_, (record, _)| !ends(record.account, record.connection.as_deref()));
        }
        ended as u64
    }
}
