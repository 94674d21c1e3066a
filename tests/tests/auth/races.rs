//! Races that the suite for every store has not.

use weft_auth::Mailbox;
use weft_auth::store::{AccountStore, SecondFactorStore};
use weft_auth::testkit::{Race, Threads};
use weft_auth::totp::RecoveryCode;
use weft_tests::auth::Tables;

use super::stage::{Stage, account, run};

const RACERS: usize = 16;

/// Of two sets neither statement sees the other's rows.
#[test]
fn of_all_sets_of_recovery_codes_at_once_one_is_in_force() {
    let tables = Tables::new();
    let store = tables.pooled();
    let id = Stage::new(&store).account.id;
    for round in 0..5 {
        let sets: Vec<_> = (0..RACERS)
            .map(|_| {
                RecoveryCode::generate_set()
                    .unwrap()
                    .map(|code| code.digest())
            })
            .collect();
        let racers = sets.iter().map(|set| {
            let (store, set) = (store.clone(), *set);
            async move { store.replace_recovery_codes(id, &set).await.unwrap() }
        });
        let replaced = run(Threads.race(racers.collect()));
        assert_eq!(replaced, [true; RACERS]);
        let in_force = sets.iter().filter(|set| {
            let used = set.map(|code| run(store.consume_recovery_code(id, &code)).unwrap());
            assert!(used == [true; 10] || used == [false; 10], "{used:?}");
            used[0]
        });
        assert_eq!(in_force.count(), 1, "round {round}");
    }
}

#[test]
fn of_all_accounts_that_change_to_one_mailbox_at_once_one_has_it() {
    let tables = Tables::new();
    let store = tables.pooled();
    for round in 0..5 {
        let to = Mailbox::parse(&format!("round{round}@example.com")).unwrap();
        let racers = (0..RACERS).map(|place| {
            let owner = account(&format!("racer{place}@round{round}.example"));
            assert!(run(store.create_account(&owner)).unwrap());
            let (store, to) = (store.clone(), to.clone());
            async move {
                store
                    .change_mailbox(owner.id, &owner.mailbox, &to)
                    .await
                    .unwrap()
            }
        });
        let changed = run(Threads.race(racers.collect()));
        assert_eq!(
            changed.into_iter().filter(|won| *won).count(),
            1,
            "round {round}"
        );
    }
}
