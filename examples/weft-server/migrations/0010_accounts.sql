-- Users are weft-auth's accounts. Of those that were there, nobody has proved to read the mailbox.
INSERT INTO auth_accounts (id, mailbox, state, break_glass)
    SELECT id, email, 'unverified', false FROM users;
ALTER TABLE memberships DROP CONSTRAINT memberships_user_id_fkey,
    ADD FOREIGN KEY (user_id) REFERENCES auth_accounts (id);
ALTER TABLE api_tokens DROP CONSTRAINT api_tokens_user_id_fkey,
    ADD FOREIGN KEY (user_id) REFERENCES auth_accounts (id);
DROP TABLE users;

-- Who was asked to be a member. It ends when it is accepted, or withdrawn.
CREATE TABLE invitations (
    org_id       uuid        NOT NULL REFERENCES organizations (id),
    id           uuid        NOT NULL,
    address      text        NOT NULL,
    display_name text        NOT NULL,
    role         text        NOT NULL CHECK (role IN ('owner', 'member')),
    -- The shops of a member who has not all.
    shop_ids     uuid[],
    invited_by   uuid,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, address),
    CHECK (shop_ids IS NULL OR role <> 'owner'),
    FOREIGN KEY (org_id, invited_by) REFERENCES memberships (org_id, id)
        ON DELETE SET NULL (invited_by)
);
CREATE INDEX ON invitations (org_id, created_at, id);
CREATE INDEX ON invitations (org_id, invited_by);

GRANT SELECT, INSERT, DELETE ON invitations TO weft_app;

-- Whoever signs in is shown the names of the organisations that he is a member of.
GRANT SELECT (id, slug, name) ON organizations TO weft_auth;
GRANT SELECT (display_name) ON memberships TO weft_auth;

ALTER TABLE "public"."organizations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."organizations" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."organizations";
DROP POLICY IF EXISTS weft_org ON "public"."organizations";
DROP POLICY IF EXISTS weft_shop ON "public"."organizations";
DROP POLICY IF EXISTS weft_directory ON "public"."organizations";
DROP POLICY IF EXISTS weft_unscoped ON "public"."organizations";
CREATE POLICY weft_unscoped ON "public"."organizations" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."organizations" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_org ON "public"."organizations" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."organizations" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."invitations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."invitations" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."invitations";
DROP POLICY IF EXISTS weft_org ON "public"."invitations";
DROP POLICY IF EXISTS weft_shop ON "public"."invitations";
DROP POLICY IF EXISTS weft_directory ON "public"."invitations";
DROP POLICY IF EXISTS weft_unscoped ON "public"."invitations";
CREATE POLICY weft_unscoped ON "public"."invitations" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_org ON "public"."invitations" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."invitations" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

