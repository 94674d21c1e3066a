//! People, in pages.

mod accounts;
mod grade;
mod passwords;
mod reports;
mod site;
