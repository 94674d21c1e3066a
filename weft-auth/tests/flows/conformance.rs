//! The suite that anybody can run on a store of their own, run on the one in memory.

use weft_auth::testkit::conformance::{self, Subject};
use weft_auth::testkit::{Memory, Threads, Violation};

struct InMemory(Memory);

impl Subject for InMemory {
    type Store = Memory;

    fn connect(&self) -> Memory {
        self.0.clone()
    }
}

#[test]
fn the_store_in_memory_keeps_every_rule() -> Result<(), Violation> {
    let subject = InMemory(Memory::new());
    // Twice, since what is there from before has to be in nobody's way.
    for _ in 0..2 {
        Threads::block_on(conformance::all(&subject, &Threads))?;
        Threads::block_on(conformance::sso(&subject, &Threads))?;
        Threads::block_on(conformance::api_tokens(&subject, &Threads))?;
    }
    Ok(())
}
