//! Records as the providers document them.

use serde_json::{Value, json};

pub(crate) fn order(id: i64, updated_at: &str) -> Value {
    json!({
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/Order/{id}"),
        "name": format!("#W{id}"),
        "email": "jon@example.com",
        "created_at": "2026-11-23T10:00:00-05:00",
        "updated_at": updated_at,
        "cancelled_at": null,
        "currency": "JPY",
        "subtotal_price": "368",
        "total_tax": "0",
        "total_price": "388",
        "total_discounts": "0",
        "financial_status": "paid",
        "fulfillment_status": null,
        "note": null,
        "tags": "",
        "shipping_lines": [{ "title": "Standard", "price": "20" }],
        "line_items": [
            { "name": "Mug", "quantity": 2, "price": "100", "sku": "M1" },
            { "name": "Bowl", "quantity": 1, "price": "168", "sku": null },
        ],
        "customer": customer(700 + id, "jon@example.com", updated_at),
        "refunds": [],
    })
}

pub(crate) fn customer(id: i64, email: &str, updated_at: &str) -> Value {
    json!({
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/Customer/{id}"),
        "email": email,
        "first_name": "Jon",
        "last_name": "Doe",
        "phone": null,
        "updated_at": updated_at,
    })
}

pub(crate) fn refund(id: i64, order: i64, amount: &str) -> Value {
    json!({
        "id": id,
        "admin_graphql_api_id": format!("gid://shopify/Refund/{id}"),
        "order_id": order,
        "created_at": "2026-11-23T16:00:00Z",
        "transactions": [
            { "kind": "refund", "status": "success", "amount": amount, "currency": "JPY" },
        ],
    })
}

pub(crate) fn stripe(kind: &str, created: i64, object: &Value) -> Value {
    json!({
        "id": format!("evt_{kind}_{created}"), "object": "event", "type": kind, "created": created,
        "data": { "object": object },
    })
}

pub(crate) fn intent(id: &str, status: &str) -> Value {
    json!({
        "id": id, "object": "payment_intent", "status": status, "amount": 500,
        "currency": "eur", "customer": "cus_1",
    })
}
