//! What each statement does and refuses to do.

use std::time::{Duration, UNIX_EPOCH};

use diesel::result::Error;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use uuid::Uuid;
use weft_tenancy::Scope;
use weft_tenancy::doctor::{Catalog, Doctor};
use weft_webhooks::inbox::{self, Delivery, webhook_deliveries as d};

use super::store::{ENDPOINT, LEASE, ORGS, STORE, Store, at, id, roles, signed_with, verified};

/// The delivery, or `None` for no row.
macro_rules! delivery {
    ($statement:expr, $conn:expr) => {
        go!($statement.get_result::<Delivery>(&mut $conn))
            .optional()
            .unwrap()
    };
}

both_stores!(a_claim_holds_what_was_signed, |db, conn| {
    let (verified, id) = (verified("{}"), id());
    let claim = inbox::claim(&verified, ENDPOINT, id, at(1), LEASE);
    let held = delivery!(claim, conn).unwrap();
    assert_eq!((held.id(), held.endpoint_id()), (id, ENDPOINT));
    assert_eq!(held.digest(), verified.digest().as_bytes());
    assert_eq!((held.scheme(), held.secret_id()), ("stripe", "new"));
    assert_eq!((held.body(), held.attempts()), (&b"{}"[..], 1));
    assert_eq!(held.signed_at(), Some(at(0)));
    assert_eq!((held.received_at(), held.claimed_until()), (at(1), at(61)));
    assert!(!format!("{held:?}").contains("{}"));
});

both_stores!(a_copy_is_no_row_in_every_state, |db, conn| {
    let verified = verified("{}");
    let again = |seconds| inbox::claim(&verified, ENDPOINT, id(), at(seconds), LEASE);
    let held = delivery!(again(0), conn).unwrap();
    assert!(delivery!(again(59), conn).is_none());
    assert!(settled!(
        inbox::failed(&held, "no such order", at(59)),
        conn
    ));
    assert!(delivery!(again(1000), conn).is_none());
    let held = delivery!(inbox::replay(held.id(), at(1000), LEASE), conn).unwrap();
    assert!(settled!(inbox::done(&held, at(1001)), conn));
    assert!(delivery!(again(2000), conn).is_none());
    let count: i64 = go!(d::table.count().get_result(&mut conn)).unwrap();
    assert_eq!(count, 1);
});

both_stores!(another_endpoint_or_body_is_no_copy, |db, conn| {
    for (endpoint, body) in [(ENDPOINT, "{}"), (id(), "{}"), (ENDPOINT, "[]")] {
        let verified = verified(body);
        let claim = inbox::claim(&verified, endpoint, id(), at(0), LEASE);
        assert!(delivery!(claim, conn).is_some());
    }
});

both_stores!(
    /// While a secret is exchanged, the sender signs with both; whoever saw that can cut one off.
    a_copy_with_a_signature_cut_off_is_a_copy,
    |db, conn| {
        let both = signed_with(&["old", "new"], "{}");
        let cut = signed_with(&["old"], "{}");
        assert_ne!(both.secret_id(), cut.secret_id());
        let claim = inbox::claim(&both, ENDPOINT, id(), at(0), LEASE);
        let held = delivery!(claim, conn).unwrap();
        assert_eq!(held.secret_id(), both.secret_id());
        let claim = inbox::claim(&cut, ENDPOINT, id(), at(0), LEASE);
        assert!(delivery!(claim, conn).is_none());
    }
);

both_stores!(an_abandoned_claim_is_taken_over_once, |db, conn| {
    let verified = verified("{}");
    let claim = inbox::claim(&verified, ENDPOINT, id(), at(0), LEASE);
    let dead = delivery!(claim, conn).unwrap();
    let abandoned = |seconds| inbox::abandoned(at(seconds), 10);
    let take_over = |seconds| inbox::take_over(dead.id(), at(seconds), LEASE);
    let none: Vec<(Uuid, Uuid)> = go!(abandoned(59).load(&mut conn)).unwrap();
    assert!(none.is_empty());
    assert!(delivery!(take_over(59), conn).is_none());
    let one: Vec<(Uuid, Uuid)> = go!(abandoned(60).load(&mut conn)).unwrap();
    assert_eq!(one, [(dead.id(), ENDPOINT)]);
    let held = delivery!(take_over(60), conn).unwrap();
    assert_eq!((held.attempts(), held.claimed_until()), (2, at(120)));
    assert_eq!(held.body(), dead.body());
    assert!(delivery!(take_over(60), conn).is_none());
    assert!(settled!(inbox::done(&held, at(61)), conn));
    assert!(delivery!(take_over(1000), conn).is_none());
});

both_stores!(a_copy_takes_an_abandoned_claim_over, |db, conn| {
    let verified = verified("{}");
    let again = |seconds| inbox::claim(&verified, ENDPOINT, id(), at(seconds), LEASE);
    let dead = delivery!(again(0), conn).unwrap();
    let held = delivery!(again(60), conn).unwrap();
    assert_eq!((held.id(), held.attempts()), (dead.id(), 2));
    assert_eq!((held.received_at(), held.claimed_until()), (at(0), at(120)));
    assert!(delivery!(again(60), conn).is_none());
});

both_stores!(
    /// The claim that was taken over settles nothing, whoever holds it now.
    a_claim_that_was_taken_over_cannot_be_settled,
    |db, conn| {
        let verified = verified("{}");
        let claim = inbox::claim(&verified, ENDPOINT, id(), at(0), LEASE);
        let lost = delivery!(claim, conn).unwrap();
        let held = delivery!(inbox::take_over(lost.id(), at(60), LEASE), conn).unwrap();
        assert!(!settled!(inbox::done(&lost, at(61)), conn));
        assert!(!settled!(inbox::failed(&lost, "late", at(61)), conn));
        let touched = go!(inbox::done(&lost, at(61)).execute(&mut conn)).unwrap();
        assert_eq!(touched, 0);
        assert!(settled!(inbox::done(&held, at(61)), conn));
        assert!(!settled!(inbox::done(&held, at(62)), conn));
        assert!(!settled!(inbox::failed(&held, "late", at(62)), conn));
        let state: String = go!(d::table.select(d::state).get_result(&mut conn)).unwrap();
        assert_eq!(state, "done");
    }
);

both_stores!(a_lost_claim_is_an_error_that_rolls_back, |db, conn| {
    let verified = verified("{}");
    let claim = inbox::claim(&verified, ENDPOINT, id(), at(0), LEASE);
    let lost = delivery!(claim, conn).unwrap();
    delivery!(inbox::take_over(lost.id(), at(60), LEASE), conn).unwrap();
    let result = go!(conn.transaction::<_, Error, _>(work!(conn => {
        use super::super::store::effects;
        let row = (effects::id.eq(id()), effects::delivery_id.eq(lost.id()));
        go!(diesel::insert_into(effects::table).values(row).execute(conn))?;
        go!(inbox::done(&lost, at(61)).get_result::<Uuid>(conn))
    })));
    assert_eq!(result, Err(Error::NotFound));
    assert_eq!(db.value("SELECT count(*) FROM effects"), "0");
});

both_stores!(only_what_is_settled_is_replayed, |db, conn| {
    let verified = verified("{}");
    let claim = inbox::claim(&verified, ENDPOINT, id(), at(0), LEASE);
    let held = delivery!(claim, conn).unwrap();
    let replay = |seconds| inbox::replay(held.id(), at(seconds), LEASE);
    assert!(delivery!(replay(30), conn).is_none());
    assert!(settled!(
        inbox::failed(&held, "no such order", at(30)),
        conn
    ));
    let failure: Option<String> = go!(d::table.select(d::failure).get_result(&mut conn)).unwrap();
    assert_eq!(failure.as_deref(), Some("no such order"));
    let again = delivery!(replay(30), conn).unwrap();
    assert_eq!((again.attempts(), again.body()), (2, &b"{}"[..]));
    assert!(delivery!(replay(30), conn).is_none());
    assert!(settled!(inbox::done(&again, at(31)), conn));
    assert!(delivery!(replay(32), conn).is_some());
});

both_stores!(only_what_was_settled_before_is_forgotten, |db, conn| {
    let mut held = Vec::new();
    for body in ["1", "2", "3", "4"] {
        let verified = verified(body);
        let claim = inbox::claim(&verified, ENDPOINT, id(), at(0), LEASE);
        held.push(delivery!(claim, conn).unwrap());
    }
    assert!(settled!(inbox::done(&held[1], at(10)), conn));
    assert!(settled!(inbox::failed(&held[0], "why", at(20)), conn));
    assert!(settled!(inbox::done(&held[2], at(30)), conn));
    for (before, limit, left) in [(10, 9, "1234"), (30, 1, "134"), (30, 9, "34"), (99, 9, "4")] {
        go!(inbox::forget(at(before), limit).execute(&mut conn)).unwrap();
        let bodies: Vec<Vec<u8>> =
            go!(d::table.select(d::body).order(d::body).load(&mut conn)).unwrap();
        assert_eq!(bodies.concat(), left.as_bytes());
    }
    // The copy of what was forgotten is new.
    let verified = verified("1");
    let claim = inbox::claim(&verified, ENDPOINT, id(), at(99), LEASE);
    assert!(delivery!(claim, conn).is_some());
});

both_stores!(
    /// The same endpoint id, delivery id and body in both: neither sees, settles or forgets the
    /// other's.
    organisations_do_not_meet,
    |db, conn| {
        let (verified, shared) = (verified("{}"), id());
        let claim = || inbox::claim(&verified, ENDPOINT, shared, at(0), LEASE);
        let ours = delivery!(claim(), conn).unwrap();
        let theirs = claimed_in(&db, ORGS[1], shared);
        assert_eq!((ours.id(), theirs.id()), (shared, shared));
        assert!(delivery!(claim(), conn).is_none());
        let abandoned: Vec<(Uuid, Uuid)> =
            go!(inbox::abandoned(at(60), 10).load(&mut conn)).unwrap();
        assert_eq!(abandoned, [(shared, ENDPOINT)]);
        assert!(settled!(inbox::done(&theirs, at(1)), conn));
        go!(inbox::forget(at(99), 10).execute(&mut conn)).unwrap();
        let left = "SELECT string_agg(org_id || state, ',') FROM webhook_deliveries";
        assert_eq!(db.value(left), format!("{}claimed", ORGS[1]));
    }
);

fn claimed_in(db: &Store, org: Uuid, id: Uuid) -> Delivery {
    let verified = verified("{}");
    let claim = inbox::claim(&verified, ENDPOINT, id, at(0), LEASE);
    diesel::RunQueryDsl::get_result(claim, &mut db.org(Scope::org(org))).unwrap()
}

both_stores!(times_at_the_edges_are_errors_or_kept, |db, conn| {
    let verified = verified("{}");
    let claim = inbox::claim(&verified, ENDPOINT, id(), at(0), Duration::MAX);
    let held = delivery!(claim, conn).unwrap();
    assert_eq!(held.claimed_until(), at(24 * 60 * 60));
    let early = UNIX_EPOCH - Duration::from_millis(1500);
    let claim = inbox::claim(&verified, id(), id(), early, Duration::ZERO);
    assert_eq!(delivery!(claim, conn).unwrap().received_at(), early);
    let late = UNIX_EPOCH + Duration::from_secs(1 << 60);
    let claim = inbox::claim(&verified, id(), id(), late, LEASE);
    let error = go!(claim.get_result::<Delivery>(&mut conn)).unwrap_err();
    assert!(matches!(error, Error::SerializationError(_)), "{error}");
});

#[test]
fn a_role_that_sees_no_delivery_can_say_who_has_work_left() {
    use diesel::RunQueryDsl;
    let db = Store::new();
    for org in ORGS {
        claimed_in(&db, org, id());
    }
    // More of one organisation's hide nobody else's.
    db.admin(&format!(
        "INSERT INTO webhook_deliveries (org_id, id, endpoint_id, digest, scheme, secret_id, body, \
             state, attempts, claimed_until, received_at) \
         SELECT org_id, gen_random_uuid(), gen_random_uuid(), digest, scheme, secret_id, body, state, \
             attempts, claimed_until - interval '1 second', received_at \
         FROM webhook_deliveries, generate_series(1, 99) WHERE org_id = '{}'",
        ORGS[1]
    ));
    let mut auth = db.connect("auth");
    let waiting = |seconds, limit| inbox::waiting(at(seconds), limit);
    let left: Vec<Uuid> = waiting(60, 10).load(&mut auth).unwrap();
    assert_eq!(left, [ORGS[1], ORGS[0]]);
    let longest: Vec<Uuid> = waiting(60, 1).load(&mut auth).unwrap();
    assert_eq!(longest, [ORGS[1]]);
    let none: Vec<Uuid> = waiting(58, 10).load(&mut auth).unwrap();
    assert!(none.is_empty());
    let body = d::table.select(d::body).load::<Vec<u8>>(&mut auth);
    assert!(body.is_err());
}

#[test]
fn the_doctor_finds_nothing_in_the_tables() {
    let db = Store::new();
    db.admin(
        "DO $$ BEGIN
             EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
         END $$",
    );
    let catalog = Catalog::load(&mut db.connect("postgres")).unwrap();
    let report = Doctor::new(&STORE, &roles()).examine(&catalog);
    assert!(report.is_healthy(), "{report}");
}
