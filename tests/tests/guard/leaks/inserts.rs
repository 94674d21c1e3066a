//! L45 to L51: INSERT, mismatches, validation.

use diesel::dsl::exists;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, IntoSql, QueryDsl};
use uuid::Uuid;
use weft_tenancy::RefusalKind;
use weft_tests::schema::{A, B, Customer, Order, customers, order, orders, organizations, plans};

both!(
    l47_a_foreign_row_that_is_saved_does_not_change_the_scope,
    |db, conn| {
        let before = db.snapshot(B);
        let foreign = Customer {
            org_id: B,
            id: 70,
            name: "x".to_owned(),
            referred_by: None,
        };
        let insert = diesel::insert_into(customers::table).values(&foreign);
        assert_eq!(
            refused!(go!(insert.execute(&mut conn))),
            RefusalKind::OrgMismatch
        );
        let name: String = go!(organizations::table
            .select(organizations::name)
            .first(&mut conn))
        .unwrap();
        assert_eq!(name, "acme");
        let next = diesel::insert_into(customers::table)
            .values((customers::id.eq(71), customers::name.eq("next")))
            .returning(customers::org_id);
        assert_eq!(go!(next.get_result::<Uuid>(&mut conn)), Ok(A));
        assert_eq!(db.snapshot(B), before);
    }
);

both!(
    l48_every_path_of_a_bulk_insert_fills_the_organisation,
    |db, conn| {
        let before = db.snapshot(B);
        let batch: Vec<Order> = (70..73).map(order).collect();
        let structs = diesel::insert_into(orders::table)
            .values(&batch)
            .returning(orders::org_id);
        assert_eq!(go!(structs.get_results::<Uuid>(&mut conn)), Ok(vec![A; 3]));
        let tuples: Vec<_> = (71..74)
            .map(|id| (customers::id.eq(id), customers::name.eq("x")))
            .collect();
        let ignoring = diesel::insert_into(customers::table)
            .values(&tuples)
            .on_conflict_do_nothing()
            .returning(customers::org_id);
        assert_eq!(go!(ignoring.get_results::<Uuid>(&mut conn)), Ok(vec![A; 3]));
        let copied = customers::table.filter(customers::id.le(3)).select((
            customers::id + 1_000_i64.into_sql::<BigInt>(),
            customers::name,
        ));
        let selected = diesel::insert_into(customers::table)
            .values(copied)
            .into_columns((customers::id, customers::name))
            .returning((customers::org_id, customers::name));
        let mut copied: Vec<(Uuid, String)> = go!(selected.get_results(&mut conn)).unwrap();
        copied.sort();
        assert_eq!(
            copied,
            ["acme-1", "acme-2", "acme-3"].map(|name| (A, name.to_owned()))
        );
        assert_eq!(db.snapshot(B), before);
    }
);

both!(
    l49_an_organisation_left_out_of_one_row_of_a_batch_is_not_made_up,
    |db, conn| {
        let before = (db.snapshot(A), db.snapshot(B));
        let row = |org: Option<Uuid>, id: i64| {
            (
                org.map(|org| customers::org_id.eq(org)),
                customers::id.eq(id),
                customers::name.eq("x"),
            )
        };
        // Diesel writes DEFAULT where a row has none.
        let mixed =
            diesel::insert_into(customers::table).values(vec![row(Some(A), 70), row(None, 71)]);
        assert_eq!(
            refused!(go!(mixed.execute(&mut conn))),
            RefusalKind::OrgCell
        );
        assert_eq!((db.snapshot(A), db.snapshot(B)), before);
        let told =
            diesel::insert_into(customers::table).values(vec![row(Some(A), 70), row(Some(A), 71)]);
        assert_eq!(go!(told.execute(&mut conn)), Ok(2));
        assert_eq!(db.snapshot(B), before.1);
    }
);

both!(
    l50_a_question_whether_a_value_is_taken_is_answered_within_the_scope,
    |_db, conn| {
        let taken = |name: &'static str| exists(customers::table.filter(customers::name.eq(name)));
        for (name, expected) in [("acme-1", true), ("bolt-1", false)] {
            let answer: bool = go!(diesel::select(taken(name)).get_result(&mut conn)).unwrap();
            assert_eq!(answer, expected, "{name}");
        }
    }
);

both!(
    l51_the_guard_of_a_tenants_table_stays_out_of_a_shared_one,
    |_db, conn| {
        let known = plans::table.filter(plans::code.eq("pro"));
        let both: i64 = go!(customers::table
            .filter(exists(known))
            .count()
            .get_result(&mut conn))
        .unwrap();
        assert_eq!(both, 3);
        let all: i64 = go!(plans::table
            .filter(exists(customers::table.filter(customers::id.gt(0))))
            .count()
            .get_result(&mut conn))
        .unwrap();
        assert_eq!(all, 2);
    }
);
