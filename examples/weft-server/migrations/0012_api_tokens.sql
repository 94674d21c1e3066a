-- Tokens of programs are weft-auth's. Those that are there stay good, for all that their owners may do.
ALTER TABLE auth_api_tokens ADD COLUMN IF NOT EXISTS place integer NOT NULL CHECK (place > 0);
INSERT INTO auth_api_tokens
    (digest, id, account_id, audience, label, scopes, created_at, expires_at, last_used_at, place)
    SELECT digest, id, user_id, org_id, label, 'read write', created_at, expires_at, last_used_at,
        row_number() OVER (PARTITION BY user_id, org_id ORDER BY created_at, id)
    FROM api_tokens;
DROP TABLE api_tokens;

-- Each is for one organisation, and ends with the membership there: whoever is asked back begins anew.
ALTER TABLE auth_api_tokens ALTER COLUMN audience SET NOT NULL,
    ADD FOREIGN KEY (audience, account_id) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE;
CREATE INDEX ON auth_api_tokens (audience, account_id);

-- Whose it is, for what and since when is said once.
REVOKE UPDATE ON auth_api_tokens FROM weft_auth;
GRANT UPDATE (expires_at, last_used_at, next) ON auth_api_tokens TO weft_auth;
