use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Answer, Created, deleted, new_id, some_change};
use crate::{
    describe::shape,
    error::Problem,
    extract::{Body, Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::customers,
    value::{Email, Line},
};

shape! { answer
    /// A customer of one shop.
    #[derive(Queryable, Selectable)]
    Customer {
        /// Its id.
        id: Uuid,
        /// The shop.
        shop_id: Uuid,
        /// The address, once in a shop.
        email: Option<String>,
        /// The name.
        name: Option<String>,
        /// The phone number.
        phone: Option<String>,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// A customer to be made.
    #[derive(Insertable)]
    #[diesel(table_name = customers)]
    NewCustomer {
        /// The shop.
        shop_id: Uuid,
        /// The address.
        email: Option<Email>,
        /// The name.
        name: Option<Line<1, 200>>,
        /// The phone number.
        phone: Option<Line<1, 50>>,
    }
}

shape! { changes
    /// What may be changed of a customer. The shop stays.
    #[derive(AsChangeset)]
    #[diesel(table_name = customers)]
    CustomerChanges {
        /// The address.
        email: Option<Email>,
        /// The name.
        name: Option<Line<1, 200>>,
        /// The phone number.
        phone: Option<Line<1, 50>>,
    }
}

shape! { query
    /// Which customers.
    Customers {
        /// Of this shop.
        shop_id: Uuid,
        /// With this address.
        email: Email,
    }
}

/// Adds the routes of customers.
pub fn routes(api: Api) -> Api {
    let list = Operation::new("list_customers", "Customers, newest first");
    let create = Operation::new("create_customer", "Makes a customer");
    let get = Operation::new("get_customer", "A customer");
    let update = Operation::new("update_customer", "Changes a customer");
    let delete = Operation::new(
        "delete_customer",
        "Deletes a customer that nothing refers to",
    );
    api.get(
        "/api/customers",
        self::list,
        list.query::<Customers>().answers::<Page<Customer>>(200),
    )
    .post(
        "/api/customers",
        self::create,
        create.body::<NewCustomer>().answers::<Customer>(201),
    )
    .get(
        "/api/customers/{customer_id}",
        self::get,
        get.answers::<Customer>(200),
    )
    .patch(
        "/api/customers/{customer_id}",
        self::update,
        update.body::<CustomerChanges>().answers::<Customer>(200),
    )
    .delete("/api/customers/{customer_id}", self::delete, delete)
}

pub(crate) async fn list(tenant: Tenant, Query(asked): Query<Customers>) -> Answer<Page<Customer>> {
    let mut query = customers::table.select(Customer::as_select()).into_boxed();
    if let Some(shop) = asked.shop_id {
        query = query.filter(customers::shop_id.eq(shop));
    }
    if let Some(email) = &asked.email {
        query = query.filter(customers::email.eq(email));
    }
    let query = after!(query, newest customers::created_at, customers::id, asked);
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

async fn create(
    tenant: Tenant,
    _: NoQuery,
    Body(new): Body<NewCustomer>,
) -> Result<Created<Customer>, Problem> {
    let made: Customer = diesel::insert_into(customers::table)
        .values((new, customers::id.eq(new_id())))
        .returning(Customer::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Created(format!("/api/customers/{}", made.id), made))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<Customer> {
    let query = customers::table
        .filter(customers::id.eq(id))
        .select(Customer::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

async fn update(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(changes): Body<CustomerChanges>,
) -> Answer<Customer> {
    some_change(changes.is_empty())?;
    let changed = diesel::update(customers::table.filter(customers::id.eq(id)))
        .set((changes, customers::updated_at.eq(Utc::now())))
        .returning(Customer::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Json(changed))
}

async fn delete(tenant: Tenant, Id(id): Id, _: NoQuery, _: NoBody) -> Result<StatusCode, Problem> {
    diesel::delete(customers::table.filter(customers::id.eq(id)))
        .execute(&mut tenant.open().await?)
        .await
        .map_err(Problem::deleting)
        .and_then(deleted)
}

impl Keyed for Customer {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
