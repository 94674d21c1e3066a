-- Files that go with messages. Their bytes are in the object store, each under the organisation and the
-- id; here is what is known of them.

-- How many bytes of files an organisation may keep.
ALTER TABLE plans ADD COLUMN storage bigint NOT NULL DEFAULT 0 CHECK (storage >= 0);
UPDATE plans SET storage = CASE code
    WHEN 'starter' THEN 2000000000
    WHEN 'team' THEN 100000000000
    WHEN 'enterprise' THEN 2000000000000
    ELSE 0 END;

ALTER TABLE messages ADD UNIQUE (org_id, shop_id, conversation_id, id);

CREATE TABLE attachments (
    org_id          uuid        NOT NULL,
    id              uuid        NOT NULL,
    shop_id         uuid        NOT NULL,
    -- Without one, whatever else the row says, nobody sees it, and the object is to be deleted.
    conversation_id uuid,
    message_id      uuid,
    author_id       uuid,
    file_name       text        NOT NULL,
    content_type    text        NOT NULL,
    -- Until the file is confirmed, the most that it may have; that much of the plan is taken.
    size            bigint      NOT NULL CHECK (size > 0),
    least_size      bigint      NOT NULL CHECK (least_size BETWEEN 1 AND size),
    sha256          bytea       CHECK (octet_length(sha256) = 32),
    -- What the store calls the bytes that were confirmed.
    etag            text,
    state           text        NOT NULL CHECK (state IN ('expected', 'confirmed')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- Until then something can be sent.
    expires_at      timestamptz NOT NULL,
    confirmed_at    timestamptz,
    -- Until then it is kept without a message.
    kept_until      timestamptz,
    PRIMARY KEY (org_id, id),
    CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL)),
    CHECK ((state = 'confirmed') = (etag IS NOT NULL)),
    CHECK (message_id IS NULL OR state = 'confirmed'),
    CHECK (message_id IS NULL OR kept_until IS NULL),
    -- The conversation is the shop's. Without one a row outlasts the shop, until the object is gone.
    FOREIGN KEY (org_id, shop_id, conversation_id)
        REFERENCES conversations (org_id, shop_id, id) ON DELETE SET NULL (conversation_id),
    FOREIGN KEY (org_id, shop_id, conversation_id, message_id)
        REFERENCES messages (org_id, shop_id, conversation_id, id)
        ON DELETE SET NULL (conversation_id, message_id),
    FOREIGN KEY (org_id, author_id) REFERENCES memberships (org_id, id)
        ON DELETE SET NULL (author_id)
);
CREATE INDEX ON attachments (org_id, conversation_id, created_at, id);
CREATE INDEX ON attachments (org_id, message_id, created_at, id);
CREATE INDEX ON attachments (org_id, author_id);
CREATE INDEX ON attachments (org_id, expires_at)
    WHERE conversation_id IS NULL OR kept_until IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON attachments TO weft_app;
-- Whose files nobody wants any more.
GRANT SELECT (org_id, id, conversation_id, expires_at, kept_until) ON attachments TO weft_auth;

-- What `weft policy` writes for this table.

ALTER TABLE "public"."attachments" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."attachments" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."attachments";
DROP POLICY IF EXISTS weft_org ON "public"."attachments";
DROP POLICY IF EXISTS weft_shop ON "public"."attachments";
DROP POLICY IF EXISTS weft_directory ON "public"."attachments";
DROP POLICY IF EXISTS weft_unscoped ON "public"."attachments";
CREATE POLICY weft_unscoped ON "public"."attachments" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."attachments" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_shop ON "public"."attachments" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."attachments" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."attachments" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

