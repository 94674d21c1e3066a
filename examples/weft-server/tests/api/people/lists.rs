//! Lists that are longer than a page.

use uuid::Uuid;

use super::signed_in;
use crate::stage::{Stage, on_stage};

const OWNER: &str = "aiko@kumo-ceramics.example";

/// A conversation of the organisation's first shop.
fn conversation(stage: &Stage, what: &str) -> Uuid {
    stage.id(&format!(
        "SELECT {what} FROM conversations WHERE org_id = '{}' AND shop_id = '{}' \
         AND customer_id IS NOT NULL ORDER BY id LIMIT 1",
        stage.a.id, stage.a.shops[0]
    ))
}

#[test]
fn a_conversation_opens_with_what_was_said_last() {
    on_stage(async |stage| {
        let id = conversation(stage, "id");
        let said = format!(
            "DELETE FROM messages WHERE conversation_id = '{id}'; \
             INSERT INTO messages (org_id, id, shop_id, conversation_id, direction, body, created_at) \
             SELECT '{}', gen_random_uuid(), '{}', '{id}', 'in', 'said ' || n || '.', \
                 now() - (200 - n) * interval '1 second' FROM generate_series(1, 120) n",
            stage.a.id, stage.a.shops[0]
        );
        stage.database.execute(&said).unwrap();
        let mut browser = signed_in(stage, OWNER).await;
        let first = format!("/o/kumo-ceramics/conversations/{id}");
        let mut path = first.clone();
        for (from, to) in [(71, 120), (21, 70), (1, 20)] {
            let page = browser.visit(&path).await.clone();
            let at = |n: u32| page.text.find(&format!("said {n}."));
            let places: Vec<_> = (from..=to).map(|n| at(n).unwrap()).collect();
            assert!(places.is_sorted(), "{from} to {to}");
            assert!(at(from - 1).is_none() && at(to + 1).is_none());
            let earlier = page.after("href=\"?cursor=", "\"");
            let is_newest = !page.text.contains("Back to the newest");
            assert_eq!(is_newest, to == 120);
            assert_eq!(page.text.contains("Earlier messages"), from > 1);
            if from > 1 {
                path = format!("{first}?cursor={}", earlier.unwrap());
            }
        }
        // What is said now is there at once.
        browser.visit(&first).await;
        let fields = [("direction", "out"), ("body", "the latest of all")];
        let page = browser.submit(&format!("{first}/messages"), &fields).await;
        assert!(page.text.contains("the latest of all"), "{}", page.text);
    });
}

#[test]
fn a_customer_who_wrote_often_is_shown_whole() {
    on_stage(async |stage| {
        let customer = conversation(stage, "customer_id");
        let many = format!(
            "INSERT INTO conversations (org_id, id, shop_id, customer_id, subject, state) \
             SELECT '{}', gen_random_uuid(), '{}', '{customer}', 'question ' || n || '.', 'open' \
             FROM generate_series(1, 60) n",
            stage.a.id, stage.a.shops[0]
        );
        stage.database.execute(&many).unwrap();
        let mut browser = signed_in(stage, OWNER).await;
        let path = format!("/o/kumo-ceramics/customers/{customer}");
        let page = browser.visit(&path).await;
        let all = format!("/o/kumo-ceramics/inbox?customer_id={customer}");
        assert!(page.text.contains(&all), "{}", page.text);
        let page = browser.visit(&all).await.clone();
        assert!(page.text.contains("Those with "), "{}", page.text);
        let rest = page.after("cursor=", "\"").unwrap().replace("&amp;", "&");
        let rest = browser
            .visit(&format!("{all}&state=open&cursor={rest}"))
            .await;
        for n in 1..=60 {
            let text = format!("question {n}.");
            let seen = [&page, rest].map(|page| page.text.contains(&text));
            assert_eq!(seen.iter().filter(|seen| **seen).count(), 1, "{text}");
        }
    });
}

#[test]
fn of_many_shops_and_members_the_first_are_offered_and_all_are_named() {
    on_stage(async |stage| {
        let [shop, id] = [stage.a.shops[0], conversation(stage, "id")];
        let many = format!(
            "INSERT INTO shops (org_id, id, name, currency) \
                 SELECT '{0}', gen_random_uuid(), 'A shop ' || n, 'EUR' FROM generate_series(1, 501) n; \
             INSERT INTO auth_accounts (id, mailbox, state, break_glass) \
                 SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, \
                     'm' || n || '@example.com', 'active', false FROM generate_series(1, 501) n; \
             INSERT INTO memberships (org_id, id, user_id, role, all_shops, display_name, address) \
                 SELECT '{0}', id, id, 'member', true, 'A member ' || mailbox, mailbox \
                 FROM auth_accounts WHERE mailbox ~ '^m[0-9]+@'; \
             UPDATE conversations SET assignee_id = (SELECT id FROM memberships \
                 WHERE org_id = '{0}' AND role = 'owner') WHERE id = '{id}'",
            stage.a.id
        );
        stage.database.execute(&many).unwrap();
        let mut browser = signed_in(stage, OWNER).await;
        let note = "These are the first 500 by name.";
        let shown = "Kumo Ceramics Japan";
        for path in [
            "orders".to_owned(),
            "customers".to_owned(),
            "inbox".to_owned(),
            format!("orders?shop_id={shop}"),
            format!("customers?shop_id={shop}"),
            format!("inbox?shop_id={shop}"),
        ] {
            let page = browser.visit(&format!("/o/kumo-ceramics/{path}")).await;
            assert!(page.text.contains(note), "{path}");
            let is_about_it = path.contains('?');
            assert!(
                !is_about_it || page.text.contains(shown),
                "{path} does not name {shown}"
            );
            let options = page.text.matches(">A shop ").count();
            assert_eq!(options, 500, "{path}");
            let chosen = format!("value=\"{shop}\" selected");
            assert_eq!(page.text.contains(&chosen), is_about_it, "{path}");
        }
        let page = browser
            .visit(&format!("/o/kumo-ceramics/conversations/{id}"))
            .await;
        assert!(page.text.contains(note) && page.text.contains(shown));
        assert_eq!(page.text.matches(">A member ").count(), 500);
        // Whoever takes care of it stays chosen.
        let members = page
            .after("<select id=\"assignee_id\"", "</select>")
            .unwrap();
        let (_, chosen) = members.split_once(" selected>").unwrap();
        assert!(chosen.starts_with("Aiko Mori"), "{}", &chosen[..40]);
        // A shop that is not offered stays a member's.
        let ren = stage.id(&format!(
            "SELECT id FROM memberships WHERE org_id = '{}' AND NOT all_shops",
            stage.a.id
        ));
        let path = format!("/o/kumo-ceramics/members/{ren}");
        let page = browser.visit(&path).await;
        assert!(page.text.contains(note) && page.text.contains(shown));
        let shop = shop.to_string();
        let fields = [
            ("display_name", "Ren Ito"),
            ("access", "some"),
            ("shop_id", &*shop),
        ];
        let page = browser.submit(&path, &fields).await;
        assert_eq!(page.path, "/o/kumo-ceramics/members", "{}", page.text);
        let page = browser.visit("/o/kumo-ceramics/settings").await;
        assert!(page.text.contains(note));
    });
}
