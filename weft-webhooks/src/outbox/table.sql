-- What is to be sent to a subscription. A pending message is due at a time, and claimed by the
-- process that sends it until another.
CREATE TABLE webhook_messages (
    org_id          uuid        NOT NULL,
    id              uuid        NOT NULL,
    subscription_id uuid        NOT NULL,
    event_type      text        NOT NULL,
    body            bytea       NOT NULL,
    state           text        NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts        integer     NOT NULL CHECK (attempts >= 0),
    due_at          timestamptz NOT NULL,
    claimed_until   timestamptz CHECK (claimed_until IS NULL OR state = 'pending'),
    created_at      timestamptz NOT NULL,
    settled_at      timestamptz CHECK ((settled_at IS NULL) = (state = 'pending')),
    PRIMARY KEY (org_id, id)
);
CREATE INDEX ON webhook_messages (org_id, due_at) WHERE state = 'pending';
CREATE INDEX ON webhook_messages (org_id, settled_at) WHERE state <> 'pending';

-- What came of each attempt to send one.
CREATE TABLE webhook_attempts (
    org_id      uuid        NOT NULL,
    message_id  uuid        NOT NULL,
    number      integer     NOT NULL CHECK (number > 0),
    started_at  timestamptz NOT NULL,
    duration_ms integer     NOT NULL CHECK (duration_ms >= 0),
    status      integer     CHECK (status BETWEEN 100 AND 999),
    outcome     text        NOT NULL,
    PRIMARY KEY (org_id, message_id, number),
    FOREIGN KEY (org_id, message_id) REFERENCES webhook_messages (org_id, id) ON DELETE CASCADE
);
