GRANT SELECT, INSERT, UPDATE, DELETE ON auth_domains, auth_connections,
    auth_accounts, auth_sessions, auth_links, auth_rates, auth_failures, auth_challenges, auth_totps,
    auth_outbox, auth_identities, auth_api_tokens TO {role};
GRANT SELECT, INSERT, DELETE ON auth_recovery_codes, auth_flows TO {role};
GRANT SELECT, INSERT ON auth_audit TO {role};
GRANT SELECT, UPDATE ON auth_audit_head TO {role};
