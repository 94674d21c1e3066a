//! The closed world of functions: which built-ins a scoped statement may call.
//!
//! A built-in is allowed when it is immutable or stable, or volatile and harmless, and gives no way
//! to SQL text, relations, catalogs, statistics, files, large objects, settings or other sessions,
//! nor to a type that stands for one. `functions/catalog.sql` states that rule over `pg_proc`;
//! `functions/allowed.txt` and `functions/refused.txt` are its answer on Postgres 15 and 18 together,
//! one function a line with the numbers of arguments it takes. A number that an unsafe overload takes
//! on either is refused: name and number are what the text of a statement shows. When another
//! Postgres is taken up, the live test names the lines to add.
//!
//! `age(xid)` passes with every other `age`; like `xmin`, it tells how far the cluster has counted.
//! Two things a name cannot tell are the doctor's to find: an overload that a user has added to an
//! allowed name, and a user's function that bears the name of a built-in of a newer Postgres.

use std::{collections::HashMap, sync::LazyLock};

/// What is known of a function by its name and the number of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A built-in, and every overload that the call can mean is safe.
    Allowed,
    /// A built-in, or a cast in the guise of one, and an overload that the call can mean is not safe.
    Refused,
    /// No built-in that takes so many arguments.
    Unknown,
}

/// Judges a call of the built-in `name`, decoded and folded as Postgres reads it.
///
/// `arguments` is their number, those of `WITHIN GROUP` counted or not, or `None` when they cannot
/// be counted, as behind `VARIADIC`: then every overload of the name must be safe. `x.name` is a call
/// with one argument, and so is a cast: types are listed too, for `x.regclass` and `regclass(x)`.
///
/// What is a keyword to the grammar (`coalesce`, `greatest`, `current_date`) is unknown here.
pub(crate) fn builtin(name: &str, arguments: Option<usize>) -> Verdict {
    let asked = arguments.map_or(Counts::MAX, |count| one(count.min(MANY)));
    match BUILTINS.get(name) {
        Some(known) if known.refused & asked != 0 => Verdict::Refused,
        Some(known) if known.allowed & asked != 0 => Verdict::Allowed,
        _ => Verdict::Unknown,
    }
}

/// Asks a live server for every overload: name, fewest and most arguments (none when variadic),
/// and whether it is safe.
#[doc(hidden)]
pub const DERIVATION: &str = concat!(
    include_str!("functions/catalog.sql"),
    "select name, fewest, most, objection is null as safe from overloads order by name, fewest, most",
);

/// What the lists have wrong about the rows of [`DERIVATION`], a sentence each.
///
/// On a Postgres other than 15 and 18 a function may be missing without harm: it is refused.
#[doc(hidden)]
pub fn disagreements(rows: &[(String, i32, Option<i32>, bool)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, fewest, most, safe) in rows {
        let count = |number: i32| usize::try_from(number).unwrap_or_default();
        let range = count(*fewest)..=most.map_or(MANY, count);
        let call = match most {
            Some(_) => format!("{name} with {range:?} arguments"),
            None => format!("{name} with {fewest} or more arguments"),
        };
        let any = |verdict| {
            range
                .clone()
                .any(|count| builtin(name, Some(count)) == verdict)
        };
        if !safe && any(Verdict::Allowed) {
            found.push(format!("{call} is allowed, and not safe on this server"));
        }
        if any(Verdict::Unknown) {
            let safe = if *safe { "safe" } else { "not safe" };
            found.push(format!(
                "{call} is on neither list, and {safe} on this server"
            ));
        }
    }
    found
}

static ALLOWED: &str = include_str!("functions/allowed.txt");
static REFUSED: &str = include_str!("functions/refused.txt");

/// Numbers of arguments, a bit for each; the last stands for [`MANY`] and more.
type Counts = u32;

const MANY: usize = Counts::BITS as usize - 1;

#[derive(Default)]
struct Known {
    allowed: Counts,
    refused: Counts,
}

static BUILTINS: LazyLock<HashMap<&str, Known>> = LazyLock::new(|| {
    let mut builtins = HashMap::<_, Known>::new();
    // A line that cannot be read allows nothing, and refuses everything.
    for (name, counts) in lines(ALLOWED) {
        builtins.entry(name).or_default().allowed |= counts.unwrap_or(0);
    }
    for (name, counts) in lines(REFUSED) {
        builtins.entry(name).or_default().refused |= counts.unwrap_or(Counts::MAX);
    }
    builtins
});

fn lines(list: &str) -> impl Iterator<Item = (&str, Option<Counts>)> {
    list.lines().map(|line| match line.split_once(' ') {
        Some((name, counts)) => (name, parse(counts)),
        None => (line, None),
    })
}

/// Reads `2`, `1-3`, `0+`, or several of them with commas between.
fn parse(counts: &str) -> Option<Counts> {
    counts.split(',').try_fold(0, |sum, range| {
        let (fewest, most) = match range.strip_suffix('+') {
            Some(fewest) => (fewest.parse().ok()?, MANY),
            None => {
                let (fewest, most) = range.split_once('-').unwrap_or((range, range));
                (fewest.parse().ok()?, most.parse().ok()?)
            }
        };
        (fewest <= most && most <= MANY).then(|| (fewest..=most).fold(sum, |sum, n| sum | one(n)))
    })
}

const fn one(count: usize) -> Counts {
    1 << count
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Allowed, Refused, Unknown};

    fn words(list: &str) -> impl Iterator<Item = &str> {
        list.split_whitespace()
    }

    fn calls(list: &str) -> impl Iterator<Item = (&str, usize)> {
        words(list).map(|call| {
            let (name, arguments) = call.split_once('/').unwrap();
            (name, arguments.parse().unwrap())
        })
    }

    /// However many arguments it is called with, and when they cannot be counted.
    fn never_allowed(name: &str) {
        assert_eq!(builtin(name, None), Refused, "{name}");
        for arguments in 0..=MANY + 1 {
            assert_ne!(
                builtin(name, Some(arguments)),
                Allowed,
                "{name} with {arguments}"
            );
        }
    }

    #[test]
    fn the_lists_are_sorted_and_every_line_is_read() {
        for list in [ALLOWED, REFUSED] {
            assert!(lines(list).map(|(name, _)| name).is_sorted_by(|a, b| a < b));
            for (name, counts) in lines(list) {
                assert!(counts.is_some_and(|counts| counts != 0), "{name}");
            }
        }
    }

    #[test]
    fn no_call_is_on_both_lists() {
        for (name, known) in BUILTINS.iter() {
            assert_eq!(known.allowed & known.refused, 0, "{name}");
        }
    }

    #[test]
    fn counts_are_read_as_they_are_written() {
        assert_eq!(parse("2"), Some(0b100));
        assert_eq!(parse("0,2-3"), Some(0b1101));
        assert_eq!(parse("1+"), Some(Counts::MAX - 1));
        for wrong in ["", "x", "-1", "3-1", "32", "1,", "1-", "1 2"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn everyday_functions_are_allowed() {
        for (name, arguments) in calls(
            "abs/1 age/1 age/2 array_agg/1 array_length/2 array_position/2 array_remove/2
            array_to_string/2 avg/1 bool_or/1 btrim/1 cardinality/1 ceil/1 concat/40
            concat_ws/3 count/0 count/1 date/1 date_part/2 date_trunc/2 date_trunc/3
            dense_rank/0 encode/2 extract/2 first_value/1 floor/1 format/3
            generate_series/2 generate_series/3 hashtext/1 hashtextextended/2 initcap/1
            int4/1 int4range/2 json_agg/1 json_build_object/0 json_populate_record/2
            jsonb_agg/1 jsonb_array_elements/1 jsonb_build_object/6 jsonb_each_text/1
            jsonb_extract_path_text/3 jsonb_path_query/2 jsonb_set/3
            jsonb_to_recordset/1 lag/1 lead/3 left/2 length/1 lower/1 lpad/3
            make_interval/1 max/1 md5/1 min/1 mode/0 now/0 octet_length/1
            percentile_cont/1 percentile_cont/2 pg_column_size/1 pg_size_pretty/1
            plainto_tsquery/2 position/2 rank/0 regexp_match/2
            regexp_replace/4 replace/3 round/2 row_number/0 row_to_json/1 set_bit/3
            sha256/1 split_part/3 statement_timestamp/0 string_agg/2 string_to_array/2
            strpos/2 substr/3 substring/2 sum/1 text/1 timezone/2 to_char/2 to_date/2
            to_jsonb/1 to_timestamp/1 to_tsquery/2 to_tsvector/1 to_tsvector/2 trunc/1
            ts_headline/3 ts_lexize/2 ts_rank/2 unnest/1 upper/1 uuid_send/1
            width_bucket/4 xpath/2",
        ) {
            assert_eq!(
                builtin(name, Some(arguments)),
                Allowed,
                "{name} with {arguments}"
            );
        }
    }

    #[test]
    fn randomness_and_clocks_are_allowed_though_volatile() {
        for (name, arguments) in calls(
            "array_sample/2 array_shuffle/1 clock_timestamp/0 gen_random_uuid/0 random/0
            random/2 random_normal/0 timeofday/0 uuidv4/0 uuidv7/0 uuidv7/1",
        ) {
            assert_eq!(
                builtin(name, Some(arguments)),
                Allowed,
                "{name} with {arguments}"
            );
        }
    }

    #[test]
    fn sql_text_and_relations_by_name_are_refused() {
        for name in words(
            "cursor_to_xml cursor_to_xmlschema database_to_xml
            database_to_xml_and_xmlschema database_to_xmlschema query_to_xml
            query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml
            schema_to_xml_and_xmlschema schema_to_xmlschema table_to_xml
            table_to_xml_and_xmlschema table_to_xmlschema ts_stat",
        ) {
            never_allowed(name);
        }
    }

    #[test]
    fn ts_rewrite_runs_sql_with_two_arguments_and_rewrites_with_three() {
        assert_eq!(builtin("ts_rewrite", Some(2)), Refused);
        assert_eq!(builtin("ts_rewrite", Some(3)), Allowed);
        assert_eq!(builtin("ts_rewrite", Some(1)), Unknown);
        assert_eq!(builtin("ts_rewrite", None), Refused);
    }

    #[test]
    fn files_and_large_objects_are_refused() {
        for name in words(
            "lo_creat lo_create lo_export lo_from_bytea lo_get lo_import lo_open lo_put
            lo_unlink loread lowrite pg_current_logfile pg_ls_dir pg_ls_logdir
            pg_ls_tmpdir pg_ls_waldir pg_read_binary_file pg_read_file pg_stat_file",
        ) {
            never_allowed(name);
        }
    }

    #[test]
    fn catalogs_and_statistics_are_refused() {
        for name in words(
            "col_description current_query format_type has_any_column_privilege
            has_column_privilege has_schema_privilege has_table_privilege
            obj_description oidvectortypes pg_cursor pg_describe_object
            pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_functiondef
            pg_get_indexdef pg_get_keywords pg_get_serial_sequence pg_get_userbyid
            pg_get_viewdef pg_has_role pg_identify_object pg_input_error_info
            pg_input_is_valid pg_partition_tree pg_prepared_statement
            pg_relation_filepath pg_relation_size pg_show_all_settings
            pg_stat_get_activity pg_stat_get_backend_activity pg_stat_get_live_tuples
            pg_table_is_visible pg_table_size pg_timezone_names pg_total_relation_size
            pg_type_is_visible row_security_active satisfies_hash_partition
            shobj_description to_regclass to_regcollation to_regnamespace to_regoper
            to_regoperator to_regproc to_regprocedure to_regrole to_regtype
            to_regtypemod ts_debug ts_parse ts_token_type",
        ) {
            never_allowed(name);
        }
    }

    #[test]
    fn what_acts_beyond_its_rows_is_refused() {
        for name in words(
            "binary_upgrade_set_next_pg_type_oid brin_summarize_new_values currtid2
            currval gin_clean_pending_list lastval nextval pg_advisory_lock
            pg_advisory_unlock_all pg_advisory_xact_lock pg_advisory_xact_lock_shared
            pg_cancel_backend pg_export_snapshot pg_logical_emit_message pg_nextoid
            pg_notify pg_reload_conf pg_sleep pg_sleep_for pg_sleep_until pg_stat_reset
            pg_switch_wal pg_terminate_backend pg_try_advisory_lock setval",
        ) {
            never_allowed(name);
        }
    }

    #[test]
    fn settings_sessions_and_the_cluster_are_refused() {
        for name in words(
            "current_database current_schema current_schemas current_setting current_user
            getpgusername inet_client_addr inet_server_addr mxid_age pg_backend_pid
            pg_conf_load_time pg_current_snapshot pg_current_wal_lsn pg_current_xact_id
            pg_is_in_recovery pg_listening_channels pg_postmaster_start_time
            pg_snapshot_xmin pg_trigger_depth pg_xact_status session_user set_config
            setseed system_user txid_current txid_current_snapshot txid_status version",
        ) {
            never_allowed(name);
        }
    }

    #[test]
    fn input_and_output_of_types_is_refused() {
        for name in words(
            "array_in cstring_out domain_in enum_in fmgr_sql_validator int4in
            plpgsql_call_handler range_in record_in record_out regclassin regclassout
            regprocin textin tsvector_update_trigger",
        ) {
            never_allowed(name);
        }
    }

    #[test]
    fn casts_in_the_guise_of_calls_are_judged_as_casts() {
        for name in words("_pg_class _regclass pg_snapshot refcursor regclass regrole") {
            never_allowed(name);
            assert_eq!(builtin(name, Some(1)), Refused, "{name}");
        }
        for name in words("_text jsonb regconfig uuid") {
            assert_eq!(builtin(name, Some(1)), Allowed, "{name}");
        }
    }

    #[test]
    fn after_a_dot_only_a_function_of_one_argument_is_refused() {
        for name in words("lo_get nextval pg_read_file pg_sleep regtype setseed") {
            assert_eq!(builtin(name, Some(1)), Refused, "{name}");
        }
        for name in words("current_user description format_type query system version") {
            assert_eq!(builtin(name, Some(1)), Unknown, "{name}");
        }
    }

    #[test]
    fn what_the_server_alone_can_call_is_not_known() {
        for name in words("record_recv array_agg_transfn eqsel generate_series_int4_support") {
            assert_eq!(builtin(name, None), Unknown, "{name}");
        }
    }

    #[test]
    fn names_are_looked_up_as_they_are() {
        for name in
            words("LOWER Lower lower() lower/1 pg_catalog.lower").chain(["", " lower", "lower 1"])
        {
            assert_eq!(builtin(name, Some(1)), Unknown, "{name:?}");
        }
        assert_eq!(builtin("RI_FKey_check_ins", Some(0)), Refused);
        assert_eq!(builtin("ri_fkey_check_ins", Some(0)), Unknown);
    }

    #[test]
    fn functions_of_extensions_and_keywords_are_unknown() {
        for name in words("coalesce crosstab dblink greatest similarity xpath_table") {
            assert_eq!(builtin(name, None), Unknown, "{name}");
        }
    }

    #[test]
    fn arguments_that_cannot_be_counted_need_every_overload_safe() {
        assert_eq!(builtin("concat_ws", None), Allowed);
        assert_eq!(builtin("jsonb_build_object", None), Allowed);
        assert_eq!(builtin("ts_rewrite", None), Refused);
    }

    #[test]
    fn a_server_that_differs_from_the_lists_is_told_where() {
        let row = |name: &str, fewest, most, safe| (name.to_owned(), fewest, most, safe);
        for (row, wrong) in [
            (row("lower", 1, Some(1), true), 0),
            (row("lower", 1, Some(1), false), 1),
            (row("lower", 1, Some(2), true), 1),
            (row("lower", 1, Some(2), false), 2),
            (row("concat", 1, None, true), 0),
            (row("concat", 1, None, false), 1),
            (row("pg_sleep", 1, Some(1), false), 0),
            (row("pg_sleep", 1, Some(1), true), 0),
            (row("not_yet_invented", 0, None, true), 1),
        ] {
            assert_eq!(
                disagreements(std::slice::from_ref(&row)).len(),
                wrong,
                "{row:?}"
            );
        }
    }
}
