//! A member who is limited to some shops, and what members may not do.

use serde_json::{Value, json};

use crate::{
    others::{Walk, ids_where},
    stage::on_each_layer,
    world::World,
};

#[test]
fn a_limited_member_sees_and_changes_only_the_shops_of_theirs() {
    on_each_layer(async |stage| {
        let [ours, theirs] = stage.a.shops;
        let others = format!("org_id = '{}' AND shop_id = '{theirs}'", stage.a.id);
        let rows = || {
            let dump = |table: &str| {
                let at = if table == "shops" { "id" } else { "shop_id" };
                let sql = format!(
                    "SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) \
                     FROM {table} AS t WHERE {at} = '{theirs}'"
                );
                stage.database.query(&sql).unwrap()
            };
            [
                "shops",
                "customers",
                "orders",
                "order_lines",
                "conversations",
                "messages",
                "attachments",
            ]
            .map(dump)
        };
        let before = rows();
        let walk = Walk {
            stage,
            token: &stage.a.member,
            ours: World::of(stage, stage.a.id, ours),
            theirs: World::of(stage, stage.a.id, theirs),
            hidden: ids_where(stage, &others),
            owner: false,
            shared: &[
                "plan_id",
                "membership_id",
                "assignee_id",
                "endpoint_id",
                "secret_id",
                "delivery_id",
                "subscription_id",
                "event_id",
            ],
        };
        assert!(walk.hidden.len() > 500, "{}", walk.hidden.len());
        assert!(walk.go().await > 40);
        assert!(walk.read_all().await > 200);
        assert_eq!(before, rows());

        // The owner sees both.
        let shops = stage
            .ask(&stage.a.owner, "GET", "/api/shops", None)
            .await
            .json();
        assert_eq!(shops["items"].as_array().unwrap().len(), 2);
        let shops = stage
            .ask(&stage.a.member, "GET", "/api/shops", None)
            .await
            .json();
        assert_eq!(shops["items"].as_array().unwrap().len(), 1);
        assert_eq!(shops["items"][0]["id"], json!(ours));
    });
}

#[test]
fn a_member_of_no_shop_sees_none() {
    on_each_layer(async |stage| {
        let limit = |shops: Value| json!({ "shop_ids": shops });
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let path = format!("/api/memberships/{}", world.membership);
        let ask = async |method: &str, path: &str, body: Option<&Value>| {
            stage.ask(&stage.a.owner, method, path, body).await
        };
        let answer = ask("PATCH", &path, Some(&limit(json!([])))).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["shop_ids"]),
            (200, &json!([]))
        );
        for list in ["shops", "orders", "customers", "conversations"] {
            let path = format!("/api/{list}");
            let answer = stage.ask(&stage.a.member, "GET", &path, None).await;
            assert_eq!(
                answer.json(),
                json!({ "items": [], "next": null }),
                "{list}"
            );
        }
        let answer = ask("PATCH", &path, Some(&limit(json!(stage.a.shops)))).await;
        assert_eq!(answer.status.as_u16(), 200);
        let shops = stage
            .ask(&stage.a.member, "GET", "/api/shops", None)
            .await
            .json();
        assert_eq!(shops["items"].as_array().unwrap().len(), 2);
        let answer = ask("PATCH", &path, Some(&limit(Value::Null))).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["shop_ids"]),
            (200, &Value::Null)
        );
    });
}

#[test]
fn nobody_raises_themselves_and_an_owner_remains() {
    on_each_layer(async |stage| {
        let members = stage
            .ask(&stage.a.owner, "GET", "/api/memberships", None)
            .await
            .json();
        let id = |role: &str| {
            let members = members["items"].as_array().unwrap();
            let member = members
                .iter()
                .find(|member| member["role"] == role)
                .unwrap();
            member["id"].as_str().unwrap().to_owned()
        };
        let at = |id: &str| format!("/api/memberships/{id}");
        let before = stage.everything();
        let raise = json!({ "role": "owner", "shop_ids": null });
        let invite = json!({
            "address": "x@example.org", "display_name": "X", "role": "owner", "shop_ids": null,
        });
        for (token, method, path, body, status) in [
            (
                &stage.a.member,
                "PATCH",
                at(&id("member")),
                Some(&raise),
                403,
            ),
            (
                &stage.a.member,
                "PATCH",
                at(&id("owner")),
                Some(&json!({ "role": "member" })),
                403,
            ),
            (
                &stage.a.member,
                "POST",
                "/api/memberships".to_owned(),
                Some(&invite),
                403,
            ),
            (&stage.a.member, "DELETE", at(&id("owner")), None, 403),
            (
                &stage.a.member,
                "PATCH",
                "/api/organization".to_owned(),
                Some(&json!({ "name": "x" })),
                403,
            ),
            (
                &stage.a.owner,
                "PATCH",
                at(&id("owner")),
                Some(&json!({ "role": "member" })),
                409,
            ),
            (&stage.a.owner, "DELETE", at(&id("owner")), None, 409),
            (
                &stage.a.owner,
                "PATCH",
                at(&id("member")),
                Some(&json!({ "role": "owner" })),
                422,
            ),
            (
                &stage.a.owner,
                "PATCH",
                at(&id("owner")),
                Some(&json!({ "shop_ids": [] })),
                422,
            ),
        ] {
            let answer = stage.ask(token, method, &path, body).await;
            assert_eq!(
                answer.status.as_u16(),
                status,
                "{method} {path}: {}",
                answer.text
            );
            answer.must_be_a_problem(&path);
        }
        assert_eq!(before, stage.everything());

        // Whoever is let go is let go at once.
        let gone = stage
            .ask(&stage.a.owner, "DELETE", &at(&id("member")), None)
            .await;
        assert_eq!(gone.status.as_u16(), 204, "{}", gone.text);
        let after = stage.ask(&stage.a.member, "GET", "/api/me", None).await;
        assert_eq!(after.status.as_u16(), 401);
    });
}

#[test]
fn what_belongs_to_a_shop_does_not_refer_to_another() {
    on_each_layer(async |stage| {
        let here = World::of(stage, stage.a.id, stage.a.shops[0]);
        let there = World::of(stage, stage.a.id, stage.a.shops[1]);
        let before = stage.everything();
        let mixed = json!({ "shop_id": here.shop, "customer_id": there.customer, "subject": "x" });
        let answer = stage
            .ask(&stage.a.owner, "POST", "/api/conversations", Some(&mixed))
            .await;
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
        let path = format!("/api/orders/{}", here.order);
        let change = json!({ "customer_id": there.customer });
        let answer = stage
            .ask(&stage.a.owner, "PATCH", &path, Some(&change))
            .await;
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
        assert_eq!(before, stage.everything());
    });
}

#[test]
fn a_deleted_order_is_out_of_sight_with_its_lines() {
    on_each_layer(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let path = format!("/api/orders/{}", world.order);
        let line = format!("{path}/lines/{}", world.line);
        let answer = stage.ask(&stage.a.member, "DELETE", &path, None).await;
        assert_eq!(answer.status.as_u16(), 204, "{}", answer.text);
        let price = json!({ "price": 1 });
        for (method, path, body) in [
            ("GET", path.clone(), None),
            ("PATCH", path.clone(), Some(&json!({ "notes": "x" }))),
            ("DELETE", path.clone(), None),
            ("GET", format!("{path}/lines"), None),
            ("GET", line.clone(), None),
            ("PATCH", line.clone(), Some(&price)),
            ("DELETE", line.clone(), None),
        ] {
            let answer = stage.ask(&stage.a.owner, method, &path, body).await;
            assert_eq!(
                answer.status.as_u16(),
                404,
                "{method} {path}: {}",
                answer.text
            );
        }
        let kept = format!(
            "SELECT id FROM orders WHERE id = '{}' AND deleted_at IS NOT NULL",
            world.order
        );
        assert_eq!(stage.ids(&kept).len(), 1);
    });
}
