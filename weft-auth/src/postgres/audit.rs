use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Bytea};

use super::row::{Columns, Read};
use super::statement::Statement;
use super::{Lend, PgStore};
use crate::audit::{Entry, Head};
use crate::store::{Answer, AuditStore};

impl<L: Lend> AuditStore for PgStore<L> {
    async fn append(&self, body: &[u8]) -> Answer<Head, Self> {
        let appended = Statement::new(
            "WITH head AS (
                 UPDATE auth_audit_head SET number = number + 1, hash = sha256(hash || $1)
                 RETURNING number, hash
             )
             INSERT INTO auth_audit (number, hash, body) SELECT number, hash, $1 FROM head
             RETURNING number, hash",
        );
        self.one(appended.bind::<Bytea, _>(body.to_vec())).await
    }

    async fn entries_after(&self, number: u64, most: u32) -> Answer<Vec<Entry>, Self> {
        let found = Statement::new(
            "SELECT number, hash, body FROM auth_audit WHERE number > $1 ORDER BY number LIMIT $2",
        );
        let found = found
            .bind::<BigInt, _>(i64::try_from(number).unwrap_or(i64::MAX))
            .bind::<BigInt, _>(i64::from(most));
        self.all(found).await
    }
}

impl Read for Head {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Head> {
        Ok(Head {
            number: row.number("number")?,
            hash: row.digest("hash")?,
        })
    }
}

impl Read for Entry {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Entry> {
        Ok(Entry {
            head: Head::read(row)?,
            body: row.bytes("body")?,
        })
    }
}
