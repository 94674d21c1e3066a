-- What `weft policy` writes for the declaration in src/schema.rs: the second layer under the hook.

ALTER TABLE "public"."organizations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."organizations" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."organizations";
DROP POLICY IF EXISTS weft_org ON "public"."organizations";
DROP POLICY IF EXISTS weft_shop ON "public"."organizations";
DROP POLICY IF EXISTS weft_directory ON "public"."organizations";
DROP POLICY IF EXISTS weft_unscoped ON "public"."organizations";
CREATE POLICY weft_unscoped ON "public"."organizations" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_org ON "public"."organizations" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."organizations" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."memberships" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."memberships" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."memberships";
DROP POLICY IF EXISTS weft_org ON "public"."memberships";
DROP POLICY IF EXISTS weft_shop ON "public"."memberships";
DROP POLICY IF EXISTS weft_directory ON "public"."memberships";
DROP POLICY IF EXISTS weft_unscoped ON "public"."memberships";
CREATE POLICY weft_unscoped ON "public"."memberships" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."memberships" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_org ON "public"."memberships" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."memberships" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."shops" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."shops" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."shops";
DROP POLICY IF EXISTS weft_org ON "public"."shops";
DROP POLICY IF EXISTS weft_shop ON "public"."shops";
DROP POLICY IF EXISTS weft_directory ON "public"."shops";
DROP POLICY IF EXISTS weft_unscoped ON "public"."shops";
CREATE POLICY weft_unscoped ON "public"."shops" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."shops" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."shops" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."shops" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."membership_shops" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."membership_shops" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."membership_shops";
DROP POLICY IF EXISTS weft_org ON "public"."membership_shops";
DROP POLICY IF EXISTS weft_shop ON "public"."membership_shops";
DROP POLICY IF EXISTS weft_directory ON "public"."membership_shops";
DROP POLICY IF EXISTS weft_unscoped ON "public"."membership_shops";
CREATE POLICY weft_unscoped ON "public"."membership_shops" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_directory ON "public"."membership_shops" AS PERMISSIVE FOR SELECT TO "weft_auth"
    USING (true);
CREATE POLICY weft_shop ON "public"."membership_shops" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."membership_shops" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."membership_shops" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."customers" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."customers" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."customers";
DROP POLICY IF EXISTS weft_org ON "public"."customers";
DROP POLICY IF EXISTS weft_shop ON "public"."customers";
DROP POLICY IF EXISTS weft_directory ON "public"."customers";
DROP POLICY IF EXISTS weft_unscoped ON "public"."customers";
CREATE POLICY weft_unscoped ON "public"."customers" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."customers" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."customers" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."customers" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."orders" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."orders" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."orders";
DROP POLICY IF EXISTS weft_org ON "public"."orders";
DROP POLICY IF EXISTS weft_shop ON "public"."orders";
DROP POLICY IF EXISTS weft_directory ON "public"."orders";
DROP POLICY IF EXISTS weft_unscoped ON "public"."orders";
CREATE POLICY weft_unscoped ON "public"."orders" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."orders" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."orders" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."orders" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."order_lines" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."order_lines" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."order_lines";
DROP POLICY IF EXISTS weft_org ON "public"."order_lines";
DROP POLICY IF EXISTS weft_shop ON "public"."order_lines";
DROP POLICY IF EXISTS weft_directory ON "public"."order_lines";
DROP POLICY IF EXISTS weft_unscoped ON "public"."order_lines";
CREATE POLICY weft_unscoped ON "public"."order_lines" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."order_lines" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."order_lines" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."order_lines" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."conversations" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."conversations" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."conversations";
DROP POLICY IF EXISTS weft_org ON "public"."conversations";
DROP POLICY IF EXISTS weft_shop ON "public"."conversations";
DROP POLICY IF EXISTS weft_directory ON "public"."conversations";
DROP POLICY IF EXISTS weft_unscoped ON "public"."conversations";
CREATE POLICY weft_unscoped ON "public"."conversations" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."conversations" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."conversations" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."conversations" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);

ALTER TABLE "public"."messages" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "public"."messages" FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS weft_base ON "public"."messages";
DROP POLICY IF EXISTS weft_org ON "public"."messages";
DROP POLICY IF EXISTS weft_shop ON "public"."messages";
DROP POLICY IF EXISTS weft_directory ON "public"."messages";
DROP POLICY IF EXISTS weft_unscoped ON "public"."messages";
CREATE POLICY weft_unscoped ON "public"."messages" AS PERMISSIVE FOR ALL TO "weft_unscoped"
    USING (true);
CREATE POLICY weft_shop ON "public"."messages" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ((SELECT current_setting('weft.shop_ids', true) = '*') OR "shop_id" = ANY ((SELECT CASE WHEN current_setting('weft.shop_ids', true) LIKE '{%' THEN current_setting('weft.shop_ids', true)::uuid[] END)::uuid[]));
CREATE POLICY weft_org ON "public"."messages" AS RESTRICTIVE FOR ALL TO "weft_app"
    USING ("org_id" = (SELECT nullif(current_setting('weft.org_id', true), '')::uuid));
CREATE POLICY weft_base ON "public"."messages" AS PERMISSIVE FOR ALL TO "weft_app"
    USING (true);
