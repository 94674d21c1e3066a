-- What a sender delivered, once for each endpoint. A delivery is claimed by the process that acts
-- on it until a time, and settled as done or failed.
CREATE TABLE webhook_deliveries (
    org_id        uuid        NOT NULL,
    id            uuid        NOT NULL,
    endpoint_id   uuid        NOT NULL,
    digest        bytea       NOT NULL CHECK (octet_length(digest) = 32),
    scheme        text        NOT NULL,
    secret_id     text        NOT NULL,
    body          bytea       NOT NULL,
    signed_at     timestamptz,
    state         text        NOT NULL CHECK (state IN ('claimed', 'done', 'failed')),
    attempts      integer     NOT NULL CHECK (attempts > 0),
    claimed_until timestamptz NOT NULL,
    failure       text        CHECK ((failure IS NOT NULL) = (state = 'failed')),
    received_at   timestamptz NOT NULL,
    settled_at    timestamptz CHECK ((settled_at IS NULL) = (state = 'claimed')),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, endpoint_id, digest)
);
CREATE INDEX ON webhook_deliveries (org_id, claimed_until) WHERE state = 'claimed';
CREATE INDEX ON webhook_deliveries (org_id, settled_at) WHERE state <> 'claimed';
