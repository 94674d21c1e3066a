//! Imports: all or nothing, and one statement shape for any size.

use std::{
    collections::BTreeSet,
    fmt::Write,
    sync::{Arc, Mutex},
};

use diesel::connection::InstrumentationEvent;
use diesel_async::AsyncConnection;
use weft_server::import::{ImportError, import};
use weft_tenancy::Scope;

use crate::stage::{Stage, on_stage};

fn export(orders: usize) -> String {
    let mut file =
        "Name,Email,Financial Status,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,\
                    Created at,Lineitem quantity,Lineitem name,Lineitem price,Id\n"
            .to_owned();
    for n in 1..=orders {
        let customer = n % 97;
        writeln!(
            file,
            "#N{n},c{customer}@example.org,paid,,EUR,20.00,0.00,0.00,20.00,2024-03-05 14:22:10 +0100,2,Mug,9.50,{}\n\
             #N{n},,,,,,,,,,1,Spoon,1.00,",
            9_000_000_000_000_i64 + n as i64
        )
        .unwrap();
    }
    file
}

fn counts(stage: &Stage) -> Vec<String> {
    let sql = format!(
        "SELECT count(*) FROM orders WHERE shop_id = '{0}' UNION ALL \
         SELECT count(*) FROM order_lines WHERE shop_id = '{0}' UNION ALL \
         SELECT count(*) FROM customers WHERE shop_id = '{0}'",
        stage.a.shops[1]
    );
    stage
        .database
        .query(&sql)
        .unwrap()
        .into_iter()
        .map(|row| row[0].clone().unwrap())
        .collect()
}

fn scope(stage: &Stage) -> Scope {
    Scope::org(stage.a.id).narrowed_to([stage.a.shops[1]])
}

#[test]
fn one_statement_shape_for_one_order_and_for_ten_thousand() {
    on_stage(async |stage| {
        let others = stage.rows_of(stage.b.id);
        let mut shapes = Vec::new();
        for size in [1, 10_000] {
            let said = Arc::new(Mutex::new(BTreeSet::new()));
            let mut conn = stage.roads.app.within(scope(stage)).await.unwrap();
            let heard = Arc::clone(&said);
            conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    let text = query.to_string();
                    let text = text.split(" -- binds").next().unwrap().to_owned();
                    if text.contains("INSERT") {
                        heard.lock().unwrap().insert(text);
                    }
                }
            });
            let done = import(&mut conn, export(size).as_bytes(), |_, _| {})
                .await
                .unwrap();
            assert_eq!(done.read, size);
            shapes.push(said.lock().unwrap().clone());
        }
        assert_eq!(shapes[0].len(), 3, "{:?}", shapes[0]);
        assert_eq!(shapes[0], shapes[1]);
        assert_eq!(others, stage.rows_of(stage.b.id));
        // Again: nothing is new.
        let before = stage.everything();
        let mut conn = stage.roads.app.within(scope(stage)).await.unwrap();
        let again = import(&mut conn, export(1).as_bytes(), |_, _| {})
            .await
            .unwrap();
        assert_eq!((again.read, again.new), (1, 0));
        assert_eq!(before, stage.everything());
    });
}

#[test]
fn a_bad_row_is_named_by_its_line_and_leaves_nothing() {
    on_stage(async |stage| {
        let before = (counts(stage), stage.everything());
        let mut file = export(5_000);
        file.push_str("#N9999,c@example.org,paid,,EUR,20.00,0.00,x,20.00,2024-03-05 14:22:10 +0100,2,Mug,9.50,1\n");
        let line = file.lines().count();
        file.push_str(export(3).split_once('\n').unwrap().1);
        let mut conn = stage.roads.app.within(scope(stage)).await.unwrap();
        let mut heard = 0;
        let result = import(&mut conn, file.as_bytes(), |orders, _| heard = orders).await;
        let error = result.expect_err("a bad row");
        assert!(heard >= 2_000, "some batches were sent before");
        assert!(matches!(error, ImportError::Row(_)));
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("line {line}, column Taxes")),
            "{text}"
        );
        drop(conn);
        assert_eq!(before, (counts(stage), stage.everything()));
    });
}

#[test]
fn an_import_needs_a_scope_of_one_shop() {
    on_stage(async |stage| {
        let before = stage.everything();
        let org = Scope::org(stage.a.id);
        let two = org.narrowed_to(stage.a.shops);
        let none = org.narrowed_to::<uuid::Uuid>([]);
        for scope in [org, two, none] {
            let mut conn = stage.roads.app.within(scope).await.unwrap();
            let result = import(&mut conn, export(1).as_bytes(), |_, _| {}).await;
            assert!(matches!(result, Err(ImportError::Database(_))));
        }
        assert_eq!(before, stage.everything());
    });
}
