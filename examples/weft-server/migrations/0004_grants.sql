-- What each road may do. Nobody gets TRUNCATE, REFERENCES or TRIGGER.

-- app: tenants' tables, through scopes. Nothing of users and tokens.
GRANT SELECT ON plans TO weft_app;
GRANT SELECT, UPDATE (name, updated_at) ON organizations TO weft_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON shops, memberships, membership_shops, customers, order_lines, conversations, messages
    TO weft_app;
-- Orders are deleted softly.
GRANT SELECT, INSERT, UPDATE ON orders TO weft_app;

-- auth: who is this, and which organisation and shops are theirs.
GRANT SELECT, INSERT ON users TO weft_auth;
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at, last_used_at) ON api_tokens TO weft_auth;
GRANT SELECT (org_id, id, user_id, role, all_shops) ON memberships TO weft_auth;
GRANT SELECT (org_id, membership_id, shop_id) ON membership_shops TO weft_auth;

-- unscoped: what is done across organisations, each time on record.
GRANT SELECT, INSERT, UPDATE (name, plan_id, updated_at) ON organizations TO weft_unscoped;
GRANT SELECT ON plans TO weft_unscoped;
GRANT INSERT ON weft_unscoped_audit TO weft_unscoped;
