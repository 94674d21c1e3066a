-- Everything the doctor judges, as one JSON text. Nothing of it depends on who asks, and values of
-- rows and settings are left out.
WITH schemas AS MATERIALIZED (
    SELECT oid, nspname AS name, nspowner AS owner, nspacl AS acl
    FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS MATERIALIZED (
    SELECT pg_class.*, schemas.name AS schema
    FROM pg_class JOIN schemas ON schemas.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
), routines AS MATERIALIZED (
    SELECT pg_proc.*, schemas.name AS schema
    FROM pg_proc JOIN schemas ON schemas.oid = pronamespace
    WHERE prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
), acls (class, oid, acl) AS (
    SELECT 'pg_database'::regclass, oid, coalesce(datacl, acldefault('d', datdba))
    FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, coalesce(acl, acldefault('n', owner)) FROM schemas
    UNION ALL
    SELECT 'pg_class'::regclass, oid, coalesce(relacl,
        acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
    FROM relations
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, coalesce(proacl, acldefault('f', proowner)) FROM routines
    UNION ALL
    SELECT 'pg_default_acl'::regclass, oid, defaclacl FROM pg_default_acl
), grants AS MATERIALIZED (
    SELECT class, acls.oid,
        json_agg(json_build_object('to', rolname, 'privilege', privilege_type)) AS list
    FROM acls CROSS JOIN aclexplode(acl) LEFT JOIN pg_roles ON pg_roles.oid = grantee
    GROUP BY class, acls.oid
), extensions AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), columns AS MATERIALIZED (
    SELECT attrelid, json_agg(json_build_object(
        'name', attname,
        'quoted', quote_ident(attname),
        'type', atttypid::bigint,
        'not_null', attnotnull,
        'filled', CASE WHEN attidentity <> '' THEN 'IDENTITY' WHEN attgenerated <> '' THEN 'EXPRESSION'
            WHEN atthasdef THEN 'DEFAULT' END,
        'grants', (SELECT coalesce(json_agg(json_build_object('to', rolname, 'privilege', privilege_type)), '[]')
            FROM aclexplode(attacl) LEFT JOIN pg_roles ON pg_roles.oid = grantee)
    ) ORDER BY attnum) AS list
    FROM pg_attribute JOIN relations ON relations.oid = attrelid
    WHERE attnum > 0 AND NOT attisdropped
    GROUP BY attrelid
), leaks (index, method) AS (
    -- What a search through an index calls and may tell of its arguments in errors: its operators,
    -- LIKE where it serves it, and what its expressions call.
    SELECT DISTINCT indexrelid, oprcode FROM pg_index
        CROSS JOIN unnest(indclass::oid[]) AS class JOIN pg_opclass ON pg_opclass.oid = class
        JOIN pg_amop ON amopfamily = opcfamily AND amoplefttype = opcintype AND amoppurpose = 's'
            AND (amoprighttype = opcintype OR amopmethod NOT IN (SELECT oid FROM pg_am WHERE amname IN ('btree', 'hash')))
        JOIN pg_operator ON pg_operator.oid = amopopr
    UNION
    SELECT indexrelid, 'pg_catalog.textlike'::regproc FROM pg_index
        CROSS JOIN unnest(indclass::oid[]) AS class JOIN pg_opclass ON pg_opclass.oid = class
        WHERE opcname LIKE '%pattern\_ops'
    UNION
    SELECT indexrelid, called[1]::oid::regproc FROM pg_index
        CROSS JOIN regexp_matches(indexprs::text, ':(?:op)?funcid (\d+)', 'g') AS called
), indexes AS MATERIALIZED (
    SELECT indrelid, json_agg(json_build_object(
        'name', class.relname,
        'columns', (SELECT json_agg(attname ORDER BY place)
            FROM unnest(indkey::int2[]) WITH ORDINALITY AS key (number, place)
            LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number <> 0
            WHERE place <= indnkeyatts),
        'unique', indisunique OR indisexclusion,
        'usable', indisvalid AND indisready AND indpred IS NULL AND amname IN ('btree', 'hash'),
        'inherited', class.relispartition,
        'head', format('CREATE UNIQUE INDEX %I ON %s%I.%I USING %I (', class.relname,
            CASE relations.relkind WHEN 'p' THEN 'ONLY ' ELSE '' END, schema, relations.relname, amname),
        'definition', pg_get_indexdef(indexrelid),
        'constraint', (SELECT json_build_object('name', conname, 'exclusion', contype = 'x',
                'definition', pg_get_constraintdef(oid))
            FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')),
        'leaks', (SELECT coalesce(json_agg(pg_proc.oid::regprocedure::text), '[]')
            FROM leaks JOIN pg_proc ON pg_proc.oid = method
            WHERE index = indexrelid AND NOT proleakproof)
    ) ORDER BY class.relname) AS list
    FROM pg_index JOIN relations ON relations.oid = indrelid
        JOIN pg_class AS class ON class.oid = indexrelid JOIN pg_am ON pg_am.oid = class.relam
    GROUP BY indrelid
), foreign_keys AS MATERIALIZED (
    SELECT conrelid, json_agg(json_build_object(
        'name', conname,
        'columns', (SELECT json_agg(attname ORDER BY place)
            FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = number),
        'parent', json_build_array(parent.schema, parent.relname),
        'parent_columns', (SELECT json_agg(attname ORDER BY place)
            FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
            JOIN pg_attribute ON attrelid = confrelid AND attnum = number),
        'on_delete', confdeltype,
        'on_update', confupdtype,
        'set_columns', (SELECT coalesce(json_agg(attname ORDER BY attname), '[]') FROM pg_attribute
            WHERE attrelid = conrelid AND attnum = ANY (confdelsetcols)),
        'deferrable', condeferrable,
        'deferred', condeferred
    ) ORDER BY conname) AS list
    FROM pg_constraint JOIN relations AS parent ON parent.oid = confrelid
    WHERE contype = 'f' AND conparentid = 0
    GROUP BY conrelid
), policies AS MATERIALIZED (
    SELECT polrelid, json_agg(json_build_object(
        'name', polname,
        'permissive', polpermissive,
        'command', polcmd,
        'roles', (SELECT json_agg(rolname ORDER BY rolname)
            FROM unnest(polroles) AS member LEFT JOIN pg_roles ON pg_roles.oid = member),
        'using', pg_get_expr(polqual, polrelid),
        'check', pg_get_expr(polwithcheck, polrelid)
    ) ORDER BY polname) AS list
    FROM pg_policy GROUP BY polrelid
)
SELECT json_build_object(
    'database', (SELECT json_build_object('name', datname, 'owner', pg_get_userbyid(datdba),
            'grants', coalesce(list, '[]'))
        FROM pg_database LEFT JOIN grants ON class = 'pg_database'::regclass AND grants.oid = pg_database.oid
        WHERE datname = current_database()),
    'roles', (SELECT json_agg(json_build_object(
            'name', rolname,
            'attributes', array_remove(ARRAY[
                CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
                CASE WHEN rolreplication THEN 'REPLICATION' END,
                CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END], NULL),
            'member_of', (SELECT coalesce(json_agg(DISTINCT pg_get_userbyid(roleid)::text), '[]')
                FROM pg_auth_members WHERE member = pg_roles.oid)))
        FROM pg_roles),
    'schemas', (SELECT coalesce(json_agg(json_build_object(
            'name', name, 'owner', pg_get_userbyid(owner), 'grants', coalesce(list, '[]')) ORDER BY name), '[]')
        FROM schemas LEFT JOIN grants ON class = 'pg_namespace'::regclass AND grants.oid = schemas.oid),
    'relations', (SELECT coalesce(json_agg(json_build_object(
            'schema', schema,
            'name', relname,
            'kind', relkind,
            'owner', pg_get_userbyid(relowner),
            'extension', EXISTS (SELECT FROM extensions WHERE classid = 'pg_class'::regclass AND objid = relations.oid),
            'row_security', relrowsecurity,
            'forced', relforcerowsecurity,
            'security_invoker', coalesce((SELECT option_value::boolean FROM pg_options_to_table(reloptions)
                WHERE option_name = 'security_invoker'), false),
            'parents', (SELECT coalesce(json_agg(json_build_array(parent.schema, parent.relname)), '[]')
                FROM pg_inherits JOIN relations AS parent ON parent.oid = inhparent WHERE inhrelid = relations.oid),
            'reads', (SELECT coalesce(json_agg(DISTINCT jsonb_build_array(read.schema, read.relname)), '[]')
                FROM pg_rewrite JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
                    AND refclassid = 'pg_class'::regclass
                JOIN relations AS read ON read.oid = refobjid AND read.oid <> ev_class
                WHERE ev_class = relations.oid AND relations.relkind IN ('v', 'm')),
            'triggers', (SELECT coalesce(json_agg(tgname ORDER BY tgname), '[]') FROM pg_trigger
                WHERE tgrelid = relations.oid AND NOT tgisinternal AND tgparentid = 0),
            'rules', (SELECT coalesce(json_agg(rulename ORDER BY rulename), '[]') FROM pg_rewrite
                WHERE ev_class = relations.oid AND rulename <> '_RETURN'),
            'grants', coalesce(grants.list, '[]'),
            'columns', coalesce(columns.list, '[]'),
            'indexes', coalesce(indexes.list, '[]'),
            'foreign_keys', coalesce(foreign_keys.list, '[]'),
            'policies', coalesce(policies.list, '[]')
        ) ORDER BY schema, relname), '[]')
        FROM relations
            LEFT JOIN grants ON class = 'pg_class'::regclass AND grants.oid = relations.oid
            LEFT JOIN columns ON columns.attrelid = relations.oid
            LEFT JOIN indexes ON indrelid = relations.oid
            LEFT JOIN foreign_keys ON conrelid = relations.oid
            LEFT JOIN policies ON polrelid = relations.oid),
    'functions', (SELECT coalesce(json_agg(json_build_object(
            'schema', schema,
            'name', proname,
            'arguments', pg_get_function_identity_arguments(routines.oid),
            'owner', pg_get_userbyid(proowner),
            'definer', prosecdef,
            'trusted', lanpltrusted OR prokind = 'a',
            'extension', EXISTS (SELECT FROM extensions WHERE classid = 'pg_proc'::regclass AND objid = routines.oid),
            'grants', coalesce(list, '[]')
        ) ORDER BY schema, proname, routines.oid), '[]')
        FROM routines JOIN pg_language ON pg_language.oid = prolang
            LEFT JOIN grants ON class = 'pg_proc'::regclass AND grants.oid = routines.oid),
    'operators', (SELECT coalesce(json_agg(json_build_object(
            'schema', schemas.name,
            'name', oprname,
            'left', CASE WHEN oprleft = 0 THEN 'NONE' ELSE format_type(oprleft, NULL) END,
            'right', format_type(oprright, NULL),
            'calls', json_build_array(proname, pronargs, pronamespace = 'pg_catalog'::regnamespace)
        ) ORDER BY pg_operator.oid), '[]')
        FROM pg_operator JOIN schemas ON schemas.oid = oprnamespace JOIN pg_proc ON pg_proc.oid = oprcode
        WHERE NOT EXISTS (SELECT FROM extensions WHERE classid = 'pg_operator'::regclass AND objid = pg_operator.oid)),
    'casts', (SELECT coalesce(json_agg(json_build_object(
            'source', format_type(castsource, NULL),
            'target', format_type(casttarget, NULL),
            'calls', json_build_array(proname, pronargs, pronamespace = 'pg_catalog'::regnamespace)
        ) ORDER BY pg_cast.oid), '[]')
        FROM pg_cast JOIN pg_proc ON pg_proc.oid = castfunc
        WHERE pg_cast.oid >= 16384
            AND NOT EXISTS (SELECT FROM extensions WHERE classid = 'pg_cast'::regclass AND objid = pg_cast.oid)),
    'defaults', (SELECT coalesce(json_agg(json_build_object(
            'owner', pg_get_userbyid(defaclrole), 'schema', nspname, 'grants', list)), '[]')
        FROM pg_default_acl LEFT JOIN pg_namespace ON pg_namespace.oid = defaclnamespace
            JOIN grants ON class = 'pg_default_acl'::regclass AND grants.oid = pg_default_acl.oid
        WHERE defaclobjtype = 'r'),
    'settings', (SELECT coalesce(json_agg(json_build_object(
            'role', rolname, 'database', setdatabase <> 0, 'name', split_part(setting, '=', 1))), '[]')
        FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS setting
            LEFT JOIN pg_roles ON pg_roles.oid = setrole
        WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))
)::text AS catalog
