//! Functions, operators and casts.

use crate::clinic::{Patient, signed_context};

#[test]
fn functions_out_of_reach_and_those_of_the_signed_context_are_none_of_its_business() {
    let mut patient = Patient::new();
    patient.run(&signed_context());
    patient.run(
        "CREATE SCHEMA internal;
         CREATE FUNCTION internal.f() RETURNS void LANGUAGE sql SECURITY DEFINER AS '';
         CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''; REVOKE ALL ON FUNCTION f FROM PUBLIC;
         CREATE EXTENSION pgcrypto",
    );
    assert_eq!(patient.examine().findings, []);
}

defects! {
    functions_that_run_as_their_owner:
        r#"CREATE FUNCTION reports."A""ll"(many integer[]) RETURNS bigint LANGUAGE sql SECURITY DEFINER
               AS 'SELECT count(*) FROM public.orders';
           CREATE PROCEDURE auth.enter() LANGUAGE sql SECURITY DEFINER AS '';
           CREATE FUNCTION my_rank(text) RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"#
        => [r#"definer reports.A"ll(many integer[])"#, "definer auth.enter()", "definer my_rank(text)"];
    functions_that_are_not_declared:
        "CREATE FUNCTION lower(plans) RETURNS text LANGUAGE sql AS 'SELECT $1.code';
         CREATE AGGREGATE largest(integer) (SFUNC = int4larger, STYPE = integer);
         CREATE FUNCTION private_one() RETURNS void LANGUAGE sql AS '';
         REVOKE ALL ON FUNCTION private_one FROM PUBLIC; GRANT EXECUTE ON FUNCTION private_one TO unscoped"
        => ["function lower(plans)", "function largest(integer)"];
    functions_in_an_untrusted_language:
        "CREATE FUNCTION my_rank(oid) RETURNS bytea LANGUAGE internal AS 'be_lo_get'"
        => ["language my_rank(oid)"];
    operators_that_call_what_is_not_allowed:
        "CREATE FUNCTION hidden_one(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT true';
         REVOKE ALL ON FUNCTION hidden_one FROM PUBLIC;
         CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = hidden_one);
         CREATE OPERATOR reports.@@@ (RIGHTARG = text, FUNCTION = pg_catalog.pg_read_file);
         CREATE OPERATOR |@| (RIGHTARG = integer, FUNCTION = my_rank);
         CREATE OPERATOR ##### (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq);
         CREATE OPERATOR auth.@@@ (RIGHTARG = text, FUNCTION = pg_catalog.pg_read_file)"
        => ["operator === (integer, integer)", "operator reports.@@@ (NONE, text)"];
    casts_that_call_what_is_not_declared:
        "CREATE FUNCTION to_plan(integer) RETURNS plans LANGUAGE sql AS 'SELECT * FROM public.plans LIMIT 1';
         REVOKE ALL ON FUNCTION to_plan FROM PUBLIC;
         CREATE CAST (integer AS plans) WITH FUNCTION to_plan(integer)"
        => ["cast (integer AS plans)"];
}
