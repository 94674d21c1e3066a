//! One operation trace, whatever the account's state.

use weft_auth::password::{Config, Hasher, Params};
use weft_auth::testkit::trace::{Flow, Passwords, State, is_the_same_for_all, see};
use weft_auth::testkit::{Memory, Violation};

use crate::stage::{at, chosen, run};

fn former() -> String {
    let hasher = Hasher::new(Config::new(Params::OWASP_7_MIB, 16 << 20)).unwrap();
    let mut permit = run(hasher.enter().unwrap());
    let hash = permit.hash(&chosen("a password of former times"));
    hash.unwrap().expose().to_owned()
}

fn hasher() -> Hasher {
    let config = Config::new(Params::insecure_for_tests(), 16 << 20);
    Hasher::new(config.with_stored_memory(7_168)).unwrap()
}

/// Django #20760, CVE-2016-2513, CVE-2024-39329, CVE-2025-13473, GHSA-w6m9-39cv-2fwp, arium PR #6.
#[test]
fn a_sign_in_asks_the_same_of_the_store_whatever_the_accounts_state() -> Result<(), Violation> {
    let (hasher, former) = (hasher(), former());
    let passwords = run(Passwords::new(&hasher, &former)).unwrap();
    run(is_the_same_for_all(Memory::new(), &passwords, at(0)))
}

#[test]
fn the_trace_is_that_of_the_documentation() {
    let (hasher, former) = (hasher(), former());
    let passwords = run(Passwords::new(&hasher, &former)).unwrap();
    let names = |flow| {
        let seen = run(see(Memory::new(), &passwords, (flow, State::Active), at(0)));
        let trace = seen.unwrap().trace;
        trace.iter().map(|op| op.name).collect::<Vec<_>>().join(" ")
    };
    let counted = "take requires_single_sign_on count_failure";
    let asked = "take requires_single_sign_on take";
    for (flow, expected) in [
        (
            Flow::WrongPassword,
            format!("{counted} account_by_mailbox hash append"),
        ),
        (
            Flow::LockingPassword,
            format!("{counted} account_by_mailbox hash issue_link append"),
        ),
        (Flow::EarlyPassword, format!("{counted} append")),
        (
            Flow::AskToSignIn,
            format!("{asked} account_by_mailbox issue_link append"),
        ),
        (
            Flow::AskToReset,
            format!("{asked} account_by_mailbox issue_link append"),
        ),
        (
            Flow::AskToRegister,
            format!("{asked} hash account_by_mailbox issue_link append"),
        ),
    ] {
        assert_eq!(names(flow), expected, "{flow:?}");
    }
}
