//! People, in pages.

mod accounts;
mod founding;
mod grade;
mod matrix;
mod passwords;
mod reports;
mod sessions;
mod site;
