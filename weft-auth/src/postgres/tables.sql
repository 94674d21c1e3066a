-- Who may sign in. Who has a row in auth_totps owes a second factor. A reset begins an epoch of tokens.
CREATE TABLE auth_accounts (
    id          uuid    PRIMARY KEY,
    mailbox     text    COLLATE "C" NOT NULL UNIQUE CHECK (mailbox LIKE '_%@_%'),
    password    text    CHECK (password <> ''),
    state       text    NOT NULL CHECK (state IN ('active', 'unverified', 'suspended')),
    break_glass boolean NOT NULL,
    epoch       bigint  NOT NULL DEFAULT 0 CHECK (epoch >= 0),
    token_epoch bigint  NOT NULL DEFAULT 0 CHECK (token_epoch >= 0)
);

-- What organisations have to do with domains: one of them at most has proved that one is its own, and may
-- have its people sign in through its connection alone. Times are WorkOS's, and sort as they read.
CREATE TABLE auth_domains (
    organization text    NOT NULL CHECK (organization <> ''),
    domain       text    COLLATE "C" NOT NULL CHECK (domain <> ''),
    proof        text    NOT NULL CHECK (proof IN ('pending', 'verified', 'failed', 'withdrawn')),
    enforced     boolean NOT NULL CHECK (proof = 'verified' OR NOT enforced),
    updated_at   text    COLLATE "C" NOT NULL,
    PRIMARY KEY (organization, domain)
);
CREATE UNIQUE INDEX ON auth_domains (domain) WHERE proof = 'verified';

-- Connections of organisations. One that was deleted is kept, so that nothing that is late revives it.
CREATE TABLE auth_connections (
    id           text PRIMARY KEY CHECK (id <> ''),
    organization text CHECK (organization <> ''),
    state        text NOT NULL CHECK (state <> ''),
    updated_at   text COLLATE "C" NOT NULL
);
CREATE INDEX ON auth_connections (organization);

-- Who is whom: the people of connections, by the identity provider's id, and their accounts.
CREATE TABLE auth_identities (
    connection   text NOT NULL CHECK (connection <> ''),
    idp_id       text NOT NULL CHECK (idp_id <> ''),
    organization text NOT NULL CHECK (organization <> ''),
    email        text NOT NULL CHECK (email LIKE '_%@_%'),
    account_id   uuid NOT NULL REFERENCES auth_accounts (id) ON DELETE CASCADE,
    since        timestamptz NOT NULL,
    PRIMARY KEY (connection, idp_id),
    UNIQUE (account_id, connection)
);
CREATE INDEX ON auth_identities (organization);

-- Flows of single sign-on that did not come back yet.
CREATE TABLE auth_flows (
    state_digest    bytea       PRIMARY KEY CHECK (octet_length(state_digest) = 32),
    sealed_verifier bytea       NOT NULL CHECK (sealed_verifier <> ''),
    organization    text        NOT NULL CHECK (organization <> ''),
    connection      text        CHECK (connection <> ''),
    started_at      timestamptz NOT NULL
);
CREATE INDEX ON auth_flows (started_at);

-- Tokens of programs, and the one in the place of each that was rotated. A token is of no use once its
-- account is in another epoch of tokens, and one that was not rotated has a place of its own.
CREATE TABLE auth_api_tokens (
    digest       bytea       PRIMARY KEY CHECK (octet_length(digest) = 32),
    id           uuid        NOT NULL UNIQUE,
    account_id   uuid        NOT NULL REFERENCES auth_accounts (id) ON DELETE CASCADE,
    audience     uuid,
    label        text        NOT NULL,
    scopes       text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    next         uuid        CHECK (next <> id),
    epoch        bigint      NOT NULL DEFAULT 0,
    place        integer     NOT NULL CHECK (place > 0)
);
CREATE UNIQUE INDEX ON auth_api_tokens (account_id, audience, place) NULLS NOT DISTINCT
    WHERE next IS NULL;
CREATE INDEX ON auth_api_tokens (account_id);
CREATE INDEX ON auth_api_tokens (expires_at) WHERE expires_at IS NOT NULL;

-- Who is signed in. A row is there while the session is, under the digest of its token, and is of no use
-- once its account is in another epoch.
CREATE TABLE auth_sessions (
    digest       bytea         PRIMARY KEY CHECK (octet_length(digest) = 32),
    before       bytea         CHECK (octet_length(before) = 32),
    id           uuid          NOT NULL UNIQUE,
    account_id   uuid          NOT NULL REFERENCES auth_accounts (id) ON DELETE CASCADE,
    epoch        bigint        NOT NULL,
    created_at   timestamptz   NOT NULL,
    rotated_at   timestamptz   NOT NULL,
    last_seen_at timestamptz   NOT NULL,
    remembered   boolean       NOT NULL,
    proofs       text[]        NOT NULL,
    proved_at    timestamptz[] NOT NULL CHECK (cardinality(proved_at) = cardinality(proofs)),
    connection   text          CHECK (connection <> ''),
    device       text          NOT NULL
);
CREATE INDEX ON auth_sessions (before) WHERE before IS NOT NULL;
CREATE INDEX ON auth_sessions (account_id);
CREATE INDEX ON auth_sessions (connection) WHERE connection IS NOT NULL;
CREATE INDEX ON auth_sessions (last_seen_at);

-- Links that were mailed and not used. The account is no foreign key and its index has the rows
-- without one, so that a link for an account and one for nobody are the same work to write.
CREATE TABLE auth_links (
    digest     bytea       PRIMARY KEY CHECK (octet_length(digest) = 32),
    purpose    text        NOT NULL CHECK (purpose <> ''),
    account_id uuid,
    mailbox    text        COLLATE "C" CHECK (mailbox <> ''),
    sent_to    text        COLLATE "C" NOT NULL CHECK (sent_to <> ''),
    browser    bytea       CHECK (octet_length(browser) = 32),
    code       bytea       CHECK (octet_length(code) = 32),
    carries    text,
    attempts   integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
    CHECK ((browser IS NULL) = (code IS NULL))
);
CREATE INDEX ON auth_links (account_id);
CREATE INDEX ON auth_links (browser) WHERE browser IS NOT NULL;
CREATE INDEX ON auth_links (expires_at);

-- When the next one would come evenly, and the latest that this can be.
CREATE TABLE auth_rates (
    key     bytea       PRIMARY KEY CHECK (octet_length(key) = 32),
    even_at timestamptz NOT NULL,
    full_at timestamptz NOT NULL CHECK (full_at >= even_at)
);
CREATE INDEX ON auth_rates (even_at);

-- Failures in a row, and when the next attempt is admitted.
CREATE TABLE auth_failures (
    key      bytea       PRIMARY KEY CHECK (octet_length(key) = 32),
    failures bigint      NOT NULL CHECK (failures > 0),
    next_at  timestamptz NOT NULL
);
CREATE INDEX ON auth_failures (next_at);

-- Who proved something and owes a second factor.
CREATE TABLE auth_challenges (
    digest     bytea         PRIMARY KEY CHECK (octet_length(digest) = 32),
    account_id uuid          NOT NULL REFERENCES auth_accounts (id) ON DELETE CASCADE,
    epoch      bigint        NOT NULL,
    proofs     text[]        NOT NULL,
    proved_at  timestamptz[] NOT NULL CHECK (cardinality(proved_at) = cardinality(proofs)),
    connection text          CHECK (connection <> ''),
    remembered boolean       NOT NULL,
    attempts   integer       NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    opened_at  timestamptz   NOT NULL,
    expires_at timestamptz   NOT NULL CHECK (expires_at > opened_at)
);
CREATE INDEX ON auth_challenges (account_id);
CREATE INDEX ON auth_challenges (connection) WHERE connection IS NOT NULL;
CREATE INDEX ON auth_challenges (expires_at);

-- Authenticator apps: the sealed secret, the step of the last code, and which set of recovery codes is
-- in force.
CREATE TABLE auth_totps (
    account_id uuid    PRIMARY KEY REFERENCES auth_accounts (id) ON DELETE CASCADE,
    sealed     bytea   NOT NULL CHECK (sealed <> ''),
    last_step  bigint  NOT NULL CHECK (last_step >= 0),
    code_set   integer NOT NULL DEFAULT 0
);

-- Recovery codes that were not used. They go with their app.
CREATE TABLE auth_recovery_codes (
    account_id uuid    NOT NULL REFERENCES auth_totps (account_id) ON DELETE CASCADE,
    code_set   integer NOT NULL,
    digest     bytea   NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY (account_id, code_set, digest)
);

-- The end of the audit log's chain: one row.
CREATE TABLE auth_audit_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    number bigint  NOT NULL CHECK (number >= 0),
    hash   bytea   NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO auth_audit_head (number, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- What happened, each entry behind the one before.
CREATE TABLE auth_audit (
    number bigint PRIMARY KEY CHECK (number > 0),
    hash   bytea  NOT NULL CHECK (octet_length(hash) = 32),
    body   bytea  NOT NULL
);

-- Mail to be sent, or dropped where it is a decoy. The token of its link is sealed.
CREATE TABLE auth_outbox (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text        NOT NULL CHECK (kind <> ''),
    purpose       text        CHECK ((purpose IS NOT NULL) = (kind = 'link')),
    recipient     text        NOT NULL CHECK (recipient <> ''),
    sealed_token  bytea,
    decoy         boolean     NOT NULL,
    claimed_until timestamptz
);
