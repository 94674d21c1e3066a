//! People, in pages.

mod passwords;
mod site;
