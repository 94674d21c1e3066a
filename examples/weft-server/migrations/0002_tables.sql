-- Keys lead with org_id and foreign keys carry it, so that no reference can cross organisations;
-- what belongs to a shop carries the shop as well, so that none can cross shops either. No
-- triggers: they do not survive on a distributed Postgres.
--
-- Only the keys that foreign keys refer to begin with (org_id, shop_id): before a table's first
-- ANALYZE the planner takes any index that does for as good as that key, and a bulk load then
-- checks each reference by reading the whole shop.

CREATE TABLE plans (
    id         uuid        NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    code       text        NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9-]{0,39}$'),
    name       text        NOT NULL,
    price      bigint      NOT NULL CHECK (price BETWEEN 0 AND 9007199254740991),
    currency   text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO plans (id, code, name, price, currency) VALUES
    ('0b9f5ad0-6a53-4c6a-9f0d-5f1f6f3d0001', 'starter', 'Starter', 0, 'EUR'),
    ('0b9f5ad0-6a53-4c6a-9f0d-5f1f6f3d0002', 'team', 'Team', 4900, 'EUR'),
    ('0b9f5ad0-6a53-4c6a-9f0d-5f1f6f3d0003', 'enterprise', 'Enterprise', 49000, 'EUR');

CREATE TABLE organizations (
    id         uuid        NOT NULL PRIMARY KEY,
    slug       text        NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{0,39}$'),
    name       text        NOT NULL,
    plan_id    uuid        NOT NULL REFERENCES plans (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id         uuid        NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    email      text        NOT NULL UNIQUE CHECK (email = lower(email)),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE shops (
    org_id     uuid        NOT NULL REFERENCES organizations (id),
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    domain     text,
    currency   text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name)
);
CREATE INDEX ON shops (org_id, created_at, id);

-- What an organisation may see of a user stands here.
CREATE TABLE memberships (
    org_id       uuid        NOT NULL REFERENCES organizations (id),
    id           uuid        NOT NULL,
    user_id      uuid        NOT NULL REFERENCES users (id),
    role         text        NOT NULL CHECK (role IN ('owner', 'member')),
    all_shops    boolean     NOT NULL,
    display_name text        NOT NULL,
    address      text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, user_id),
    CHECK (all_shops OR role <> 'owner')
);
CREATE INDEX ON memberships (org_id, created_at, id);
CREATE INDEX ON memberships (user_id);

-- The shops of a member who has not all_shops.
CREATE TABLE membership_shops (
    org_id        uuid NOT NULL,
    membership_id uuid NOT NULL,
    shop_id       uuid NOT NULL,
    PRIMARY KEY (org_id, membership_id, shop_id),
    FOREIGN KEY (org_id, membership_id) REFERENCES memberships (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id) ON DELETE CASCADE
);
CREATE INDEX ON membership_shops (org_id, shop_id);

CREATE TABLE api_tokens (
    id           uuid        NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
    digest       bytea       NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    user_id      uuid        NOT NULL REFERENCES users (id),
    org_id       uuid        NOT NULL,
    label        text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    FOREIGN KEY (org_id, user_id) REFERENCES memberships (org_id, user_id) ON DELETE CASCADE
);
CREATE INDEX ON api_tokens (org_id, user_id);
CREATE INDEX ON api_tokens (user_id);

CREATE TABLE customers (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    shop_id    uuid        NOT NULL,
    email      text,
    name       text,
    phone      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, shop_id, id),
    UNIQUE (org_id, email, shop_id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id)
);
CREATE INDEX ON customers (org_id, created_at, id);

CREATE TABLE orders (
    org_id             uuid        NOT NULL,
    id                 uuid        NOT NULL,
    shop_id            uuid        NOT NULL,
    customer_id        uuid,
    shopify_id         bigint,
    name               text        NOT NULL,
    financial_status   text        NOT NULL,
    fulfillment_status text        NOT NULL,
    placed_at          timestamptz NOT NULL,
    paid_at            timestamptz,
    fulfilled_at       timestamptz,
    cancelled_at       timestamptz,
    currency           text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    subtotal           bigint      NOT NULL CHECK (subtotal BETWEEN 0 AND 9007199254740991),
    shipping           bigint      NOT NULL CHECK (shipping BETWEEN 0 AND 9007199254740991),
    taxes              bigint      NOT NULL CHECK (taxes BETWEEN 0 AND 9007199254740991),
    total              bigint      NOT NULL CHECK (total BETWEEN 0 AND 9007199254740991),
    refunded           bigint      NOT NULL CHECK (refunded BETWEEN 0 AND 9007199254740991),
    discount_code      text,
    discount_amount    bigint      NOT NULL CHECK (discount_amount BETWEEN 0 AND 9007199254740991),
    shipping_method    text,
    notes              text,
    tags               text        NOT NULL,
    deleted_at         timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, shop_id, id),
    UNIQUE (org_id, shopify_id, shop_id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id),
    FOREIGN KEY (org_id, shop_id, customer_id) REFERENCES customers (org_id, shop_id, id)
);
CREATE INDEX ON orders (org_id, placed_at, id);
CREATE INDEX ON orders (org_id, customer_id);

CREATE TABLE order_lines (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    shop_id    uuid        NOT NULL,
    order_id   uuid        NOT NULL,
    position   integer     NOT NULL CHECK (position > 0),
    name       text        NOT NULL,
    sku        text,
    quantity   integer     NOT NULL CHECK (quantity > 0),
    price      bigint      NOT NULL CHECK (price BETWEEN 0 AND 9007199254740991),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, order_id, position),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id),
    FOREIGN KEY (org_id, shop_id, order_id) REFERENCES orders (org_id, shop_id, id)
);

CREATE TABLE conversations (
    org_id      uuid        NOT NULL,
    id          uuid        NOT NULL,
    shop_id     uuid        NOT NULL,
    customer_id uuid,
    order_id    uuid,
    assignee_id uuid,
    subject     text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('open', 'closed')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, shop_id, id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id),
    FOREIGN KEY (org_id, shop_id, customer_id) REFERENCES customers (org_id, shop_id, id),
    FOREIGN KEY (org_id, shop_id, order_id) REFERENCES orders (org_id, shop_id, id),
    FOREIGN KEY (org_id, assignee_id) REFERENCES memberships (org_id, id)
        ON DELETE SET NULL (assignee_id)
);
CREATE INDEX ON conversations (org_id, created_at, id);
CREATE INDEX ON conversations (org_id, customer_id);
CREATE INDEX ON conversations (org_id, order_id);
CREATE INDEX ON conversations (org_id, assignee_id);

CREATE TABLE messages (
    org_id          uuid        NOT NULL,
    id              uuid        NOT NULL,
    shop_id         uuid        NOT NULL,
    conversation_id uuid        NOT NULL,
    author_id       uuid,
    direction       text        NOT NULL CHECK (direction IN ('in', 'out', 'note')),
    body            text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id),
    FOREIGN KEY (org_id, shop_id, conversation_id)
        REFERENCES conversations (org_id, shop_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, author_id) REFERENCES memberships (org_id, id)
        ON DELETE SET NULL (author_id)
);
CREATE INDEX ON messages (org_id, conversation_id, created_at, id);
CREATE INDEX ON messages (org_id, author_id);
