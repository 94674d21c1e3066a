-- Tokens of programs are weft-auth's. Those that are there stay good, for all that their owners may do.
INSERT INTO auth_api_tokens
    (digest, id, account_id, audience, label, scopes, created_at, expires_at, last_used_at)
    SELECT digest, id, user_id, org_id, label, 'read write', created_at, expires_at, last_used_at
    FROM api_tokens;
DROP TABLE api_tokens;

-- Each is for one organisation, and ends with the membership there: whoever is asked back begins anew.
ALTER TABLE auth_api_tokens ALTER COLUMN audience SET NOT NULL,
    ADD FOREIGN KEY (audience, account_id) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE;
CREATE INDEX ON auth_api_tokens (audience, account_id);

-- Whose it is, for what and since when is said once.
REVOKE UPDATE ON auth_api_tokens FROM weft_auth;
GRANT UPDATE (expires_at, last_used_at, next) ON auth_api_tokens TO weft_auth;
