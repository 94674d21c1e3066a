//! Non-interference as a differential: what an organisation gets from a database that holds others
//! too equals what it gets from one that holds it alone, and what it writes leaves the others' rows
//! as they were.
//!
//! [`Statement::generate`] makes statements from seeds. [`World::examine`] runs one in the twin,
//! unguarded, and in the shared database under the hook alone, under row-level security alone and
//! under both, each in a transaction that is rolled back, and compares.

mod answer;
mod generate;
mod run;
pub mod schema;
mod shape;
mod world;

pub use answer::{Answer, Change};
pub use generate::{Bind, Statement};
pub use run::{Report, run};
pub use shape::{SHAPES, Shape};
pub use world::{Difference, Examined, Failure, Layers, World, security};
