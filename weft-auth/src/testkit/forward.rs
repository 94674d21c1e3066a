//! Implements store traits by what another store answers, with one method around every call.

/// `forward!(Wrapper: Trait { method(argument: Type) -> Answer; … } { … })` for a `Wrapper<S>` with
/// `around(name, detail, call)`; what stands in the second braces, if any, is its own.
macro_rules! forward {
    ($wrapper:ident: $($store:ident {$(
        $method:ident($($argument:ident: $type:ty),*) -> $answer:ty $(, $detail:expr)?;
    )*} $({ $($own:tt)* })?)*) => {$(
        impl<S: $store> $store for $wrapper<S> {
            $($($own)*)?
            $(
            async fn $method(&self $(, $argument: $type)*) -> Answer<$answer, Self> {
                let detail = 0 $(+ $detail)?;
                // A synchronous store does it when it is called, and that is not yet.
                let call = async { self.inner().$method($($argument),*).await };
                self.around(stringify!($method), detail, call).await
            }
        )*}
    )*};
}

/// All traits of the crate.
macro_rules! forward_all {
    ($wrapper:ident) => {
        $crate::testkit::forward::forward! { $wrapper:
            AccountStore {
                account_by_mailbox(mailbox: &Mailbox) -> Option<Account>;
                account(id: AccountId) -> Option<Account>;
                requires_single_sign_on(domain: &str) -> bool;
                create_account(account: &Account) -> bool;
                replace_password(id: AccountId, hash: &str, but: Option<SessionId>) -> Option<u64>;
                rehash_password(id: AccountId, old: &str, new: &str) -> bool;
                change_mailbox(id: AccountId, from: &Mailbox, to: &Mailbox) -> bool;
                verify_mailbox(id: AccountId, mailbox: &Mailbox) -> bool;
                suspend_account(id: AccountId) -> bool;
                delete_account(id: AccountId) -> bool;
            }
            SessionStore {
                begin_session(
                    digest: &TokenDigest<Session>,
                    record: &session::Record,
                    epoch: Option<u64>,
                    before: Option<&TokenDigest<Session>>
                ) -> bool;
                find_session(digest: &TokenDigest<Session>) -> Option<session::Record>;
                touch_session(id: SessionId, now: SystemTime, before: SystemTime) -> bool;
                rotate_session(
                    old: &TokenDigest<Session>,
                    new: &TokenDigest<Session>,
                    proofs: &Proofs,
                    now: SystemTime
                ) -> bool;
                end_session(digest: &TokenDigest<Session>) -> bool;
                revoke_session(account: AccountId, id: SessionId) -> bool;
                revoke_sessions(account: AccountId, but: Option<SessionId>) -> u64;
                revoke_connection(connection: &str) -> u64;
                sessions_of(account: AccountId) -> Vec<session::Record>;
                purge_sessions(created_before: SystemTime, seen_before: SystemTime, most: u32) -> u64;
            }
            LinkStore {
                issue_link(
                    digest: &TokenDigest<Link>,
                    record: &link::Record,
                    mail: &Mail
                ) -> (), usize::from(mail.token.is_some());
                find_link(
                    digest: &TokenDigest<Link>,
                    purpose: Purpose,
                    now: SystemTime
                ) -> Option<link::Record>;
                consume_link(
                    digest: &TokenDigest<Link>,
                    purpose: Purpose,
                    browser: Option<&TokenDigest<Browser>>,
                    now: SystemTime
                ) -> Option<SpentLink>;
                count_code_attempt(
                    browser: &TokenDigest<Browser>,
                    purpose: Purpose,
                    most: u32,
                    now: SystemTime
                ) -> bool;
                consume_link_by_code(
                    browser: &TokenDigest<Browser>,
                    code: &CodeDigest,
                    purpose: Purpose,
                    most: u32,
                    now: SystemTime
                ) -> Option<SpentLink>;
                purge_links(now: SystemTime, most: u32) -> u64;
            }
            CounterStore {
                take(charges: &[Charge], now: SystemTime) -> bool, charges.len();
                count_failure(charge: &FailureCharge, now: SystemTime) -> Option<u32>;
                clear_failures(keys: &[Pseudonym]) -> (), keys.len();
                purge_counters(before: SystemTime, most: u32) -> u64;
            }
            SecondFactorStore {
                open_challenge(digest: &TokenDigest<Challenge>, record: &ChallengeRecord) -> bool;
                count_challenge_attempt(
                    digest: &TokenDigest<Challenge>,
                    most: u32,
                    now: SystemTime
                ) -> Option<ChallengeRecord>;
                close_challenge(digest: &TokenDigest<Challenge>) -> bool;
                purge_challenges(now: SystemTime, most: u32) -> u64;
                totp(account: AccountId) -> Option<StoredTotp>;
                accept_step(account: AccountId, step: Step) -> bool;
                enrol_totp(
                    account: AccountId,
                    totp: &StoredTotp,
                    codes: &[RecoveryDigest]
                ) -> bool;
                remove_totp(account: AccountId) -> bool;
                replace_recovery_codes(account: AccountId, codes: &[RecoveryDigest]) -> bool;
                consume_recovery_code(account: AccountId, code: &RecoveryDigest) -> bool;
            }
            AuditStore {
                append(body: &[u8]) -> Head, body.len();
                entries_after(number: u64, most: u32) -> Vec<Entry>;
            }
            OutboxStore {
                post(mail: &Mail) -> (), usize::from(mail.token.is_some());
            }
            ApiTokenStore {
                issue_api_token(
                    digest: &TokenDigest<Api>,
                    record: &ApiTokenRecord,
                    session: Option<SessionId>,
                    most: u16
                ) -> bool;
                find_api_token(digest: &TokenDigest<Api>) -> Option<ApiTokenRecord>;
                touch_api_token(id: ApiTokenId, now: SystemTime, apart: Duration) -> bool;
                rotate_api_token(
                    old: ApiTokenId,
                    old_expires_at: SystemTime,
                    digest: &TokenDigest<Api>,
                    new: &ApiTokenRecord
                ) -> bool;
                revoke_api_token(account: AccountId, id: ApiTokenId) -> bool;
                revoke_api_tokens(account: AccountId, audience: Option<Uuid>) -> u64;
                api_tokens_of(account: AccountId) -> Vec<ApiTokenRecord>;
                purge_api_tokens(expired_before: SystemTime, most: u32) -> u64;
            }
            FlowStore {
                keep_flow(flow: &Pending) -> ();
                consume_flow(state_digest: &[u8; 32]) -> Option<Pending>;
                purge_flows(started_before: SystemTime, most: u32) -> u64;
            }
            IdentityStore {
                recognize_identity(identity: &IdentityRecord) -> Option<AccountId>;
                create_identified_account(account: &Account, identity: &IdentityRecord) -> bool;
                link_identity(
                    identity: &IdentityRecord,
                    account: AccountId,
                    mailbox: &Mailbox,
                    but: Option<SessionId>
                ) -> bool;
                unlink_identity(account: AccountId, identity: &IdentityKey) -> bool;
                unlink_identities(account: AccountId, organization: &OrganizationId) -> u64;
                identities_of(account: AccountId) -> Vec<IdentityRecord>;
                revoke_federated(revocation: &Revocation) -> u64;
                people_of(revocation: &Revocation) -> Vec<AccountId>;
            }
            DirectoryStore {
                keep_connection(connection: &Connection) -> ();
                connection(id: &ConnectionId) -> Option<Connection>;
                connections_of(organization: &OrganizationId) -> Vec<Connection>;
                claim_domain(organization: &OrganizationId, domain: &Domain) -> ();
                keep_domain(
                    organization: &OrganizationId,
                    domain: &Domain,
                    proof: DomainProof,
                    at: &Timestamp
                ) -> bool;
                enforce_domain(
                    organization: &OrganizationId,
                    domain: &Domain,
                    enforced: bool,
                    but: Option<SessionId>
                ) -> bool;
                owner_of_domain(domain: &Domain) -> Option<DomainOwner>;
                claims_of(organization: &OrganizationId) -> Vec<Claim>;
                delete_organization(organization: &OrganizationId, at: &Timestamp) -> ();
                forget_organization(organization: &OrganizationId) -> u64;
            }
        }
    };
}

pub(crate) use {forward, forward_all};
