//! People, in pages.

mod accounts;
mod passwords;
mod reports;
mod site;
