//! The leaks and bugs that other tenancy libraries had, one test for each that can apply here.
//!
//! A number without a name in the table has its test `lNN_…` in this module; a name is a test
//! elsewhere that keeps the same promise; a clause in brackets says why it cannot apply.
//!
//! | Leak | Promise |
//! |---|---|
//! | 1–5 | here |
//! | 6, raw text passes the hook by | `surface::sql_query_with_binds` |
//! | 7, some kinds of statement pass it by | `surface::associations`, `surface::update_and_delete_reach_own_rows_only` |
//! | 8, 9 | here |
//! | 10, a scope inside the opt-out | `unscoped::statements_reach_every_organisation_and_are_on_record` |
//! | 11, an ON that begins with AND | `place::g12_…`, `place::g31_…` |
//! | 12, 13 | here |
//! | 14, children by a list of ids | `surface::associations` |
//! | 15, lost on create and in subqueries | `surface::insert_fills_the_organisation`, `surface::subqueries_aggregates_and_groups` |
//! | 16, a join on the foreign key alone | `surface::joins_and_aliases` |
//! | 17–23 | here |
//! | 24, a scope in a scope reads as its parent | `surface::a_narrowed_scope_sees_its_shops`, `unscoped::a_scope_inside_is_a_scope_again` |
//! | 25 | here; what does not compile: `weft_tests` |
//! | 26, 27, OR at the top | `place::r04_…`, `surface::filters_cannot_reach_another_organisation` |
//! | 28, 29 | here |
//! | 30, parentheses on request | `place::r04_…` (there is no switch) |
//! | 31, 32 | here |
//! | 33, bulk writes | `surface::update_and_delete_reach_own_rows_only` |
//! | 34, 35 | here |
//! | 36, no tenant is `IS NULL` | (a scope has a key, and a key is never null) |
//! | 37, the tenant in two types | `calls::a_scope_of_another_key_type_is_refused_before_anything_is_sent` |
//! | 38–44 | here |
//! | 45, 46, a foreign key accepted or rewritten | `surface::insert_for_another_organisation_is_refused`, `writes::g15_…` |
//! | 47–51 | here |
//! | 52, a tenant without an id | (a scope has a key, and a key is never null) |
//! | 53, 54, no tenant is no predicate | `row_security::context::without_a_context_and_after_one_there_are_no_rows` (no statement without a scope) |
//! | 55 | here |
//! | 56, 57, a worker's last tenant | `pools::r2d2_hands_out_scopes_one_after_another`, `calls::scopes_alternate_on_one_connection` |
//! | 58, 59, tasks on one thread | `pools::concurrent_scopes_never_mix` |
//! | 60 | here |
//! | 61, a tenant shared by tests | (no ambient context) |
//! | 62, 63 | here |
//! | 64, a bypass outlives its block | `surface::deleted_rows_are_hidden_unless_shown`, `calls::a_dropped_future_of_a_narrowed_scope_leaves_the_wider_one_as_it_was` |
//! | 65, an empty filter is everything | `writes::g16_…`, `unscoped::a_scope_inside_is_a_scope_again` |
//! | 66 | here |
//! | 67, a tenant in a cached model | `calls::scopes_alternate_on_one_connection` |
//! | 68 | here |
//! | 69, a spawned task inherits nothing | `reach::futures_of_scopes_can_be_spawned` |
//! | 70, a tenant in a global | (no ambient context) |
//! | 71, the first tenant's literal is kept | `calls::scopes_alternate_on_one_connection`, `calls::a_text_accepted_in_one_scope_is_refused_in_another` |
//! | 72–74 | here |
//! | 75, the first tenant for ever | `calls::g05_…` |
//! | 76 | here |
//! | 77, an identity map by id | (no identity map) |
//! | 78 | here |
//! | 79, a second-level cache | (none; no row is kept) |
//! | 80 | here |
//! | 81, equal ids compare as equal rows | (equality is the caller's struct's) |
//! | 82, 83 | here |
//! | 84, bypasses without a list | `unscoped::without_a_record_nothing_runs` |
//! | 85–88 | here |
//! | 89, an upsert discloses past the policies | `writes::g32_…`, `writes::g23_…` |
//! | 90, 91 | here |
//! | 92, definer's views | `world::r02_only_what_is_declared_can_be_named` |
//! | 93, a setting left in a pooler | `pooler::no_context_survives_behind_it` |
//! | 94, policies break the rollback | `context::a_statement_of_its_own_is_committed_or_undone`, `transactions::savepoints_nest` |
//! | 95, settings that no worker gets | `citus::each_setting_is_a_message_of_its_own` |
//! | 96 | here |

mod caches;
mod composition;
mod context;
mod database;
mod inserts;
mod opt_out;
mod shapes;
mod writes;
