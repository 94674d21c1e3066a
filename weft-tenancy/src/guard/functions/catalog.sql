-- What pg_catalog holds, and whether a scoped statement may name it: the rule behind types.rs and
-- functions/*.txt, by which both are checked on a live server. Oids below 16384 came with the
-- server; what an extension puts into pg_catalog is no built-in.
with elements as (
    -- A cast to a reg* type asks whether a name exists; text search cannot do without one of them.
    -- Category Z is for internal use; category A here is int2vector and oidvector.
    select oid, typarray,
        typtype in ('b', 'r', 'm')
            and (typcategory not in ('A', 'Z') or typname = 'char')
            and (typname !~ '^(reg|pg_)' or typname in ('regconfig', 'pg_lsn'))
            and typname not in ('aclitem', 'gtsvector', 'refcursor', 'txid_snapshot') as safe
    from pg_catalog.pg_type
), types as (
    select own.oid, own.typname::text as name,
        coalesce(element.safe, elements.safe) as safe,
        -- regrole('x') and ('x'::text).regrole are casts, to any type but a relation's row.
        own.typrelid = 0 and own.typtype <> 'p' as callable
    from pg_catalog.pg_type own
    join elements on elements.oid = own.oid
    left join elements element on element.typarray = own.oid
    where own.typnamespace = 'pg_catalog'::regnamespace and own.oid < 16384
), overloads as (
    select p.proname::text as name,
        -- WITHIN GROUP hands over arguments that do not stand between the parentheses.
        coalesce(a.aggnumdirectargs, p.pronargs - p.pronargdefaults)::int as fewest,
        case when p.provariadic = 0 then p.pronargs::int end as most,
        case
            when p.prokind = 'p' then 'a procedure'
            when p.provolatile = 'v' and p.proname not in (
                'array_sample', 'array_shuffle', 'clock_timestamp', 'gen_random_uuid', 'random',
                'random_normal', 'timeofday', 'uuidv4', 'uuidv7'
            ) then 'acts on the server, or reads what changes under a statement'
            when p.proparallel <> 's' and p.proname not in ('age', 'random', 'random_normal')
                then 'bound to the state of its session'
            when l.lanname not in ('internal', 'sql') then 'neither core nor SQL'
            when l.lanname = 'sql'
                and coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) ~* '\mfrom\M'
                then 'SQL over the catalogs'
            when p.proname ~ '^pg_' and p.proname !~ '^pg_lsn(_|$)' and p.proname not in (
                'pg_char_to_encoding', 'pg_collation_for', 'pg_column_size',
                'pg_encoding_max_length', 'pg_encoding_to_char', 'pg_size_bytes', 'pg_size_pretty'
            ) then 'catalogs, statistics, files, sessions, replication'
            when p.proname ~ '^(cursor|database|query|schema|table)_to_xml'
                then 'reads relations by name, or runs SQL text'
            when p.proname ~ '^(has_.*_privilege|row_security_active|to_reg.*|ts_(debug|parse|token_type))$'
                then 'reads catalogs by name'
            when p.proname ~ '^(lo_.*|loread|lowrite)$' then 'large objects'
            when p.proname in (
                'current_setting', 'get_current_ts_config', 'getdatabaseencoding', 'set_config',
                'setseed'
            ) then 'settings'
            when p.proname ~ '^(brin|gin|gist|spg)_' then 'support of an index'
            when p.proname ~ '^((mx|tx)id_|inet_(client|server)_|(icu_)?(unicode_)?version$)'
                or p.proname in (
                    'current_database', 'current_schema', 'current_schemas', 'current_user',
                    'getpgusername', 'session_user', 'system_user'
                ) then 'about the session, the server or the cluster'
            -- max(oid) is spelled like every other max.
            when pg_catalog.format('%s(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)) in (
                'int8(oid)', 'max(oid)', 'min(oid)', 'oid(bigint)',
                'ts_lexize(regdictionary, text)'
            ) then null
            when exists (
                select from pg_catalog.unnest(
                    p.proargtypes::oid[] || p.prorettype || coalesce(p.proallargtypes, '{}')
                ) as used (oid)
                join pg_catalog.pg_type t on t.oid = used.oid
                where t.typname in ('oid', '_oid') or not (
                    t.oid in (select types.oid from types where types.safe)
                    or t.typtype = 'p' and t.typname ~ '^(any.*|_?record)$'
                )
            ) then 'a type that stands for a catalog entry or for the inside of the server'
        end as objection
    from pg_catalog.pg_proc p
    join pg_catalog.pg_language l on l.oid = p.prolang
    left join pg_catalog.pg_aggregate a on a.aggfnoid = p.oid and a.aggkind <> 'n'
    -- No text makes a value of type internal: what asks for one is called by the server alone.
    where p.pronamespace = 'pg_catalog'::regnamespace and p.oid < 16384
        and 'internal'::regtype <> all (p.proargtypes)
    union all
    select name, 1, 1, case when not safe then 'a cast to a type out of reach' end
    from types where callable
)
