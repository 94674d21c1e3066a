use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Timestamptz};

/// A [`SystemTime`] as Postgres keeps it, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamptz)]
pub(super) struct Moment(SystemTime);

/// Postgres counts from the year 2000.
const EPOCH: Duration = Duration::from_secs(946_684_800);

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Moment {
        Moment(time)
    }
}

impl From<Moment> for SystemTime {
    fn from(moment: Moment) -> SystemTime {
        moment.0
    }
}

impl ToSql<Timestamptz, Pg> for Moment {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let micros = match self.0.duration_since(UNIX_EPOCH + EPOCH) {
            Ok(after) => i64::try_from(after.as_micros())?,
            Err(before) => -i64::try_from(before.duration().as_micros())?,
        };
        ToSql::<BigInt, Pg>::to_sql(&micros, &mut out.reborrow())
    }
}

impl FromSql<Timestamptz, Pg> for Moment {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Moment> {
        let micros = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        let (epoch, distance) = (
            UNIX_EPOCH + EPOCH,
            Duration::from_micros(micros.unsigned_abs()),
        );
        let time = match micros < 0 {
            true => epoch.checked_sub(distance),
            false => epoch.checked_add(distance),
        };
        Ok(Moment(time.ok_or("a time out of range")?))
    }
}
