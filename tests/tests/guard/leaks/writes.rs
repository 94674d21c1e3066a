//! L33 to L44: UPDATE, DELETE and upserts.

use diesel::upsert::excluded;
use diesel::{BelongingToDsl, ExpressionMethods, QueryDsl, SelectableHelper};
use uuid::Uuid;
use weft_tenancy::{RefusalKind, Scope};
use weft_tests::TENANCY;
use weft_tests::schema::{A, B, Customer, Order, PlainCustomer, customers, gadgets, orders, plans};

diesel::alias!(orders as chosen: Chosen);

fn customer(org_id: Uuid, id: i64) -> Customer {
    Customer {
        org_id,
        id,
        name: "written".to_owned(),
        referred_by: None,
    }
}

both!(
    l34_a_write_limited_by_a_subquery_is_guarded_outside_it_too,
    |db, conn| {
        let before = db.snapshot(B);
        let first = || {
            let id = chosen.field(orders::id);
            chosen.select(id).order(id).limit(2)
        };
        let within = || orders::table.filter(orders::id.eq_any(first()));
        let update = diesel::update(within()).set(orders::total.eq(0));
        assert_eq!(go!(update.execute(&mut conn)), Ok(2));
        assert_eq!(go!(diesel::delete(within()).execute(&mut conn)), Ok(2));
        assert_eq!(db.snapshot(B), before);
    }
);

both!(
    l35_a_shared_table_is_given_no_column_that_it_lacks,
    |_db, conn| {
        let prices = plans::table.select(plans::price);
        let explained = go!(conn.explain(prices)).unwrap();
        assert!(!explained.sql.contains("org_id"), "{}", explained.sql);
        let joined = orders::table
            .filter(orders::total.eq_any(prices))
            .select(orders::id);
        assert_eq!(go!(joined.load::<i64>(&mut conn)), Ok(vec![2]));
        let update = diesel::update(plans::table).set(plans::price.eq(1));
        assert_eq!(
            refused!(go!(update.execute(&mut conn))),
            RefusalKind::ReadOnlyTable
        );
    }
);

both!(
    l38_ids_that_were_collected_reach_own_rows_alone,
    |db, conn| {
        let before = db.snapshot(B);
        let ids: Vec<i64> = go!(orders::table.select(orders::id).load(&mut conn)).unwrap();
        let collected = orders::table.filter(orders::id.eq_any(&ids));
        assert_eq!(go!(diesel::delete(collected).execute(&mut conn)), Ok(5));
        assert_eq!(db.snapshot(B), before);
    }
);

both!(
    l39_a_row_written_by_its_primary_key_is_the_scopes,
    |db, conn| {
        let before = db.snapshot(B);
        // In no organisation but B.
        db.admin(&format!(
            "INSERT INTO customers VALUES ('{B}', 50, 'bolt-50', NULL)"
        ));
        let own = PlainCustomer {
            id: 1,
            name: "acme-1".to_owned(),
        };
        let update = diesel::update(&own).set(customers::name.eq("written"));
        assert_eq!(go!(update.execute(&mut conn)), Ok(1));
        let theirs = PlainCustomer {
            id: 50,
            ..own.clone()
        };
        let update = diesel::update(&theirs).set(customers::name.eq("written"));
        assert_eq!(go!(update.execute(&mut conn)), Ok(0));
        assert_eq!(go!(diesel::delete(&theirs).execute(&mut conn)), Ok(0));
        // The children go before the parent, as code that cascades by itself would have it.
        let children = Order::belonging_to(&own);
        assert_eq!(go!(diesel::delete(children).execute(&mut conn)), Ok(2));
        let children = Order::belonging_to(&theirs);
        assert_eq!(go!(diesel::delete(children).execute(&mut conn)), Ok(0));
        assert_eq!(
            db.value("SELECT name FROM customers WHERE id = 50"),
            "bolt-50"
        );
        db.admin("DELETE FROM customers WHERE id = 50");
        assert_eq!(db.snapshot(B), before);
    }
);

both!(
    l40_an_entity_loaded_in_one_scope_is_not_saved_in_another,
    |db, conn| {
        let (own, theirs) = (db.snapshot(A), db.snapshot(B));
        let mut entity: Customer = go!(customers::table
            .find(1)
            .select(Customer::as_select())
            .first(&mut conn))
        .unwrap();
        entity.name = "written".to_owned();
        let mut other = open!(db, &TENANCY, Scope::org(B));
        let saved = go!(SaveChangesDsl::save_changes::<Customer>(
            &entity, &mut other
        ));
        assert_eq!(refused!(saved), RefusalKind::OrgMismatch);
        assert_eq!((db.snapshot(A), db.snapshot(B)), (own, theirs));
    }
);

both!(
    l41_a_statement_finished_before_it_met_the_scope_moves_no_row,
    |db, conn| {
        let (own, theirs) = (db.snapshot(A), db.snapshot(B));
        let moved = diesel::update(customers::table.filter(customers::id.eq(3)))
            .set((customers::name.eq("moved"), customers::org_id.eq(B)));
        let forged = customer(B, 3);
        let whole = diesel::update(customers::table.find(3)).set(&forged);
        let row = customer(A, 3);
        let upsert = diesel::insert_into(customers::table)
            .values(&row)
            .on_conflict((customers::org_id, customers::id))
            .do_update()
            .set(customers::org_id.eq(B));
        let sent = [
            go!(moved.execute(&mut conn)),
            go!(whole.execute(&mut conn)),
            go!(upsert.execute(&mut conn)),
        ];
        for sent in sent {
            assert_eq!(refused!(sent), RefusalKind::OrgMismatch);
        }
        assert_eq!((db.snapshot(A), db.snapshot(B)), (own, theirs));
    }
);

both!(
    l42_one_column_alone_is_inspected_like_a_whole_row,
    |db, conn| {
        let (own, theirs) = (db.snapshot(A), db.snapshot(B));
        let bound = diesel::update(gadgets::table).set(gadgets::org_id.eq(B));
        assert_eq!(
            refused!(go!(bound.execute(&mut conn))),
            RefusalKind::OrgMismatch
        );
        // The ids of the gadgets are those of the organisations.
        let computed = diesel::update(gadgets::table).set(gadgets::org_id.eq(gadgets::id));
        assert_eq!(
            refused!(go!(computed.execute(&mut conn))),
            RefusalKind::OrgCell
        );
        assert_eq!((db.snapshot(A), db.snapshot(B)), (own, theirs));
    }
);

both!(
    l43_an_upsert_that_meets_a_foreign_row_neither_changes_nor_returns_it,
    |db, conn| {
        let (own, theirs) = (db.snapshot(A), db.snapshot(B));
        let upsert = diesel::insert_into(gadgets::table)
            .values((
                gadgets::id.eq(Uuid::from_u128(7)),
                gadgets::code.eq("bolt-a"),
            ))
            .on_conflict(gadgets::code)
            .do_update()
            .set(gadgets::id.eq(excluded(gadgets::id)))
            .returning((gadgets::org_id, gadgets::code));
        assert_eq!(
            go!(upsert.get_results::<(Uuid, String)>(&mut conn)),
            Ok(vec![])
        );
        assert_eq!((db.snapshot(A), db.snapshot(B)), (own, theirs));
    }
);

both!(
    l44_an_association_of_anothers_entity_is_read_in_the_scope_that_reads_it,
    |db, conn| {
        let before = db.snapshot(A);
        let loaded: PlainCustomer = go!(customers::table
            .find(1)
            .select(PlainCustomer::as_select())
            .first(&mut conn))
        .unwrap();
        let mut other = open!(db, &TENANCY, Scope::org(B));
        let notes: Vec<Option<String>> = go!(Order::belonging_to(&loaded)
            .select(orders::note)
            .load(&mut other))
        .unwrap();
        assert_eq!(notes, ["bolt"; 2].map(|note| Some(note.to_owned())));
        let children = Order::belonging_to(&loaded);
        assert_eq!(go!(diesel::delete(children).execute(&mut other)), Ok(2));
        assert_eq!(db.snapshot(A), before);
    }
);
