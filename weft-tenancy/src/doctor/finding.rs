//! One thing that is wrong, and the rule that says so.

use std::fmt;

use serde::{Serialize, Serializer};

/// Something in the catalog that the isolation of organisations does not survive, or, as advice,
/// that is slower than it looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What it is about: `orders`, `orders.org_id`, `orders_pkey on orders`, `TRUNCATE on orders to
    /// app`. Schemas are named unless they are `public`.
    pub object: String,
    /// What can happen if it stays.
    pub consequence: String,
    /// The SQL that mends it, for the owner or a superuser to run as one batch.
    pub remedy: String,
    /// Whether a database is healthy in spite of it.
    pub advice: bool,
}

impl Finding {
    pub(super) fn new(
        rule: Rule,
        object: impl Into<String>,
        consequence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            rule,
            object: object.into(),
            consequence: consequence.into(),
            remedy: remedy.into(),
            advice: rule == Rule::Leakproof,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = if self.advice { ", advice" } else { "" };
        write!(f, "{} ({}{advice}): ", self.object, self.rule)?;
        write!(f, "{}", self.consequence)?;
        self.remedy
            .lines()
            .try_for_each(|line| write!(f, "\n    {line}"))
    }
}

macro_rules! rules {
    ($($rule:ident, $name:literal, $sentence:literal;)*) => {
        /// What the doctor holds a database to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $sentence] $rule,)*
        }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule,)*];

            /// The rule's stable name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(Rule::$rule => $name,)* }
            }

            /// One sentence that says what the rule is.
            pub const fn sentence(self) -> &'static str {
                match self { $(Rule::$rule => $sentence,)* }
            }

            /// The rule of that name.
            pub fn from_name(name: &str) -> Option<Rule> {
                Rule::ALL.iter().copied().find(|rule| rule.name() == name)
            }
        }
    };
}

rules! {
    Relation, "relation", "Every declared relation exists, and is a table.";
    Column, "column", "Every declared column exists.";
    KeyType, "key-type", "Key columns have the declared type.";
    Nullable, "nullable", "Key columns are NOT NULL.";
    KeyDefault, "key-default", "The server never fills the organisation column itself.";
    Index, "index", "Every tenant table has an index that leads with the organisation column.";
    UniqueKey, "unique-key", "Unique keys of tenant tables contain the organisation column.";
    ForeignKey, "foreign-key", "Foreign keys pair organisation with organisation, and shop with shop.";
    ReferentialAction, "referential-action", "No referential action changes a key column or crosses organisations.";
    RowSecurity, "row-security", "Row security is on and forced on tenant tables and all that inherits from them.";
    Policy, "policy", "Tenant tables have exactly the policies of the declaration.";
    StrangePolicy, "strange-policy", "No other policy lets rows of tenant tables in.";
    Role, "role", "The roles of the roads exist, and are nothing more than login roles.";
    Membership, "membership", "No road can become an owner, another road, or a role that reads past row security.";
    Owner, "owner", "No road owns the database, a schema or a relation.";
    Privilege, "privilege", "No road has a privilege that row security does not govern.";
    DefaultPrivilege, "default-privilege", "Tables that are created later are not opened to a road unseen.";
    Definer, "definer", "No road may execute a function that runs as its owner.";
    Function, "function", "The application may execute no function that is not declared.";
    Language, "language", "The application may execute no function in an untrusted language.";
    Operator, "operator", "Operators in reach of the application call declared functions alone.";
    Cast, "cast", "Casts call declared functions alone.";
    View, "view", "Views run as whoever reads them, and copies of tenants' rows do not exist.";
    SharedTable, "shared-table", "Shared tables hold nothing of a tenant.";
    Partition, "partition", "No road reaches a partition or child of a tenant table by its own name.";
    Trigger, "trigger", "Declared tables have no triggers.";
    RewriteRule, "rewrite-rule", "Declared tables have no rewrite rules.";
    Undeclared, "undeclared", "Every relation is declared.";
    Setting, "setting", "Sessions of the roads begin with no setting that changes what a statement means.";
    Leakproof, "leakproof", "Indexes of tenant tables are of use below row security.";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
