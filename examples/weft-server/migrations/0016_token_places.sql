-- The place of each token of programs, and the epoch that it is of, for those that were before there were such.
ALTER TABLE auth_accounts ADD COLUMN IF NOT EXISTS
    token_epoch bigint NOT NULL DEFAULT 0 CHECK (token_epoch >= 0);
ALTER TABLE auth_api_tokens ADD COLUMN IF NOT EXISTS epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE auth_api_tokens ADD COLUMN IF NOT EXISTS place integer CHECK (place > 0);
UPDATE auth_api_tokens AS tokens SET place = numbered.place
    FROM (
        SELECT digest, row_number() OVER (PARTITION BY account_id, audience ORDER BY created_at, id) AS place
        FROM auth_api_tokens
    ) AS numbered
    WHERE tokens.digest = numbered.digest AND tokens.place IS NULL;
ALTER TABLE auth_api_tokens ALTER COLUMN place SET NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS auth_api_tokens_account_id_audience_place_idx
    ON auth_api_tokens (account_id, audience, place) NULLS NOT DISTINCT WHERE next IS NULL;
