-- One login role for each road. None is a superuser, owns a table or may bypass row security; none
-- can become another. Roles belong to the whole server, so a second database finds them made.
DO $$
DECLARE
    road text;
BEGIN
    FOREACH road IN ARRAY ARRAY['weft_app', 'weft_auth', 'weft_unscoped'] LOOP
        BEGIN
            EXECUTE format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION',
                road);
            EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', road, '20s');
            EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', road, '60s');
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = road AND (rolsuper OR rolbypassrls)) THEN
            RAISE EXCEPTION 'role % must be neither a superuser nor BYPASSRLS', road;
        END IF;
    END LOOP;
    EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO weft_app, weft_auth, weft_unscoped;
