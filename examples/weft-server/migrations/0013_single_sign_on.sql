-- Which organisation at WorkOS is ours: the one that was made for it there, and no other's.
ALTER TABLE organizations ADD COLUMN workos_organization text UNIQUE
    CHECK (workos_organization ~ '^[A-Za-z0-9_-]{1,255}$');

-- Whoever writes it learns whether another organisation has it: this is the third road's work.
GRANT UPDATE (workos_organization) ON organizations TO weft_unscoped;

-- Whoever comes back from there is asked by it whose people these are, and what that has paid for.
GRANT SELECT (plan_id, workos_organization) ON organizations TO weft_auth;
GRANT SELECT (id, code) ON plans TO weft_auth;
