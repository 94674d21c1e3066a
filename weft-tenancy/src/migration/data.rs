use super::{MigrationError, syntax};
use crate::Tenancy;
use crate::policy::{dollar_tag, qualified};

impl Tenancy {
    /// A change of data across organisations, as text for a migration that runs within one
    /// transaction as the owner of `tables`.
    ///
    /// Under FORCE the owner sees no rows, so that an ordinary migration changes nothing and
    /// succeeds. This text lifts it from exactly `tables` and puts it back; on any other tenant
    /// table the server raises an error instead of passing over rows, until the transaction ends.
    ///
    /// ```
    /// # #[cfg(feature = "toml")] {
    /// # use weft_tenancy::Tenancy;
    /// # let tenancy = Tenancy::from_toml("key = 'uuid'\nroot.organizations = 'id'\norg.orders = 'org_id'")?;
    /// let text = tenancy.data_migration(&["orders"], "UPDATE orders SET currency = 'EUR'")?;
    /// assert!(text.contains("NO FORCE ROW LEVEL SECURITY"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When a table is not a declared tenant table, or `body` is not a list of SELECT, INSERT,
    /// UPDATE, DELETE and MERGE.
    ///
    /// # Security
    /// As a superuser nothing is held back in the first place, and nothing is raised.
    pub fn data_migration(&self, tables: &[&str], body: &str) -> Result<String, MigrationError> {
        let mut names = Vec::new();
        for display in tables {
            let mut tables = self.tables().iter();
            let table =
                tables.find(|table| table.display() == *display && table.org_column().is_some());
            let target = || MigrationError::Target {
                table: (*display).to_owned(),
            };
            names.push(qualified(table.ok_or_else(target)?));
        }
        if !syntax::changes_rows(body) {
            return Err(MigrationError::Body);
        }
        let alter = |force: &str| -> String {
            let alter = |name| format!("ALTER TABLE {name} {force} ROW LEVEL SECURITY;\n");
            names.iter().map(alter).collect()
        };
        // Outside a transaction SET LOCAL does nothing, and FORCE would stay off after an error.
        let lift = alter("NO FORCE");
        let tag = dollar_tag(&lift);
        Ok(format!(
            "SET LOCAL row_security = off;\n\
             DO {tag} BEGIN\n\
             IF current_setting('row_security') <> 'off' THEN\n    \
                 RAISE EXCEPTION 'a change of data runs within one transaction';\n\
             END IF;\n\
             {lift}\
             END {tag};\n\
             {body}\n;\n{}",
            alter("FORCE")
        ))
    }
}
