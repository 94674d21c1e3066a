use std::time::SystemTime;

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{Array, BigInt, Bytea, Double, Timestamptz};

use super::moment::Moment;
use super::row::{Columns, Read, There};
use super::statement::Statement;
use super::{Lend, PgStore};
use crate::pseudonym::Pseudonym;
use crate::store::{Answer, CounterStore};
use crate::throttle::{Backoff, Charge, FailureCharge};

struct Failures(u32);

impl<L: Lend> CounterStore for PgStore<L> {
    async fn take(&self, charges: &[Charge], now: SystemTime) -> Answer<bool, Self> {
        // What a new row would have says the interval to one that is there: `excluded.even_at - $1`.
        let taken = Statement::new(
            "INSERT INTO auth_rates AS r (key, even_at, full_at)
             SELECT * FROM unnest($2, $3, $4)
             ON CONFLICT (key) DO UPDATE SET
                 even_at = least(
                     greatest(r.even_at, $1) + (excluded.even_at - $1), excluded.full_at),
                 full_at = excluded.full_at
             WHERE r.even_at <= excluded.full_at - (excluded.even_at - $1)
                OR r.even_at > excluded.full_at
             RETURNING key",
        );
        let keys = charges.iter().map(|charge| charge.key.as_bytes().to_vec());
        let after = |intervals: fn(&Charge) -> u32| {
            let times = charges.iter().map(|charge| {
                let wait = charge.rate.interval().saturating_mul(intervals(charge));
                Moment::from(now + wait)
            });
            times.collect::<Vec<_>>()
        };
        let taken = taken
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<Array<Bytea>, _>(keys.collect::<Vec<_>>())
            .bind::<Array<Timestamptz>, _>(after(|_| 1))
            .bind::<Array<Timestamptz>, _>(after(|charge| charge.rate.burst()));
        let taken = self.all::<There>(taken).await?;
        Ok(taken.len() == charges.len())
    }

    async fn count_failure(
        &self,
        FailureCharge { key, backoff }: &FailureCharge,
        now: SystemTime,
    ) -> Answer<Option<u32>, Self> {
        let counted = Statement::new(
            "INSERT INTO auth_failures AS f (key, failures, next_at) VALUES ($1, 1, $2)
             ON CONFLICT (key) DO UPDATE SET
                 failures = f.failures + 1,
                 next_at = $3 + make_interval(secs => CASE WHEN f.failures + 1 < $4 THEN 0
                     ELSE least($5, $6 * power(2::float8, f.failures + 1 - $4)) END)
             WHERE f.failures < $7
               AND (f.next_at <= $3 OR f.next_at > $3 + make_interval(secs => $5))
             RETURNING failures",
        );
        let first = backoff.admit(None, now).map_or(now, |first| first.next_at);
        let counted = counted
            .bind::<Bytea, _>(key.as_bytes().to_vec())
            .bind::<Timestamptz, Moment>(first.into())
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<BigInt, _>(i64::from(backoff.free()))
            .bind::<Double, _>(backoff.longest().as_secs_f64())
            .bind::<Double, _>(backoff.first().as_secs_f64())
            .bind::<BigInt, _>(i64::from(backoff.most()));
        let counted = self.first(counted).await?;
        Ok(counted.map(|Failures(count)| count))
    }

    async fn clear_failures(&self, keys: &[Pseudonym]) -> Answer<(), Self> {
        let cleared =
            Statement::new("DELETE FROM auth_failures WHERE key = ANY ($1) RETURNING key");
        let keys = keys.iter().map(|key| key.as_bytes().to_vec());
        let cleared = cleared.bind::<Array<Bytea>, _>(keys.collect::<Vec<_>>());
        self.any(cleared).await.map(drop)
    }

    async fn purge_counters(&self, before: SystemTime, most: u32) -> Answer<u64, Self> {
        let purged = Statement::new(
            "WITH even AS (SELECT key AS old_key FROM auth_rates WHERE even_at < $1 LIMIT $3),
                 rates AS (
                     DELETE FROM auth_rates USING even
                     WHERE key = old_key AND even_at < $1 RETURNING key),
                 over AS (
                     SELECT key AS old_key FROM auth_failures
                     WHERE next_at < $1 AND failures < $2 LIMIT $3),
                 failures AS (
                     DELETE FROM auth_failures USING over
                     WHERE key = old_key AND next_at < $1 AND failures < $2 RETURNING key)
             SELECT (SELECT count(*) FROM rates) + (SELECT count(*) FROM failures) AS count",
        );
        let purged = purged
            .bind::<Timestamptz, Moment>(before.into())
            .bind::<BigInt, _>(i64::from(Backoff::LOCK))
            .bind::<BigInt, _>(i64::from(most));
        self.count(purged).await
    }
}

impl Read for Failures {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Failures> {
        Ok(Failures(u32::try_from(row.number("failures")?)?))
    }
}
