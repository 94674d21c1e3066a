/// The login roles of the three roads: who a policy is for, and whom the doctor examines.
///
/// ```
/// use weft_tenancy::Roles;
///
/// let roles = Roles::new("shop_app")
///     .with_auth("shop_auth", ["memberships"])
///     .with_unscoped("shop_unscoped");
/// assert_eq!(roles.app(), "shop_app");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    app: String,
    auth: Option<String>,
    directory: Vec<String>,
    unscoped: Option<String>,
}

impl Roles {
    /// The role whose every statement is within a scope.
    pub fn new(app: impl Into<String>) -> Roles {
        Roles {
            app: app.into(),
            auth: None,
            directory: Vec::new(),
            unscoped: None,
        }
    }

    /// The role that finds out whose request it is: besides private tables it reads the tenant
    /// tables of `directory`, named as the declaration displays them, across organisations.
    ///
    /// # Security
    /// Grant it columns of these tables, not the whole of them.
    #[must_use]
    pub fn with_auth<N: Into<String>>(
        self,
        auth: impl Into<String>,
        directory: impl IntoIterator<Item = N>,
    ) -> Roles {
        Roles {
            auth: Some(auth.into()),
            directory: directory.into_iter().map(Into::into).collect(),
            ..self
        }
    }

    /// The role of work that spans organisations, each time on record.
    #[must_use]
    pub fn with_unscoped(self, unscoped: impl Into<String>) -> Roles {
        Roles {
            unscoped: Some(unscoped.into()),
            ..self
        }
    }

    /// The role of scopes.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The role that reads private tables and the directory.
    pub fn auth(&self) -> Option<&str> {
        self.auth.as_deref()
    }

    /// The tenant tables that [`auth`](Roles::auth) reads across organisations.
    pub fn directory(&self) -> &[String] {
        &self.directory
    }

    /// The role that reaches all organisations.
    pub fn unscoped(&self) -> Option<&str> {
        self.unscoped.as_deref()
    }
}
