//! The doctor: whether a live database keeps what the hook and row-level security rely on.
//!
//! [`Catalog`] is a snapshot, [`Doctor`] judges it against the declaration, and each [`Finding`]
//! comes with the SQL that mends it.
//!
//! ```
//! # #[cfg(feature = "toml")] {
//! use weft_tenancy::{Roles, Tenancy, doctor::{Catalog, Doctor}};
//!
//! # fn snapshot() -> String { r#"{"database": {"name": "shop", "owner": "owner", "grants": []},
//! #     "roles": [], "schemas": [], "relations": [], "functions": [], "operators": [], "casts": [],
//! #     "defaults": [], "settings": []}"#.to_owned() }
//! let tenancy = Tenancy::from_toml("key = 'uuid'\nroot.organizations = 'id'")?;
//! let roles = Roles::new("shop_app");
//! let catalog = Catalog::from_json(&snapshot())?; // what Catalog::SQL returned
//! let report = Doctor::new(&tenancy, &roles).examine(&catalog);
//! assert!(report.findings.iter().any(|finding| finding.object == "organizations"));
//! assert!(!report.is_healthy());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalog;
mod defaults;
mod deparsed;
mod examination;
mod except;
mod finding;
mod foreign_key;
mod functions;
mod index;
mod key_type;
mod keys;
mod leakproof;
#[cfg(feature = "diesel")]
mod load;
mod operators;
mod owner;
mod partitions;
mod policies;
mod privileges;
mod rebuild;
mod referential_action;
mod relations;
mod report;
mod role;
mod row_security;
mod settings;
mod shared;
mod triggers;
mod undeclared;
mod unique;
mod views;

pub use catalog::{Catalog, CatalogError};
use examination::Examination;
pub use except::{Exception, ExceptionError};
pub use finding::{Finding, Rule};
pub use report::Report;

use crate::{Policies, Roles, Tenancy};

/// Judges catalogs by one declaration and the roles of its roads.
#[derive(Debug, Clone)]
pub struct Doctor<'t> {
    tenancy: &'t Tenancy,
    roles: &'t Roles,
    signed: bool,
    exceptions: Vec<Exception>,
}

impl<'t> Doctor<'t> {
    /// A doctor for `tenancy` and `roles`.
    pub fn new(tenancy: &'t Tenancy, roles: &'t Roles) -> Doctor<'t> {
        Doctor {
            tenancy,
            roles,
            signed: false,
            exceptions: Vec::new(),
        }
    }

    /// Expects the policies whose context must be signed.
    #[must_use]
    pub fn signed(self) -> Doctor<'t> {
        Doctor {
            signed: true,
            ..self
        }
    }

    /// Judges one snapshot by every rule.
    pub fn examine(&self, catalog: &Catalog) -> Report {
        let policies = Policies::new(self.tenancy, self.roles);
        let policies = if self.signed {
            policies.signed()
        } else {
            policies
        };
        let on = Examination {
            catalog,
            tenancy: self.tenancy,
            roles: self.roles,
            policies,
            signed: self.signed,
        };
        let found = EXAMINATIONS.iter().flat_map(|examine| examine(&on));
        Report::new(found.collect(), &self.exceptions)
    }
}

/// In this order: what a remedy needs comes before it.
const EXAMINATIONS: &[fn(&Examination<'_>) -> Vec<Finding>] = &[
    role::examine,
    owner::examine,
    settings::examine,
    relations::examine,
    keys::examine,
    key_type::examine,
    shared::examine,
    foreign_key::examine,
    referential_action::examine,
    unique::examine,
    index::examine,
    row_security::examine,
    policies::examine,
    partitions::examine,
    triggers::examine,
    views::examine,
    functions::examine,
    operators::examine,
    privileges::examine,
    defaults::examine,
    undeclared::examine,
    leakproof::examine,
];
