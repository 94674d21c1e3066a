//! People, in pages.

mod accounts;
mod passwords;
mod site;
