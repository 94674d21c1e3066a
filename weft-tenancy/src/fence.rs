//! A declaration and a scope together: what one connection lets through.

use std::sync::Arc;

use diesel::pg::{Pg, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;

use crate::guard::{Cell, Check, Guarded, Shape};
use crate::{Key, KeyType, Refusal, RefusalKind, Scope, Tenancy, trace};

/// The binds of one call, as Diesel collects them for Postgres.
pub(crate) type Binds = RawBytesBindCollector<Pg>;

/// Guards statements for one scope.
#[derive(Clone)]
pub(crate) struct Fence {
    tenancy: Tenancy,
    scope: Scope,
    show_deleted: bool,
    // Encoded once; a scope whose keys are not of the declared types is refused at each call.
    keys: Result<Arc<Keys>, Refusal>,
}

/// The scope's keys in the binary form of their columns.
struct Keys {
    org: Vec<u8>,
    shops: Vec<Vec<u8>>,
    shop_array: Vec<u8>,
}

impl Fence {
    pub(crate) fn new(tenancy: &Tenancy, scope: Scope) -> Fence {
        let keys = Keys::new(tenancy, &scope).map(Arc::new);
        Fence {
            tenancy: tenancy.clone(),
            scope,
            show_deleted: false,
            keys,
        }
    }

    /// The same with only `shops` of the scope left.
    pub(crate) fn narrowed_to<K: Into<Key>>(&self, shops: impl IntoIterator<Item = K>) -> Fence {
        let narrowed = Fence::new(&self.tenancy, self.scope.narrowed_to(shops));
        Fence {
            show_deleted: self.show_deleted,
            ..narrowed
        }
    }

    /// The same with soft-deleted rows in sight.
    pub(crate) fn showing_deleted(&self) -> Fence {
        Fence {
            show_deleted: true,
            ..self.clone()
        }
    }

    pub(crate) fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Guards `sql` and checks the values this call brings.
    pub(crate) fn admit(&self, sql: &str, binds: &Binds) -> Result<Arc<Guarded>, Refusal> {
        self.guard(sql, binds)
            .inspect(|guarded| trace::guarded(guarded))
            .inspect_err(trace::refused)
    }

    fn guard(&self, sql: &str, binds: &Binds) -> Result<Arc<Guarded>, Refusal> {
        if let Err(refusal) = &self.keys {
            return Err(refusal.clone());
        }
        let count = u16::try_from(binds.binds.len()).map_err(|_| {
            Refusal::new(
                RefusalKind::Placeholder,
                "more binds than Postgres has numbers for",
            )
        })?;
        let shape = Shape {
            narrowed: self.scope.shops().is_some(),
            show_deleted: self.show_deleted,
        };
        let guarded = self.tenancy.guard(sql, count, shape)?;
        self.check(&guarded, binds)?;
        Ok(guarded)
    }

    /// Compares the cells that name an organisation or a shop with the scope, by type and value.
    ///
    /// # Security
    /// The guarded text is cached and shared by all tenants; what is compared here never is.
    pub(crate) fn check(&self, guarded: &Guarded, binds: &Binds) -> Result<(), Refusal> {
        let keys = self.keys.as_ref().map_err(Clone::clone)?;
        guarded
            .checks()
            .iter()
            .try_for_each(|check| match (check.cell(), check.is_shop()) {
                (Cell::Bind(number), false) => {
                    let org = bind(
                        binds,
                        *number,
                        self.tenancy.key(),
                        RefusalKind::OrgCell,
                        check,
                    )?;
                    if org == keys.org {
                        Ok(())
                    } else {
                        Err(check.mismatch())
                    }
                }
                (Cell::Bind(number), true) => {
                    let key = self.tenancy.shop_key();
                    let shop = bind(binds, *number, key, RefusalKind::ShopCell, check)?;
                    // Of a whole organisation no shop is checked; if one were, none would do.
                    let within = keys.shops.iter().any(|within| within == shop);
                    if within {
                        Ok(())
                    } else {
                        Err(check.mismatch())
                    }
                }
                (Cell::Literal(_) | Cell::Shops, _) => check.judge(&self.tenancy, &self.scope),
            })
    }

    /// Adds the guard's own binds behind the caller's, at the numbers the guarded text uses.
    pub(crate) fn append(&self, guarded: &Guarded, binds: &mut Binds) -> Result<(), Refusal> {
        let keys = self.keys.as_ref().map_err(Clone::clone)?;
        let (key, shop) = (self.tenancy.key(), self.tenancy.shop_key());
        let org = guarded.org_bind().map(|number| {
            (
                number,
                &keys.org,
                PgTypeMetadata::new(key.oid(), key.array_oid()),
            )
        });
        // An array type's own array type is not looked at; zero is "none".
        let shops = guarded.shop_bind().map(|number| {
            (
                number,
                &keys.shop_array,
                PgTypeMetadata::new(shop.array_oid(), 0),
            )
        });
        let mut own: Vec<_> = org.into_iter().chain(shops).collect();
        own.sort_by_key(|(number, ..)| *number);
        for (number, bytes, metadata) in own {
            if binds.binds.len() + 1 != usize::from(number) {
                return Err(Refusal::new(
                    RefusalKind::Unproved,
                    "the guard's binds are not last",
                ));
            }
            binds.binds.push(Some(bytes.clone()));
            binds.metadata.push(metadata);
        }
        Ok(())
    }
}

impl Keys {
    fn new(tenancy: &Tenancy, scope: &Scope) -> Result<Keys, Refusal> {
        let refused = |what, key: KeyType| {
            let detail = format!(
                "the scope's {what} is not a value of type {}",
                key.sql_name()
            );
            Refusal::new(RefusalKind::ScopeKey, detail)
        };
        let (key, shop_key) = (tenancy.key(), tenancy.shop_key());
        let org = key
            .encode(scope.org_key())
            .ok_or_else(|| refused("organisation", key))?;
        let shops = scope.shops().unwrap_or_default();
        let shop_array = shop_key
            .encode_array(shops)
            .ok_or_else(|| refused("shop", shop_key))?;
        let shops = shops
            .iter()
            .filter_map(|shop| shop_key.encode(*shop))
            .collect();
        Ok(Keys {
            org,
            shops,
            shop_array,
        })
    }
}

/// The bytes of bind `number`, which must be a value of type `key`.
fn bind<'b>(
    binds: &'b Binds,
    number: u16,
    key: KeyType,
    kind: RefusalKind,
    check: &Check,
) -> Result<&'b [u8], Refusal> {
    let at = usize::from(number).checked_sub(1);
    let oid = at
        .and_then(|at| binds.metadata.get(at))
        .and_then(|found| found.oid().ok());
    let refused = |what: &str| {
        let detail = format!("column {} is bound to {what}", check.column());
        Refusal::new(kind, detail).on(check.table())
    };
    if oid != Some(key.oid()) {
        return Err(refused("a value of another type"));
    }
    at.and_then(|at| binds.binds.get(at)?.as_deref())
        .ok_or_else(|| refused("NULL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const I64: (u32, u32) = (20, 1016);
    const TEXT: (u32, u32) = (25, 1009);

    diesel::table! { organizations (id) { id -> BigInt, } }
    diesel::table! { orders (id) { id -> BigInt, org_id -> BigInt, shop_id -> Integer, } }

    crate::tenancy! {
        TENANCY: i64, shop i32;
        root organizations(id);
        shop orders(org_id, shop_id);
    }

    fn guarded(shop: bool, cell: Cell) -> Guarded {
        let column = if shop { "shop_id" } else { "org_id" };
        let check = Check {
            table: "orders".into(),
            column: column.into(),
            shop,
            cell,
        };
        let mut guarded = Guarded::default();
        (guarded.org_bind, guarded.shop_bind) = (Some(2), Some(3));
        guarded.checks.push(check);
        guarded
    }

    fn binds((oid, array): (u32, u32), bytes: Option<&[u8]>) -> Binds {
        let mut binds = Binds::new();
        binds.metadata.push(PgTypeMetadata::new(oid, array));
        binds.binds.push(bytes.map(<[u8]>::to_vec));
        binds
    }

    fn kind(fence: &Fence, guarded: &Guarded, binds: &Binds) -> Option<RefusalKind> {
        fence
            .check(guarded, binds)
            .err()
            .map(|refusal| refusal.kind())
    }

    #[test]
    fn an_organisation_is_compared_by_type_and_value() {
        let fence = Fence::new(&TENANCY, Scope::org(7_i64));
        let cell = guarded(false, Cell::Bind(1));
        let seven = 7_i64.to_be_bytes();
        assert_eq!(kind(&fence, &cell, &binds(I64, Some(&seven))), None);
        let eight = binds(I64, Some(&8_i64.to_be_bytes()));
        assert_eq!(kind(&fence, &cell, &eight), Some(RefusalKind::OrgMismatch));
        assert_eq!(
            kind(&fence, &cell, &binds(I64, None)),
            Some(RefusalKind::OrgCell)
        );
        let text = binds(TEXT, Some(&seven));
        assert_eq!(kind(&fence, &cell, &text), Some(RefusalKind::OrgCell));
        assert_eq!(
            kind(&fence, &cell, &Binds::new()),
            Some(RefusalKind::OrgCell)
        );
        for (literal, expected) in [
            ("7", None),
            ("8", Some(RefusalKind::OrgMismatch)),
            ("x", Some(RefusalKind::OrgMismatch)),
        ] {
            let cell = guarded(false, Cell::Literal(literal.into()));
            assert_eq!(kind(&fence, &cell, &Binds::new()), expected, "{literal}");
        }
    }

    #[test]
    fn a_shop_is_within_the_scope_or_refused() {
        let i32 = (23, 1007);
        let two = Fence::new(&TENANCY, Scope::org(7_i64).narrowed_to([1, 2]));
        let one = two.narrowed_to([2, 3]);
        let none = one.narrowed_to([] as [i32; 0]);
        let cell = guarded(true, Cell::Bind(1));
        let shop_1 = binds(i32, Some(&1_i32.to_be_bytes()));
        assert_eq!(kind(&two, &cell, &shop_1), None);
        assert_eq!(kind(&one, &cell, &shop_1), Some(RefusalKind::ShopMismatch));
        assert_eq!(kind(&none, &cell, &shop_1), Some(RefusalKind::ShopMismatch));
        assert_eq!(
            kind(&one, &cell, &binds(i32, None)),
            Some(RefusalKind::ShopCell)
        );
        let filled = guarded(true, Cell::Shops);
        assert_eq!(kind(&one, &filled, &Binds::new()), None);
        assert_eq!(
            kind(&two, &filled, &Binds::new()),
            Some(RefusalKind::AmbiguousShop)
        );
        assert_eq!(
            kind(&none, &filled, &Binds::new()),
            Some(RefusalKind::AmbiguousShop)
        );
    }

    #[test]
    fn a_scope_of_another_key_type_is_refused() {
        let wrong = Fence::new(&TENANCY, Scope::org(uuid::Uuid::nil()));
        let refusal = wrong.admit("SELECT 1", &Binds::new()).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::ScopeKey);
        let large = Fence::new(&TENANCY, Scope::org(7_i64).narrowed_to([i64::MAX]));
        let refusal = large.admit("SELECT 1", &Binds::new()).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::ScopeKey);
        assert!(!refusal.to_string().contains(&i64::MAX.to_string()));
    }

    #[test]
    fn the_guards_binds_follow_the_callers() {
        let fence = Fence::new(&TENANCY, Scope::org(7_i64).narrowed_to([1]));
        let guarded = guarded(false, Cell::Literal("7".into()));
        let mut one = binds(TEXT, Some(b"x"));
        fence.append(&guarded, &mut one).unwrap();
        assert_eq!(one.binds.len(), 3);
        assert_eq!(one.binds[1].as_deref(), Some(&7_i64.to_be_bytes()[..]));
        assert_eq!(one.metadata[2].oid().unwrap(), 1007);
        let refusal = fence.append(&guarded, &mut Binds::new()).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::Unproved);
    }
}
