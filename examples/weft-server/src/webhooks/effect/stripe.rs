use chrono::{DateTime, Utc};
use diesel::{
    AsChangeset, BoolExpressionMethods, ExpressionMethods, Insertable, QueryResult,
    query_dsl::methods::FilterDsl,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::EffectError;
use crate::{
    roads::OrgConnection,
    schema::{payments, subscriptions},
    stripe::{Event, Payment, Subscription},
};

pub(super) async fn apply(conn: &mut OrgConnection, body: &[u8]) -> Result<(), EffectError> {
    match Event::read(body).map_err(EffectError::unreadable)? {
        Event::Payment(record) => payment(conn, &record).await?,
        Event::Subscription(record) => subscription(conn, &record).await?,
    }
    Ok(())
}

async fn payment(conn: &mut OrgConnection, record: &Payment) -> QueryResult<()> {
    let row = PaymentRow {
        customer: record.customer.as_deref(),
        status: record.status.as_str(),
        amount: record.amount,
        refunded: record.refunded,
        currency: record.currency.as_str(),
        version: record.version,
        updated_at: Utc::now(),
    };
    diesel::insert_into(payments::table)
        .values((
            payments::id.eq(Uuid::now_v7()),
            payments::stripe_id.eq(&record.id),
            &row,
        ))
        .on_conflict((payments::org_id, payments::stripe_id, payments::shop_id))
        .do_update()
        .set(&row)
        .filter(
            payments::version.lt(record.version).or(payments::version
                .eq(record.version)
                .and(payments::refunded.le(record.refunded))),
        )
        .execute(conn)
        .await?;
    Ok(())
}

async fn subscription(conn: &mut OrgConnection, record: &Subscription) -> QueryResult<()> {
    let row = SubscriptionRow {
        customer: record.customer.as_deref(),
        status: &record.status,
        price: record.price.as_deref(),
        cancel_at_period_end: record.cancel_at_period_end,
        ended_at: record.ended_at,
        version: record.version,
        updated_at: Utc::now(),
    };
    diesel::insert_into(subscriptions::table)
        .values((
            subscriptions::id.eq(Uuid::now_v7()),
            subscriptions::stripe_id.eq(&record.id),
            &row,
        ))
        .on_conflict((
            subscriptions::org_id,
            subscriptions::stripe_id,
            subscriptions::shop_id,
        ))
        .do_update()
        .set(&row)
        .filter(subscriptions::version.le(record.version))
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = payments)]
struct PaymentRow<'r> {
    customer: Option<&'r str>,
    status: &'r str,
    amount: i64,
    refunded: i64,
    currency: &'r str,
    version: i64,
    updated_at: DateTime<Utc>,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = subscriptions, treat_none_as_null = true)]
struct SubscriptionRow<'r> {
    customer: Option<&'r str>,
    status: &'r str,
    price: Option<&'r str>,
    cancel_at_period_end: bool,
    ended_at: Option<DateTime<Utc>>,
    version: i64,
    updated_at: DateTime<Utc>,
}
