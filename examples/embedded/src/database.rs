use crate::simple_query::Session;
use crate::{Cluster, Error, Row};

/// A database of a [`Cluster`], by name.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) cluster: Cluster,
    pub(crate) name: String,
}

impl Database {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address under which `user` connects, for libpq and tokio-postgres alike. No password:
    /// the role's name is all it takes. `postgres` is the superuser, which no policy binds.
    pub fn url(&self, user: &str) -> String {
        format!(
            "postgres://{}@{}:{}/{}",
            encoded(user),
            encoded(&self.cluster.socket_dir().to_string_lossy()),
            self.cluster.port(),
            encoded(&self.name)
        )
    }

    /// Runs statements as the superuser.
    ///
    /// # Errors
    /// [`Error::Sql`] as soon as one is refused; those before it stand only if they committed.
    pub fn execute(&self, sql: &str) -> Result<(), Error> {
        self.query(sql).map(drop)
    }

    /// Runs statements as the superuser and returns their rows as text.
    ///
    /// # Errors
    /// As [`Database::execute`].
    pub fn query(&self, sql: &str) -> Result<Vec<Row>, Error> {
        self.session()?.query(sql)
    }

    pub(crate) fn session(&self) -> Result<Session, Error> {
        self.cluster.server().connect(&self.name)
    }
}

/// A name as SQL reads it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as one part of an address.
fn encoded(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let letter = |byte| match byte {
        byte if unreserved(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::{encoded, quoted};

    #[test]
    fn encodes_and_quotes() {
        assert_eq!(encoded("/a b%ö"), "%2Fa%20b%25%C3%B6");
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
    }
}
