//! A guarded statement as Diesel sends it.
//!
//! Two forms, because the two drivers render differently: the synchronous one is handed a reference
//! whose blanket implementation calls `walk_ast` alone, so its binds are collected beforehand; the
//! asynchronous one collects twice to find out the numbers of custom types, so it needs the source.
//! Neither has a static id: Diesel's cache then knows them by the guarded text.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use crate::fence::Binds;
#[cfg(feature = "async")]
use crate::fence::Fence;
use crate::guard::Guarded;

/// A guarded statement whose binds are collected; `ST` is what it returns.
pub(crate) struct Collected<ST> {
    pub(crate) prefix: &'static str,
    pub(crate) guarded: Arc<Guarded>,
    pub(crate) cacheable: bool,
    pub(crate) binds: Binds,
    pub(crate) returns: PhantomData<fn() -> ST>,
}

impl<ST> Query for Collected<ST> {
    type SqlType = ST;
}

impl<ST> QueryId for Collected<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> QueryFragment<Pg> for Collected<ST> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.cacheable {
            pass.unsafe_to_cache_prepared();
        }
        pass.push_sql(self.prefix);
        pass.push_sql(self.guarded.sql());
        pass.push_bind_collector_data(&self.binds)
    }
}

impl<ST, Conn> RunQueryDsl<Conn> for Collected<ST> {}

/// The text of `source`.
pub(crate) fn render(source: &(impl QueryFragment<Pg> + ?Sized)) -> QueryResult<String> {
    let mut builder = PgQueryBuilder::default();
    source.to_sql(&mut builder, &Pg)?;
    Ok(builder.finish())
}

/// The binds of `source`, with custom types as far as `types` knows them.
pub(crate) fn collect(
    source: &(impl QueryFragment<Pg> + ?Sized),
    types: &mut Types,
) -> QueryResult<Binds> {
    let mut binds = Binds::new();
    source.collect_binds(&mut binds, types, &Pg)?;
    Ok(binds)
}

/// Custom types by name: those known, and those asked for in vain.
///
/// # Security
/// Diesel would pass the connection itself here, and let every `ToSql` reach it through
/// [`PgMetadataLookup::as_any`], unguarded. This value is all that they can reach.
#[derive(Default)]
pub(crate) struct Types {
    known: HashMap<(Option<String>, String), PgTypeMetadata>,
    missing: Vec<(Option<String>, String)>,
}

impl Types {
    /// Whether some type has to be asked for.
    #[cfg(feature = "async")]
    pub(crate) fn lacks_any(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Asks `lookup` for what was missing; whether there was anything.
    pub(crate) fn resolve(&mut self, lookup: &mut impl PgMetadataLookup) -> bool {
        let missing = std::mem::take(&mut self.missing);
        let any = !missing.is_empty();
        for (schema, name) in missing {
            let found = lookup.lookup_type(&name, schema.as_deref());
            self.known.insert((schema, name), found);
        }
        any
    }
}

impl PgMetadataLookup for Types {
    fn lookup_type(&mut self, name: &str, schema: Option<&str>) -> PgTypeMetadata {
        let key = (schema.map(str::to_owned), name.to_owned());
        match self.known.get(&key) {
            Some(found) => found.clone(),
            None => {
                self.missing.push(key);
                PgTypeMetadata::new(0, 0)
            }
        }
    }

    fn as_any<'a>(&mut self) -> &mut (dyn std::any::Any + 'a)
    where
        Self: 'a,
    {
        self
    }
}

/// A guarded statement with its source, which is asked for the binds each time.
#[cfg(feature = "async")]
pub(crate) struct Sourced<ST, Q> {
    pub(crate) prefix: &'static str,
    pub(crate) guarded: Arc<Guarded>,
    pub(crate) fence: Arc<Fence>,
    pub(crate) binds: usize,
    pub(crate) source: Q,
    pub(crate) returns: PhantomData<fn() -> ST>,
}

#[cfg(feature = "async")]
impl<ST, Q> Query for Sourced<ST, Q> {
    type SqlType = ST;
}

#[cfg(feature = "async")]
impl<ST, Q> QueryId for Sourced<ST, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(feature = "async")]
impl<ST, Q: QueryFragment<Pg>> QueryFragment<Pg> for Sourced<ST, Q> {
    /// Reached for the question whether the text may be cached, and for debug output; text and
    /// binds have their own methods below. Should a driver ever render through here, what it sends
    /// is no SQL.
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("<unguarded> ");
        self.source.walk_ast(pass)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, _: &Pg) -> QueryResult<()> {
        out.push_sql(self.prefix);
        out.push_sql(self.guarded.sql());
        Ok(())
    }

    /// Checks again what is about to be sent: a source that gives other binds the second time is
    /// refused like any other.
    fn collect_binds<'b>(
        &'b self,
        out: &mut Binds,
        lookup: &mut (dyn PgMetadataLookup + 'static),
        backend: &'b Pg,
    ) -> QueryResult<()> {
        use crate::{Refusal, RefusalKind};

        self.source.collect_binds(out, lookup, backend)?;
        if out.binds.len() != self.binds {
            let detail = "the number of binds changed between two readings";
            return Err(Refusal::new(RefusalKind::Unproved, detail).into());
        }
        self.fence.check(&self.guarded, out)?;
        self.fence.append(&self.guarded, out)?;
        Ok(())
    }
}

#[cfg(all(test, feature = "async"))]
mod tests {
    use diesel::sql_types::Untyped;

    use super::*;
    use crate::Scope;

    diesel::table! { organizations (id) { id -> BigInt, } }

    crate::tenancy! {
        TENANCY: i64;
        root organizations(id);
    }

    #[test]
    fn a_driver_that_renders_the_source_renders_no_sql() {
        let source = diesel::sql_query("SELECT id FROM organizations");
        let fence = Arc::new(Fence::new(&TENANCY, Scope::org(7_i64)));
        let guarded = fence.admit("SELECT id FROM organizations", &Binds::new());
        let statement: Sourced<Untyped, _> = Sourced {
            prefix: "",
            guarded: guarded.unwrap(),
            fence,
            binds: 0,
            source,
            returns: PhantomData,
        };
        assert!(render(&statement).unwrap().contains("= $1"));
        // Behind a reference only `walk_ast` is called.
        assert!(render(&&statement).unwrap().starts_with("<unguarded> "));
    }
}
