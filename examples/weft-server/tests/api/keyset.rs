//! Keyset pages: every row once, in one order.

use std::collections::HashSet;

use uuid::Uuid;

use crate::stage::on_stage;

#[test]
fn pages_of_any_size_hold_every_row_once() {
    on_stage(async |stage| {
        let all = stage.ids(&format!(
            "SELECT id FROM orders WHERE org_id = '{}' ORDER BY placed_at DESC, id DESC",
            stage.a.id
        ));
        assert!(all.len() >= 500, "{}", all.len());
        for limit in [7, 100] {
            let mut seen: Vec<Uuid> = Vec::new();
            let mut cursor = String::new();
            loop {
                let path = format!("/api/orders?limit={limit}{cursor}");
                let page = stage.ask(&stage.a.owner, "GET", &path, None).await.json();
                for order in page["items"].as_array().unwrap() {
                    seen.push(order["id"].as_str().unwrap().parse().unwrap());
                }
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, all, "{limit}");
        }
    });
}

#[test]
fn a_cursor_of_another_organisation_is_a_place_and_nothing_more() {
    on_stage(async |stage| {
        let theirs = stage
            .ask(&stage.b.owner, "GET", "/api/orders?limit=3", None)
            .await
            .json();
        let cursor = theirs["next"].as_str().unwrap();
        let path = format!("/api/orders?limit=100&cursor={cursor}");
        let ours = stage.ask(&stage.a.owner, "GET", &path, None).await;
        assert_eq!(ours.status.as_u16(), 200);
        let known: HashSet<_> = stage
            .ids(&format!(
                "SELECT id FROM orders WHERE org_id = '{}'",
                stage.a.id
            ))
            .into_iter()
            .collect();
        for order in ours.json()["items"].as_array().unwrap() {
            assert!(known.contains(&order["id"].as_str().unwrap().parse().unwrap()));
        }
    });
}
