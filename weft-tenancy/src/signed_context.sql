-- A context that injected SQL cannot change: weft.context carries a signature, and only the owner of
-- these functions can read what it is checked with. HMAC-SHA256 (RFC 2104) is written out because
-- Postgres itself has the hash alone; a key is kept as the two pads that the hash begins with.
CREATE SCHEMA IF NOT EXISTS weft;
REVOKE ALL ON SCHEMA weft FROM PUBLIC;
CREATE TABLE IF NOT EXISTS weft.context_keys (
    id        text  NOT NULL PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,32}$'),
    inner_pad bytea NOT NULL CHECK (octet_length(inner_pad) = 64),
    outer_pad bytea NOT NULL CHECK (octet_length(outer_pad) = 64),
    not_after timestamptz
);
REVOKE ALL ON weft.context_keys FROM PUBLIC;
-- Default privileges may have granted it to others: without a policy only its owner sees a key.
ALTER TABLE weft.context_keys ENABLE ROW LEVEL SECURITY;

-- v1|key|organisation|shops|expiry|signature, if the signature is right and the transaction began
-- in time; nothing otherwise. Both sides are hashed once more, so that comparing them tells nothing.
CREATE OR REPLACE FUNCTION weft.signed_context() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT parts
    FROM (SELECT current_setting('weft.context', true) AS context) AS given,
        string_to_array(context, '|') AS parts
        JOIN weft.context_keys AS key ON key.id = parts[2]
    WHERE CASE WHEN parts[1] = 'v1' AND cardinality(parts) = 6
            AND sha256(convert_to(parts[6], 'UTF8')) = sha256(convert_to(encode(
                sha256(key.outer_pad || sha256(key.inner_pad
                    || convert_to(left(context, -length(parts[6]) - 1), 'UTF8'))),
                'hex'), 'UTF8'))
        THEN extract(epoch FROM now()) < parts[5]::numeric
            AND now() < coalesce(key.not_after, 'infinity')
        END
$$;
CREATE OR REPLACE FUNCTION weft.signed_org() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT (weft.signed_context())[3] $$;
CREATE OR REPLACE FUNCTION weft.signed_shops() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT (weft.signed_context())[4] $$;
REVOKE ALL ON FUNCTION weft.signed_context(), weft.signed_org(), weft.signed_shops() FROM PUBLIC;
