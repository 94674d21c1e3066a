//! Writes the demo's order exports.
fn main() {}
