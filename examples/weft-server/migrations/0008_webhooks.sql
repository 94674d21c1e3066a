-- Who sends us what, and the rows that it becomes. The tables of deliveries in and messages out are
-- weft-webhooks' own, made just before.

-- Where a provider sends; the id is part of the address. What a shop's provider sends is that shop's.
CREATE TABLE webhook_endpoints (
    org_id     uuid        NOT NULL REFERENCES organizations (id),
    id         uuid        NOT NULL,
    provider   text        NOT NULL
        CHECK (provider IN ('stripe', 'shopify', 'slack', 'workos', 'stalwart')),
    shop_id    uuid,
    label      text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CHECK ((shop_id IS NULL) = (provider IN ('workos', 'stalwart'))),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id)
);
CREATE INDEX ON webhook_endpoints (org_id, created_at, id);
CREATE INDEX ON webhook_endpoints (org_id, shop_id);

-- Who is told of what happens here. A subscription lasts no longer than its maker's membership.
CREATE TABLE webhook_subscriptions (
    org_id        uuid        NOT NULL REFERENCES organizations (id),
    id            uuid        NOT NULL,
    url           text        NOT NULL,
    event_types   text[]      NOT NULL CHECK (cardinality(event_types) > 0),
    shop_id       uuid,
    created_by    uuid        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('on', 'off')),
    failing_since timestamptz,
    off_because   text        CHECK (off_because IS NULL OR state = 'off'),
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, created_by) REFERENCES memberships (org_id, id) ON DELETE CASCADE
);
CREATE INDEX ON webhook_subscriptions (org_id, created_at, id);
CREATE INDEX ON webhook_subscriptions (org_id, shop_id);
CREATE INDEX ON webhook_subscriptions (org_id, created_by);

-- A secret that an endpoint checks with, or a subscription signs with: sealed under a key that is not
-- in the database, for this row alone.
CREATE TABLE webhook_secrets (
    org_id          uuid        NOT NULL,
    id              uuid        NOT NULL,
    endpoint_id     uuid,
    subscription_id uuid,
    sealed          bytea       NOT NULL,
    not_after       timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CHECK (num_nonnulls(endpoint_id, subscription_id) = 1),
    FOREIGN KEY (org_id, endpoint_id) REFERENCES webhook_endpoints (org_id, id) ON DELETE CASCADE,
    FOREIGN KEY (org_id, subscription_id)
        REFERENCES webhook_subscriptions (org_id, id) ON DELETE CASCADE
);
CREATE INDEX ON webhook_secrets (org_id, endpoint_id, created_at);
CREATE INDEX ON webhook_secrets (org_id, subscription_id, created_at);

-- A record of Shopify's is only ever replaced by a later one of the same.
ALTER TABLE customers
    ADD COLUMN shopify_id bigint,
    ADD COLUMN shopify_updated_at timestamptz,
    ADD UNIQUE (org_id, shopify_id, shop_id);
ALTER TABLE orders
    ADD COLUMN shopify_updated_at timestamptz;

-- Refunds arrive before or after their order, on their own and within it.
CREATE TABLE refunds (
    org_id           uuid        NOT NULL,
    id               uuid        NOT NULL,
    shop_id          uuid        NOT NULL,
    shopify_id       bigint      NOT NULL,
    shopify_order_id bigint      NOT NULL,
    amount           bigint      NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
    currency         text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    refunded_at      timestamptz NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, shopify_id, shop_id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id)
);
CREATE INDEX ON refunds (org_id, shopify_order_id);

-- `version` orders what Stripe says of one thing: a lower one never replaces a higher.
CREATE TABLE payments (
    org_id     uuid        NOT NULL,
    id         uuid        NOT NULL,
    shop_id    uuid        NOT NULL,
    stripe_id  text        NOT NULL,
    customer   text,
    status     text        NOT NULL,
    amount     bigint      NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
    refunded   bigint      NOT NULL CHECK (refunded BETWEEN 0 AND 9007199254740991),
    currency   text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    version    bigint      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, stripe_id, shop_id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id)
);
CREATE INDEX ON payments (org_id, created_at, id);

CREATE TABLE subscriptions (
    org_id               uuid        NOT NULL,
    id                   uuid        NOT NULL,
    shop_id              uuid        NOT NULL,
    stripe_id            text        NOT NULL,
    customer             text,
    status               text        NOT NULL,
    price                text,
    cancel_at_period_end boolean     NOT NULL,
    ended_at             timestamptz,
    version              bigint      NOT NULL,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, stripe_id, shop_id),
    FOREIGN KEY (org_id, shop_id) REFERENCES shops (org_id, id)
);
CREATE INDEX ON subscriptions (org_id, created_at, id);

GRANT SELECT, INSERT, UPDATE, DELETE
    ON webhook_endpoints, webhook_subscriptions, webhook_secrets, webhook_deliveries,
       webhook_messages, webhook_attempts
    TO weft_app;
GRANT SELECT, INSERT, UPDATE ON refunds, payments, subscriptions TO weft_app;

-- auth: the directory of endpoints, and who has work left over.
GRANT SELECT (org_id, id, provider, shop_id) ON webhook_endpoints TO weft_auth;
GRANT SELECT (org_id, id, endpoint_id, sealed, not_after, created_at) ON webhook_secrets TO weft_auth;
GRANT SELECT (org_id, id, state, claimed_until, settled_at) ON webhook_deliveries TO weft_auth;
GRANT SELECT (org_id, id, state, due_at, claimed_until, settled_at)
    ON webhook_messages TO weft_auth;

-- What `weft policy` writes for these tables.

ALTER TABLE "public"."webhook_attempts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."webhook_attempts" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."webhook_attempts";
DROP POLICY IF EXISTS weft_org ON "public"."webhook_attempts";
DROP POLICY IF EXISTS weft_shop ON "public"."webhook_attempts";
DROP POLICY IF EXISTS weft_directory ON "public"."webhook_attempts";
DROP POLICY IF EXISTS weft_unscoped ON "public"."webhook_attempts";
CREATE POLICY weft_unscoped ON "public"."webhook_attempts" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_org ON "public"."webhook_attempts" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."webhook_attempts" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."webhook_deliveries" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."webhook_deliveries" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."webhook_deliveries";
DROP POLICY IF EXISTS weft_org ON "public"."webhook_deliveries";
DROP POLICY IF EXISTS weft_shop ON "public"."webhook_deliveries";
DROP POLICY IF EXISTS weft_directory ON "public"."webhook_deliveries";
DROP POLICY IF EXISTS weft_unscoped ON "public"."webhook_deliveries";
CREATE POLICY weft_unscoped ON "public"."webhook_deliveries" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."webhook_deliveries" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_org ON "public"."webhook_deliveries" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."webhook_deliveries" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."webhook_endpoints" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."webhook_endpoints" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."webhook_endpoints";
DROP POLICY IF EXISTS weft_org ON "public"."webhook_endpoints";
DROP POLICY IF EXISTS weft_shop ON "public"."webhook_endpoints";
DROP POLICY IF EXISTS weft_directory ON "public"."webhook_endpoints";
DROP POLICY IF EXISTS weft_unscoped ON "public"."webhook_endpoints";
CREATE POLICY weft_unscoped ON "public"."webhook_endpoints" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."webhook_endpoints" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_org ON "public"."webhook_endpoints" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."webhook_endpoints" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."webhook_messages" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."webhook_messages" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."webhook_messages";
DROP POLICY IF EXISTS weft_org ON "public"."webhook_messages";
DROP POLICY IF EXISTS weft_shop ON "public"."webhook_messages";
DROP POLICY IF EXISTS weft_directory ON "public"."webhook_messages";
DROP POLICY IF EXISTS weft_unscoped ON "public"."webhook_messages";
CREATE POLICY weft_unscoped ON "public"."webhook_messages" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."webhook_messages" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_org ON "public"."webhook_messages" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."webhook_messages" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."webhook_secrets" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."webhook_secrets" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."webhook_secrets";
DROP POLICY IF EXISTS weft_org ON "public"."webhook_secrets";
DROP POLICY IF EXISTS weft_shop ON "public"."webhook_secrets";
DROP POLICY IF EXISTS weft_directory ON "public"."webhook_secrets";
DROP POLICY IF EXISTS weft_unscoped ON "public"."webhook_secrets";
CREATE POLICY weft_unscoped ON "public"."webhook_secrets" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."webhook_secrets" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_org ON "public"."webhook_secrets" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."webhook_secrets" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."webhook_subscriptions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."webhook_subscriptions" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."webhook_subscriptions";
DROP POLICY IF EXISTS weft_org ON "public"."webhook_subscriptions";
DROP POLICY IF EXISTS weft_shop ON "public"."webhook_subscriptions";
DROP POLICY IF EXISTS weft_directory ON "public"."webhook_subscriptions";
DROP POLICY IF EXISTS weft_unscoped ON "public"."webhook_subscriptions";
CREATE POLICY weft_unscoped ON "public"."webhook_subscriptions" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_org ON "public"."webhook_subscriptions" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."webhook_subscriptions" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."payments" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."payments" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."payments";
DROP POLICY IF EXISTS weft_org ON "public"."payments";
DROP POLICY IF EXISTS weft_shop ON "public"."payments";
DROP POLICY IF EXISTS weft_directory ON "public"."payments";
DROP POLICY IF EXISTS weft_unscoped ON "public"."payments";
CREATE POLICY weft_unscoped ON "public"."payments" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."payments" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."payments" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."payments" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."refunds" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."refunds" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."refunds";
DROP POLICY IF EXISTS weft_org ON "public"."refunds";
DROP POLICY IF EXISTS weft_shop ON "public"."refunds";
DROP POLICY IF EXISTS weft_directory ON "public"."refunds";
DROP POLICY IF EXISTS weft_unscoped ON "public"."refunds";
CREATE POLICY weft_unscoped ON "public"."refunds" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."refunds" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."refunds" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."refunds" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."subscriptions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."subscriptions" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."subscriptions";
DROP POLICY IF EXISTS weft_org ON "public"."subscriptions";
DROP POLICY IF EXISTS weft_shop ON "public"."subscriptions";
DROP POLICY IF EXISTS weft_directory ON "public"."subscriptions";
DROP POLICY IF EXISTS weft_unscoped ON "public"."subscriptions";
CREATE POLICY weft_unscoped ON "public"."subscriptions" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."subscriptions" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."subscriptions" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."subscriptions" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);
