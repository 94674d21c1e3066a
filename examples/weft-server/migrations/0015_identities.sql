-- Since when an identity is linked, for those that were before it was kept.
ALTER TABLE auth_identities ADD COLUMN IF NOT EXISTS since timestamptz NOT NULL DEFAULT now();
ALTER TABLE auth_identities ALTER COLUMN since DROP DEFAULT;

-- An organisation that takes single sign-on down is forgotten, and its domains are free.
GRANT DELETE ON auth_domains, auth_connections TO weft_auth;
