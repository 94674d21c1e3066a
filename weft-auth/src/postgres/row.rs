//! Rows as they come back, column by column.

use std::time::SystemTime;

use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::is_nullable::NotNull;
use diesel::sql_types::{
    self, Array, BigInt, Bytea, HasSqlType, Nullable, SqlType, Text, Timestamptz,
};
use uuid::Uuid;

use super::moment::Moment;
use crate::session::{Proof, Proofs};

/// What a store makes of a row.
pub(super) trait Read: Sized + Send + 'static {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Self>;
}

/// A row of it.
pub(super) struct Of<T>(pub(super) T);

pub(super) struct Columns<'c, R>(&'c R);

/// That there is a row, whatever is in it.
pub(super) struct There;

/// How many there were.
pub(super) struct Count(pub(super) u64);

impl<T: Read> QueryableByName<Pg> for Of<T> {
    fn build<'r>(row: &impl NamedRow<'r, Pg>) -> deserialize::Result<Of<T>> {
        T::read(&Columns(row)).map(Of)
    }
}

impl<'r, R: NamedRow<'r, Pg>> Columns<'_, R> {
    pub(super) fn value<T, V>(&self, column: &str) -> deserialize::Result<V>
    where
        Pg: HasSqlType<T>,
        V: FromSql<T, Pg>,
    {
        NamedRow::get::<T, V>(self.0, column)
    }

    /// The value of a column that may be NULL.
    pub(super) fn option<T, V>(&self, column: &str) -> deserialize::Result<Option<V>>
    where
        T: SqlType<IsNull = NotNull>,
        Pg: HasSqlType<T>,
        V: FromSql<T, Pg>,
    {
        NamedRow::get::<Nullable<T>, Option<V>>(self.0, column)
    }

    pub(super) fn text(&self, column: &str) -> deserialize::Result<String> {
        self.value::<Text, _>(column)
    }

    pub(super) fn bytes(&self, column: &str) -> deserialize::Result<Vec<u8>> {
        self.value::<Bytea, _>(column)
    }

    pub(super) fn digest(&self, column: &str) -> deserialize::Result<[u8; 32]> {
        digest(self.bytes(column)?)
    }

    pub(super) fn number(&self, column: &str) -> deserialize::Result<u64> {
        let number: i64 = self.value::<BigInt, _>(column)?;
        Ok(u64::try_from(number)?)
    }

    pub(super) fn id<I: From<Uuid>>(&self, column: &str) -> deserialize::Result<I> {
        let id: Uuid = self.value::<sql_types::Uuid, _>(column)?;
        Ok(id.into())
    }

    pub(super) fn time(&self, column: &str) -> deserialize::Result<SystemTime> {
        let moment: Moment = self.value::<Timestamptz, _>(column)?;
        Ok(moment.into())
    }

    /// What was proved: names, and times for them.
    pub(super) fn proofs(&self) -> deserialize::Result<Proofs> {
        let names: Vec<String> = self.value::<Array<Text>, _>("proofs")?;
        let times: Vec<Moment> = self.value::<Array<Timestamptz>, _>("proved_at")?;
        let proofs = names.iter().zip(times).map(|(name, at)| {
            let proof = Proof::from_name(name).ok_or("the stored proof is none")?;
            Ok((proof, at.into()))
        });
        proofs.collect()
    }
}

/// The 32 bytes of a digest.
pub(super) fn digest(bytes: Vec<u8>) -> deserialize::Result<[u8; 32]> {
    let bytes = <[u8; 32]>::try_from(bytes);
    Ok(bytes.map_err(|_| "the stored digest has another length")?)
}

impl Read for There {
    fn read<'r>(_: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<There> {
        Ok(There)
    }
}

impl Read for Count {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Count> {
        row.number("count").map(Count)
    }
}
